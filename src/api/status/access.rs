//! What a caller is told who is not let in, or may not do what it asks.
//!
//! ```text
//! UNAUTHENTICATED     ErrorInfo { reason: "CREDENTIALS_MISSING", … }, www-authenticate: Bearer realm="consent-ledger"
//! PERMISSION_DENIED   ErrorInfo { reason: "ROLE_MISSING", metadata: { roles: "auditor" } }
//! ```

use std::collections::HashMap;

use tonic::{Code, Status};

use super::{Violation, invalid, of_record, status, unauthenticated, with_metadata};
use crate::api::access::bounds::Denied;
use crate::consent::role::{Role, Roles};
use crate::ledger::principals::change::ChangeError;
use crate::ledger::principals::principal::Credential;
use crate::proto::ErrorReason;

/// There is no such method.
#[must_use]
pub fn no_such_method() -> Status {
    status(Code::Unimplemented, ErrorReason::PathUnknown, "there is no such method".into())
}

/// Nobody said who they are.
#[must_use]
pub fn credentials_missing() -> Status {
    let message = "the call needs credentials: an API key as `authorization: Bearer clk_…`, or a client certificate of a principal";
    unauthenticated(ErrorReason::CredentialsMissing, message)
}

/// What was given is no API key.
#[must_use]
pub fn credentials_malformed() -> Status {
    let message = "the header authorization must be one `Bearer` and an API key, which begins with clk_";
    unauthenticated(ErrorReason::CredentialsMalformed, message)
}

/// The credentials are nobody's.
#[must_use]
pub fn credentials_unknown() -> Status {
    unauthenticated(ErrorReason::CredentialsUnknown, "the credentials are nobody's in this ledger")
}

/// The credentials were somebody's.
#[must_use]
pub fn credentials_ended(credential: &Credential) -> Status {
    match credential.ends() {
        Some(at) if at.micros() > i64::MIN => unauthenticated(ErrorReason::CredentialsExpired, &format!("the credentials ended at {at}")),
        _ => unauthenticated(ErrorReason::CredentialsRevoked, "the credentials were revoked or replaced"),
    }
}

/// The caller has other roles.
#[must_use]
pub fn role_missing(roles: Roles) -> Status {
    let names = roles.iter().map(Role::as_str).collect::<Vec<_>>().join(",");
    let message = format!("the call needs the role {roles}, which these credentials do not have");
    with_metadata(Code::PermissionDenied, ErrorReason::RoleMissing, message, HashMap::from([("roles".into(), names)]))
}

/// The caller is bound to other accounts or senders.
#[must_use]
pub fn denied(denied: &Denied) -> Status {
    status(Code::PermissionDenied, denied.reason, denied.message.clone())
}

/// An operator that is bound itself would give or change more than it has.
#[must_use]
pub fn grant_not_allowed(what: &str) -> Status {
    let message = format!("{what}: an operator that is bound to accounts or senders gives no more than it has itself");
    status(Code::PermissionDenied, ErrorReason::GrantNotAllowed, message)
}

/// Who may call was not changed.
#[must_use]
pub fn of_change(error: &ChangeError) -> Status {
    let (code, reason) = match error {
        ChangeError::Record(error) => return of_record(error),
        ChangeError::EndsNotLater { .. } => {
            let reason = ErrorReason::ExpiresAtNotLater;
            return invalid(&[Violation { field: "expires_at".into(), reason, message: error.to_string() }]);
        }
        ChangeError::AccountUnknown { .. } => (Code::NotFound, ErrorReason::AccountUnknown),
        ChangeError::PrincipalUnknown { .. } => (Code::NotFound, ErrorReason::PrincipalUnknown),
        ChangeError::Revoked { .. } => (Code::FailedPrecondition, ErrorReason::PrincipalRevoked),
        ChangeError::FirstNotOperator => (Code::FailedPrecondition, ErrorReason::FirstPrincipalNotOperator),
        ChangeError::CertificateTaken => (Code::AlreadyExists, ErrorReason::CertificateTaken),
        ChangeError::NoRandomNumbers { .. } => (Code::Unavailable, ErrorReason::LedgerUnavailable),
    };
    status(code, reason, error.to_string())
}
