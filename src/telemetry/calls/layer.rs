//! The layer around every gRPC service.
//!
//! ```text
//! request ──▶ begun: counted, a span, an id ──▶ service ──▶ answer, with x-request-id ──▶ its body, watched to its end
//! ```

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tonic::Code;
use tower::{Layer, Service};

use super::body::Watched;
use super::call::{Call, RequestId};
use super::{Calls, failure};

/// Counts, times and names calls.
#[derive(Clone, Debug)]
pub struct CallLayer {
    calls: Arc<Calls>,
}

impl CallLayer {
    /// Counts in `calls`.
    #[must_use]
    pub const fn new(calls: Arc<Calls>) -> Self {
        Self { calls }
    }
}

impl<S> Layer<S> for CallLayer {
    type Service = Watching<S>;

    fn layer(&self, inner: S) -> Watching<S> {
        Watching { calls: Arc::clone(&self.calls), inner }
    }
}

/// A service whose calls are counted, timed and named.
#[derive(Clone, Debug)]
pub struct Watching<S> {
    calls: Arc<Calls>,
    inner: S,
}

impl<S, Q, B> Service<Request<Q>> for Watching<S>
where
    S: Service<Request<Q>, Response = Response<B>>,
    B: Body,
{
    type Response = Response<Watched<B>>;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let call = Call::begin(&self.calls, request.uri().path(), request.headers());
        Answering { answer: self.inner.call(request), call: Some(call) }
    }
}

pin_project! {
    /// An answer on its way.
    pub struct Answering<F> {
        #[pin]
        answer: F,
        call: Option<Call>,
    }
}

impl<F, B, E> Future for Answering<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<Watched<B>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(call) = this.call else { return Poll::Pending };
        let answer = ready!(call.during(|| this.answer.poll(context)));
        let Some(call) = this.call.take() else { return Poll::Pending };
        Poll::Ready(match answer {
            Ok(answer) => Ok(answered(call, answer)),
            Err(error) => {
                call.end(Code::Unknown, None);
                Err(error)
            }
        })
    }
}

/// Names the call in its answer and watches the rest of it; an answer that is a status alone is its own end.
fn answered<B>(call: Call, mut answer: Response<B>) -> Response<Watched<B>> {
    if let Some(id) = call.id().value() {
        answer.headers_mut().insert(RequestId::NAME, id);
    }
    let ended = failure::ended(answer.headers());
    let (parts, body) = answer.into_parts();
    let call = match ended {
        Some((code, reason)) => {
            call.end(code, reason);
            None
        }
        None => Some(call),
    };
    Response::from_parts(parts, Watched::new(body, call))
}
