//! Carries out erasures that are due, in the background.
//!
//! ```text
//! a start        what came due while the ledger was stopped, or since the backup that was put back, before anything is served
//! every second   what came due since
//! refused        under a legal hold: looked at again once anything about holds and requests changes, and every hour
//! failed         tried again after 1 minute, 2, 4 … up to an hour; the log says so without naming the contact
//! ```
//!
//! It decides nothing: the committer carries out a request that still waits, and refuses one that does not. Nor does it keep
//! anything: what waits stands in the log.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};
use parking_lot::Mutex;

use crate::consent::time::Time;
use crate::consent::words::{Account, Seq};
use crate::ledger::clock::Clock;
use crate::ledger::erasure::matters::Matter;
use crate::ledger::erasure::step::{Step, StepRefused};
use crate::ledger::memory::state::State;
use crate::ledger::writing::committer::Health;
use crate::ledger::writing::queue::Queue;
use crate::ledger::writing::record::{Actor, Record, RecordError, What};

/// After the first failure it is tried again so much later, in microseconds.
const FIRST_WAIT: i64 = 60_000_000;

/// The longest it waits, in microseconds.
const LONGEST_WAIT: i64 = 3_600_000_000;

/// What became of a request that was tried.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tried {
    /// How often it failed.
    pub failures: u32,
    /// Why the last time; empty where it is held.
    pub reason: String,
    /// When it is tried again.
    pub again_at: Time,
    /// Under a legal hold: how much had changed when that was seen. It is tried again at once when more has.
    held_at: Option<u64>,
}

/// What one turn did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Carried {
    /// How many were erased.
    pub erased: u64,
    /// How many a legal hold kept back.
    pub held: u64,
    /// How many failed, and are tried again.
    pub failed: u64,
}

/// What carries out erasures, a turn at a time.
pub struct Erasing {
    /// What waits.
    pub state: Arc<State>,
    /// The way to the committer.
    pub queue: Arc<Queue>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// A ledger that stopped writing erases no more.
    pub health: Arc<Health>,
    /// What was tried and did not happen.
    tried: Mutex<BTreeMap<Seq, Tried>>,
    /// Held for a turn.
    turn: Mutex<()>,
}

impl Erasing {
    /// Where nothing was tried yet.
    #[must_use]
    pub fn new(state: Arc<State>, queue: Arc<Queue>, clock: Arc<dyn Clock>, health: Arc<Health>) -> Self {
        Self { state, queue, clock, health, tried: Mutex::default(), turn: Mutex::default() }
    }

    /// Carries out what is due, as long as `goes_on` says so. Blocks.
    pub fn turn(&self, goes_on: impl Fn() -> bool) -> Carried {
        let _alone = self.turn.lock();
        let mut carried = Carried::default();
        let now = self.clock.now().max(self.state.head().recorded_at);
        let (due, changes): (Vec<Matter>, u64) = {
            let matters = self.state.matters.read();
            (matters.due(now).collect(), matters.changes())
        };
        self.tried.lock().retain(|seq, _| due.iter().any(|matter| matter.seq == *seq));
        for matter in due {
            if !goes_on() || self.health.borrow().is_some() {
                break;
            }
            if self.tried.lock().get(&matter.seq).is_none_or(|tried| tried.is_due(now, changes)) {
                self.carry_out(matter, now, changes, &mut carried);
            }
        }
        carried
    }

    /// What was tried of a request and did not happen.
    #[must_use]
    pub fn tried(&self, request: Seq) -> Option<Tried> {
        self.tried.lock().get(&request).cloned()
    }

