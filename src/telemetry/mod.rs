//! What the outside sees of the inside: metrics, spans, and a line for every call that fails. Nothing personal in any of them.
//!
//! ```text
//! calls/     the layer around every gRPC call, and JSON's calls: counted, timed, a span each, a request id
//! metrics/   the registry behind GET /metrics; whoever has numbers joins it
//! traces/    spans to a collector, where there is one
//! ```

pub mod calls;
pub mod metrics;
pub mod traces;
