//! How fast the scrub reads: so many bytes a second, in small bites, so that a commit never waits behind it.

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

/// After how much reading, as time, it rests.
const BITE: Duration = Duration::from_millis(20);

/// The ledger closes, or stopped writing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stopped;

/// The pace of one pass.
pub(super) struct Pace<'a> {
    stopped: &'a Receiver<()>,
    /// How long a byte takes, in nanoseconds.
    per_byte: f64,
    /// What the pass is to take, and has not taken yet.
    left: Duration,
    owed: Duration,
}

impl<'a> Pace<'a> {
    /// A pass over so many bytes in that time, until it is stopped.
    #[expect(clippy::cast_precision_loss, reason = "it is a pace")]
    pub fn new(bytes: u64, every: Duration, stopped: &'a Receiver<()>) -> Self {
        Self { stopped, per_byte: every.as_nanos() as f64 / bytes.max(1) as f64, left: every, owed: Duration::ZERO }
    }

    /// So many bytes were read: rests where it is time to.
    ///
    /// # Errors
    /// Where it is to stop.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a pace")]
    pub fn read(&mut self, bytes: u64) -> Result<(), Stopped> {
        let took = Duration::from_nanos((bytes as f64 * self.per_byte) as u64).min(self.left);
        self.left -= took;
        self.owed += took;
        if self.owed < BITE {
            return Ok(());
        }
        self.rest()
    }

    /// The pass is over: rests for what is left of its time.
    ///
    /// # Errors
    /// Where it is to stop.
    pub fn end(&mut self) -> Result<(), Stopped> {
        self.owed += std::mem::take(&mut self.left);
        self.rest()
    }

    fn rest(&mut self) -> Result<(), Stopped> {
        match self.stopped.recv_timeout(std::mem::take(&mut self.owed)) {
            Err(RecvTimeoutError::Timeout) => Ok(()),
            _ => Err(Stopped),
        }
    }
}
