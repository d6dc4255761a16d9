//! `RecordingService.RecordStream`: two ends that meet in a short queue of chunks.
//!
//! ```text
//! client ──▶ Intake: read, parse, submit ──▶ 8 chunks, each with the place its answers come ──▶ Answers ──▶ client
//!                             └──▶ the committer ───────────────────────────┘
//! ```
//!
//! A chunk is what has come in when the intake looks: one event of a client that waits for each answer, 512 of one in a hurry.
//! While the queue is full the intake reads nothing, and HTTP/2 flow control holds the client: a client that reads no answers
//! costs nine chunks of memory and no more. The order of the chunks is the order of the answers.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tonic::{Status, Streaming};

use super::slots::Slot;
use super::stopping::Stopping;
use super::{identity, map, recording, status};
use crate::consent::time::Time;
use crate::ledger::Ledger;
use crate::ledger::writing::job::Recorded;
use crate::ledger::writing::queue::{Coming, TOGETHER_MAX};
use crate::ledger::writing::record::{Record, RecordError};
use crate::proto::record_stream_request::Event;
use crate::proto::record_stream_response::Outcome;
use crate::proto::{ItemError, RecordStreamRequest, RecordStreamResponse};

/// How many streams of records are open at a time.
pub const AT_A_TIME: usize = 32;

/// How many chunks of a stream wait for their answers to be read.
const CHUNKS_WAITING: usize = 8;

/// Where a chunk ends, in bytes as sent; it holds one event at least.
const CHUNK_BYTES: usize = 512 << 10;

/// Opens a stream of records.
#[must_use]
pub fn open(ledger: &Ledger, stopping: Stopping, slot: Slot, requests: Streaming<RecordStreamRequest>) -> Answers {
    let (chunks, answers) = mpsc::channel(CHUNKS_WAITING);
    let intake = Intake { ledger: ledger.clone(), stopping, requests };
    tokio::spawn(intake.run(chunks));
    Answers { ledger: ledger.clone(), chunks: Some(answers), chunk: None, ready: VecDeque::new(), _slot: slot }
}

/// What an item says.
///
/// # Errors
/// As the call of its own.
pub fn parse(request: RecordStreamRequest, now: Time) -> Result<Record, Status> {
    match request.event.ok_or_else(status::event_missing)? {
        Event::OptIn(event) => recording::opt_in(event, now),
        Event::OptOut(event) => recording::opt_out(event, now),
        Event::InboundMessage(event) => recording::inbound(event, now),
        Event::ProviderFeedback(event) => recording::feedback(event, now),
        Event::PlatformPreference(event) => recording::preference(&event, now),
        Event::ConfirmationSent(event) => recording::confirmation(&event, now),
        Event::LinkIdentifiers(event) => identity::link(&event, now),
        Event::ChangeNumber(event) => identity::number_change(event, now),
        Event::ChangeUserId(event) => identity::user_id_change(event, now),
        Event::IdentityChange(event) => identity::key_change(event, now),
    }
}

/// What the intake hands to the answers.
enum Step {
    /// Items that were taken.
    Chunk(Chunk),
    /// Nothing more is taken, for this reason.
    End(Status),
}

/// Items that were taken together.
struct Chunk {
    /// How many.
    items: usize,
    /// Those that say nothing to record, by their places, ascending.
    refused: Vec<(usize, ItemError)>,
    /// What becomes of the others; none: there are none.
    coming: Option<Coming>,
}

/// The end that takes.
struct Intake {
    ledger: Ledger,
    stopping: Stopping,
    requests: Streaming<RecordStreamRequest>,
}

