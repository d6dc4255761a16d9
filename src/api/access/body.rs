//! The answers of a stream, for as long as its caller is let in.
//!
//! A stream may stay open for days. It ends with `UNAUTHENTICATED` at its next message, or within a second, once its caller's
//! credentials ended or the caller was revoked.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Interval, MissedTickBehavior, interval};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::HeaderMap;

use super::caller::Caller;
use crate::ledger::Ledger;

/// How often it is looked whether the caller of a silent stream is still let in.
const LOOK: Duration = Duration::from_millis(500);

/// The body of a stream's answers.
pub struct Guarded {
    body: Body,
    caller: Caller,
    ledger: Ledger,
    look: Interval,
    ended: bool,
}

impl Guarded {
    /// Answers in `body`, for as long as the caller is let in.
    pub fn new(body: Body, caller: Caller, ledger: Ledger) -> Self {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { body, caller, ledger, look, ended: false }
    }

    /// How the stream ends, where its caller is let in no more.
    fn end(&mut self) -> Option<Frame<Bytes>> {
        let status = self.caller.still(&self.ledger).err()?;
        self.ended = true;
        // What was under way ends with it.
        self.body = Body::empty();
        let mut trailers = HeaderMap::new();
        // A header that cannot be made leaves the stream without a status, which a client takes for an error as well.
        let _ = status.add_header(&mut trailers);
        Some(Frame::trailers(trailers))
    }
}

impl HttpBody for Guarded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        loop {
            if let Some(end) = this.end() {
                return Poll::Ready(Some(Ok(end)));
            }
            if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
                return Poll::Ready(frame);
            }
            ready!(this.look.poll_tick(cx));
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
