//! Signs checkpoints in the background, never on the way of a commit.
//!
//! ```text
//! the log grew    a minute after the last signature, or at once after 10,000 entries
//! it did not      every hour the same is signed again, so that silence shows too
//! a clean stop    once more, where the log grew
//! ```

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use crate::ledger::proving::checkpoints::{Checkpoints, CheckpointsError};

/// How often it looks.
const LOOK: Duration = Duration::from_secs(1);

/// After how many looks what grew is signed: a minute.
const GROWN_LOOKS: u32 = 60;

/// After how many looks what did not grow is signed again: an hour.
const IDLE_LOOKS: u32 = 3_600;

/// After how many entries it signs at once.
const ENTRIES_MAX: u64 = 10_000;

/// The thread.
pub struct Checkpointer {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpointer {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(checkpoints: Arc<Checkpoints>) -> std::io::Result<Self> {
        let (stop, stopped) = bounded::<()>(1);
        let thread = std::thread::Builder::new().name("checkpoints".into()).spawn(move || {
            let mut looks = 0;
            loop {
                let closing = match stopped.recv_timeout(LOOK) {
                    Ok(()) => true,
                    Err(RecvTimeoutError::Timeout) => false,
                    // Let go without being closed: as after a crash.
                    Err(RecvTimeoutError::Disconnected) => return,
                };
                looks += 1;
                let signed = checkpoints.latest().map_or(0, |latest| latest.size);
                if is_due(checkpoints.head().number().saturating_sub(signed), looks, closing) {
                    sign(&checkpoints);
                    looks = 0;
                }
                if closing {
                    return checkpoints.close();
                }
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }

    /// Signs what was not signed, and ends.
    pub fn close(self) {
        if let Some(stop) = &self.stop {
            let _ = stop.send(());
        }
    }
}

impl Drop for Checkpointer {
    /// Waits for a signature that is being made.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whether to sign, so many entries and looks after the last signature.
const fn is_due(grown: u64, looks: u32, closing: bool) -> bool {
    match grown {
        0 => looks >= IDLE_LOOKS && !closing,
        _ => closing || grown >= ENTRIES_MAX || looks >= GROWN_LOOKS,
    }
}

fn sign(checkpoints: &Checkpoints) {
    match checkpoints.sign() {
        Ok(signed) => tracing::debug!(size = signed.size, "signed a checkpoint"),
        // The ledger said so when it stopped.
        Err(CheckpointsError::Stopped { .. }) => {}
        Err(error) if error.is_contradiction() => tracing::error!(%error, "the log contradicts a checkpoint; the ledger stops writing"),
        Err(error) => tracing::error!(%error, "no checkpoint was signed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grew_is_signed_within_a_minute_and_silence_every_hour() {
        assert!(!is_due(1, GROWN_LOOKS - 1, false) && is_due(1, GROWN_LOOKS, false));
        assert!(!is_due(ENTRIES_MAX - 1, 1, false) && is_due(ENTRIES_MAX, 1, false));
        assert!(!is_due(0, IDLE_LOOKS - 1, false) && is_due(0, IDLE_LOOKS, false));
        assert!(is_due(1, 1, true) && !is_due(0, 1, true));
    }
}
