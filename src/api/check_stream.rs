//! `StreamCheckSend`: questions as they come, answers in their order.
//!
//! ```text
//! the transport has room for an answer ── the next question is taken ── answered in place ── handed out
//! ```
//!
//! Nothing runs ahead: a question is taken when there is room for its answer. A reader that takes nothing holds up its own
//! questions, and what waits is what HTTP/2 lets wait. Only a question that has to wait itself (for the disk, for a position, or for its turn under a rate)
//! is put aside, and the stream with it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::sleep;
use tokio_stream::Stream;
use tonic::{Code, Status, Streaming};

use super::access::Caller;
use super::decision::{Decisions, streamed};
use super::limits::rate::Allowance;
use super::slots::{Slot, Slots};
use super::stopping::Stopping;
use super::{map, status};
use crate::ledger::Answer;
use crate::proto::stream_check_send_response::Outcome;
use crate::proto::{StreamCheckSendRequest, StreamCheckSendResponse};

/// How many streams are open at a time. Each may hold what HTTP/2 lets wait, about a megabyte.
const AT_A_TIME: usize = 256;

/// Where streams of questions get their slots.
#[must_use]
pub fn slots() -> Slots {
    Slots::new(AT_A_TIME, status::too_many_streams)
}

/// After how many answers a stream that never waits looks whether the server stops.
const LOOK_EVERY: usize = 64;

/// An answer that is waited for.
type Waiting = Pin<Box<dyn Future<Output = Result<Answer, Status>> + Send>>;

/// The answers to a stream of questions, made as they are taken.
pub struct Answers {
    decisions: Decisions,
    caller: Caller,
    questions: Streaming<StreamCheckSendRequest>,
    /// What each question is charged to.
    allowance: Allowance,
    waiting: Option<Waiting>,
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
    answered: usize,
    ended: bool,
    _slot: Slot,
}

impl Answers {
    /// Answers until the questions end or the server stops.
    #[must_use]
    pub fn new(
        decisions: Decisions,
        caller: Caller,
        questions: Streaming<StreamCheckSendRequest>,
        allowance: Allowance,
        mut stopping: Stopping,
        slot: Slot,
    ) -> Self {
        let stopped = Box::pin(async move { stopping.wait().await });
        Self { decisions, caller, questions, allowance, waiting: None, stopped, answered: 0, ended: false, _slot: slot }
    }

    /// The next answer; an error ends the stream.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<StreamCheckSendResponse, Status>>> {
        if let Some(waiting) = &mut self.waiting {
            let answered = ready!(waiting.as_mut().poll(cx));
            self.waiting = None;
            return Poll::Ready(Some(self.outcome(answered)));
        }
        let Some(request) = ready!(Pin::new(&mut self.questions).poll_next(cx)).transpose()? else { return Poll::Ready(None) };
        self.caller.still(self.decisions.ledger())?;
        let question = match streamed(&self.caller, &request.check.unwrap_or_default()) {
            Ok(question) => question,
            Err(refused) => return Poll::Ready(Some(self.outcome(Err(refused)))),
        };
        let turn = self.allowance.charge(1);
        if turn.is_zero() && self.decisions.is_at_hand(&question) {
            let answered = self.decisions.ledger().check(&question).map_err(|error| status::of_check(&error));
            return Poll::Ready(Some(self.outcome(answered)));
        }
        let decisions = self.decisions.clone();
        self.waiting = Some(Box::pin(async move {
            if !turn.is_zero() {
                sleep(turn).await;
            }
            decisions.answer(question).await
        }));
        self.poll_answer(cx)
    }

    /// One that has no answer says so for itself; a ledger that answers for none ends the stream.
    fn outcome(&self, answered: Result<Answer, Status>) -> Result<StreamCheckSendResponse, Status> {
        let outcome = match answered {
            Ok(answer) => Outcome::Decision(map::decision(answer)),
            Err(status) if status.code() == Code::Unavailable && self.decisions.ledger().poisoned().is_some() => return Err(status),
            Err(status) => Outcome::Error(status::item_error(&status)),
        };
        Ok(StreamCheckSendResponse { outcome: Some(outcome) })
    }
}

impl Stream for Answers {
    type Item = Result<StreamCheckSendResponse, Status>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        // A stream that is never without questions lets others have their turn.
        let turn = ready!(tokio::task::coop::poll_proceed(cx));
        // Whether the server stops is looked at whenever there is time, and now and then where there never is.
        let look_first = this.answered.is_multiple_of(LOOK_EVERY);
        let next = match if look_first { Poll::Pending } else { this.poll_answer(cx) } {
            Poll::Pending if this.stopped.as_mut().poll(cx).is_ready() => Poll::Ready(Some(Err(status::shutting_down()))),
            Poll::Pending if look_first => this.poll_answer(cx),
            next => next,
        };
        if let Poll::Ready(item) = &next {
            turn.made_progress();
            this.answered = this.answered.wrapping_add(1);
            this.ended = !matches!(item, Some(Ok(_)));
        }
        next
    }
}
