//! What the ledger counts while it works, and what can be read off it: plain numbers, told by an edge.

mod checks;
mod disk_use;
mod gauges;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

pub use checks::{Checked, Unanswered};
pub use disk_use::DiskUse;
pub use gauges::Gauges;

use crate::ledger::Ledger;
use crate::ledger::bytes::kind::KINDS;
use crate::measure::Histogram;

/// Bounds of a commit and its parts, in nanoseconds: 50 µs to 10 s.
const COMMIT_BOUNDS: [u64; 16] = [
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    10_000_000_000,
];

/// Bounds of the records in a commit, up to the most there are.
const RECORD_BOUNDS: [u64; 9] = [1, 4, 16, 64, 256, 512, 1_024, 2_048, 4_096];

/// How many kinds of entry there is a counter for: every kind's number lies below.
const KINDS_MAX: usize = 128;

/// What a ledger has counted since it was opened.
#[derive(Debug)]
pub struct Numbers {
    /// Commits, from the first record taken to the answers.
    pub commits: Histogram,
    /// Of these, the part in which entries are planned, sealed and linked.
    pub planning: Histogram,
    /// The part in which the journal is written.
    pub writing: Histogram,
    /// The part in which it is synced.
    pub syncing: Histogram,
    /// The part in which erased keys go, the state learns of it and everybody is answered.
    pub applying: Histogram,
    /// Records a commit.
    pub batches: Histogram,
    /// Records by what became of them.
    pub records: Outcomes,
    /// Bytes of entries that were committed.
    pub entry_bytes: AtomicU64,
    /// Records refused because too much waits.
    pub overloaded: AtomicU64,
    /// Questions answered.
    pub checked: Checked,
    /// Checkpoints that could not be signed, published.
    pub unsigned: AtomicU64,
    /// Checkpoints that could not be published.
    pub unpublished: AtomicU64,
    /// When a checkpoint was published last, in seconds since 1970; 0: not yet.
    published_at: AtomicI64,
    entries: Box<[AtomicU64]>,
}

/// Records by what became of them.
#[derive(Debug, Default)]
pub struct Outcomes {
    /// Stored now.
    pub recorded: AtomicU64,
    /// There before.
    pub duplicates: AtomicU64,
    /// Not stored: not a record that could be.
    pub refused: AtomicU64,
}

/// The entries of one commit, by kind.
#[derive(Clone, Debug)]
pub struct Tally([u32; KINDS_MAX]);

impl Default for Tally {
    fn default() -> Self {
        Self([0; KINDS_MAX])
    }
}

impl Tally {
    /// Counts an entry.
    pub fn count(&mut self, kind: u16) {
        if let Some(count) = self.0.get_mut(usize::from(kind)) {
            *count += 1;
        }
    }

    /// How many there are.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.0.iter().map(|count| u64::from(*count)).sum()
    }
}

/// What a commit came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Committed {
    /// How many of its records were stored.
    pub recorded: u64,
    /// How many were there before.
    pub duplicates: u64,
    /// How many were refused.
    pub refused: u64,
    /// Bytes of its entries.
    pub bytes: u64,
    /// How long each part took.
    pub planning: Duration,
    /// Writing to the journal.
    pub writing: Duration,
    /// Syncing it.
    pub syncing: Duration,
    /// The state, and the answers.
    pub applying: Duration,
}

impl Committed {
    /// Tells a span of it.
    pub fn tell(&self, span: &tracing::Span, tally: &Tally) {
        if span.is_disabled() {
            return;
        }
        // Signed: spans have no other numbers.
        let sync_us = self.syncing.as_micros().try_into().unwrap_or(u64::MAX);
        let told = [
            ("records", self.recorded + self.duplicates + self.refused),
            ("entries", tally.entries()),
            ("bytes", self.bytes),
            ("sync_us", sync_us),
        ];
        for (name, number) in told {
            span.record(name, i64::try_from(number).unwrap_or(i64::MAX));
        }
    }
}

impl Default for Numbers {
    fn default() -> Self {
        let times = || Histogram::of_times(&COMMIT_BOUNDS);
        Self {
            commits: times(),
            planning: times(),
            writing: times(),
            syncing: times(),
            applying: times(),
            batches: Histogram::of_numbers(&RECORD_BOUNDS),
            records: Outcomes::default(),
            entry_bytes: AtomicU64::new(0),
            overloaded: AtomicU64::new(0),
            checked: Checked::default(),
            unsigned: AtomicU64::new(0),
            unpublished: AtomicU64::new(0),
            published_at: AtomicI64::new(0),
            entries: (0..KINDS_MAX).map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

impl Numbers {
    /// Counts what a commit came to. One that wrote nothing is none: its records were there before, or refused.
    pub fn commit(&self, done: &Committed, tally: &Tally) {
        let records = [
            (&self.records.recorded, done.recorded),
            (&self.records.duplicates, done.duplicates),
            (&self.records.refused, done.refused),
            (&self.entry_bytes, done.bytes),
        ];
        for (counter, count) in records {
            if count > 0 {
                counter.fetch_add(count, Ordering::Relaxed);
            }
        }
        if done.bytes == 0 {
            return;
        }
        for (counter, count) in self.entries.iter().zip(tally.0).filter(|(_, count)| *count > 0) {
            counter.fetch_add(count.into(), Ordering::Relaxed);
        }
        self.batches.number(done.recorded + done.duplicates + done.refused);
        self.planning.time(done.planning);
        self.writing.time(done.writing);
        self.syncing.time(done.syncing);
        self.applying.time(done.applying);
        self.commits.time(done.planning + done.writing + done.syncing + done.applying);
    }

    /// Entries committed since the start, by the names of their kinds.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, u64)> {
        KINDS.iter().map(|(kind, name)| (*name, self.entries.get(usize::from(*kind)).map_or(0, |count| count.load(Ordering::Relaxed))))
    }

    /// A checkpoint was published at a time, in seconds since 1970.
    pub fn published(&self, at: u64) {
        self.published_at.store(i64::try_from(at).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// When one was published last, in seconds since 1970; none: not since the start.
    #[must_use]
    pub fn published_at(&self) -> Option<i64> {
        Some(self.published_at.load(Ordering::Relaxed)).filter(|at| *at != 0)
    }
}

impl Ledger {
    /// What it has counted since it was opened.
    #[must_use]
    pub fn numbers(&self) -> &Numbers {
        &self.shared.numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_counter_and_a_commit_without_bytes_is_none() {
        assert!(KINDS.iter().all(|(kind, _)| usize::from(*kind) < KINDS_MAX));
        let (numbers, mut tally) = (Numbers::default(), Tally::default());
        numbers.commit(&Committed { duplicates: 2, refused: 1, ..Committed::default() }, &tally);
        assert_eq!((numbers.commits.read().count, numbers.records.duplicates.load(Ordering::Relaxed)), (0, 2));
        tally.count(48);
        tally.count(48);
        tally.count(49);
        let sync = Duration::from_millis(3);
        numbers.commit(&Committed { recorded: 3, bytes: 900, syncing: sync, ..Committed::default() }, &tally);
        let counted: Vec<_> = numbers.entries().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counted, [("opted_in", 2), ("opted_out", 1)]);
        assert_eq!((numbers.batches.read().sum, numbers.syncing.read().sum, tally.entries()), (3.0, 0.003, 3));
    }
}