    fn carry_out(&self, matter: Matter, now: Time, changes: u64, carried: &mut Carried) {
        let request = matter.seq;
        match self.ask(matter) {
            Ok(erasure) => {
                tracing::info!(%request, %erasure, "a contact was erased as it was asked");
                self.tried.lock().remove(&request);
                carried.erased += 1;
            }
            Err(RecordError::Erasure(StepRefused::LegalHold { hold })) => {
                tracing::info!(%request, %hold, "an erasure that is due is kept back by a legal hold");
                let held = Tried { failures: 0, reason: String::new(), again_at: now.plus_micros(LONGEST_WAIT), held_at: Some(changes) };
                self.tried.lock().insert(request, held);
                carried.held += 1;
            }
            // Cancelled, or erased with another request, since it was listed.
            Err(RecordError::Erasure(_)) => drop(self.tried.lock().remove(&request)),
            Err(error) => {
                let failures = self.tried(request).map_or(0, |tried| tried.failures).saturating_add(1);
                let again_at = now.plus_micros(wait(failures));
                tracing::error!(%request, %error, failures, %again_at, "an erasure that is due failed; it is tried again");
                self.tried.lock().insert(request, Tried { failures, reason: error.to_string(), again_at, held_at: None });
                carried.failed += 1;
            }
        }
    }

    fn ask(&self, matter: Matter) -> Result<Seq, RecordError> {
        let name = self.state.accounts().into_iter().find(|(_, account)| account.trail == matter.account).map(|(name, _)| name);
        let account: Option<Account> = name.and_then(|name| name.parse().ok());
        let unknown = || RecordError::AccountUnknown { account: format!("of trail {}", matter.account) };
        let what = What::Erasure(Step::CarryOut { request: matter.seq });
        let record = Record { account: account.ok_or_else(unknown)?, actor: Actor::LEDGER, event_id: None, occurred_at: None, what };
        self.queue.record(record).map(|acknowledgement| acknowledgement.seq)
    }
}

impl Tried {
    /// Whether a legal hold keeps it back.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        self.held_at.is_some()
    }

    /// Whether it is tried again.
    fn is_due(&self, now: Time, changes: u64) -> bool {
        now >= self.again_at || self.held_at.is_some_and(|seen| seen != changes)
    }
}

/// How long to wait after so many failures, in microseconds.
fn wait(failures: u32) -> i64 {
    let doubled = FIRST_WAIT.saturating_mul(1_i64.checked_shl(failures.saturating_sub(1).min(32)).unwrap_or(i64::MAX));
    doubled.min(LONGEST_WAIT)
}

/// The thread.
pub struct Eraser {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Eraser {
    /// Starts the thread, and waits until it has carried out what is due. Then it looks every `look`.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(erasing: Arc<Erasing>, look: Duration) -> std::io::Result<Self> {
        let (stop, stopped) = bounded::<()>(1);
        let (tell, told) = bounded::<()>(1);
        let thread = std::thread::Builder::new().name("eraser".into()).spawn(move || {
            let goes_on = || goes_on(&stopped);
            erasing.turn(goes_on);
            drop(tell);
            while stopped.recv_timeout(look) == Err(RecvTimeoutError::Timeout) {
                erasing.turn(goes_on);
            }
        })?;
        // It says nothing: it lets go.
        let _ = told.recv();
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Eraser {
    /// Waits for an erasure that is being carried out.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn goes_on(stopped: &Receiver<()>) -> bool {
    stopped.try_recv() == Err(TryRecvError::Empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_waits_twice_as_long_up_to_an_hour() {
        let minutes = |failures| wait(failures) / 60_000_000;
        assert_eq!([1, 2, 3, 6, 7, 40, u32::MAX].map(minutes), [1, 2, 4, 32, 60, 60, 60]);
    }

    #[test]
    fn what_is_held_is_looked_at_again_when_something_changed_and_what_failed_only_in_time() {
        let at = Time::from_micros;
        let tried = |held_at| Tried { failures: 1, reason: String::new(), again_at: at(50), held_at };
        assert!(!tried(Some(3)).is_due(at(49), 3) && tried(Some(3)).is_due(at(49), 4) && tried(Some(3)).is_due(at(50), 3));
        assert!(!tried(None).is_due(at(49), 4) && tried(None).is_due(at(50), 4));
    }
}
