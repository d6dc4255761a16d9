//! A stream of calls that outlives its connections.
//!
//! ```text
//! items ── at most 4,096 unanswered, kept ── the stream ── answers, in the order of the items
//!                    └── sent again on the next connection where this one broke
//! ```
//!
//! An item may be sent twice; it is answered to the caller once, by the answer that came last.

use std::collections::VecDeque;
use std::future::Future;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Response, Status, Streaming};

use super::channel::Channel;
use super::error::ClientError;
use super::retry::{Failed, Patience, Pauses};

/// How many items of a stream are under way at the most.
pub const IN_FLIGHT: usize = 4_096;

/// A kind of stream.
pub(super) trait Kind {
    /// What is sent.
    type Item: Clone + Send + 'static;
    /// What is answered to each.
    type Answer;

    /// Opens one.
    fn open(
        channel: Channel,
        items: ReceiverStream<Self::Item>,
    ) -> impl Future<Output = Result<Response<Streaming<Self::Answer>>, Status>> + Send;
}

/// The answers to a stream of items, in their order, each with its item and what came with it.
pub(super) struct Resuming<T, S, K: Kind> {
    channel: Channel,
    patience: Patience,
    items: S,
    exhausted: bool,
    unanswered: VecDeque<(T, K::Item)>,
    open: Option<Open<K>>,
    /// When something last came, or was first waited for.
    heard: Instant,
    /// Between tries since then; none while answers come.
    pauses: Option<Pauses>,
    failed: bool,
}

/// A stream that is open.
struct Open<K: Kind> {
    ask: mpsc::Sender<K::Item>,
    answers: Streaming<K::Answer>,
    /// How many of the unanswered were sent.
    sent: usize,
}

impl<T, S, K> Resuming<T, S, K>
where
    S: Stream<Item = (T, K::Item)> + Unpin,
    K: Kind,
{
    /// Nothing is sent yet.
    pub(super) fn new(channel: Channel, patience: Patience, items: S) -> Self {
        let (unanswered, heard) = (VecDeque::new(), Instant::now());
        Self { channel, patience, items, exhausted: false, unanswered, open: None, heard, pauses: None, failed: false }
    }

    /// The next answer; none once every item is answered.
    ///
    /// # Errors
    /// Where the server cannot be reached, or refuses the stream. No more comes then.
    pub(super) async fn next(&mut self) -> Option<Result<(T, K::Item, K::Answer), ClientError>> {
        loop {
            if self.failed || !self.has_more().await {
                return None;
            }
            let failed = match self.open().await {
                Ok(()) => match self.step().await {
                    Ok(None) => continue,
                    Ok(Some(answer)) => return Some(Ok(answer)),
                    Err(failed) => failed,
                },
                Err(failed) => failed,
            };
            self.open = None;
            let since = self.heard;
            let pauses = self.pauses.get_or_insert_with(|| Pauses::since(since, self.patience.total));
            match pauses.after(failed) {
                Ok(pause) => sleep(pause).await,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
    }

    /// Whether anything is left to answer; waits for an item where nothing is.
    async fn has_more(&mut self) -> bool {
        if self.unanswered.is_empty() && !self.exhausted {
            let next = self.items.next().await;
            self.take(next);
        }
        !self.unanswered.is_empty()
    }

    fn take(&mut self, next: Option<(T, K::Item)>) {
        let Some(next) = next else {
            self.exhausted = true;
            return;
        };
        if self.unanswered.is_empty() {
            self.heard = Instant::now();
        }
        self.unanswered.push_back(next);
    }

    async fn open(&mut self) -> Result<(), Failed> {
        if self.open.is_some() {
            return Ok(());
        }
        // As many as may be under way: sending never waits.
        let (ask, items) = mpsc::channel(IN_FLIGHT);
        let mut sent = 0;
        hand_over(&self.unanswered, &ask, &mut sent);
        let time = self.patience.attempt;
        let opened = timeout(time, K::open(self.channel.clone(), ReceiverStream::new(items))).await;
        let answers = opened.map_err(|_| Failed::OutOfTime(time))?.map_err(|status| Failed::Status(status.into()))?.into_inner();
        self.open = Some(Open { ask, answers, sent });
        Ok(())
    }

    /// Sends what may be sent, then takes one answer or one item.
    async fn step(&mut self) -> Result<Option<(T, K::Item, K::Answer)>, Failed> {
        let Some(open) = &mut self.open else { return Ok(None) };
        hand_over(&self.unanswered, &open.ask, &mut open.sent);
        let room = !self.exhausted && self.unanswered.len() < IN_FLIGHT;
        // A server that is slow is not asked anew, which would only give it more to do; one that is gone is seen by its silence to
        // pings, long before.
        let late = self.heard + self.patience.total;
        let answer = tokio::select! {
            biased;
            next = self.items.next(), if room => {
                self.take(next);
                return Ok(None);
            }
            answer = open.answers.message() => answer,
            () = sleep_until(late) => return Err(Failed::OutOfTime(self.patience.total)),
        };
        let answer = answer.map_err(|status| Failed::Status(status.into()))?;
        let answer = answer.ok_or(Failed::Ended)?;
        self.heard = Instant::now();
        open.sent = open.sent.checked_sub(1).ok_or_else(|| Failed::Garbled(ClientError::garbled("it answers what was not asked")))?;
        self.pauses = None;
        Ok(self.unanswered.pop_front().map(|(of, item)| (of, item, answer)))
    }
}

/// Sends what was not sent yet.
fn hand_over<T, I: Clone>(unanswered: &VecDeque<(T, I)>, ask: &mpsc::Sender<I>, sent: &mut usize) {
    for (_, item) in unanswered.iter().skip(*sent) {
        if ask.try_send(item.clone()).is_err() {
            break;
        }
        *sent += 1;
    }
}
