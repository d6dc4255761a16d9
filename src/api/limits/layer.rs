//! The limits before every gRPC service.

use std::future::{Future, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::sleep;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tower::{Layer, Service};

use super::answers::Answers;
use super::key::Key;
use super::messages::Messages;
use super::{Limits, deadline};
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

/// An answer on its way.
type Answering<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

impl<S> Service<Request<Body>> for Limited<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Answering<S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let refused = |status: Status| -> Self::Future { Box::pin(ready(Ok(status.into_http()))) };
        let time = deadline::of(request.headers());
        if time.is_some_and(|time| time.is_zero()) {
            return refused(status::deadline_passed());
        }
        let caller = Key::of(request.extensions());
        let admitted = if methods::is_probe(request.uri().path()) { self.limits.admit_probe(caller) } else { self.limits.admit(caller) };
        let admitted = match admitted {
            Ok(admitted) => admitted,
            Err(status) => return refused(status),
        };
        request.extensions_mut().insert(admitted.allowance.clone());
        let is_single = !STREAMS.contains(&request.uri().path());
        let room = self.limits.requests.room();
        let request = request.map(|body| Body::new(Messages::new(body, room, is_single)));
        let space = self.limits.answers.clone();
        let answer = self.inner.call(request);
        let mut over = time.map(|time| Box::pin(sleep(time)));
        Box::pin(async move {
            let response = match &mut over {
                None => answer.await?,
                Some(over) => tokio::select! {
                    biased;
                    response = answer => response?,
                    () = over => return Ok(status::deadline_passed().into_http()),
                },
            };
            let (head, body) = response.into_parts();
            Ok(match Answers::new(body, over, admitted, &space).await {
                Ok(answers) => Response::from_parts(head, Body::new(answers)),
                Err(status) => status.into_http(),
            })
        })
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
