//! One call from its begin to its end. However it ends, it ends once; one that is dropped was given up by its caller.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tonic::Code;
use tracing::Span;

use super::Calls;
use super::failure::{self, Failed};
use super::{methods, span};
use crate::measure::Stopwatch;

/// Names a call in answers, logs and spans: 16 hex digits, made here, since what a caller sends may say anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestId(u64);

impl RequestId {
    /// The header that tells it.
    pub const NAME: HeaderName = HeaderName::from_static("x-request-id");

    /// The next one. They begin anywhere, so that those of two runs are not mistaken for one another.
    #[must_use]
    pub fn next() -> Self {
        static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(getrandom::u64().unwrap_or_default()));
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// As a header's value, which never comes again: HTTP/2 keeps it in no table of headers, nor looks for it there. Written down as
    /// any other, every answer would search all that are in the table (6 of 93 thousand instructions of a check), here and at its reader.
    #[must_use]
    pub fn value(self) -> Option<HeaderValue> {
        let mut digits = [0; 16];
        hex::encode_to_slice(self.0.to_be_bytes(), &mut digits).ok()?;
        let mut value = HeaderValue::from_bytes(&digits).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl std::fmt::Display for RequestId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What a call is called in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Named {
    /// Its rpc, as in `CheckSend`.
    pub rpc: &'static str,
    /// Its id.
    pub id: RequestId,
}

tokio::task_local! {
    static CURRENT: Named;
}

impl Named {
    /// The call that the caller of this works for, where it is one and known here.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|named| *named).ok()
    }

    /// Works for this call.
    pub fn around<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, work)
    }

    /// Works for this call, at once.
    pub fn during<T>(self, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, work)
    }
}

/// A call under way.
#[derive(Debug)]
pub struct Call {
    calls: Arc<Calls>,
    method: usize,
    id: RequestId,
    began: Stopwatch,
    span: Span,
    ended: bool,
}

impl Call {
    /// A call of the method with this path begins.
    #[must_use]
    pub fn begin(calls: &Arc<Calls>, path: &str, headers: &HeaderMap) -> Self {
        let (method, id) = (methods::place(path), RequestId::next());
        calls.started(method);
        let span = methods::all().get(method).map_or_else(Span::none, |method| span::of_call(calls.edge, method, id, headers));
        Self { calls: Arc::clone(calls), method, id, began: Stopwatch::start(), span, ended: false }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> RequestId {
        self.id
    }

    /// What it is called in the log.
    #[must_use]
    pub fn named(&self) -> Named {
        Named { rpc: methods::all().get(self.method).map_or("unknown", |method| method.name()), id: self.id }
    }

    /// Its span.
    #[must_use]
    pub const fn span(&self) -> &Span {
        &self.span
    }

    /// Works for it, at once.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        self.named().during(|| self.span.in_scope(work))
    }

    /// It ends.
    pub fn end(mut self, code: Code, reason: Option<&'static str>) {
        self.finish(code, reason);
    }

    fn finish(&mut self, code: Code, reason: Option<&'static str>) {
        self.ended = true;
        let took = self.began.read();
        self.calls.handled(self.method, code, took);
        if !self.span.is_disabled() {
            self.span.record("rpc.grpc.status_code", code as i32);
            if failure::is_ours(code, reason) {
                self.span.record("otel.status_code", "ERROR");
            }
        }
        if code != Code::Ok
            && let Some(method) = methods::all().get(self.method)
        {
            failure::tell(&Failed {
                edge: self.calls.edge.as_str(),
                service: method.service(),
                rpc: method.name(),
                id: self.id,
                code,
                reason,
                took,
            });
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.ended {
            self.finish(Code::Cancelled, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::calls::Edge;

    #[test]
    fn a_call_ends_once_and_one_that_is_dropped_was_cancelled() {
        let calls = Calls::of(Edge::Grpc);
        let path = "/consent.v1.DecisionService/CheckSend";
        let begin = || Call::begin(&calls, path, &HeaderMap::new());
        let numbers = &calls.methods[methods::place(path)];
        let open = [begin(), begin(), begin()];
        assert_eq!(numbers.open(), 3);
        let [one, two, three] = open;
        one.end(Code::Ok, None);
        two.end(Code::NotFound, Some("ACCOUNT_UNKNOWN"));
        drop(three);
        let handled = numbers.handled();
        assert_eq!([Code::Ok, Code::Cancelled, Code::NotFound].map(|code| handled[code as usize]), [1, 1, 1]);
        assert_eq!((numbers.open(), numbers.took.read().count), (0, 3));
    }

    #[test]
    fn no_two_ids_are_the_same_and_all_are_16_digits() {
        let ids: std::collections::HashSet<String> = (0..1_000).map(|_| RequestId::next().to_string()).collect();
        assert!(ids.len() == 1_000 && ids.iter().all(|id| id.len() == 16 && RequestId::next().value().is_some()));
    }
}
