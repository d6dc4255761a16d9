//! The log and what is derived from it: one writer, two copies on disk, keys, state.

pub mod backup;
pub mod bytes;
pub mod clock;
pub mod erasure;
pub mod evidence;
pub mod keys;
pub mod memory;
pub mod numbers;
pub mod principals;
pub mod proving;
pub mod reading;
pub mod scrubbing;
pub mod starting;
pub mod storage;
pub mod watching;
pub mod writing;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::consent::time::Time;
use crate::consent::words::{Account, Seq};
use clock::{Clock, SystemClock};
use erasure::eraser::{Carried, Eraser, Erasing};
use keys::keyring::Keyring;
use keys::master::MasterKey;
use keys::secrets::Secrets;
use memory::state::{AccountState, State};
use numbers::Numbers;
use proving::checkpointer::Checkpointer;
use proving::checkpoints::Checkpoints;
use proving::heads::Heads;
use proving::heads_writer::HeadsWriter;
pub use reading::answer::{Answer, CheckError, Checks, Question};
pub use reading::browse::{Filter, OpenedEntry, ReadError};
pub use reading::standing::{KnownTemplate, StandingAnswer};
use scrubbing::{ScrubReport, Scrubber};
pub use starting::open::OpenError;
use starting::progress::Progress;
use starting::snapshot_writer::SnapshotWriter;
use storage::disk::{Disk, RealDisk};
use storage::lock::Lock;
use storage::reader::Reader;
use storage::space::{MinFree, Space, SpaceReport, SpaceWatcher};
use writing::committer::Health;
use writing::job::Recorded;
use writing::queue::{Coming, Queue};
use writing::record::{Record, RecordError};
use writing::rehearsal::in_chunks;

/// A running ledger; clones share it.
#[derive(Clone)]
pub struct Ledger {
    shared: Arc<Shared>,
}

struct Shared {
    data_dir: PathBuf,
    queue: Arc<Queue>,
    erasing: Arc<Erasing>,
    eraser: Mutex<Option<Eraser>>,
    committer: Mutex<Option<JoinHandle<()>>>,
    snapshots: Mutex<Option<SnapshotWriter>>,
    checkpoints: Arc<Checkpoints>,
    checkpointer: Mutex<Option<Checkpointer>>,
    heads: Arc<Heads>,
    heads_writer: Mutex<Option<HeadsWriter>>,
    introduction: Mutex<Option<Arc<evidence::receipts::Introduction>>>,
    state: Arc<State>,
    reader: Arc<Reader>,
    secrets: Arc<Secrets>,
    keyring: Arc<Mutex<Keyring>>,
    clock: Arc<dyn Clock>,
    health: Arc<Health>,
    /// Has seen that the ledger writes, and nothing since.
    healthy: watch::Receiver<Option<String>>,
    numbers: Arc<Numbers>,
    lock: Mutex<Option<Lock>>,
    scrubber: Mutex<Option<Scrubber>>,
    space: Arc<Space>,
    space_watcher: Mutex<Option<SpaceWatcher>>,
}

impl Drop for Shared {
    /// The lock outlives the writer.
    fn drop(&mut self) {
        drop(self.heads_writer.get_mut().take());
        drop(self.eraser.get_mut().take());
        self.queue.close();
        if let Some(committer) = self.committer.get_mut().take() {
            let _ = committer.join();
        }
        drop(self.checkpointer.get_mut().take());
    }
}

/// How to open a ledger.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory; made where it is missing.
    pub data_dir: PathBuf,
    /// The name under which a new ledger publishes checkpoints; none: one made from its id.
    pub origin: Option<String>,
    /// How many data keys are kept ready.
    pub keys_ahead: u64,
    /// Up to this size of the journal, in bytes, a start reads the whole log and compares sled and the keyring with it
    /// piece by piece; above it, it starts from the snapshot and compares the ends.
    pub small_bytes: u64,
    /// Where a segment of the journal is cut, in bytes.
    pub segment_bytes: u64,
    /// Where checkpoints are published, outside the data directory; none: they are only kept.
    pub checkpoint_dir: Option<PathBuf>,
    /// Whether a ledger that has entries may begin to publish into a directory that holds no checkpoint.
    pub first_checkpoint: bool,
    /// How often it is looked for erasures that are due.
    pub erase_every: Duration,
    /// How much must be free on the disk for everything to be recorded.
    pub min_free: MinFree,
    /// How long a pass of the scrub takes; none: nothing is scrubbed.
    pub scrub_every: Option<Duration>,
    /// Tells how far the start has come.
    pub progress: Arc<Progress>,
    /// The master key, where it is kept elsewhere; none: it is `secrets/master.key`, made for a new ledger.
    pub master_key: Option<MasterKey>,
}

impl Options {
    /// The usual way to open `data_dir`.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            origin: None,
            keys_ahead: 4096,
            small_bytes: 256 << 20,
            segment_bytes: storage::journal::SEGMENT_BYTES,
            checkpoint_dir: None,
            first_checkpoint: false,
            erase_every: Duration::from_secs(1),
            min_free: MinFree::Bytes(0),
            scrub_every: None,
            progress: Arc::default(),
            master_key: None,
        }
    }
}

/// The head of the log at some moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// The last entry's seq.
    pub seq: Seq,
    /// Its SHA-256.
    pub hash: [u8; 32],
}

