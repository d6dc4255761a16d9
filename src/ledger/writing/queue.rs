//! The way to the committer: what is to be recorded waits here, in order. Calls have room for 16,384 records and are refused
//! at once where it is full. Streams have room of their own, all together for 8,192, and wait for it one after the other:
//! neither keeps the other out, and what a call finds before it is committed in a moment.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crossbeam_channel::{Receiver, Sender, unbounded};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot};

use crate::ledger::numbers::Numbers;
use crate::ledger::writing::committer::Health;
pub use crate::ledger::writing::job::Coming;
use crate::ledger::writing::job::{Job, Recorded, Waiting};
use crate::ledger::writing::prepared::{Prepared, Preparer};
use crate::ledger::writing::record::{Record, RecordError};
use crate::proto::clear_part::Fact;

/// How many records of calls may wait.
const CALLS: usize = 16_384;

/// How many records of streams may wait, all streams together.
const STREAMS: usize = 8_192;

/// The most records that wait as one.
pub const TOGETHER_MAX: usize = 512;

/// The queue; whoever has it may record until it is closed.
pub struct Queue {
    /// It takes whatever comes: who may send is decided by the room there is.
    jobs: Mutex<Option<Sender<Job>>>,
    calls: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    preparer: Preparer,
    health: Arc<Health>,
    numbers: Arc<Numbers>,
}

/// How many records wait, and how many may.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waits {
    /// Of calls.
    pub calls: usize,
    /// The most of them.
    pub calls_max: usize,
    /// Of streams.
    pub streams: usize,
    /// The most of them.
    pub streams_max: usize,
}

impl Queue {
    /// A queue, and where the committer takes from it.
    #[must_use]
    pub fn new(preparer: Preparer, health: Arc<Health>, numbers: Arc<Numbers>) -> (Self, Receiver<Job>) {
        let (jobs, waiting) = unbounded();
        let room = |records| Arc::new(Semaphore::new(records));
        (Self { jobs: Mutex::new(Some(jobs)), calls: room(CALLS), streams: room(STREAMS), preparer, health, numbers }, waiting)
    }

    /// Takes no more: the committer ends once it has taken what waits.
    pub fn close(&self) {
        drop(self.jobs.lock().take());
    }

    /// Queues records of a call, at most [`TOGETHER_MAX`], to be recorded in order.
    ///
    /// # Errors
    /// Where the ledger is busy or no longer writes.
    pub fn submit(&self, records: Vec<Record>) -> Result<Coming, RecordError> {
        let room = match self.calls.clone().try_acquire_many_owned(count(&records)) {
            Ok(room) => room,
            Err(TryAcquireError::NoPermits) => {
                self.numbers.overloaded.fetch_add(records.len() as u64, Ordering::Relaxed);
                return Err(RecordError::Overloaded { waiting: self.waits().calls });
            }
            Err(TryAcquireError::Closed) => return Err(self.gone()),
        };
        self.queue(records, room)
    }

    /// Queues records of a stream, at most [`TOGETHER_MAX`], to be recorded in order; waits while there is no room.
    ///
    /// # Errors
    /// Where the ledger no longer writes.
    pub async fn submit_in_turn(&self, records: Vec<Record>) -> Result<Coming, RecordError> {
        let room = self.streams.clone().acquire_many_owned(count(&records)).await.map_err(|_| self.gone())?;
        self.queue(records, room)
    }

    fn queue(&self, records: Vec<Record>, room: OwnedSemaphorePermit) -> Result<Coming, RecordError> {
        let (waiting, coming) = Waiting::new(self.prepare(records), room);
        self.send(Job::Record(waiting)).map(|()| coming)
    }

    /// Makes records ready for the committer, on the thread of whoever submits them.
    #[must_use]
    pub fn prepare(&self, records: Vec<Record>) -> Vec<Prepared> {
        records.into_iter().map(|record| self.preparer.prepare(record)).collect()
    }

    /// Queues a record and blocks until it is durable.
    ///
    /// # Errors
    /// Where it is refused, or the ledger is busy or no longer writes.
    pub fn record(&self, record: Record) -> Recorded {
        let mut recorded = self.submit(vec![record])?.blocking_recv().unwrap_or_default();
        recorded.pop().unwrap_or_else(|| Err(self.gone()))
    }

