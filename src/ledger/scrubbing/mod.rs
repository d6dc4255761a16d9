//! The background scrub: while the ledger serves, slowly, everything that is kept twice is read again and compared, as a start of a
//! small log does. What one copy lost is healed from the other where that is safe beside a writer; the rest is an alarm.
//!
//! ```text
//! found                                             done
//! bytes of the journal that do not read             written to a repair segment from sled; the original stays
//! a block that sled lost or that does not read      put back from the journal
//! sled itself fails at a block                      alarm: the journal answers, a restart rebuilds sled
//! the two copies differ, the chain is broken        alarm: one was changed
//! a slot damaged in one file of the keyring         written again from the other
//! a slot damaged in both, or of two keys            alarm
//! ```
//!
//! What sled has in memory (64 MiB) is what it answers with; its file behind that is not read.

mod frames;
mod keys;
mod log;
mod pace;
mod scrubber;

use std::time::Duration;

use parking_lot::Mutex;

pub use scrubber::{Scrub, Scrubber};

use crate::consent::time::Time;
use crate::consent::words::Seq;

/// How far the scrub is, and what it found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ScrubReport {
    /// How long a pass takes.
    pub every: Duration,
    /// Passes that were completed since the ledger was opened.
    pub passes: u64,
    /// When the last of them was; none: none was.
    pub completed_at: Option<Time>,
    /// When the one under way began; none: none did.
    pub began_at: Option<Time>,
    /// The last entry that it compared.
    pub compared_to: Seq,
    /// The last one that it will.
    pub up_to: Seq,
    /// Keys that it compared.
    pub keys: u64,
    /// Faults found since the ledger was opened; one that stays is found in every pass.
    pub faults: u64,
    /// Of these, faults that were healed.
    pub healed: u64,
    /// Faults that stand: those of the last complete pass that were not healed or, where there are more, of the one under way.
    pub standing: u64,
    /// What was found last.
    pub last_fault: Option<String>,
}

/// The report while it is written.
#[derive(Default)]
pub(in crate::ledger) struct Findings {
    report: Mutex<ScrubReport>,
    /// Faults of the pass under way that were not healed.
    unhealed: Mutex<u64>,
}

impl Findings {
    /// Nothing was found yet.
    pub fn new(every: Duration) -> Self {
        Self { report: Mutex::new(ScrubReport { every, ..ScrubReport::default() }), unhealed: Mutex::default() }
    }

    /// How far it is.
    pub fn report(&self) -> ScrubReport {
        self.report.lock().clone()
    }

    fn begin(&self, at: Time, up_to: Seq) {
        *self.unhealed.lock() = 0;
        let mut report = self.report.lock();
        (report.began_at, report.up_to, report.compared_to, report.keys) = (Some(at), up_to, Seq::NONE, 0);
    }

    fn compared(&self, to: Seq) {
        self.report.lock().compared_to = to;
    }

    fn keys(&self, keys: u64) {
        self.report.lock().keys = keys;
    }

    fn healed(&self, fault: String) {
        tracing::error!(fault, "the scrub found damage and healed it");
        let mut report = self.report.lock();
        report.faults += 1;
        report.healed += 1;
        report.last_fault = Some(fault);
    }

    fn stands(&self, fault: String) {
        tracing::error!(
            fault,
            "the scrub found damage that it does not heal; `consent-ledger verify` tells more, a restart heals what can be"
        );
        let mut unhealed = self.unhealed.lock();
        *unhealed += 1;
        let mut report = self.report.lock();
        report.faults += 1;
        report.standing = report.standing.max(*unhealed);
        report.last_fault = Some(fault);
    }

    fn complete(&self, at: Time) {
        let unhealed = *self.unhealed.lock();
        let mut report = self.report.lock();
        report.passes += 1;
        report.completed_at = Some(at);
        report.standing = unhealed;
        let (entries, keys, faults, healed) = (report.compared_to.number(), report.keys, report.faults, report.healed);
        tracing::info!(entries, keys, standing = unhealed, faults, healed, "the scrub compared everything that is kept twice");
    }
}
