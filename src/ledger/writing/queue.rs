//! The way to the committer: what is to be recorded waits here, and a full queue refuses at once.

use std::sync::Arc;

use crossbeam_channel::{Sender, TrySendError};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::ledger::writing::committer::{Health, Job, Waiting};
use crate::ledger::writing::record::{Acknowledgement, Record, RecordError};

/// The queue; whoever has it may record until it is closed.
pub struct Queue {
    jobs: Mutex<Option<Sender<Job>>>,
    health: Arc<Health>,
}

/// Where the answer to a record comes.
pub type Coming = oneshot::Receiver<Result<Acknowledgement, RecordError>>;

impl Queue {
    /// The queue behind `jobs`.
    #[must_use]
    pub const fn new(jobs: Sender<Job>, health: Arc<Health>) -> Self {
        Self { jobs: Mutex::new(Some(jobs)), health }
    }

    /// Takes no more: the committer ends once it has taken what waits.
    pub fn close(&self) {
        drop(self.jobs.lock().take());
    }

    /// Queues a record.
    ///
    /// # Errors
    /// Where the ledger is busy or no longer writes.
    pub fn submit(&self, record: Record) -> Result<Coming, RecordError> {
        let (answer, coming) = oneshot::channel();
        self.send(Job::Record(Box::new(Waiting { record, answer }))).map(|()| coming)
    }

    /// Queues a record and blocks until it is durable.
    ///
    /// # Errors
    /// Where it is refused, or the ledger is busy or no longer writes.
    pub fn record(&self, record: Record) -> Result<Acknowledgement, RecordError> {
        self.submit(record)?.blocking_recv().unwrap_or_else(|_| Err(self.gone()))
    }

    /// Queues something.
    ///
    /// # Errors
    /// Where the ledger is busy or no longer writes.
    pub fn send(&self, job: Job) -> Result<(), RecordError> {
        let jobs = self.jobs.lock();
        let Some(jobs) = jobs.as_ref() else { return Err(self.gone()) };
        match jobs.try_send(job) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => Err(RecordError::Overloaded { waiting: jobs.len() }),
            Err(TrySendError::Disconnected(_)) => Err(self.gone()),
        }
    }

    /// Why nothing more is recorded.
    #[must_use]
    pub fn gone(&self) -> RecordError {
        let poisoned = self.health.borrow().clone();
        RecordError::Unavailable { reason: poisoned.unwrap_or_else(|| "it is shutting down".into()) }
    }
}
