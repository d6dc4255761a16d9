//! The stopwatch: the one place of the bench that reads a clock.

use std::time::{Duration, Instant};

/// Runs from when it was started.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts it.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "what is measured is time")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// How long it has run.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }

    /// The same in seconds.
    #[must_use]
    pub fn seconds(self) -> f64 {
        self.elapsed().as_secs_f64()
    }

    /// The same in nanoseconds, as latencies are kept.
    #[must_use]
    pub fn nanos(self) -> u64 {
        u64::try_from(self.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Waits until it has run for so long. Blocks.
    pub fn sleep_until(self, moment: Duration) {
        if let Some(rest) = moment.checked_sub(self.elapsed()) {
            std::thread::sleep(rest);
        }
    }
}
