//! A bar for people who wait; hidden where stderr is no terminal.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

/// After how many rows it moves.
const STEP: u64 = 1_024;

/// How far a list is read: by bytes, since nobody knows the rows beforehand.
pub struct Progress {
    bar: ProgressBar,
    read: Arc<AtomicU64>,
    rows: u64,
}

impl Progress {
    /// Of so many bytes; 0: nobody knows. `doing` says what is done with its rows, as in `importing`.
    #[must_use]
    pub fn new(doing: &str, bytes: u64, hidden: bool) -> Self {
        let bar = match (hidden, bytes) {
            (true, _) => ProgressBar::hidden(),
            (false, 0) => ProgressBar::new_spinner(),
            (false, bytes) => ProgressBar::new(bytes),
        };
        let read = if bytes == 0 { "{bytes}: {msg}" } else { "{bar:30} {bytes} of {total_bytes}: {msg}, {eta} left" };
        if let Ok(style) = ProgressStyle::with_template(&format!("{doing} {read}")) {
            bar.set_style(style);
        }
        Self { bar, read: Arc::default(), rows: 0 }
    }

    /// Where bytes that were read are counted.
    #[must_use]
    pub fn read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }

    /// One more row is answered.
    pub fn row(&mut self) {
        self.rows += 1;
        if self.rows.is_multiple_of(STEP) && !self.bar.is_hidden() {
            let millis = u64::try_from(self.bar.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
            self.bar.set_message(format!("{} rows, {}/s", self.rows, self.rows.saturating_mul(1_000) / millis));
            self.bar.set_position(self.read.load(Ordering::Relaxed));
        }
    }

    /// Prints a line on stderr, above the bar.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| eprintln!("{line}"));
    }

    /// The bar goes.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
