//! The end of a stream that answers, polled while the client reads.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::mpsc;
use tokio_stream::Stream;
use tonic::Status;

use super::Outcome;
use super::intake::{Chunk, Others, Step};
use crate::api::slots::Slot;
use crate::api::{map, status};
use crate::ledger::Ledger;
use crate::ledger::writing::job::Recorded;
use crate::ledger::writing::record::RecordError;

/// What a stream answers, in order.
pub struct Answers<Response> {
    ledger: Ledger,
    /// None: the stream has ended.
    chunks: Option<mpsc::Receiver<Step>>,
    /// The chunk whose answers are awaited.
    chunk: Option<Chunk>,
    ready: VecDeque<Result<Response, Status>>,
    _slot: Slot,
}

impl<Response> Answers<Response> {
    pub(super) const fn new(ledger: Ledger, chunks: mpsc::Receiver<Step>, slot: Slot) -> Self {
        Self { ledger, chunks: Some(chunks), chunk: None, ready: VecDeque::new(), _slot: slot }
    }
}

impl<Response: From<Outcome> + Unpin> Stream for Answers<Response> {
    type Item = Result<Response, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(answer) = this.ready.pop_front() {
                if answer.is_err() {
                    this.chunks = None;
                    this.ready.clear();
                }
                return Poll::Ready(Some(answer));
            }
            if let Some(chunk) = &mut this.chunk {
                let recorded = match &mut chunk.others {
                    Others::Known(recorded) => std::mem::take(recorded),
                    // Gone without an answer, as with a writer that failed.
                    Others::Coming(coming) => ready!(Pin::new(coming).poll(context)).unwrap_or_default(),
                };
                if let Some(chunk) = this.chunk.take() {
                    this.ready = answers(chunk, recorded, &this.ledger);
                }
                continue;
            }
            let Some(chunks) = &mut this.chunks else { return Poll::Ready(None) };
            match ready!(chunks.poll_recv(context)) {
                Some(Step::Chunk(chunk)) => this.chunk = Some(chunk),
                Some(Step::End(status)) => this.ready.push_back(Err(status)),
                None => return Poll::Ready(None),
            }
        }
    }
}

/// The answers to a chunk, in order.
fn answers<Response: From<Outcome>>(chunk: Chunk, recorded: Vec<Recorded>, ledger: &Ledger) -> VecDeque<Result<Response, Status>> {
    let (mut refused, mut recorded) = (chunk.refused.into_iter().peekable(), recorded.into_iter());
    let outcomes = (0..chunk.items).map(|place| match refused.next_if(|(refused, _)| *refused == place) {
        Some((_, refused)) => Ok(Outcome::Error(refused)),
        None => recorded.next().map_or_else(|| Err(status::of_record(&ledger.gone())), |recorded| outcome(recorded, ledger)),
    });
    outcomes.map(|outcome| outcome.map(Response::from)).collect()
}

/// What is answered to one event; an error, which ends the stream, where the ledger records nothing more at all.
fn outcome(recorded: Recorded, ledger: &Ledger) -> Result<Outcome, Status> {
    match recorded {
        Ok(acknowledgement) => Ok(Outcome::Acknowledgement(map::acknowledgement(acknowledgement))),
        Err(error) => {
            let ends = match &error {
                RecordError::ClockBehind { .. } => true,
                // Also said where what is known of one contact does not read.
                RecordError::Unavailable { .. } => ledger.poisoned().is_some(),
                _ => false,
            };
            let status = status::of_record(&error);
            if ends { Err(status) } else { Ok(Outcome::Error(status::item_error(&status))) }
        }
    }
}
