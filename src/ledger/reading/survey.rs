//! How the ledger is, in numbers, for whoever keeps it running.

use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::Ledger;
use crate::ledger::proving::checkpoints::Published;
use crate::ledger::proving::signed::Signed;
use crate::ledger::scrubbing::ScrubReport;
use crate::ledger::starting::snapshot;
use crate::ledger::writing::queue::Waits;

/// What was found. Nothing personal.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The last entry, and when it was recorded.
    pub head: (Seq, Time),
    /// How many accounts there are.
    pub accounts: u64,
    /// How many contacts have a trail.
    pub contacts: u64,
    /// The journal's bytes on disk, and how many files it has.
    pub journal: (u64, u64),
    /// The bytes of sled's directory.
    pub sled_bytes: u64,
    /// How many entries are not in sled yet.
    pub sled_behind: u64,
    /// The last snapshot's last entry, and when it was written.
    pub snapshot: Option<(Seq, Option<Time>)>,
    /// The last signature.
    pub checkpoint: Option<Signed>,
    /// What is published; none: nothing is to be.
    pub published: Option<Published>,
    /// What waits for the committer.
    pub waits: Waits,
    /// Erasures.
    pub erasures: Erasures,
    /// Free bytes of the disk, and all of it; none where it does not tell.
    pub disk: Option<(u64, u64)>,
    /// How much of it must be free for everything to be recorded, in bytes; 0: that is not looked at.
    pub min_free: u64,
    /// The background scrub; none where it is turned off.
    pub scrub: Option<ScrubReport>,
}

/// Erasures of all accounts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Erasures {
    /// How many wait.
    pub waiting: u64,
    /// How many of them are due; those that a legal hold keeps back are left out.
    pub overdue: u64,
    /// How many of them failed.
    pub failed: u64,
    /// How many legal holds are in force.
    pub holds: u64,
}

impl Ledger {
    /// Looks at state and disk. Blocks.
    #[must_use]
    pub fn survey(&self) -> Survey {
        let shared = &self.shared;
        let head = shared.state.head();
        let accounts = u64::try_from(shared.state.accounts().len()).unwrap_or(u64::MAX);
        let used = self.disk_use().ok();
        let written_at = used.and_then(|used| used.snapshot).and_then(|(_, at)| i64::try_from(at).ok());
        let written_at = written_at.map(|at| Time::from_micros(at.saturating_mul(1_000_000)));
        let found = snapshot::peek(shared.reader.disk.as_ref(), &shared.data_dir.join("snapshot"), shared.secrets.ledger_id());
        let behind = shared.reader.pending.lag().first.map_or(0, |first| (head.seq.number() + 1).saturating_sub(first.number()));
        Survey {
            head: (head.seq, head.recorded_at),
            accounts,
            contacts: shared.state.highest_trail().saturating_sub(accounts),
            journal: used.map_or_else(Default::default, |used| (used.journal_bytes, used.segments)),
            sled_bytes: used.map_or(0, |used| used.store_bytes),
            sled_behind: behind,
            snapshot: found.map(|of| (of.seq, written_at)),
            checkpoint: shared.checkpoints.latest(),
            published: shared.checkpoints.published(),
            waits: shared.queue.waits(),
            erasures: self.erasures_now(),
            disk: used.map(|used| (used.free_bytes, used.size_bytes)),
            min_free: shared.space.report().min_free,
            scrub: self.scrub(),
        }
    }

    fn erasures_now(&self) -> Erasures {
        let now = self.now().max(self.shared.state.head().recorded_at);
        let mut found = Erasures::default();
        for matter in self.shared.state.matters.read().all() {
            let Some(due_at) = matter.due_at() else {
                found.holds += 1;
                continue;
            };
            let tried = self.shared.erasing.tried(matter.seq);
            found.waiting += 1;
            found.overdue += u64::from(due_at <= now && tried.as_ref().is_none_or(|tried| tried.failures > 0));
            found.failed += u64::from(tried.is_some_and(|tried| tried.failures > 0));
        }
        found
    }
}
