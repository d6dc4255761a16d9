//! The only place that makes a [`Status`].
//!
//! ```text
//! INVALID_ARGUMENT    ErrorInfo { reason: "CONTACT_EMPTY", domain: "consent-ledger" }
//!                     BadRequest { field: "contact", reason: "CONTACT_EMPTY", description: "the contact is empty" } …
//! RESOURCE_EXHAUSTED  ErrorInfo { reason: "OVERLOADED", … }, RetryInfo { 100 ms }
//! ```
//!
//! The reason is the contract (`proto/consent/v1/error.proto`), the message is for people. Neither shows a contact.

mod access;
mod limits;
mod violations;

use std::collections::HashMap;
use std::time::Duration;

use tonic::codegen::http::HeaderMap;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

pub use self::access::{
    credentials_ended, credentials_malformed, credentials_missing, credentials_unknown, denied, grant_not_allowed, no_such_method,
    of_change, role_missing,
};
pub use self::limits::{
    answer_not_taken, compressed, deadline_passed, message_too_large, message_too_slow, no_room, not_taken, rate_limited, too_many_calls,
    too_many_exports, too_many_streams, too_many_watchers,
};
pub use self::violations::{TOLD_MAX, Violation, Violations, invalid};
use crate::ledger::erasure::step::StepRefused;
use crate::ledger::evidence::export::ExportError;
use crate::ledger::evidence::receipts::NoReceipt;
use crate::ledger::proving::proofs::ProofError;
use crate::ledger::reading::reads::ReadsNotListed;
use crate::ledger::watching::entries::NotWatched;
use crate::ledger::writing::record::RecordError;
use crate::ledger::writing::rehearsal::RehearsalTooLong;
use crate::ledger::{CheckError, ReadError};
use crate::proto::{ErrorReason, ItemError};

/// The domain of every reason.
pub const DOMAIN: &str = "consent-ledger";

/// The header that tells how to authenticate, and what it says.
pub const AUTHENTICATE: &str = "www-authenticate";
/// See [`AUTHENTICATE`].
pub const BEARER: &str = "Bearer realm=\"consent-ledger\"";

/// After what time a caller that was turned away for load may try again.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// The same for exports and watches, which take longer.
const RETRY_EXPORT_AFTER: Duration = Duration::from_secs(1);

/// The same for streams, which may stay open for long.
const RETRY_STREAM_AFTER: Duration = Duration::from_secs(5);

/// The same where there is no room on the disk: somebody has to make it.
const RETRY_SPACE_AFTER: Duration = Duration::from_secs(30);

/// A reason as `ErrorInfo` spells it: `CONTACT_EMPTY`.
#[must_use]
pub fn spelling(reason: ErrorReason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("ERROR_REASON_").unwrap_or(name)
}

/// The reason of a status, as `ErrorInfo` spells it; none where it is none of ours.
#[must_use]
pub fn reason(status: &Status) -> Option<&'static str> {
    let reason = status.get_error_details().error_info()?.reason.clone();
    ErrorReason::from_str_name(&format!("ERROR_REASON_{reason}")).map(spelling)
}

/// The reason of the status that headers or trailers hold.
#[must_use]
pub fn reason_in(headers: &HeaderMap) -> Option<&'static str> {
    reason(&Status::from_header_map(headers)?)
}

/// An event was not recorded.
#[must_use]
pub fn of_record(error: &RecordError) -> Status {
    match error {
        RecordError::TimeInFuture { .. } => {
            invalid(&[Violation { field: "occurred_at".into(), reason: ErrorReason::OccurredAtInFuture, message: error.to_string() }])
        }
        RecordError::TooLong { .. } => status(Code::InvalidArgument, ErrorReason::EventTooLarge, error.to_string()),
        RecordError::EventIdReused { .. } => status(Code::AlreadyExists, ErrorReason::EventIdReused, error.to_string()),
        RecordError::AccountUnknown { .. } => status(Code::NotFound, ErrorReason::AccountUnknown, error.to_string()),
        RecordError::AccountExists { .. } => status(Code::AlreadyExists, ErrorReason::AccountExists, error.to_string()),
        RecordError::PossibleOptOutUnknown { .. } => status(Code::NotFound, ErrorReason::PossibleOptOutUnknown, error.to_string()),
        RecordError::PossibleOptOutResolved { by, .. } => {
            let verdict = if by.confirmed { "CONFIRMED" } else { "DISMISSED" };
            let metadata = HashMap::from([("resolution_seq".into(), by.seq.to_string()), ("verdict".into(), verdict.into())]);
            with_metadata(Code::FailedPrecondition, ErrorReason::PossibleOptOutResolved, error.to_string(), metadata)
        }
        RecordError::Erasure(refused) => of_step(*refused),
        RecordError::Overloaded { .. } => later(ErrorReason::Overloaded, error.to_string(), RETRY_AFTER),
        RecordError::DiskAlmostFull { .. } => later(ErrorReason::DiskAlmostFull, error.to_string(), RETRY_SPACE_AFTER),
        RecordError::ClockBehind { .. } => status(Code::Unavailable, ErrorReason::ClockBehind, error.to_string()),
        RecordError::Unavailable { .. } => status(Code::Unavailable, ErrorReason::LedgerUnavailable, error.to_string()),
    }
}

