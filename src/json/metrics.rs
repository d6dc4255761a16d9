//! Counts calls in Prometheus's text format, by rpc and code. No label holds what was asked.
//!
//! ```text
//! consent_ledger_json_calls_total{rpc="CheckSend",code="OK"} 41
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;

use parking_lot::Mutex;
use tonic::Code;

use crate::http::prometheus::family;

/// The name of the counter.
const CALLS: &str = "consent_ledger_json_calls_total";

/// Calls in JSON, from zero at every start.
#[derive(Debug, Default)]
pub struct Metrics {
    calls: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
}

impl Metrics {
    /// Counts one call.
    pub fn count(&self, rpc: &'static str, code: Code) {
        *self.calls.lock().entry((rpc, spelling(code))).or_default() += 1;
    }

    /// All of it as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        family(&mut out, CALLS, "counter", "Calls in JSON over HTTP, by rpc and by the code they were answered with.");
        for ((rpc, code), count) in self.calls.lock().iter() {
            let _ = writeln!(out, "{CALLS}{{rpc=\"{rpc}\",code=\"{code}\"}} {count}");
        }
        out
    }
}

/// The code as `google.rpc.Code` spells it.
const fn spelling(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rpc_and_code_has_its_own_line() {
        let metrics = Metrics::default();
        metrics.count("CheckSend", Code::Ok);
        metrics.count("CheckSend", Code::Ok);
        metrics.count("CheckSend", Code::InvalidArgument);
        let text = metrics.text();
        assert!(text.contains("{rpc=\"CheckSend\",code=\"OK\"} 2\n"), "{text}");
        assert!(text.contains("{rpc=\"CheckSend\",code=\"INVALID_ARGUMENT\"} 1\n"), "{text}");
    }
}
