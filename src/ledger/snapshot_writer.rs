//! Writes snapshots in the background: every hour, after a million entries, and when the ledger closes.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use super::disk::Disk;
use super::secrets::LedgerId;
use super::snapshot;
use super::state::State;
use crate::consent::words::Seq;

/// How often it looks.
const LOOK: Duration = Duration::from_secs(10);

/// After how many looks a snapshot is written where anything changed: an hour.
const LOOKS_MAX: u32 = 360;

/// After how many entries one is written at once.
const ENTRIES_MAX: u64 = 1_000_000;

/// What is written, and where.
pub struct Snapshots {
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The snapshot's file.
    pub path: PathBuf,
    /// Whose state it is.
    pub ledger_id: LedgerId,
    /// The state.
    pub state: Arc<State>,
}

/// The thread.
pub struct SnapshotWriter {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl SnapshotWriter {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(snapshots: Snapshots) -> std::io::Result<Self> {
        let (stop, stopped) = bounded::<()>(1);
        let thread = std::thread::Builder::new().name("snapshot".into()).spawn(move || {
            let (mut written, mut looks) = (Seq::NONE, 0);
            loop {
                let closing = stopped.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout);
                looks += 1;
                let head = snapshots.state.head().seq;
                let due = looks >= LOOKS_MAX || head.number() - written.number() >= ENTRIES_MAX;
                if head > written && (due || closing) {
                    (written, looks) = (snapshots.write().unwrap_or(written), 0);
                }
                if closing {
                    return;
                }
            }
        })?;
        Ok(Self { stop, thread })
    }

    /// Writes a last snapshot and ends.
    pub fn close(self) {
        drop(self.stop);
        let _ = self.thread.join();
    }
}

impl Snapshots {
    /// A snapshot only saves time: where it fails, the one before it stays.
    fn write(&self) -> Option<Seq> {
        match snapshot::write(self.disk.as_ref(), &self.path, self.ledger_id, &self.state) {
            Ok(of) => Some(of.seq),
            Err(error) => {
                tracing::error!(%error, path = %self.path.display(), "the snapshot was not written");
                None
            }
        }
    }
}
