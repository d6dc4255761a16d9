//! A stream without an end of its own: look, say, wait, look again.
//!
//! ```text
//!   blocking: look ──▶ a few messages wait ──▶ the reader
//!      ▲                                        (slow: the next look is later, and finds more)
//!      └── the head moved · something is due · time for a heartbeat
//! ```
//!
//! An idle ledger's news goes out at once; a busy one's is gathered for a moment, so that many who follow do not look at every
//! commit by itself.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::api::reads::Reading;
use crate::api::slots::Slot;
use crate::api::stopping::Stopping;
use crate::api::{blocking, status};
use crate::consent::words::Seq;
use crate::ledger::Ledger;

/// How many messages wait for the reader.
const MESSAGES_WAITING: usize = 4;

/// For how long news is gathered after a look.
const GATHER: Duration = Duration::from_millis(5);

/// How long it waits at most for what is due by the ledger's clock, which may be set.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a call streams.
pub type Responses<T> = ReceiverStream<Result<T, Status>>;

/// What there is to say.
pub struct Looked<T> {
    /// The message; worth nothing but as a heartbeat where it tells nothing.
    pub message: T,
    /// Whether it tells something.
    pub tells: bool,
    /// Whether there is more already.
    pub more: bool,
    /// After what time something is due by itself.
    pub due_in: Option<Duration>,
    /// How much of it opens personal data.
    pub opens: usize,
}

/// Somebody who follows something.
pub trait Look: Send + 'static {
    /// What is said.
    type Message: Send + 'static;

    /// Looks once. Blocks.
    ///
    /// # Errors
    /// Where nothing can be said any more.
    fn look(&mut self, go_on: &dyn Fn() -> bool) -> Result<Looked<Self::Message>, Status>;
}

/// Follows until the reader is gone, the server ends, or nothing can be said any more. What it opens is recorded as `reading`.
pub(super) fn start<L: Look>(
    slot: Slot,
    look: L,
    mut reading: Reading,
    ledger: &Ledger,
    mut stopping: Stopping,
    heartbeat: Duration,
) -> Responses<L::Message> {
    let (send, responses) = mpsc::channel(MESSAGES_WAITING + 1);
    let moved = ledger.moved();
    tokio::spawn(async move {
        // Kept free, so that a reader that is behind learns why there is no more.
        let last = send.clone().try_reserve_owned();
        let ended = tokio::select! {
            () = send.closed() => status::interrupted(),
            () = stopping.wait() => status::stopping(),
            status = follow(look, &mut reading, &send, moved, heartbeat) => status,
        };
        reading.end().await;
        if let Ok(last) = last {
            last.send(Err(ended));
        }
        drop(slot);
    });
    ReceiverStream::new(responses)
}

async fn follow<L: Look>(
    mut look: L,
    reading: &mut Reading,
    send: &mpsc::Sender<Result<L::Message, Status>>,
    mut moved: watch::Receiver<Seq>,
    heartbeat: Duration,
) -> Status {
    // The first look is told whatever it finds.
    let mut beat = Instant::now();
    loop {
        // Taken first: what is recorded while it looks is news.
        moved.mark_unchanged();
        let going = send.clone();
        let looked = blocking(move || {
            let looked = look.look(&|| !going.is_closed());
            (look, looked)
        });
        let (back, looked) = match looked.await {
            Ok((back, Ok(looked))) => (back, looked),
            Ok((_, Err(status))) | Err(status) => return status,
        };
        look = back;
        let Looked { message, tells, more, due_in, opens } = looked;
        if let Err(status) = reading.hand_out(opens).await {
            return status;
        }
        if tells || beat <= Instant::now() {
            if send.send(Ok(message)).await.is_err() {
                return status::interrupted();
            }
            beat = Instant::now() + heartbeat;
        }
        if more {
            continue;
        }
        sleep(GATHER).await;
        tokio::select! {
            // The ledger lives as long as its server.
            _ = moved.changed() => {}
            () = sleep(due_in.map_or(heartbeat, |due_in| due_in.min(PATIENCE))) => {}
            () = sleep_until(beat) => {}
        }
    }
}