impl Ledger {
    /// Opens a ledger, with the operating system's disk and clock. Blocks.
    ///
    /// # Errors
    /// Where the directory is in use, or the log is not whole.
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        starting::open::open(options, &(Arc::new(RealDisk) as Arc<dyn Disk>), &(Arc::new(SystemClock) as Arc<dyn Clock>))
    }

    /// Opens a ledger on another disk or with another clock. Blocks.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_with(options: &Options, disk: &Arc<dyn Disk>, clock: &Arc<dyn Clock>) -> Result<Self, OpenError> {
        starting::open::open(options, disk, clock)
    }

    /// Records an event; answers once it is durable.
    ///
    /// # Errors
    /// Where the event is refused, or the ledger is busy or no longer writes.
    pub async fn record(&self, record: Record) -> Recorded {
        let mut recorded = self.shared.queue.submit(vec![record])?.await.unwrap_or_default();
        recorded.pop().unwrap_or_else(|| Err(self.gone()))
    }

    /// Records several events, in order, in as few commits as possible; answers once all are durable. One that is
    /// refused does not touch its neighbours.
    pub async fn record_all(&self, records: Vec<Record>) -> Vec<Recorded> {
        let together = in_chunks(records).map(|together| (together.len(), self.shared.queue.submit(together)));
        let (submitted, mut answers) = (together.collect::<Vec<_>>(), Vec::new());
        for (count, submitted) in submitted {
            answers.extend(match submitted {
                Ok(coming) => coming.await.unwrap_or_else(|_| vec![Err(self.gone()); count]),
                Err(error) => vec![Err(error); count],
            });
        }
        answers
    }

    /// Queues events of a stream, at most [`writing::queue::TOGETHER_MAX`], to be recorded in order, and tells where their answers come.
    /// Where too much waits, it waits too.
    ///
    /// # Errors
    /// Where the ledger no longer writes.
    pub async fn record_in_turn(&self, records: Vec<Record>) -> Result<Coming, RecordError> {
        self.shared.queue.submit_in_turn(records).await
    }

    /// Records an event and blocks until it is durable.
    ///
    /// # Errors
    /// As [`Ledger::record`].
    pub fn record_blocking(&self, record: Record) -> Recorded {
        self.shared.queue.record(record)
    }

    /// Why nothing more is recorded, where that is so.
    #[must_use]
    pub fn gone(&self) -> RecordError {
        self.shared.queue.gone()
    }

    /// Erases whoever asked for it and is due, as the ledger does by itself every second, and says what was done. Blocks.
    #[must_use]
    pub fn carry_out_due(&self) -> Carried {
        self.shared.erasing.turn(|| true)
    }

    fn with_account<T>(&self, account: &Account, read: impl FnOnce(&AccountState) -> T) -> Option<T> {
        self.shared.state.with_account(account.as_str(), read)
    }

    /// Whether there is such an account.
    #[must_use]
    pub fn has_account(&self, account: &Account) -> bool {
        self.with_account(account, |_| ()).is_some()
    }

    /// The ledger's identity, 16 bytes.
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        self.shared.secrets.ledger_id().0
    }

    /// The head of the log.
    #[must_use]
    pub fn head(&self) -> Position {
        let head = self.shared.state.head();
        Position { seq: head.seq, hash: head.hash.bytes() }
    }

    /// Why the ledger no longer writes; none while it does.
    #[must_use]
    pub fn poisoned(&self) -> Option<String> {
        self.shared.health.borrow().clone()
    }

    /// Tells when the ledger stops writing.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Option<String>> {
        self.shared.health.subscribe()
    }

    /// The key that wraps other keys.
    #[must_use]
    pub fn master_key(&self) -> &bytes::seal::Key {
        self.shared.secrets.master()
    }

    /// What names dead letters, where that is no longer derived from the master key.
    #[must_use]
    pub fn dead_letter_ids(&self) -> Option<bytes::seal::Key> {
        self.shared.secrets.dead_letter_ids()
    }

    /// A keyed digest of a place in a list, by which a page token is known for one that this ledger gave; `question` is 32 bytes.
    #[must_use]
    pub fn seal_page(&self, question: &[u8; 32], place: &[u8]) -> [u8; 16] {
        self.shared.secrets.content_digest(&[b"page token", question, place])
    }

    /// The data directory.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.shared.data_dir
    }

    /// The ledger's clock.
    #[must_use]
    pub fn now(&self) -> Time {
        self.shared.clock.now()
    }

    /// How far the background scrub is, and what it found; none where nothing is scrubbed.
    #[must_use]
    pub fn scrub(&self) -> Option<ScrubReport> {
        self.shared.scrubber.lock().as_ref().map(Scrubber::report)
    }

    /// The room on the disk, as it was last measured.
    #[must_use]
    pub fn space(&self) -> SpaceReport {
        self.shared.space.report()
    }

    /// Measures the room on the disk now, as the ledger does by itself every second.
    pub fn measure_space(&self) {
        self.shared.space.measure();
    }

    /// Takes no more records, commits what waits, signs it, syncs both copies and lets the directory go. Blocks.
    pub fn close(&self) {
        drop(self.shared.scrubber.lock().take());
        drop(self.shared.space_watcher.lock().take());
        drop(self.shared.heads_writer.lock().take());
        drop(self.shared.eraser.lock().take());
        self.shared.queue.close();
        if let Some(committer) = self.shared.committer.lock().take() {
            let _ = committer.join();
        }
        if let Some(snapshots) = self.shared.snapshots.lock().take() {
            snapshots.close();
        }
        if let Some(checkpointer) = self.shared.checkpointer.lock().take() {
            checkpointer.close();
        }
        self.shared.reader.store.close();
        drop(self.shared.lock.lock().take());
    }
}
