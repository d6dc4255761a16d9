//! Who is shown what the listener says about itself.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};

use crate::api::access::admit_within;
use crate::api::limits::Limits;
use crate::json;
use crate::ledger::Ledger;

/// The door of a ledger.
pub struct Door(Option<Ledger>);

impl Door {
    /// The door of this ledger.
    #[must_use]
    pub const fn of(ledger: Ledger) -> Self {
        Self(Some(ledger))
    }

    /// A door that is open, for tests of what has no ledger.
    #[cfg(test)]
    pub(crate) const fn open() -> Self {
        Self(None)
    }

    /// What a request to this path is answered that is not let in; none where it is.
    #[must_use]
    pub fn refusal(&self, path: &str, request: &Request) -> Option<Response> {
        let limits = request.extensions().get::<Limits>().cloned().unwrap_or_default();
        let admitted = admit_within(&limits, self.0.as_ref()?, path, request.headers(), request.extensions());
        let refused = match admitted.map(|(_, caller)| caller) {
            Err(status) => json::Failure::from(status),
            Ok(Some(caller)) if caller.as_principal().is_some() => return None,
            // A name that somebody else points at this machine, and a proxy: as for calls.
            Ok(_) => json::look_without_credentials(request.version(), request.headers(), request.uri()).err()?.into(),
        };
        Some(refused.into_response())
    }
}