    /// Queues something about the ledger itself, and tells where its answer comes.
    ///
    /// # Errors
    /// Where the ledger no longer writes.
    pub fn submit_own(&self, fact: Fact) -> Result<oneshot::Receiver<Recorded>, RecordError> {
        let (answer, waiting) = oneshot::channel();
        self.send(Job::Own { fact, answer })?;
        Ok(waiting)
    }

    /// Queues something about the ledger itself and blocks until it is durable.
    ///
    /// # Errors
    /// Where the ledger no longer writes.
    pub fn record_own(&self, fact: Fact) -> Recorded {
        self.submit_own(fact)?.blocking_recv().unwrap_or_else(|_| Err(self.gone()))
    }

    /// Queues something that there is little of.
    ///
    /// # Errors
    /// Where the ledger no longer writes.
    pub fn send(&self, job: Job) -> Result<(), RecordError> {
        let sent = self.jobs.lock().as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        if sent { Ok(()) } else { Err(self.gone()) }
    }

    /// What waits now.
    #[must_use]
    pub fn waits(&self) -> Waits {
        let taken = |of: usize, room: &Semaphore| of.saturating_sub(room.available_permits());
        Waits { calls: taken(CALLS, &self.calls), calls_max: CALLS, streams: taken(STREAMS, &self.streams), streams_max: STREAMS }
    }

    /// Why nothing more is recorded.
    #[must_use]
    pub fn gone(&self) -> RecordError {
        let poisoned = self.health.borrow().clone();
        RecordError::Unavailable { reason: poisoned.unwrap_or_else(|| "it is shutting down".into()) }
    }
}

fn count(records: &[Record]) -> u32 {
    u32::try_from(records.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::words::Account;
    use crate::ledger::keys::secrets::Secrets;
    use crate::ledger::storage::disk::RealDisk;
    use crate::ledger::writing::record::{Actor, What};

    fn records(count: usize) -> Vec<Record> {
        let account = Account::default_account();
        vec![Record { account, actor: Actor::LOCAL, event_id: None, occurred_at: None, what: What::CreateAccount }; count]
    }

    #[tokio::test]
    async fn calls_are_refused_when_full_and_streams_wait_and_neither_takes_the_others_room() {
        let numbers = Arc::new(Numbers::default());
        let dir = tempfile::tempdir().unwrap();
        let preparer = Preparer::new(Arc::default(), Arc::new(Secrets::open(&RealDisk, dir.path(), true).unwrap()));
        let (queue, jobs) = Queue::new(preparer, Arc::new(Health::new(None)), numbers.clone());
        let calls: Vec<Coming> = (0..CALLS / TOGETHER_MAX).map(|_| queue.submit(records(TOGETHER_MAX)).unwrap()).collect();
        assert_eq!(queue.submit(records(1)).unwrap_err(), RecordError::Overloaded { waiting: CALLS });
        assert_eq!((queue.waits().calls, queue.waits().streams, numbers.overloaded.load(Ordering::Relaxed)), (CALLS, 0, 1));
        let mut streams = Vec::new();
        for _ in 0..STREAMS / TOGETHER_MAX {
            streams.push(queue.submit_in_turn(records(TOGETHER_MAX)).await.unwrap());
        }
        let queue = Arc::new(queue);
        let waits = tokio::spawn({
            let queue = queue.clone();
            async move { queue.submit_in_turn(records(1)).await.is_ok() }
        });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished(), "a stream was let in beyond its room");
        // What was answered makes room, whether anybody reads the answer or not.
        drop((calls, streams));
        for _ in 0..(CALLS + STREAMS) / TOGETHER_MAX {
            let Ok(Job::Record(waiting)) = jobs.try_recv() else { panic!("nothing waits") };
            waiting.fail(&queue.gone());
        }
        assert!(waits.await.unwrap());
        queue.submit(records(TOGETHER_MAX)).unwrap();
        queue.close();
        assert!(matches!(queue.submit(records(1)), Err(RecordError::Unavailable { .. })));
    }
}
