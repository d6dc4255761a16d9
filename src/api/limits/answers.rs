//! The answers of a call, until they are taken: large ones in the room there is, and for a minute.
//!
//! A client may ask and never read. What it is owed waits here and not in the transport, which is given a piece at a time. What is
//! small costs what the call costs anyway, and calls are counted.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body as _, Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::{Sleep, sleep};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::HeaderMap;

use super::Admitted;
use crate::api::status;
use crate::http::space::{Room, Space};

/// So many bytes of an answer need no room.
const FREE_BYTES: usize = 16 << 10;

/// What the transport is given at a time, in bytes.
const PIECE_BYTES: usize = 16 << 10;

/// How long a reader may take nothing of a large answer.
#[cfg(not(test))]
pub const PATIENCE: Duration = Duration::from_secs(60);
#[cfg(test)]
const PATIENCE: Duration = Duration::from_millis(200);

/// The body of an answer.
pub struct Answers {
    /// What was there at once.
    first: First,
    body: Body,
    over: Option<Pin<Box<Sleep>>>,
    ended: bool,
    _admitted: Option<Admitted>,
}

enum First {
    /// It was taken, or there was nothing.
    None,
    /// It is small, or no data.
    Frame(Frame<Bytes>),
    /// It waits for its reader.
    Large(Arc<Mutex<Option<Large>>>),
}

struct Large {
    bytes: Bytes,
    /// Whether something was taken since it was last looked at.
    moved: bool,
    _room: Room,
}

impl Answers {
    /// The answers in `body`, until the call's deadline.
    ///
    /// # Errors
    /// Where there is no room for the first.
    pub fn new(
        mut body: Body,
        over: Option<Pin<Box<Sleep>>>,
        admitted: Option<Admitted>,
        space: &Space,
        cx: &mut Context<'_>,
    ) -> Result<Self, Status> {
        // What is there at once: an answer that is no stream.
        let first = match Pin::new(&mut body).poll_frame(cx) {
            Poll::Pending | Poll::Ready(None) => First::None,
            Poll::Ready(Some(frame)) => First::new(frame?, space)?,
        };
        Ok(Self { first, body, over, ended: false, _admitted: admitted })
    }

    fn end(&mut self, status: &Status) -> Frame<Bytes> {
        (self.ended, self.first, self.body) = (true, First::None, Body::empty());
        let mut trailers = HeaderMap::new();
        // Trailers without a status are an error to a client as well.
        let _ = status.add_header(&mut trailers);
        Frame::trailers(trailers)
    }
}

impl First {
    fn new(frame: Frame<Bytes>, space: &Space) -> Result<Self, Status> {
        let frame = match frame.into_data() {
            Ok(bytes) if bytes.len() > FREE_BYTES => {
                let mut room = space.room();
                if !room.grow(bytes.len()) {
                    return Err(status::no_room());
                }
                let large = Arc::new(Mutex::new(Some(Large { bytes, moved: false, _room: room })));
                tokio::spawn(forget(Arc::downgrade(&large)));
                return Ok(Self::Large(large));
            }
            Ok(bytes) => Frame::data(bytes),
            Err(frame) => frame,
        };
        Ok(Self::Frame(frame))
    }

    /// The next piece of it; none where nothing is left.
    fn piece(&mut self) -> Option<Result<Frame<Bytes>, Status>> {
        match std::mem::replace(self, Self::None) {
            Self::None => None,
            Self::Frame(frame) => Some(Ok(frame)),
            Self::Large(large) => {
                let mut waiting = large.lock();
                let Some(kept) = waiting.as_mut() else { return Some(Err(status::answer_not_taken(PATIENCE))) };
                let piece = kept.bytes.split_to(kept.bytes.len().min(PIECE_BYTES));
                kept.moved = true;
                let is_done = kept.bytes.is_empty();
                drop(waiting);
                if !is_done {
                    *self = Self::Large(large);
                }
                Some(Ok(Frame::data(piece)))
            }
        }
    }
}

/// Lets go of an answer that nobody takes.
async fn forget(answer: std::sync::Weak<Mutex<Option<Large>>>) {
    loop {
        sleep(PATIENCE).await;
        let Some(answer) = answer.upgrade() else { return };
        let mut waiting = answer.lock();
        match waiting.as_mut() {
            Some(kept) if kept.moved => kept.moved = false,
            _ => return *waiting = None,
        }
    }
}

impl http_body::Body for Answers {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        if let Some(over) = &mut this.over
            && over.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Some(Ok(this.end(&status::deadline_passed()))));
        }
        match this.first.piece() {
            Some(piece) => Poll::Ready(Some(piece)),
            None => Pin::new(&mut this.body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || matches!(self.first, First::None) && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_large_answer_is_handed_out_in_pieces_and_gives_its_room_back() {
        let space = Space::default();
        let mut first = First::new(Frame::data(Bytes::from(vec![7; 40 << 10])), &space).unwrap();
        assert!(space.taken() > 0);
        let mut lengths = Vec::new();
        while let Some(piece) = first.piece() {
            lengths.push(piece.unwrap().into_data().unwrap().len());
        }
        assert_eq!(lengths, [16 << 10, 16 << 10, 8 << 10]);
        assert_eq!(space.taken(), 0);
    }

    #[tokio::test]
    async fn an_answer_that_nobody_takes_is_let_go_of_and_one_that_is_taken_slowly_is_not() {
        let space = Space::default();
        let large = || First::new(Frame::data(Bytes::from(vec![7; 40 << 10])), &space).unwrap();
        let (mut slow, mut never) = (large(), large());
        for _ in 0..3 {
            assert!(slow.piece().unwrap().is_ok());
            sleep(PATIENCE / 2).await;
        }
        sleep(PATIENCE * 2).await;
        assert_eq!(never.piece().unwrap().unwrap_err().code(), tonic::Code::Aborted);
        assert_eq!(space.taken(), 0);
    }

    #[tokio::test]
    async fn answers_that_find_no_room_are_refused() {
        let space = Space::default();
        let mut room = space.room();
        while room.grow(space.taken() + (64 << 10)) {}
        let refused = First::new(Frame::data(Bytes::from(vec![7; 40 << 10])), &space).err().unwrap();
        assert_eq!(refused.code(), tonic::Code::ResourceExhausted);
        assert!(First::new(Frame::data(Bytes::from(vec![7; 1 << 10])), &space).is_ok(), "small ones need none");
    }
}
