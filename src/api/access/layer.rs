//! The door of the gRPC server: every request passes it before any service.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tower::{Layer, Service};

use super::admit_within;
use super::body::Guarded;
use super::caller::{Caller, LetIn};
use crate::api::limits::Limits;
use crate::ledger::Ledger;

/// Puts the door before services.
#[derive(Clone)]
pub struct Door(Arc<Keeper>);

/// Who decides whom it opens to.
struct Keeper {
    ledger: Ledger,
    limits: Limits,
}

impl Door {
    /// The door of this ledger; what it refuses is charged within these limits.
    #[must_use]
    pub fn new(ledger: Ledger, limits: Limits) -> Self {
        Self(Arc::new(Keeper { ledger, limits }))
    }
}

impl<S> Layer<S> for Door {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard { door: self.clone(), inner }
    }
}

/// Services behind the door.
#[derive(Clone)]
pub struct Guard<S> {
    door: Door,
    inner: S,
}

impl<S, B> Service<Request<B>> for Guard<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Keeper { ledger, limits } = &*self.door.0;
        let admitted = admit_within(limits, ledger, request.uri().path(), request.headers(), request.extensions());
        let (method, caller) = match admitted {
            Ok(admitted) => admitted,
            Err(status) => return Answering { answer: None, refused: Some(Box::new(status)), guarded: None },
        };
        let guarded = caller.clone().filter(|_| method.streams).map(|caller| (caller, ledger.clone()));
        if let Some(caller) = caller {
            request.extensions_mut().insert(LetIn { caller, by: ledger.clone() });
        }
        Answering { answer: Some(self.inner.call(request)), refused: None, guarded }
    }
}

pin_project! {
    /// An answer on its way, or the refusal of a request that was not let in.
    pub struct Answering<F> {
        #[pin]
        answer: Option<F>,
        refused: Option<Box<Status>>,
        // By whom a stream was asked for.
        guarded: Option<(Caller, Ledger)>,
    }
}

impl<F, E> Future for Answering<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(answer) = this.answer.as_pin_mut() else {
            return this.refused.take().map_or(Poll::Pending, |status| Poll::Ready(Ok(status.into_http())));
        };
        let response = ready!(answer.poll(cx))?;
        Poll::Ready(Ok(match this.guarded.take() {
            Some((caller, ledger)) => response.map(|body| Body::new(Guarded::new(body, caller, ledger))),
            None => response,
        }))
    }
}
