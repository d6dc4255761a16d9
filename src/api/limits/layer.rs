//! The limits before every gRPC service.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tower::{Layer, Service};

use super::answers::Answers;
use super::key::Key;
use super::messages::Messages;
use super::{Admitted, Limits, deadline};
use crate::api::access::methods;
use crate::api::status;

/// The methods whose requests are streams, which may be silent for as long as they like between two messages.
const STREAMS: [&str; 5] = [
    "/consent.v1.DecisionService/StreamCheckSend",
    "/consent.v1.RecordingService/RecordStream",
    "/consent.v1.RecordingService/RehearseStream",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

impl<S> Layer<S> for Limits {
    type Service = Limited<S>;

    fn layer(&self, inner: S) -> Limited<S> {
        Limited { limits: self.clone(), inner }
    }
}

/// Services behind the limits.
#[derive(Clone, Debug)]
pub struct Limited<S> {
    limits: Limits,
    inner: S,
}

impl<S> Service<Request<Body>> for Limited<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let limits = self.limits.clone();
        let refused = |limits, status| Answering { answer: None, refused: Some(Box::new(status)), over: None, admitted: None, limits };
        let time = deadline::of(request.headers());
        if time.is_some_and(|time| time.is_zero()) {
            return refused(limits, status::deadline_passed());
        }
        let caller = Key::of(request.extensions());
        let admitted = if methods::is_probe(request.uri().path()) { limits.admit_probe(caller) } else { limits.admit(caller) };
        let admitted = match admitted {
            Ok(admitted) => admitted,
            Err(status) => return refused(limits, status),
        };
        if admitted.allowance.is_limited() {
            request.extensions_mut().insert(admitted.allowance.clone());
        }
        let is_single = !STREAMS.contains(&request.uri().path());
        let room = limits.0.requests.room();
        let request = request.map(|body| Body::new(Messages::new(body, room, is_single)));
        let over = time.map(|time| Box::pin(sleep(time)));
        Answering { answer: Some(self.inner.call(request)), refused: None, over, admitted: Some(admitted), limits }
    }
}

pin_project! {
    /// An answer on its way, or the refusal of a call that is not let in.
    pub struct Answering<F> {
        // None: it is not let in, or was answered.
        #[pin]
        answer: Option<F>,
        refused: Option<Box<Status>>,
        // When it is too late.
        over: Option<Pin<Box<Sleep>>>,
        admitted: Option<Admitted>,
        limits: Limits,
    }
}

impl<F, E> Future for Answering<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(answer) = this.answer.as_mut().as_pin_mut() else {
            return this.refused.take().map_or(Poll::Pending, |status| Poll::Ready(Ok(status.into_http())));
        };
        let answer = match (answer.poll(cx), &mut *this.over) {
            (Poll::Ready(answer), _) => Some(answer?),
            (Poll::Pending, None) => return Poll::Pending,
            (Poll::Pending, Some(over)) => {
                ready!(over.as_mut().poll(cx));
                None
            }
        };
        // What was under way ends here, whoever keeps this.
        this.answer.set(None);
        let answered = answer.ok_or_else(status::deadline_passed).and_then(|answer| {
            let (head, body) = answer.into_parts();
            let answers = Answers::new(body, this.over.take(), this.admitted.take(), &this.limits.0.answers, cx)?;
            Ok(Response::from_parts(head, Body::new(answers)))
        });
        Poll::Ready(Ok(answered.unwrap_or_else(Status::into_http)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_reflect::DescriptorPool;

    #[test]
    fn every_method_that_takes_a_stream_is_known_to() {
        let mut pool = DescriptorPool::decode(crate::proto::DESCRIPTORS).unwrap();
        for more in [tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET, tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET] {
            pool.decode_file_descriptor_set(more).unwrap();
        }
        let mut found: Vec<String> = Vec::new();
        for service in pool.services() {
            let streams = service.methods().filter(prost_reflect::MethodDescriptor::is_client_streaming);
            found.extend(streams.map(|method| format!("/{}/{}", service.full_name(), method.name())));
        }
        found.sort();
        assert_eq!(found, STREAMS);
    }
}