/// The reason for which a step of an erasure was not taken.
#[must_use]
pub const fn of_refused(refused: StepRefused) -> ErrorReason {
    match refused {
        StepRefused::LegalHold { .. } => ErrorReason::LegalHoldInForce,
        StepRefused::Waits { .. } => ErrorReason::ErasureWaits,
        StepRefused::NothingWaits => ErrorReason::NoErasureWaits,
        StepRefused::AlreadyErased { .. } => ErrorReason::ContactAlreadyErased,
        StepRefused::NoHold => ErrorReason::NoLegalHold,
    }
}

/// A step of an erasure was not taken.
fn of_step(refused: StepRefused) -> Status {
    let metadata = match refused {
        StepRefused::LegalHold { hold } => vec![("hold_seq", hold.to_string())],
        StepRefused::Waits { request, due_at } => vec![("request_seq", request.to_string()), ("due_at", due_at.to_string())],
        StepRefused::AlreadyErased { erasure } => vec![("erasure_seq", erasure.to_string())],
        StepRefused::NothingWaits | StepRefused::NoHold => Vec::new(),
    };
    let metadata: HashMap<String, String> = metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    with_metadata(Code::FailedPrecondition, of_refused(refused), refused.to_string(), metadata)
}

/// A question was not answered.
#[must_use]
pub fn of_check(error: &CheckError) -> Status {
    match error {
        CheckError::AccountUnknown { .. } => status(Code::NotFound, ErrorReason::AccountUnknown, error.to_string()),
        CheckError::BehindPosition { .. } => status(Code::Unavailable, ErrorReason::BehindPosition, error.to_string()),
        CheckError::ClockBehind { .. } => status(Code::Unavailable, ErrorReason::ClockBehind, error.to_string()),
        CheckError::Unavailable { .. } => status(Code::Unavailable, ErrorReason::LedgerUnavailable, error.to_string()),
    }
}

/// An answer has no receipt, and so there is none.
#[must_use]
pub fn of_receipt(error: &NoReceipt) -> Status {
    match error {
        NoReceipt::Check(error) => of_check(error),
        NoReceipt::Record(error) => of_record(error),
    }
}

/// Entries were not read.
#[must_use]
pub fn of_read(error: &ReadError) -> Status {
    match error {
        ReadError::AccountUnknown { .. } => status(Code::NotFound, ErrorReason::AccountUnknown, error.to_string()),
        ReadError::Unreadable { .. } => status(Code::Unavailable, ErrorReason::LedgerUnavailable, error.to_string()),
    }
}

/// Reads were not listed.
#[must_use]
pub fn of_reads(error: &ReadsNotListed) -> Status {
    match error {
        ReadsNotListed::Read(error) => of_read(error),
        ReadsNotListed::ContactUnknown => status(Code::NotFound, ErrorReason::ContactUnknown, error.to_string()),
        ReadsNotListed::PlaceUnknown => {
            invalid(&[Violation { field: "page_token".into(), reason: ErrorReason::PageTokenMalformed, message: error.to_string() }])
        }
    }
}

/// Nothing was signed or proved.
#[must_use]
pub fn of_proof(error: &ProofError) -> Status {
    let (code, reason) = match error {
        ProofError::EntryUnknown { .. } => (Code::NotFound, ErrorReason::EntryUnknown),
        ProofError::CheckpointUnknown { .. } => (Code::NotFound, ErrorReason::CheckpointUnknown),
        ProofError::LogBehind { .. } => (Code::FailedPrecondition, ErrorReason::LogBehind),
        ProofError::BeyondSize { .. } => (Code::InvalidArgument, ErrorReason::SizeTooSmall),
        ProofError::Checkpoints(_) | ProofError::Unreadable(_) => (Code::Unavailable, ErrorReason::LedgerUnavailable),
    };
    status(code, reason, error.to_string())
}

