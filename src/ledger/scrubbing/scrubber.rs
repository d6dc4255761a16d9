//! The thread that scrubs, pass after pass.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;

use crate::ledger::clock::Clock;
use crate::ledger::keys::keyring::Keyring;
use crate::ledger::keys::slot::SLOT_BYTES;
use crate::ledger::memory::state::State;
use crate::ledger::scrubbing::log::LogPass;
use crate::ledger::scrubbing::pace::{Pace, Stopped};
use crate::ledger::scrubbing::{Findings, ScrubReport, keys};
use crate::ledger::storage::journal;
use crate::ledger::storage::reader::Reader;
use crate::ledger::writing::committer::Health;

/// What is scrubbed.
pub struct Scrub {
    /// Both copies of the log.
    pub reader: Arc<Reader>,
    /// The keyring's directory.
    pub keyring_dir: PathBuf,
    /// The keyring.
    pub keyring: Arc<Mutex<Keyring>>,
    /// Knows how far there is anything.
    pub state: Arc<State>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// A ledger that stopped writing touches its disk no more.
    pub health: Arc<Health>,
}

/// The thread.
pub struct Scrubber {
    findings: Arc<Findings>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Scrubber {
    /// Starts the thread; a pass takes so long.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(scrub: Scrub, every: Duration) -> std::io::Result<Self> {
        let (stop, stopped) = bounded::<()>(1);
        let findings = Arc::new(Findings::new(every));
        let theirs = findings.clone();
        let thread = std::thread::Builder::new()
            .name("scrub".into())
            .spawn(move || while scrub.health.borrow().is_none() && scrub.pass(&theirs, every, &stopped).is_ok() {})?;
        Ok(Self { findings, stop: Some(stop), thread: Some(thread) })
    }

    /// How far it is, and what it found.
    #[must_use]
    pub fn report(&self) -> ScrubReport {
        self.findings.report()
    }
}

impl Drop for Scrubber {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Scrub {
    fn pass(&self, findings: &Findings, every: Duration, stopped: &Receiver<()>) -> Result<(), Stopped> {
        // What is up to there is durable, and its trails have their keys.
        let (up_to, highest) = (self.state.head().seq, self.state.highest_trail());
        findings.begin(self.clock.now(), up_to);
        let mut pace = Pace::new(2 * self.journal_bytes() + 2 * (highest + 1) * SLOT_BYTES as u64, every, stopped);
        LogPass::new(&self.reader, findings, up_to).run(&mut pace)?;
        keys::scrub(self.reader.disk.as_ref(), &self.keyring_dir, &self.keyring, highest, findings, &mut pace)?;
        findings.complete(self.clock.now());
        pace.end()
    }

    fn journal_bytes(&self) -> u64 {
        let segments = journal::begun_segments(self.reader.disk.as_ref(), &self.reader.journal_dir).unwrap_or_default();
        segments.iter().filter_map(|segment| self.reader.disk.open(&segment.path, false).and_then(|file| file.len()).ok()).sum()
    }
}
