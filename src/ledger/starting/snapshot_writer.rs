//! Writes snapshots in the background: every hour, after a million entries, when the ledger closes, and soon after an
//! erasure: the snapshot before it still knows the erased identifiers' digests.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use crate::consent::words::Seq;
use crate::ledger::keys::secrets::Secrets;
use crate::ledger::memory::state::State;
use crate::ledger::starting::snapshot;
use crate::ledger::storage::disk::Disk;
use crate::ledger::writing::committer::Health;

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
    /// Whose state it is, and what its digests are made with.
    pub secrets: Arc<Secrets>,
    /// The state.
    pub state: Arc<State>,
    /// A ledger that stopped writing touches its disk no more.
    pub health: Arc<Health>,
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
            let mut clean = snapshots.found();
            loop {
                let closing = stopped.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout);
                looks += 1;
                let head = snapshots.state.head().seq;
                let erased = snapshots.state.erasures().last() > clean;
                let due = erased || looks >= LOOKS_MAX || head.number() - written.number() >= ENTRIES_MAX;
                let writes = snapshots.health.borrow().is_none();
                if head > written && (due || closing) && writes {
                    (written, looks) = (snapshots.write(erased).unwrap_or(written), 0);
                    clean = written.max(clean);
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
    /// What the snapshot there is of: no erasure up to it can have left anything in it.
    fn found(&self) -> Seq {
        snapshot::peek(self.disk.as_ref(), &self.path, self.secrets.ledger_id()).map_or(Seq::NONE, |of| of.seq)
    }

    /// A snapshot only saves time: where it fails, the one before it stays, unless something was `erased` since.
    fn write(&self, erased: bool) -> Option<Seq> {
        match snapshot::write(self.disk.as_ref(), &self.path, self.secrets.ledger_id(), &self.state, self.secrets.in_force()) {
            Ok(of) => Some(of.seq),
            Err(error) => {
                tracing::error!(%error, path = %self.path.display(), "the snapshot was not written");
                if erased && let Err(error) = snapshot::discard(self.disk.as_ref(), &self.path) {
                    tracing::error!(%error, path = %self.path.display(), "the snapshot from before an erasure could not be emptied");
                }
                None
            }
        }
    }
}
