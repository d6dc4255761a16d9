//! `RecordingService.RecordStream` and `RehearseStream`: two ends that meet in a short queue of chunks.
//!
//! ```text
//! client ──▶ Intake: read, parse, submit ──▶ 8 chunks, each with the place its answers come ──▶ Answers ──▶ client
//!                             └──▶ the committer ───────────────────────────┘
//! ```
//!
//! A chunk is what has come in when the intake looks: one event of a client that waits for each answer, 512 of one in a hurry.
//! While the queue is full the intake reads nothing, and HTTP/2 flow control holds the client: a client that reads no answers
//! costs nine chunks of memory and no more. The order of the chunks is the order of the answers.

mod answers;
mod intake;

use tokio::sync::mpsc;
use tonic::{Request, Status, Streaming};

pub use answers::Answers;
use intake::{Intake, To};

use super::access::Caller;
use super::limits::rate::Allowance;
use super::slots::{Slot, Slots};
use super::stopping::Stopping;
use super::{identity, recording, status};
use crate::consent::time::Time;
use crate::ledger::Ledger;
use crate::ledger::writing::record::Record;
use crate::proto::record_stream_request::Event;
use crate::proto::{
    RecordStreamRequest, RecordStreamResponse, RehearseStreamRequest, RehearseStreamResponse, record_stream_response,
    rehearse_stream_response,
};

/// How many streams of records are open at a time.
const RECORDING_AT_A_TIME: usize = 32;

/// How many rehearsals: each holds what its events would change, and the committer tries them.
const REHEARSING_AT_A_TIME: usize = 2;

/// How many chunks of a stream wait for their answers to be read.
const CHUNKS_WAITING: usize = 8;

/// The streams of a server.
#[derive(Clone)]
pub struct Streams {
    ledger: Ledger,
    stopping: Stopping,
    recording: Slots,
    rehearsing: Slots,
}

impl Streams {
    /// Streams into this ledger, until the server shuts down.
    #[must_use]
    pub fn new(ledger: Ledger, stopping: Stopping) -> Self {
        let slots = |at_a_time| Slots::new(at_a_time, status::too_many_streams);
        Self { ledger, stopping, recording: slots(RECORDING_AT_A_TIME), rehearsing: slots(REHEARSING_AT_A_TIME) }
    }

    /// The slots of its streams, by kind.
    #[must_use]
    pub fn slots(&self) -> Vec<(&'static str, Slots)> {
        vec![("records", self.recording.clone()), ("rehearsals", self.rehearsing.clone())]
    }

    /// Opens a stream of records.
    ///
    /// # Errors
    /// Where too many are open.
    pub fn record(&self, requests: Request<Streaming<RecordStreamRequest>>) -> Result<Answers<RecordStreamResponse>, Status> {
        self.open(self.recording.take(&Caller::of(&requests)?)?, To::Record(self.ledger.clone()), requests)
    }

    /// Opens a rehearsal.
    ///
    /// # Errors
    /// Where too many are open.
    pub fn rehearse(&self, requests: Request<Streaming<RehearseStreamRequest>>) -> Result<Answers<RehearseStreamResponse>, Status> {
        let to = To::Rehearse(Box::new(self.ledger.rehearsal()));
        self.open(self.rehearsing.take(&Caller::of(&requests)?)?, to, requests)
    }

    fn open<Asked: Item, Response>(&self, slot: Slot, to: To, requests: Request<Streaming<Asked>>) -> Result<Answers<Response>, Status> {
        let (chunks, waiting) = mpsc::channel(CHUNKS_WAITING);
        let (caller, allowance) = (Caller::of(&requests)?, Allowance::of(&requests));
        tokio::spawn(Intake::new(self.ledger.clone(), self.stopping.clone(), caller, to, requests.into_inner(), allowance).run(chunks));
        Ok(Answers::new(self.ledger.clone(), waiting, slot))
    }
}

/// An item of a stream.
pub trait Item: Send + Sync + 'static {
    /// What happened, or would.
    fn event(self) -> Option<Event>;
}

impl Item for RecordStreamRequest {
    fn event(self) -> Option<Event> {
        self.event
    }
}

impl Item for RehearseStreamRequest {
    fn event(self) -> Option<Event> {
        self.record?.event
    }
}

/// What becomes of an item.
pub type Outcome = record_stream_response::Outcome;

impl From<Outcome> for RecordStreamResponse {
    fn from(outcome: Outcome) -> Self {
        Self { outcome: Some(outcome) }
    }
}

impl From<Outcome> for RehearseStreamResponse {
    fn from(outcome: Outcome) -> Self {
        let outcome = match outcome {
            Outcome::Acknowledgement(acknowledgement) => rehearse_stream_response::Outcome::Acknowledgement(acknowledgement),
            Outcome::Error(error) => rehearse_stream_response::Outcome::Error(error),
        };
        Self { outcome: Some(outcome) }
    }
}

/// What an item says.
///
/// # Errors
/// As the call of its own.
pub fn parse(caller: &Caller, event: Option<Event>, now: Time) -> Result<Record, Status> {
    match event.ok_or_else(status::event_missing)? {
        Event::OptIn(event) => recording::opt_in(caller, event, now),
        Event::OptOut(event) => recording::opt_out(caller, event, now),
        Event::InboundMessage(event) => recording::inbound(caller, event, now),
        Event::ProviderFeedback(event) => recording::feedback(caller, event, now),
        Event::PlatformPreference(event) => recording::preference(caller, &event, now),
        Event::ConfirmationSent(event) => recording::confirmation(caller, &event, now),
        Event::LinkIdentifiers(event) => identity::link(caller, &event, now),
        Event::ChangeNumber(event) => identity::number_change(caller, event, now),
        Event::ChangeUserId(event) => identity::user_id_change(caller, event, now),
        Event::IdentityChange(event) => identity::key_change(caller, event, now),
    }
}
