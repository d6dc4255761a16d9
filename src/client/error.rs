//! Why the client has no answer. Never a permission.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::tls_fault::TlsFault;
use crate::proto::{ErrorReason, ItemError};

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ClientError {
    /// The server's address is none.
    #[error("not the address of a server: {message}")]
    NoEndpoint {
        /// What is wrong with it.
        message: String,
    },
    /// What is to be trusted or shown with TLS does not do.
    #[error("no TLS: {message}")]
    NoTls {
        /// What is wrong with it.
        message: String,
    },
    /// There is no connection that can be trusted. Asking again the same way comes to the same.
    #[error("{0}")]
    Untrusted(TlsFault),
    /// The server refused. Asking again the same way is refused again.
    #[error("{message}")]
    Refused {
        /// The reason, for programs; unspecified where the server named none that this program knows.
        reason: ErrorReason,
        /// The reason, for people; never shows a contact.
        message: String,
        /// The field at fault; empty where none is.
        field: String,
    },
    /// The server does not answer, or cannot now, however often it was asked within the time.
    #[error("{message}")]
    Unavailable {
        /// The reason, for programs; unspecified where the server itself said nothing.
        reason: ErrorReason,
        /// What happened last.
        message: String,
    },
    /// There was no answer in time.
    #[error("no answer within {} ms", after.as_millis())]
    OutOfTime {
        /// How long the last try took.
        after: Duration,
    },
    /// The server said something that this program does not understand.
    #[error("the server's answer is not understood: {what}")]
    Garbled {
        /// What is wrong with it.
        what: String,
    },
    /// What was given as an API key is none.
    #[error("not an API key: one begins with clk_, as `consent-ledger keys add` printed it")]
    NoKey,
    /// An API key would be sent to another machine in plain text.
    #[error("the API key is not sent: the server is on another machine, and nothing between is encrypted")]
    KeyInClear,
    /// The operating system gives no random numbers, and so a record no event id.
    #[error("no random numbers for an event id: {message}")]
    NoRandomNumbers {
        /// What it said.
        message: String,
    },
}

impl ClientError {
    /// The reason as the server spells it, as in `CONTACT_MALFORMED`; where it named none, what kind of error it is.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { reason, .. } | Self::Unavailable { reason, .. } if *reason != ErrorReason::Unspecified => {
                let name = reason.as_str_name();
                name.strip_prefix("ERROR_REASON_").unwrap_or(name)
            }
            Self::NoEndpoint { .. } => "NO_ENDPOINT",
            Self::NoTls { .. } => "NO_TLS",
            Self::Untrusted(_) => "UNTRUSTED",
            Self::Refused { .. } => "REFUSED",
            Self::Unavailable { .. } => "UNAVAILABLE",
            Self::OutOfTime { .. } => "OUT_OF_TIME",
            Self::Garbled { .. } => "ANSWER_NOT_UNDERSTOOD",
            Self::NoKey => "NO_KEY",
            Self::KeyInClear => "KEY_IN_CLEAR",
            Self::NoRandomNumbers { .. } => "NO_RANDOM_NUMBERS",
        }
    }

    pub(super) fn garbled(what: impl Into<String>) -> Self {
        Self::Garbled { what: what.into() }
    }

    /// What one item of a batch or a stream was told.
    pub(super) fn of_item(error: ItemError) -> Self {
        Self::Refused { reason: error.reason(), message: error.message, field: error.field }
    }
}

impl From<&Status> for ClientError {
    fn from(status: &Status) -> Self {
        if let Some(fault) = untrusted(status) {
            return Self::Untrusted(fault);
        }
        let details = status.get_error_details();
        let spelled = details.error_info().map(|info| format!("ERROR_REASON_{}", info.reason)).unwrap_or_default();
        let reason = ErrorReason::from_str_name(&spelled).unwrap_or_default();
        let message =
            if status.message().is_empty() { format!("the server answered {:?}", status.code()) } else { status.message().into() };
        if is_passing(status) {
            return Self::Unavailable { reason, message };
        }
        let violation = details.bad_request().and_then(|request| request.field_violations.first());
        Self::Refused { reason, message, field: violation.map(|violation| violation.field.clone()).unwrap_or_default() }
    }
}

/// Whether the same call may succeed later: the server is busy or away, or the connection broke under it. Every call of this
/// library may be made twice.
pub(crate) fn is_passing(status: &Status) -> bool {
    if untrusted(status).is_some() {
        return false;
    }
    let broke = std::error::Error::source(status).is_some();
    match status.code() {
        Code::Unavailable | Code::ResourceExhausted => true,
        Code::Unknown | Code::Internal | Code::Cancelled => broke,
        _ => false,
    }
}

/// Why no server was reached that can be trusted, where that is what happened.
fn untrusted(status: &Status) -> Option<TlsFault> {
    std::error::Error::source(status).and_then(TlsFault::of).filter(|fault| !fault.is_passing())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        for code in [Code::Unavailable, Code::ResourceExhausted] {
            assert!(matches!(ClientError::from(&Status::new(code, "later")), ClientError::Unavailable { .. }), "{code:?}");
        }
        for code in [
            Code::InvalidArgument,
            Code::NotFound,
            Code::Internal,
            Code::Unknown,
            Code::Cancelled,
            Code::Unimplemented,
            Code::Unauthenticated,
            Code::PermissionDenied,
        ] {
            assert!(matches!(ClientError::from(&Status::new(code, "no")), ClientError::Refused { .. }), "{code:?}");
        }
        let mut broken = Status::new(Code::Unknown, "transport error");
        broken.set_source(std::sync::Arc::new(std::io::Error::from(std::io::ErrorKind::BrokenPipe)));
        assert!(matches!(ClientError::from(&broken), ClientError::Unavailable { .. }));
    }
}
