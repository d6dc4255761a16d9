//! A compliance officer's desk: a ledger whose clock the test moves, and that erases when it is opened or told to.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, Seq};
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::erasure::eraser::Carried;
use consent_ledger::ledger::erasure::matters::Matter;
use consent_ledger::ledger::erasure::step::{Delay, Step, StepRefused};
use consent_ledger::ledger::erasure::waiting_list::ListedMatter;
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::{Acknowledgement, Actor, Record, RecordError, What};
use consent_ledger::ledger::{Ledger, Options};

use crate::support::bench::{at, named, who};

/// Seconds of a day.
pub const DAY: i64 = 24 * 3600;

/// A ledger and its clock.
pub struct Desk {
    pub ledger: Ledger,
    clock: Arc<ManualClock>,
}

impl Desk {
    /// Opens the ledger in `dir`, `seconds` after the start.
    pub fn open(dir: &Path, seconds: i64) -> Self {
        Self::open_on(dir, seconds, &(Arc::new(RealDisk) as Arc<dyn Disk>))
    }

    /// The same on a disk.
    pub fn open_on(dir: &Path, seconds: i64, disk: &Arc<dyn Disk>) -> Self {
        Self::open_with(dir, at(seconds), disk, u64::MAX)
    }

    /// The same at an instant; from its snapshot where the log is longer than `small_bytes`.
    pub fn open_with(dir: &Path, now: Time, disk: &Arc<dyn Disk>, small_bytes: u64) -> Self {
        let clock = Arc::new(ManualClock::default());
        clock.set(now);
        let hour = Duration::from_secs(3600);
        let options = Options { keys_ahead: 8, erase_every: hour, small_bytes, ..Options::new(dir) };
        let theirs: Arc<dyn Clock> = clock.clone();
        Self { ledger: Ledger::open_with(&options, disk, &theirs).unwrap(), clock }
    }

    /// Moves the clock to `seconds` after the start.
    pub fn clock(&self, seconds: i64) {
        self.set(at(seconds));
    }

    /// Moves the clock to an instant.
    pub fn set(&self, now: Time) {
        self.clock.set(now);
    }

    /// Moves the clock, and carries out what is due.
    pub fn turn_at(&self, seconds: i64) -> Carried {
        self.clock(seconds);
        self.ledger.carry_out_due()
    }

    /// Takes a step, now.
    pub fn step(&self, step: Step) -> Result<Acknowledgement, RecordError> {
        self.record(None, step)
    }

    /// Takes a step under an event id.
    pub fn step_named(&self, id: &str, step: Step) -> Result<Acknowledgement, RecordError> {
        self.record(Some(id), step)
    }

    /// Takes a step that must not be refused; its seq.
    pub fn done(&self, step: Step) -> Seq {
        self.step(step).unwrap().seq
    }

    /// Why a step is refused.
    pub fn refused(&self, step: Step) -> StepRefused {
        match self.step(step) {
            Err(RecordError::Erasure(refused)) => refused,
            other => panic!("{other:?}"),
        }
    }

    /// The open matters.
    pub fn matters(&self) -> Vec<Matter> {
        self.listed().into_iter().map(|listed| listed.matter).collect()
    }

    /// The open matters as an officer sees them.
    pub fn listed(&self) -> Vec<ListedMatter> {
        self.ledger.matters(&Account::default_account(), Seq::NONE, usize::MAX).unwrap()
    }

    /// Closes the ledger.
    pub fn close(self) {
        self.ledger.close();
    }

    fn record(&self, id: Option<&str>, step: Step) -> Result<Acknowledgement, RecordError> {
        let what = What::Erasure(step);
        let record = Record { account: Account::default_account(), actor: Actor::LOCAL, event_id: None, occurred_at: None, what };
        self.ledger.record_blocking(match id {
            Some(id) => named(id, record),
            None => record,
        })
    }
}

/// A request that waits so many seconds and leaves a token.
pub fn request(contact: &str, seconds: i64) -> Step {
    Step::Request { contact: who(contact), delay: delay(seconds), keep_suppression: true }
}

/// The same without a token.
pub fn request_without_token(contact: &str, seconds: i64) -> Step {
    Step::Request { contact: who(contact), delay: delay(seconds), keep_suppression: false }
}

/// A cancellation.
pub fn cancel(contact: &str) -> Step {
    Step::Cancel { contact: who(contact) }
}

/// A legal hold.
pub fn hold(contact: &str) -> Step {
    Step::Hold { contact: who(contact), held: true }
}

/// Its release.
pub fn release(contact: &str) -> Step {
    Step::Hold { contact: who(contact), held: false }
}

fn delay(seconds: i64) -> Delay {
    Delay::from_micros(seconds * 1_000_000).unwrap()
}

/// So many were erased, nothing else was due.
pub fn erased(erased: u64) -> Carried {
    Carried { erased, ..Carried::default() }
}