impl Intake {
    async fn run(mut self, chunks: mpsc::Sender<Step>) {
        // Room first, then what goes into it. Where nobody takes answers any more, there is none.
        while let Ok(room) = chunks.reserve().await {
            let (mut taken, end) = self.take(&chunks).await;
            let chunk = match taken.submit(&self.ledger).await {
                Ok(chunk) => chunk,
                Err(error) => return room.send(Step::End(status::of_record(&error))),
            };
            if chunk.items > 0 {
                room.send(Step::Chunk(chunk));
            }
            match end {
                None => {}
                Some(End::Finished) => return,
                Some(End::Because(status)) => {
                    if let Ok(room) = chunks.reserve().await {
                        room.send(Step::End(status));
                    }
                    return;
                }
            }
        }
    }

    /// Waits for an item and takes what has come with it.
    async fn take(&mut self, chunks: &mpsc::Sender<Step>) -> (Taken, Option<End>) {
        let mut taken = Taken::default();
        let first = tokio::select! {
            biased;
            () = self.stopping.wait() => return (taken, Some(End::Because(status::shutting_down()))),
            () = chunks.closed() => return (taken, Some(End::Finished)),
            first = self.requests.message() => first,
        };
        let now = self.ledger.now();
        let mut next = Some(first);
        while let Some(item) = next {
            match item {
                Ok(Some(request)) => taken.add(request, now),
                Ok(None) => return (taken, Some(End::Finished)),
                Err(status) => return (taken, Some(End::Because(status))),
            }
            next = if taken.is_full() {
                None
            } else {
                tokio::select! {
                    biased;
                    item = self.requests.message() => Some(item),
                    () = std::future::ready(()) => None,
                }
            };
        }
        (taken, None)
    }
}

/// Why nothing more is taken.
enum End {
    /// The client has sent everything, or takes no answers.
    Finished,
    /// It is told.
    Because(Status),
}

/// Items taken so far.
#[derive(Default)]
struct Taken {
    items: usize,
    bytes: usize,
    refused: Vec<(usize, ItemError)>,
    records: Vec<Record>,
}

impl Taken {
    fn is_full(&self) -> bool {
        self.items >= TOGETHER_MAX || self.bytes >= CHUNK_BYTES
    }

    fn add(&mut self, request: RecordStreamRequest, now: Time) {
        self.bytes += request.encoded_len();
        match parse(request, now) {
            Ok(record) => self.records.push(record),
            Err(status) => self.refused.push((self.items, status::item_error(&status))),
        }
        self.items += 1;
    }

    async fn submit(&mut self, ledger: &Ledger) -> Result<Chunk, RecordError> {
        let records = std::mem::take(&mut self.records);
        let coming = if records.is_empty() { None } else { Some(ledger.record_in_turn(records).await?) };
        Ok(Chunk { items: self.items, refused: std::mem::take(&mut self.refused), coming })
    }
}

/// The end that answers, polled while the client reads.
pub struct Answers {
    ledger: Ledger,
    /// None: the stream has ended.
    chunks: Option<mpsc::Receiver<Step>>,
    /// The chunk whose answers are awaited.
    chunk: Option<Chunk>,
    ready: VecDeque<Result<RecordStreamResponse, Status>>,
    _slot: Slot,
}

impl Stream for Answers {
    type Item = Result<RecordStreamResponse, Status>;

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
                let recorded = match &mut chunk.coming {
                    // Gone without an answer, as with a writer that failed.
                    Some(coming) => ready!(Pin::new(coming).poll(context)).unwrap_or_default(),
                    None => Vec::new(),
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
fn answers(chunk: Chunk, recorded: Vec<Recorded>, ledger: &Ledger) -> VecDeque<Result<RecordStreamResponse, Status>> {
    let (mut refused, mut recorded) = (chunk.refused.into_iter().peekable(), recorded.into_iter());
    let outcomes = (0..chunk.items).map(|place| match refused.next_if(|(refused, _)| *refused == place) {
        Some((_, refused)) => Ok(Outcome::Error(refused)),
        None => recorded.next().map_or_else(|| Err(status::of_record(&ledger.gone())), |recorded| outcome(recorded, ledger)),
    });
    outcomes.map(|outcome| outcome.map(|outcome| RecordStreamResponse { outcome: Some(outcome) })).collect()
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