/// Nothing was handed out.
#[must_use]
pub fn of_export(error: &ExportError) -> Status {
    let (code, reason) = match error {
        ExportError::Read(error) => return of_read(error),
        ExportError::Proof(error) => return of_proof(error),
        ExportError::LogBehind { .. } => (Code::FailedPrecondition, ErrorReason::LogBehind),
        ExportError::ContactUnknown => (Code::NotFound, ErrorReason::ContactUnknown),
        ExportError::ErasedMeanwhile => (Code::Aborted, ErrorReason::ErasedMeanwhile),
        ExportError::Heads { .. } => (Code::Unavailable, ErrorReason::LedgerUnavailable),
    };
    status(code, reason, error.to_string())
}

/// The server ends a stream because it is shutting down.
#[must_use]
pub fn shutting_down() -> Status {
    let message = "the server is shutting down; what was answered stands, go on with the rest once it is back";
    status(Code::Unavailable, ErrorReason::ShuttingDown, message.into())
}

/// The ledger is not open yet.
#[must_use]
pub fn starting(progress: &str) -> Status {
    let mut details = details(ErrorReason::LedgerStarting);
    details.set_retry_info(Some(RETRY_EXPORT_AFTER));
    Status::with_error_details(Code::Unavailable, format!("the ledger is starting: {progress}; ask again in a moment"), details)
}

/// A rehearsal holds no more.
#[must_use]
pub fn of_rehearsal(error: &RehearsalTooLong) -> Status {
    status(Code::InvalidArgument, ErrorReason::RehearsalTooLong, error.to_string())
}

/// An item of a stream without an event.
#[must_use]
pub fn event_missing() -> Status {
    let message = "nothing is said of what happened, or nothing that this server knows";
    invalid(&[Violation { field: "event".into(), reason: ErrorReason::EventMissing, message: message.into() }])
}

/// The refusal of one item of a stream: what a call of its own would have been refused with.
#[must_use]
pub fn item_error(status: &Status) -> ItemError {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| format!("ERROR_REASON_{}", info.reason));
    let reason = reason.and_then(|name| ErrorReason::from_str_name(&name)).unwrap_or_default();
    let field = details.bad_request().and_then(|bad| bad.field_violations.first()).map(|violation| violation.field.clone());
    ItemError { reason: reason.into(), message: status.message().to_owned(), field: field.unwrap_or_default() }
}

/// The request ended within a message: no client that keeps to gRPC sends that, and as elsewhere in gRPC no reason is named.
#[must_use]
pub fn message_cut_off() -> Status {
    Status::internal("the request ended within a message")
}

/// A watch does not begin.
#[must_use]
pub fn of_watch(error: &NotWatched) -> Status {
    let reason = match error {
        NotWatched::Read(error) => return of_read(error),
        NotWatched::LogBehind { .. } => ErrorReason::LogBehind,
        NotWatched::LogDiffers { .. } => ErrorReason::LogDiffers,
    };
    status(Code::FailedPrecondition, reason, error.to_string())
}

/// The server ends a watch because it is shutting down.
#[must_use]
pub fn stopping() -> Status {
    status(Code::Unavailable, ErrorReason::ShuttingDown, "the server is shutting down; ask again once it is back".into())
}

/// Dead letters were not read or replayed.
#[must_use]
pub fn of_dead_letters(reason: &str) -> Status {
    status(Code::Unavailable, ErrorReason::LedgerUnavailable, format!("the dead letters could not be read: {reason}"))
}

/// This server takes no webhooks.
#[must_use]
pub fn no_dead_letters() -> Status {
    status(Code::Unimplemented, ErrorReason::DeadLettersUnavailable, "this server takes no webhooks and has no dead letters".into())
}

/// The work behind a call ended without an answer.
#[must_use]
pub fn interrupted() -> Status {
    status(Code::Unavailable, ErrorReason::LedgerUnavailable, "the ledger stopped working on the call".into())
}

/// A request over HTTP was not taken for what HTTP or JSON has of its own.
#[must_use]
pub fn over_http(code: Code, reason: ErrorReason, message: String) -> Status {
    status(code, reason, message)
}

/// The bodies under way over HTTP hold all the memory that they may.
#[must_use]
pub fn no_space(message: &str) -> Status {
    later(ErrorReason::Overloaded, message.to_owned(), RETRY_AFTER)
}

/// Nobody that we know; says, as HTTP does, how to say who one is.
fn unauthenticated(reason: ErrorReason, message: &str) -> Status {
    let mut metadata = MetadataMap::new();
    metadata.insert(AUTHENTICATE, MetadataValue::from_static(BEARER));
    Status::with_error_details_and_metadata(Code::Unauthenticated, message, details(reason), metadata)
}

