//! The messages of a request as they arrive: none too large, none compressed, each whole in time, in the room there is.
//!
//! ```text
//! 00 00000016 … 22 bytes …      a message: not compressed, its length, itself (gRPC over HTTP/2)
//! ```
//!
//! Nothing is believed that is only announced: room is taken for bytes that came, and a message waits here until it is whole, since the
//! codec makes place for as much as was announced. Where it ends, what it held is given back; the service has it then, and decides
//! what more it takes.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;

use crate::api::status;
use crate::http::space::Room;

/// The largest message, in bytes; what gRPC takes unless it is told otherwise.
pub const MESSAGE_BYTES: usize = 4 << 20;

/// So many bytes of a message need no room.
const FREE_BYTES: usize = 4 << 10;

/// How long a message may take from its first byte to its last; of a call that has one, from the begin of the call to its end.
#[cfg(not(test))]
pub const WITHIN: Duration = Duration::from_secs(30);
#[cfg(test)]
const WITHIN: Duration = Duration::from_millis(300);

/// Whoever waits is woken when the time is over, and looks sooner than this; who looks later did something else meanwhile.
#[cfg(not(test))]
const UNNOTICED: Duration = Duration::from_secs(2);
#[cfg(test)]
const UNNOTICED: Duration = Duration::from_millis(200);

/// What stands before a message, in bytes.
const PREFIX_BYTES: usize = 5;

