//! How far a start has come, for whoever waits for it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::consent::words::Seq;

/// How much of the log was read. One thread writes it, everybody reads it.
#[derive(Debug, Default)]
pub struct Progress {
    at: AtomicU64,
    of: AtomicU64,
}

impl Progress {
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
        match (self.at.load(Ordering::Relaxed), self.of.load(Ordering::Relaxed)) {
            (0, _) => f.write_str("opening the ledger"),
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
    }
}
