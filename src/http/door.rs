//! Who is shown what the listener says about itself.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};

use crate::api::access::admit;
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

    /// Lets a request to this path in, or answers it.
    ///
    /// # Errors
    /// The answer, where it is not.
    #[expect(clippy::result_large_err, reason = "an answer, made where few are")]
    pub fn admit(&self, path: &str, request: &Request) -> Result<(), Response> {
        let Some(ledger) = &self.0 else { return Ok(()) };
        let admitted = admit(ledger, path, request.headers(), request.extensions());
        admitted.map(|_| ()).map_err(|status| json::Failure::from(status).into_response())
    }
}