/// The body of a request.
pub struct Messages {
    body: Body,
    framing: Framing,
    /// What came of a message that has not ended.
    begun: Vec<u8>,
    room: Room,
    /// Whether it has one message and then ends.
    is_single: bool,
    /// When what is waited for is too late.
    over: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl Messages {
    /// The messages in `body`, which take from `room`.
    pub fn new(body: Body, room: Room, is_single: bool) -> Self {
        Self { body, framing: Framing::default(), begun: Vec::new(), room, is_single, over: None, ended: false }
    }

    /// Ready once what is waited for is too late. Time in which nobody here waited is not held against the client.
    fn poll_too_slow(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let over = self.over.get_or_insert_with(|| Box::pin(sleep(WITHIN)));
        ready!(over.as_mut().poll(cx));
        if over.deadline() + UNNOTICED > Instant::now() {
            return Poll::Ready(());
        }
        over.as_mut().reset(Instant::now() + WITHIN);
        over.as_mut().poll(cx)
    }

    /// Takes what came; gives what is whole with it, if anything.
    fn take(&mut self, mut came: Bytes) -> Result<Option<Bytes>, Status> {
        let ends = self.framing.take(&came)?;
        if ends > 0 && !self.is_single {
            self.over = None;
            self.room.free();
        }
        let held = self.framing.held();
        if held > FREE_BYTES && !self.room.grow(held) {
            return Err(status::no_room());
        }
        let mut whole = came.split_to(ends);
        if ends > 0 && !self.begun.is_empty() {
            self.begun.extend_from_slice(&whole);
            whole = std::mem::take(&mut self.begun).into();
        }
        self.begun.extend_from_slice(&came);
        Ok((ends > 0).then_some(whole))
    }
}

impl http_body::Body for Messages {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        loop {
            let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
                if this.is_single || this.framing.is_within() {
                    ready!(this.poll_too_slow(cx));
                    this.ended = true;
                    return Poll::Ready(Some(Err(status::message_too_slow(WITHIN))));
                }
                return Poll::Pending;
            };
            let taken = match frame.transpose()?.map(Frame::into_data) {
                Some(Ok(came)) => this.take(came).map(|whole| whole.map(Frame::data)),
                // Of a message that is only announced the codec would say nothing, and the call would end well.
                _ if this.framing.is_within() => Err(status::message_cut_off()),
                None => return Poll::Ready(None),
                Some(Err(trailers)) => Ok(Some(trailers)),
            };
            this.ended = taken.is_err();
            if let Some(taken) = taken.transpose() {
                return Poll::Ready(Some(taken));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream() && !self.framing.is_within()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// Where in which message the bytes are.
#[derive(Default, Debug)]
struct Framing {
    prefix: [u8; PREFIX_BYTES],
    /// Bytes of the prefix that came.
    had: usize,
    /// What the message has, in bytes; zero before its prefix is whole.
    length: usize,
    /// What of it is still to come.
    left: usize,
}

impl Framing {
    /// Goes on by these bytes. Gives how many of them the messages take that end in them.
    fn take(&mut self, came: &[u8]) -> Result<usize, Status> {
        let (mut bytes, mut ends) = (came, 0);
        while !bytes.is_empty() {
            if self.had < PREFIX_BYTES {
                let (prefix, rest) = bytes.split_at(bytes.len().min(PREFIX_BYTES - self.had));
                for (place, byte) in self.prefix.iter_mut().skip(self.had).zip(prefix) {
                    *place = *byte;
                }
                self.had += prefix.len();
                bytes = rest;
                if self.had == PREFIX_BYTES {
                    self.begin()?;
                }
            }
            let here = bytes.len().min(self.left);
            self.left -= here;
            bytes = bytes.get(here..).unwrap_or_default();
            if self.had == PREFIX_BYTES && self.left == 0 {
                (self.had, self.length, ends) = (0, 0, came.len() - bytes.len());
            }
        }
        Ok(ends)
    }

    fn begin(&mut self) -> Result<(), Status> {
        let [flag, length @ ..] = self.prefix;
        if flag == 1 {
            return Err(status::compressed());
        }
        self.length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if self.length > MESSAGE_BYTES {
            return Err(status::message_too_large(self.length, MESSAGE_BYTES));
        }
        self.left = self.length;
        Ok(())
    }

    /// Whether a message has begun and not ended.
    const fn is_within(&self) -> bool {
        self.had > 0
    }

    /// What came of a message that has not ended, in bytes.
    const fn held(&self) -> usize {
        self.length - self.left
    }
}

#[cfg(test)]
mod tests {
    use http_body::Body as _;

    use super::*;

    fn message(length: usize) -> Vec<u8> {
        let mut bytes = vec![0];
        bytes.extend_from_slice(&u32::try_from(length).unwrap().to_be_bytes());
        bytes.resize(PREFIX_BYTES + length, 7);
        bytes
    }

    /// A client that sent these bytes, in such pieces, and then nothing.
    fn sent(bytes: &[u8], pieces: usize, is_single: bool) -> Messages {
        struct Silent(Vec<Bytes>);
        impl http_body::Body for Silent {
            type Data = Bytes;
            type Error = Status;
            fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
                self.0.pop().map_or(Poll::Pending, |bytes| Poll::Ready(Some(Ok(Frame::data(bytes)))))
            }
        }
        let body = Silent(bytes.chunks(pieces).rev().map(Bytes::copy_from_slice).collect());
        Messages::new(Body::new(body), crate::http::space::Space::default().room(), is_single)
    }

    fn silent_after(bytes: &[u8], is_single: bool) -> Messages {
        sent(bytes, bytes.len(), is_single)
    }

    async fn next(messages: &mut Messages) -> Option<Result<Frame<Bytes>, Status>> {
        std::future::poll_fn(|cx| Pin::new(&mut *messages).poll_frame(cx)).await
    }

    #[tokio::test]
    async fn who_begins_a_message_and_does_not_end_it_is_too_slow_and_who_is_silent_between_two_is_not() {
        let mut begun = silent_after(&[0, 0, 0, 0, 9, 7], false);
        let from = Instant::now();
        assert_eq!(next(&mut begun).await.unwrap().unwrap_err().code(), tonic::Code::DeadlineExceeded);
        assert!(from.elapsed() >= WITHIN);
        assert!(next(&mut begun).await.is_none());
        let mut between = silent_after(&[0, 0, 0, 0, 1, 7], false);
        assert!(next(&mut between).await.unwrap().is_ok());
        assert!(tokio::time::timeout(WITHIN * 2, next(&mut between)).await.is_err());
        let mut not_ended = silent_after(&[0, 0, 0, 0, 1, 7], true);
        assert!(next(&mut not_ended).await.unwrap().is_ok());
        assert!(next(&mut not_ended).await.unwrap().is_err(), "a call with one message ends after it");
    }

    #[tokio::test]
    async fn time_in_which_nobody_here_waits_is_not_held_against_the_client() {
        let mut begun = silent_after(&[0, 0, 0, 0, 9, 7], false);
        let looked = std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut begun).poll_frame(cx).is_pending())).await;
        assert!(looked);
        sleep(WITHIN * 3).await;
        let from = Instant::now();
        assert!(next(&mut begun).await.unwrap().is_err());
        assert!(from.elapsed() >= WITHIN);
    }

    #[tokio::test]
    async fn messages_are_handed_on_whole_however_they_come() {
        let bytes = [message(0), message(3), message(300), message(1)].concat();
        for pieces in [1, 2, 5, 7, 64, 310, bytes.len()] {
            let (mut messages, mut came) = (sent(&bytes, pieces, false), Vec::new());
            while came.len() < bytes.len() {
                let whole = next(&mut messages).await.unwrap().unwrap().into_data().unwrap();
                came.extend_from_slice(&whole);
                assert!([5, 13, 318, 324].contains(&came.len()), "{} bytes in pieces of {pieces}", came.len());
            }
            assert!(came == bytes && messages.begun.is_empty() && !messages.framing.is_within());
        }
    }

    #[test]
    fn messages_end_where_they_say_however_they_are_cut() {
        let bytes = [message(0), message(3), message(300), message(1)].concat();
        for piece in [1, 2, 5, 7, 64, bytes.len()] {
            let mut framing = Framing::default();
            for part in bytes.chunks(piece) {
                framing.take(part).unwrap();
            }
            assert!(!framing.is_within(), "{piece}");
        }
        let mut framing = Framing::default();
        assert_eq!(framing.take(&message(300)[..100]).unwrap(), 0);
        assert!(framing.is_within());
        assert_eq!(framing.held(), 95);
        assert_eq!(framing.take(&[7; 205]).unwrap(), 205);
        assert_eq!(framing.held(), 0);
    }

    #[test]
    fn what_is_too_large_or_compressed_is_refused_by_its_first_bytes() {
        let refused = |bytes: &[u8]| Framing::default().take(bytes).unwrap_err().code();
        assert_eq!(refused(&[1, 0, 0, 0, 1]), tonic::Code::Unimplemented);
        assert_eq!(refused(&[0, 0, 0x40, 0, 1]), tonic::Code::InvalidArgument);
        assert_eq!(Framing::default().take(&[0, 0, 0x40, 0, 0]).unwrap(), 0, "4 MiB is taken");
        assert_eq!(refused(&[0, 0xff, 0xff, 0xff, 0xff]), tonic::Code::InvalidArgument);
    }
}
