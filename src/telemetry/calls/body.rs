//! The body of an answer, watched to its end: a stream's code stands in its trailers.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Body, Frame, SizeHint};
use tonic::Code;

use super::call::Call;
use super::failure;

/// A body, and the call that ends with it.
#[derive(Debug)]
pub struct Watched<B> {
    body: B,
    /// None: the call has ended.
    call: Option<Call>,
}

impl<B> Watched<B> {
    pub(super) const fn new(body: B, call: Option<Call>) -> Self {
        Self { body, call }
    }

    fn end(&mut self, code: Code, reason: Option<&'static str>) {
        if let Some(call) = self.call.take() {
            call.end(code, reason);
        }
    }
}

impl<B: Body + Unpin> Body for Watched<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.get_mut();
        let polled = match &this.call {
            Some(call) => call.during(|| Pin::new(&mut this.body).poll_frame(context)),
            None => Pin::new(&mut this.body).poll_frame(context),
        };
        let frame = ready!(polled);
        match &frame {
            Some(Ok(frame)) => {
                if let Some((code, reason)) = frame.trailers_ref().and_then(failure::ended) {
                    this.end(code, reason);
                }
            }
            // Without a status: who reads it takes that for a failure too.
            Some(Err(_)) | None => this.end(Code::Unknown, None),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
