//! What is told of calls: of gRPC's, under the names and labels of gRPC's own middleware.
//!
//! ```text
//! grpc_server_started_total{grpc_type="unary",grpc_service="consent.v1.DecisionService",grpc_method="CheckSend"} 41
//! grpc_server_handled_total{…,grpc_code="OK"} 40
//! grpc_server_handling_seconds_bucket{…,le="0.001"} 40
//! consent_ledger_json_calls_total{rpc="CheckSend",code="INVALID_ARGUMENT"} 1
//! ```

use std::fmt;

use super::methods::{Kind, Method};
use super::{CODES, Calls, Edge};
use crate::telemetry::metrics::{Families, Labels, Source};

/// Every code, at the place of its number: as gRPC's middleware spells it, and as `google.rpc.Code` does.
const SPELLINGS: [(&str, &str); CODES] = [
    ("OK", "OK"),
    ("Canceled", "CANCELLED"),
    ("Unknown", "UNKNOWN"),
    ("InvalidArgument", "INVALID_ARGUMENT"),
    ("DeadlineExceeded", "DEADLINE_EXCEEDED"),
    ("NotFound", "NOT_FOUND"),
    ("AlreadyExists", "ALREADY_EXISTS"),
    ("PermissionDenied", "PERMISSION_DENIED"),
    ("ResourceExhausted", "RESOURCE_EXHAUSTED"),
    ("FailedPrecondition", "FAILED_PRECONDITION"),
    ("Aborted", "ABORTED"),
    ("OutOfRange", "OUT_OF_RANGE"),
    ("Unimplemented", "UNIMPLEMENTED"),
    ("Internal", "INTERNAL"),
    ("Unavailable", "UNAVAILABLE"),
    ("DataLoss", "DATA_LOSS"),
    ("Unauthenticated", "UNAUTHENTICATED"),
];

/// The rpc of paths that there are not, in JSON.
const NO_RPC: &str = "none";

impl Source for Calls {
    fn tell(&self, families: &mut Families<'_>) -> fmt::Result {
        match self.edge {
            Edge::Grpc => self.tell_grpc(families),
            Edge::Json => self.tell_json(families),
        }
    }
}

impl Calls {
    /// Every method is told from the start, so that its first call shows as a rise; a code once it was answered.
    fn tell_grpc(&self, families: &mut Families<'_>) -> fmt::Result {
        let started = self.each().map(|(method, numbers)| (labels(method), numbers.started()));
        families.counters("grpc_server_started_total", "gRPC calls that began.", started)?;
        let handled = self.each().flat_map(|(method, numbers)| {
            let seen = SPELLINGS.iter().zip(numbers.handled()).filter(|((code, _), count)| *count > 0 || *code == "OK");
            seen.map(move |((code, _), count)| ([labels(method), vec![("grpc_code", *code)]].concat(), count))
        });
        families.counters("grpc_server_handled_total", "gRPC calls that ended, by their code.", handled)?;
        let took = self.each().filter(|(_, numbers)| numbers.started() > 0).map(|(method, numbers)| (labels(method), numbers.took.read()));
        families.histograms("grpc_server_handling_seconds", "How long gRPC calls took; a stream: until it ended.", took)?;
        let streams = self.each().filter(|(method, _)| method.kind() != Kind::Unary);
        #[expect(clippy::cast_precision_loss, reason = "open streams are few")]
        let open = streams.map(|(method, numbers)| (labels(method), numbers.open() as f64));
        families.gauges("consent_ledger_open_streams", "gRPC streams that are open.", open)
    }

    fn tell_json(&self, families: &mut Families<'_>) -> fmt::Result {
        let called = || self.each().filter(|(_, numbers)| numbers.started() > 0);
        let calls = called().flat_map(|(method, numbers)| {
            let seen = SPELLINGS.iter().zip(numbers.handled()).filter(|(_, count)| *count > 0);
            seen.map(move |((_, code), count)| (vec![("rpc", rpc(method)), ("code", *code)], count))
        });
        let help = "Calls in JSON over HTTP, by rpc and by the code they were answered with.";
        families.counters("consent_ledger_json_calls_total", help, calls)?;
        let took = called().map(|(method, numbers)| (vec![("rpc", rpc(method))], numbers.took.read()));
        families.histograms("consent_ledger_json_call_seconds", "How long calls in JSON took.", took)
    }
}

fn labels(method: &'static Method) -> Labels {
    vec![("grpc_type", method.kind().as_str()), ("grpc_service", method.service()), ("grpc_method", method.name())]
}

fn rpc(method: &'static Method) -> &'static str {
    if method.is_known() { method.name() } else { NO_RPC }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;

    #[test]
    fn every_code_has_its_place_and_its_two_spellings() {
        for (place, (middleware, google)) in SPELLINGS.iter().enumerate() {
            let code = Code::from(i32::try_from(place).unwrap());
            let letters = |text: &str| text.replace('_', "").replace("ll", "l").to_lowercase();
            assert_eq!(letters(&format!("{code:?}").replace("Cancelled", "Canceled")), letters(middleware));
            assert_eq!(letters(&google.to_lowercase()), letters(&middleware.to_lowercase()));
        }
    }
}
