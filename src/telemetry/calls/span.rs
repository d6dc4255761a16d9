//! The span of a call, below its caller's where that sent a `traceparent`.

use axum::http::HeaderMap;
use tracing::field::Empty;
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::Edge;
use super::call::RequestId;
use super::methods::Method;
use crate::measure::SPANS;
use crate::telemetry::traces;

/// The span of a call; none where nobody exports any.
pub(super) fn of_call(edge: Edge, method: &Method, id: RequestId, headers: &HeaderMap) -> Span {
    if !tracing::span_enabled!(target: SPANS, Level::TRACE) {
        return Span::none();
    }
    let span = tracing::trace_span!(
        target: SPANS,
        "call",
        otel.name = format!("{}/{}", method.service(), method.name()),
        otel.kind = "server",
        otel.status_code = Empty,
        rpc.system = edge.as_str(),
        rpc.service = method.service(),
        rpc.method = method.name(),
        rpc.grpc.status_code = Empty,
        request_id = %id,
    );
    if let Some(parent) = traces::parent(headers) {
        // Refused only where nobody exports spans.
        let _ = span.set_parent(parent);
    }
    span
}
