//! Whole audiences: a stream of questions that outlives its connections.
//!
//! ```text
//! questions ── at most 4,096 unanswered, kept ── StreamCheckSend ── answers, in the order of the questions
//!                        └── asked again on the next connection where this one broke
//! ```
//!
//! A question may be asked twice; it is answered to the caller once, by the answer that came last.

use std::collections::VecDeque;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::Streaming;
use tonic::transport::Channel;

use super::Client;
use super::error::ClientError;
use super::may_send::{MaySend, WhyNot};
use super::question::Question;
use super::retry::{Failed, Patience, Pauses};
use crate::proto::decision_service_client::DecisionServiceClient;
use crate::proto::stream_check_send_response::Outcome;
use crate::proto::{StreamCheckSendRequest, StreamCheckSendResponse};

/// How many questions are under way at the most.
pub const IN_FLIGHT: usize = 4_096;

impl Client {
    /// Asks about everybody that the stream names; each question comes with whatever its answer should come with.
    ///
    /// Questions are taken as fast as they are answered, 4,096 ahead at the most, so that memory does not grow with the stream.
    /// A broken connection is made again, and what was not answered is asked again.
    pub fn check_stream<T, S>(&self, questions: S) -> Answers<T, S>
    where
        S: Stream<Item = (T, Question)> + Unpin,
    {
        Answers {
            service: DecisionServiceClient::new(self.channel.clone()),
            patience: self.patience(),
            questions,
            exhausted: false,
            unanswered: VecDeque::new(),
            open: None,
            pauses: None,
            failed: false,
        }
    }
}

/// The answers to a stream of questions, in their order.
#[must_use = "nothing is asked until answers are taken"]
pub struct Answers<T, S> {
    service: DecisionServiceClient<Channel>,
    patience: Patience,
    questions: S,
    exhausted: bool,
    unanswered: VecDeque<(T, StreamCheckSendRequest)>,
    open: Option<Open>,
    /// Since when nothing came; none while answers come.
    pauses: Option<Pauses>,
    failed: bool,
}

/// A stream that is open.
struct Open {
    ask: mpsc::Sender<StreamCheckSendRequest>,
    answers: Streaming<StreamCheckSendResponse>,
    /// How many of the unanswered were sent.
    sent: usize,
    /// When something last came, or was first waited for.
    heard: Instant,
}

impl<T, S> Answers<T, S>
where
    S: Stream<Item = (T, Question)> + Unpin,
{
    /// The next answer; none once every question is answered.
    ///
    /// # Errors
    /// Where the server cannot be reached, or refuses the stream. Then whoever was not answered may not be written to, and no
    /// more comes.
    pub async fn next(&mut self) -> Option<Result<(T, MaySend), ClientError>> {
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
            let pauses = self.pauses.get_or_insert_with(|| Pauses::new(self.patience.total));
            match pauses.after(failed) {
                Ok(pause) => sleep(pause).await,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
    }

    /// Whether anything is left to answer; waits for a question where nothing is.
    async fn has_more(&mut self) -> bool {
        if self.unanswered.is_empty() && !self.exhausted {
            let next = self.questions.next().await;
            self.take(next);
        }
        !self.unanswered.is_empty()
    }

    fn take(&mut self, next: Option<(T, Question)>) {
        match next {
            Some((of, question)) => {
                if self.unanswered.is_empty()
                    && let Some(open) = &mut self.open
                {
                    open.heard = Instant::now();
                }
                self.unanswered.push_back((of, StreamCheckSendRequest { check: Some(question.request().clone()) }));
            }
            None => self.exhausted = true,
        }
    }

    async fn open(&mut self) -> Result<(), Failed> {
        if self.open.is_some() {
            return Ok(());
        }
        // As many as may be under way: sending never waits.
        let (ask, questions) = mpsc::channel(IN_FLIGHT);
        let mut sent = 0;
        hand_over(&self.unanswered, &ask, &mut sent);
        let time = self.patience.attempt;
        let opened = timeout(time, self.service.stream_check_send(ReceiverStream::new(questions))).await;
        let answers = opened.map_err(|_| Failed::OutOfTime(time))?.map_err(|status| Failed::Status(status.into()))?.into_inner();
        self.open = Some(Open { ask, answers, sent, heard: Instant::now() });
        Ok(())
    }

    /// Sends what may be sent, then takes one answer or one question.
    async fn step(&mut self) -> Result<Option<(T, MaySend)>, Failed> {
        let Some(open) = &mut self.open else { return Ok(None) };
        hand_over(&self.unanswered, &open.ask, &mut open.sent);
        let room = !self.exhausted && self.unanswered.len() < IN_FLIGHT;
        let late = open.heard + self.patience.attempt;
        let answer = tokio::select! {
            biased;
            next = self.questions.next(), if room => {
                self.take(next);
                return Ok(None);
            }
            answer = open.answers.message() => answer,
            () = sleep_until(late) => return Err(Failed::OutOfTime(self.patience.attempt)),
        };
        let answer = answer.map_err(|status| Failed::Status(status.into()))?;
        let answer = answer.ok_or(Failed::Ended)?;
        open.heard = Instant::now();
        open.sent = open.sent.checked_sub(1).ok_or_else(|| Failed::Garbled(ClientError::garbled("it answers what was not asked")))?;
        self.pauses = None;
        Ok(self.unanswered.pop_front().map(|(of, _)| (of, may_send(answer))))
    }
}

/// Sends what was not sent yet.
fn hand_over<T>(unanswered: &VecDeque<(T, StreamCheckSendRequest)>, ask: &mpsc::Sender<StreamCheckSendRequest>, sent: &mut usize) {
    for (_, request) in unanswered.iter().skip(*sent) {
        if ask.try_send(request.clone()).is_err() {
            break;
        }
        *sent += 1;
    }
}

fn may_send(answer: StreamCheckSendResponse) -> MaySend {
    match answer.outcome {
        Some(Outcome::Decision(decision)) => MaySend::of(Some(decision)),
        Some(Outcome::Error(error)) => MaySend::No(WhyNot::Unanswered(ClientError::of_item(error))),
        None => MaySend::of(None),
    }
}
