//! The phases of a start: a span and a line for each, so that a slow one shows what it waits for.

use tracing::span::EnteredSpan;

use crate::measure::{SPANS, Stopwatch};

/// The whole start. It ends with what is given back.
pub fn begin() -> EnteredSpan {
    tracing::trace_span!(target: SPANS, "start").entered()
}

/// One phase of it.
pub fn phase<T>(name: &'static str, work: impl FnOnce() -> T) -> T {
    let began = Stopwatch::start();
    let done = tracing::trace_span!(target: SPANS, "start phase", otel.name = name).in_scope(work);
    tracing::debug!(phase = name, millis = u64::try_from(began.read().as_millis()).unwrap_or(u64::MAX), "a phase of the start is done");
    done
}
