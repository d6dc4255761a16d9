//! A line in the log for every call that fails: which, how, and under which id its caller can ask about it. Never what it said.
//!
//! ```text
//! WARN  a call failed edge=grpc service=consent.v1.RecordingService rpc=RecordOptIn request_id=9f… code=Unavailable reason=LEDGER_UNAVAILABLE
//! DEBUG a call was refused …
//! ```
//!
//! What is the ledger's own fault is a warning, so many a second at most: who calls a ledger that stopped writing does so often.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::http::HeaderMap;
use tonic::{Code, Status};

use super::call::RequestId;
use crate::api::status;
use crate::measure::Sparing;

/// How many warnings a second are written.
const LINES_A_SECOND: u64 = 10;

/// A call that failed.
#[derive(Clone, Copy, Debug)]
pub struct Failed {
    /// Where it came in.
    pub edge: &'static str,
    /// Its service.
    pub service: &'static str,
    /// Its name.
    pub rpc: &'static str,
    /// Its id.
    pub id: RequestId,
    /// How it ended.
    pub code: Code,
    /// Why, as `ErrorInfo` spells it.
    pub reason: Option<&'static str>,
    /// How long it took.
    pub took: Duration,
}

/// Whether the ledger is at fault, and not who called it.
#[must_use]
pub fn is_ours(code: Code, reason: Option<&str>) -> bool {
    match code {
        Code::Unknown | Code::Internal | Code::DataLoss => true,
        Code::Unavailable => !matches!(reason, Some("SHUTTING_DOWN" | "BEHIND_POSITION")),
        _ => false,
    }
}

/// The code that headers or trailers end a call with, and why where it failed; none where it goes on.
#[must_use]
pub fn ended(headers: &HeaderMap) -> Option<(Code, Option<&'static str>)> {
    let code = Code::from_bytes(headers.get(Status::GRPC_STATUS)?.as_bytes());
    let reason = if code == Code::Ok { None } else { status::reason_in(headers) };
    Some((code, reason))
}

/// Writes the line.
pub fn tell(failed: &Failed) {
    static SPARING: Sparing = Sparing::new(LINES_A_SECOND);
    static LEFT_OUT: AtomicU64 = AtomicU64::new(0);
    let Failed { edge, service, rpc, id, code, reason, took } = *failed;
    let (reason, micros) = (reason.unwrap_or_default(), u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    if !is_ours(code, Some(reason)) {
        tracing::debug!(edge, service, rpc, request_id = %id, ?code, reason, micros, "a call was refused");
    } else if SPARING.allows() {
        let left_out = LEFT_OUT.swap(0, Ordering::Relaxed);
        tracing::warn!(edge, service, rpc, request_id = %id, ?code, reason, micros, left_out, "a call failed");
    } else {
        LEFT_OUT.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_caller_did_wrong_is_no_warning() {
        let ours = [
            (Code::Internal, ""),
            (Code::Unknown, ""),
            (Code::DataLoss, ""),
            (Code::Unavailable, "LEDGER_UNAVAILABLE"),
            (Code::Unavailable, "CLOCK_BEHIND"),
        ];
        assert!(ours.into_iter().all(|(code, reason)| is_ours(code, Some(reason))));
        let theirs = [
            (Code::InvalidArgument, "CONTACT_EMPTY"),
            (Code::Cancelled, ""),
            (Code::ResourceExhausted, "OVERLOADED"),
            (Code::Unavailable, "SHUTTING_DOWN"),
            (Code::Unavailable, "BEHIND_POSITION"),
        ];
        assert!(!theirs.into_iter().any(|(code, reason)| is_ours(code, Some(reason))));
    }
}
