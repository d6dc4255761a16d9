//! Counters that many threads add to at once: each adds to its own, so that none waits for another's cache line.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// How many sets of counters there are. Threads beyond that share one.
const SETS: usize = 16;

/// So many counters fill two cache lines, which processors fetch together.
const APART: usize = 16;

/// A row of counters.
#[derive(Debug)]
pub struct Spread {
    sets: Box<[Box<[AtomicU64]>]>,
}

impl Spread {
    /// So many counters, at zero.
    #[must_use]
    pub fn new(counters: usize) -> Self {
        let set = || (0..counters.next_multiple_of(APART) + APART).map(|_| AtomicU64::new(0)).collect();
        Self { sets: (0..SETS).map(|_| set()).collect() }
    }

    /// Adds one to the counter at `place`.
    pub fn count(&self, place: usize) {
        if let Some(counter) = self.sets.get(SET.with(|set| *set)).and_then(|set| set.get(place)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How much was added to the counter at `place`.
    #[must_use]
    pub fn read(&self, place: usize) -> u64 {
        self.sets.iter().filter_map(|set| set.get(place)).map(|counter| counter.load(Ordering::Relaxed)).sum()
    }
}

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Which set is this thread's.
    static SET: usize = THREADS.fetch_add(1, Ordering::Relaxed) % SETS;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_threads_counted_is_all_there() {
        let spread = Spread::new(3);
        std::thread::scope(|threads| {
            for _ in 0..SETS + 4 {
                threads.spawn(|| (0..1_000).for_each(|_| spread.count(2)));
            }
        });
        assert_eq!([0, 1, 2].map(|place| spread.read(place)), [0, 0, 1_000 * (SETS as u64 + 4)]);
    }
}
