//! How often something was how large.
//!
//! ```text
//! bounds     1 ms    5 ms    25 ms
//! counted  12    340      7        1      the last: above every bound
//! ```

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What is counted, and in what it is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Counted in nanoseconds, read in seconds.
    Seconds,
    /// Counted and read as it is.
    Number,
}

impl Unit {
    #[expect(clippy::cast_precision_loss, reason = "a reading is for people and charts")]
    fn read(self, counted: u64) -> f64 {
        match self {
            Self::Seconds => counted as f64 / 1e9,
            Self::Number => counted as f64,
        }
    }
}

/// A histogram with fixed bounds.
#[derive(Debug)]
pub struct Histogram {
    unit: Unit,
    bounds: &'static [u64],
    /// One more than there are bounds.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// A histogram at some moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Reading {
    /// How many lie at or below each bound and above the one before it; the last bound is infinity.
    pub buckets: Vec<(f64, u64)>,
    /// How many there are.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
}

impl Histogram {
    /// Durations, with bounds in nanoseconds, ascending.
    #[must_use]
    pub fn of_times(bounds: &'static [u64]) -> Self {
        Self::new(Unit::Seconds, bounds)
    }

    /// Numbers, with bounds ascending.
    #[must_use]
    pub fn of_numbers(bounds: &'static [u64]) -> Self {
        Self::new(Unit::Number, bounds)
    }

    fn new(unit: Unit, bounds: &'static [u64]) -> Self {
        Self { unit, bounds, counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(), sum: AtomicU64::new(0) }
    }

    /// Counts a duration.
    pub fn time(&self, took: Duration) {
        self.number(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Counts a number.
    pub fn number(&self, number: u64) {
        let place = self.bounds.iter().position(|bound| number <= *bound).unwrap_or(self.bounds.len());
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(number, Ordering::Relaxed);
    }

    /// What was counted so far.
    #[must_use]
    pub fn read(&self) -> Reading {
        let bounds = self.bounds.iter().map(|bound| self.unit.read(*bound)).chain([f64::INFINITY]);
        let buckets: Vec<_> = bounds.zip(self.counts.iter().map(|count| count.load(Ordering::Relaxed))).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        Reading { buckets, count, sum: self.unit.read(self.sum.load(Ordering::Relaxed)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_the_bucket_below_it_and_nothing_is_lost_above_the_last() {
        let histogram = Histogram::of_numbers(&[1, 10]);
        for number in [0, 1, 2, 10, 11, 1_000] {
            histogram.number(number);
        }
        let reading = histogram.read();
        assert_eq!(reading.buckets, [(1.0, 2), (10.0, 2), (f64::INFINITY, 2)]);
        assert_eq!((reading.count, reading.sum), (6, 1_024.0));
    }

    #[test]
    fn durations_are_read_in_seconds() {
        let histogram = Histogram::of_times(&[1_000_000]);
        histogram.time(Duration::from_millis(2));
        assert_eq!(histogram.read(), Reading { buckets: vec![(0.001, 0), (f64::INFINITY, 1)], count: 1, sum: 0.002 });
    }
}
