//! How far a start has come, for whoever waits for it; a span and a line in the log for each phase, so that a slow one shows later
//! what it waited for.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tracing::span::EnteredSpan;

use crate::consent::words::Seq;
use crate::measure::{SPANS, Stopwatch};

/// In which phase it is, and how much of the log was read. One thread writes it, everybody reads it.
#[derive(Debug, Default)]
pub struct Progress {
    phase: Mutex<Option<Phase>>,
    at: AtomicU64,
    of: AtomicU64,
}

/// A phase of a start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// Journal and sled are brought into step, and the log is read.
    Recovery,
    /// Keys are held against trails.
    Keyring,
    /// The log is held against what was signed.
    Checkpoints,
    /// Erasures that came due are carried out.
    Erasures,
}

impl Phase {
    /// Its name in logs and spans.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Recovery => "recovery",
            Self::Keyring => "keyring",
            Self::Checkpoints => "checkpoints",
            Self::Erasures => "erasures",
        }
    }

    /// What is done in it, for people.
    const fn doing(self) -> &'static str {
        match self {
            Self::Recovery => "opening the ledger",
            Self::Keyring => "opening the keys",
            Self::Checkpoints => "holding the log against its checkpoints",
            Self::Erasures => "carrying out erasures that came due",
        }
    }
}

/// The span of a whole start. It ends with what is given back.
pub fn begin() -> EnteredSpan {
    tracing::trace_span!(target: SPANS, "start").entered()
}

impl Progress {
    /// Goes through a phase.
    pub fn phase<T>(&self, phase: Phase, work: impl FnOnce() -> T) -> T {
        *self.phase.lock() = Some(phase);
        let began = Stopwatch::start();
        let done = tracing::trace_span!(target: SPANS, "start phase", otel.name = phase.as_str()).in_scope(work);
        let millis = u64::try_from(began.read().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(phase = phase.as_str(), millis, "a phase of the start is done");
        done
    }

    /// The log is read up to about this entry.
    pub fn expect(&self, last: Seq) {
        self.of.store(last.number(), Ordering::Relaxed);
    }

    /// It was read up to here.
    pub fn reach(&self, seq: Seq) {
        self.at.fetch_max(seq.number(), Ordering::Relaxed);
    }
}

/// Never more than is known: how long the log is shows only where the second copy tells.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(later) = self.phase.lock().filter(|phase| *phase != Phase::Recovery) {
            return f.write_str(later.doing());
        }
        match (self.at.load(Ordering::Relaxed), self.of.load(Ordering::Relaxed)) {
            (0, _) => f.write_str(Phase::Recovery.doing()),
            (at, of) if at < of => {
                let percent = u128::from(at) * 100 / u128::from(of);
                write!(f, "replaying the log, entry {at} of {of} ({percent} %)")
            }
            (at, _) => write!(f, "replaying the log, entry {at}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_how_far_it_is_and_no_more_than_it_knows() {
        let progress = Progress::default();
        assert_eq!(progress.to_string(), "opening the ledger");
        progress.expect(Seq::new(200));
        assert_eq!(progress.to_string(), "opening the ledger");
        progress.reach(Seq::new(83));
        progress.reach(Seq::new(80));
        assert_eq!(progress.to_string(), "replaying the log, entry 83 of 200 (41 %)");
        progress.reach(Seq::new(201));
        assert_eq!(progress.to_string(), "replaying the log, entry 201");
        assert_eq!(progress.phase(Phase::Checkpoints, || progress.to_string()), "holding the log against its checkpoints");
    }
}
