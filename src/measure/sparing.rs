//! So many of something a second, and no more.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::measure::Stopwatch;

/// Seconds are counted from here.
static BEGUN: LazyLock<Stopwatch> = LazyLock::new(Stopwatch::start);

/// In the lower half how many there were, in the upper half in which second.
const SECOND: u32 = 32;

/// Lets so many through in each second.
#[derive(Debug)]
pub struct Sparing {
    a_second: u64,
    seen: AtomicU64,
}

impl Sparing {
    /// So many a second.
    #[must_use]
    pub const fn new(a_second: u64) -> Self {
        Self { a_second, seen: AtomicU64::new(0) }
    }

    /// Whether there may be one more now.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.allows_in(BEGUN.read().as_secs())
    }

    fn allows_in(&self, second: u64) -> bool {
        let next = |seen: u64| match seen {
            _ if seen >> SECOND != second => Some((second << SECOND) + 1),
            _ if seen & u64::from(u32::MAX) < self.a_second => Some(seen + 1),
            _ => None,
        };
        self.seen.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_has_its_own() {
        let sparing = Sparing::new(2);
        let allowed: Vec<bool> = [7, 7, 7, 7, 8, 8, 8].into_iter().map(|second| sparing.allows_in(second)).collect();
        assert_eq!(allowed, [true, true, false, false, true, true, false]);
    }
}
