//! What waits for the committer, and how it is answered.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::{Level, Span};

use crate::ledger::principals::change::Changing;
use crate::ledger::writing::prepared::Prepared;
use crate::ledger::writing::record::{Acknowledgement, RecordError};
use crate::ledger::writing::rehearsal::Rehearsing;
use crate::measure::SPANS;
use crate::proto::clear_part::Fact;

/// What becomes of a record.
pub type Recorded = Result<Acknowledgement, RecordError>;

/// Something that waits for the committer.
pub enum Job {
    /// To be recorded.
    Record(Waiting),
    /// To be tried in order, without being recorded.
    Rehearse(Rehearsing),
    /// Something about the ledger itself, to be recorded in its own trail.
    Own {
        /// What.
        fact: Fact,
        /// Where to answer.
        answer: oneshot::Sender<Recorded>,
    },
    /// Who may call is to be changed.
    ChangePrincipal(Box<Changing>),
}

impl Job {
    /// Answers it with an error; what is durable of it already keeps its answer.
    pub fn fail(self, error: &RecordError) {
        match self {
            Self::Record(waiting) => waiting.fail(error),
            // Who rehearses learns of it by getting no answer.
            Self::Rehearse(_) => {}
            Self::Own { answer, .. } => drop(answer.send(Err(error.clone()))),
            Self::ChangePrincipal(changing) => changing.fail(error),
        }
    }
}

/// Records that wait together, in order. They may need several commits, and are answered together once all are durable.
pub struct Waiting {
    records: Vec<Prepared>,
    /// What became of the first of them.
    recorded: Vec<Recorded>,
    /// Up to where that is durable.
    durable: usize,
    answer: oneshot::Sender<Answered>,
    /// The call that waits for it, where somebody exports spans.
    span: Span,
    /// Their room in the queue, given back with the answer.
    _room: OwnedSemaphorePermit,
}

impl Waiting {
    /// Records that wait, and where the answers to all of them come.
    #[must_use]
    pub fn new(records: Vec<Prepared>, room: OwnedSemaphorePermit) -> (Self, Coming) {
        let (answer, coming) = oneshot::channel();
        let recorded = Vec::with_capacity(records.len());
        let span = if tracing::span_enabled!(target: SPANS, Level::TRACE) { Span::current() } else { Span::none() };
        (Self { records, recorded, durable: 0, answer, span, _room: room }, Coming(coming))
    }

    /// Tells the span of a commit whose records are in it.
    pub fn tell(&self, commit: &Span) {
        commit.follows_from(&self.span);
    }

    /// How many are left to record.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.records.len() - self.recorded.len()
    }

    /// The next to record.
    #[must_use]
    pub fn next(&self) -> Option<&Prepared> {
        self.records.get(self.recorded.len())
    }

    /// Notes what becomes of it once the commit is durable.
    pub fn note(&mut self, recorded: Recorded) {
        self.recorded.push(recorded);
    }

    /// What was noted is durable.
    pub const fn settle(&mut self) {
        self.durable = self.recorded.len();
    }

    /// All of them are durable.
    pub fn finish(self) {
        let _ = self.answer.send(Answered { recorded: self.recorded, _records: self.records });
    }

    /// Nothing more of them becomes durable.
    pub fn fail(mut self, error: &RecordError) {
        self.recorded.truncate(self.durable);
        self.recorded.resize(self.records.len(), Err(error.clone()));
        self.finish();
    }
}

/// What became of records, with the records themselves: whoever waits for the answer drops them, not the committer. All their
/// texts were made there, and go back to that thread's memory for less.
struct Answered {
    recorded: Vec<Recorded>,
    _records: Vec<Prepared>,
}

/// Where the answers to records come.
pub struct Coming(oneshot::Receiver<Answered>);

impl Coming {
    /// Blocks until they are there.
    ///
    /// # Errors
    /// Where the committer is gone without an answer.
    pub fn blocking_recv(self) -> Result<Vec<Recorded>, RecvError> {
        self.0.blocking_recv().map(|answered| answered.recorded)
    }
}

/// Nothing of what comes is known yet.
impl std::fmt::Debug for Coming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Coming(…)")
    }
}

impl Future for Coming {
    type Output = Result<Vec<Recorded>, RecvError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_ok(|answered| answered.recorded)
    }
}