fn with_metadata(code: Code, reason: ErrorReason, message: String, metadata: HashMap<String, String>) -> Status {
    Status::with_error_details(code, message, ErrorDetails::with_error_info(spelling(reason), DOMAIN, metadata))
}

fn status(code: Code, reason: ErrorReason, message: String) -> Status {
    Status::with_error_details(code, message, details(reason))
}

fn violated(reason: ErrorReason, message: String, violations: Vec<FieldViolation>) -> Status {
    let mut details = details(reason);
    details.set_bad_request(violations);
    Status::with_error_details(Code::InvalidArgument, message, details)
}

/// Too much is asked for; after so long it may be asked for again.
fn later(reason: ErrorReason, message: String, after: Duration) -> Status {
    let mut details = details(reason);
    details.set_retry_info(Some(after));
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

fn details(reason: ErrorReason) -> ErrorDetails {
    ErrorDetails::with_error_info(spelling(reason), DOMAIN, HashMap::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::words::Seq;
    use crate::ledger::reading::possible_opt_outs::Resolution;

    fn told(status: &Status) -> String {
        let info = status.get_error_details().error_info().cloned().unwrap();
        assert_eq!(info.domain, DOMAIN);
        info.reason
    }

    #[test]
    fn every_violation_is_named_and_the_first_gives_the_reason() {
        let violation = |field: &str, reason| Violation { field: field.into(), reason, message: "no".into() };
        let status = invalid(&[violation("contact", ErrorReason::ContactEmpty), violation("method", ErrorReason::MethodMissing)]);
        assert_eq!((status.code(), told(&status).as_str()), (Code::InvalidArgument, "CONTACT_EMPTY"));
        let details = status.get_error_details();
        let fields: Vec<_> = details.bad_request().unwrap().field_violations.iter().map(|v| (v.field.clone(), v.reason.clone())).collect();
        assert_eq!(fields, [("contact".into(), "CONTACT_EMPTY".into()), ("method".into(), "METHOD_MISSING".into())]);
    }

    #[test]
    fn an_item_is_refused_as_the_call_would_have_been() {
        let violation = |field: &str, reason| Violation { field: field.into(), reason, message: "no".into() };
        let two = invalid(&[violation("contact", ErrorReason::ContactEmpty), violation("sender", ErrorReason::SenderEmpty)]);
        let item = item_error(&two);
        assert_eq!((item.reason(), item.field.as_str(), item.message.as_str()), (ErrorReason::ContactEmpty, "contact", two.message()));
        let error = CheckError::AccountUnknown { account: "shop".into() };
        let item = item_error(&of_check(&error));
        assert_eq!((item.reason(), item.field.as_str(), item.message), (ErrorReason::AccountUnknown, "", error.to_string()));
    }

    #[test]
    fn an_overloaded_ledger_tells_when_to_come_back() {
        let status = of_record(&RecordError::Overloaded { waiting: 9 });
        assert_eq!((status.code(), told(&status).as_str()), (Code::ResourceExhausted, "OVERLOADED"));
        assert_eq!(status.get_error_details().retry_info().unwrap().retry_delay, Some(RETRY_AFTER));
    }

    #[test]
    fn a_decision_taken_before_is_named() {
        let by = Resolution { seq: Seq::new(9), confirmed: true };
        let status = of_record(&RecordError::PossibleOptOutResolved { seq: Seq::new(7), by });
        assert_eq!((status.code(), told(&status).as_str()), (Code::FailedPrecondition, "POSSIBLE_OPT_OUT_RESOLVED"));
        assert_eq!(status.message(), "the possible opt-out at seq 7 was confirmed at seq 9");
        let metadata = status.get_error_details().error_info().unwrap().metadata.clone();
        assert_eq!((metadata["resolution_seq"].as_str(), metadata["verdict"].as_str()), ("9", "CONFIRMED"));
    }

    #[test]
    fn a_reused_event_id_already_exists_and_a_position_ahead_is_unavailable() {
        let reused = of_record(&RecordError::EventIdReused { seq: Seq::new(4) });
        assert_eq!((reused.code(), told(&reused).as_str()), (Code::AlreadyExists, "EVENT_ID_REUSED"));
        let behind = of_check(&CheckError::BehindPosition { head: Seq::new(4), wanted: Seq::new(5) });
        assert_eq!((behind.code(), told(&behind).as_str()), (Code::Unavailable, "BEHIND_POSITION"));
    }
}
