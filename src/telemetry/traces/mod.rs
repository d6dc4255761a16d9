//! Spans to a collector: whose traces calls belong to, and how spans get there.
//!
//! ```text
//! a span ends ── 4,096 wait at most, more are dropped ── 512 at a time ── OTLP over gRPC ── the collector
//! ```
//!
//! Nobody waits for the collector: what finds no room is dropped and counted, and what was sent for ten seconds is given up.

mod context;
mod export;
mod handover;

pub use context::parent;
pub use export::{Export, ExportError, Exporter, SpanLayer};
pub use handover::Counted;
