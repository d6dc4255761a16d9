//! The trace that a caller's request belongs to: W3C `traceparent`, and nothing else that a caller may send along.
//!
//! ```text
//! traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
//! ```
//!
//! `tracestate` and `baggage` are free text, which may hold anything: they are neither kept nor passed on.

use axum::http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceState};
use opentelemetry_sdk::propagation::TraceContextPropagator;

/// The one header that is read.
const HEADER: &str = "traceparent";

struct Traceparent<'a>(&'a HeaderMap);

impl Extractor for Traceparent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        if key == HEADER { self.0.get(HEADER)?.to_str().ok() } else { None }
    }

    fn keys(&self) -> Vec<&str> {
        vec![HEADER]
    }
}

/// The span of the caller, where it names one.
#[must_use]
pub fn parent(headers: &HeaderMap) -> Option<Context> {
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Traceparent(headers));
    let named = context.span().span_context().clone();
    let bare = SpanContext::new(named.trace_id(), named.span_id(), named.trace_flags(), true, TraceState::NONE);
    bare.is_valid().then(|| Context::new().with_remote_span_context(bare))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn named(headers: &[(&'static str, &'static str)]) -> Option<SpanContext> {
        let headers: HeaderMap = headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect();
        parent(&headers).map(|context| context.span().span_context().clone())
    }

    #[test]
    fn a_caller_names_its_trace_and_nothing_else() {
        let span = named(&[("traceparent", PARENT), ("tracestate", "shop=447400123456"), ("baggage", "contact=447400123456")]).unwrap();
        assert_eq!(span.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(span.is_sampled() && span.is_remote() && span.trace_state() == &TraceState::NONE);
    }

    #[test]
    fn what_is_no_traceparent_is_none() {
        assert!(named(&[]).is_none() && named(&[("traceparent", "+447400123456")]).is_none());
        assert!(named(&[("traceparent", "00-00000000000000000000000000000000-00f067aa0ba902b7-01")]).is_none());
    }
}
