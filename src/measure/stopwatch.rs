//! How long something took. Nothing is decided by it.

use std::time::{Duration, Instant};

/// Runs from when it was started.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts one.
    #[must_use]
    pub fn start() -> Self {
        Self(now())
    }

    /// How long it has run.
    #[must_use]
    pub fn read(&self) -> Duration {
        now().saturating_duration_since(self.0)
    }

    /// How long it has run since its start or the last lap.
    pub fn lap(&mut self) -> Duration {
        let now = now();
        let lap = now.saturating_duration_since(self.0);
        self.0 = now;
        lap
    }
}

#[expect(clippy::disallowed_methods, reason = "measured, told, and never an argument of anything")]
fn now() -> Instant {
    Instant::now()
}
