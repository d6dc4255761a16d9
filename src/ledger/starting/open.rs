//! Opens a data directory: lock, secrets, both copies of the log in step, state, keys, and only then the writer.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::consent::words::Seq;
use crate::ledger::bytes::entry::EntryError;
use crate::ledger::clock::Clock;
use crate::ledger::erasure::eraser::{Eraser, Erasing};
use crate::ledger::keys::keyring::{Keyring, KeyringError};
use crate::ledger::keys::secrets::{Secrets, SecretsError};
use crate::ledger::memory::state::State;
use crate::ledger::numbers::Numbers;
use crate::ledger::proving::checkpointer::Checkpointer;
use crate::ledger::proving::checkpoints::{CheckpointsError, Log};
use crate::ledger::proving::heads::Heads;
use crate::ledger::proving::heads_writer::HeadsWriter;
use crate::ledger::scrubbing::{Scrub, Scrubber};
use crate::ledger::starting::beginning::{begins_as, create};
use crate::ledger::starting::both_copies::{Brought, bring_back};
use crate::ledger::starting::keys::{newest_opens, open_keyring};
use crate::ledger::starting::progress::{Phase, begin};
use crate::ledger::starting::recovery::RecoveryError;
use crate::ledger::starting::replay::Replay;
use crate::ledger::starting::rotated;
use crate::ledger::starting::snapshot_writer::{SnapshotWriter, Snapshots};
use crate::ledger::storage::disk::Disk;
use crate::ledger::storage::journal::{self, Journal, JournalError};
use crate::ledger::storage::lock::Lock;
use crate::ledger::storage::reader::{EntryUnreadable, Reader};
use crate::ledger::storage::space::{Space, SpaceWatcher};
use crate::ledger::storage::store::{Store, StoreError};
use crate::ledger::storage::store_writer::{Pending, StoreWriter};
use crate::ledger::storage::watch::Watch;
use crate::ledger::writing::batch::Sealer;
use crate::ledger::writing::committer::{Committer, Health};
use crate::ledger::writing::duplicates::Duplicates;
use crate::ledger::writing::plan::Planner;
use crate::ledger::writing::prepared::Preparer;
use crate::ledger::writing::queue::Queue;
use crate::ledger::{Ledger, Options, Shared};

/// How often it is looked, once a second, at a start in which one call of sled does not come back: five minutes.
const START_LOOKS: u32 = 300;

/// Why a ledger does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// There is no ledger.
    #[error("{} holds no ledger", path.display())]
    NoLedger {
        /// The directory.
        path: PathBuf,
    },
    /// A file did not do what was asked.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// The secrets could not be read or made.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The log could not be brought back.
    #[error(transparent)]
    Recovery(#[from] RecoveryError),
    /// The keys could not be read or made.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// An entry does not read.
    #[error(transparent)]
    Entry(#[from] EntryUnreadable),
    /// There was a log once.
    #[error("{} was the directory of ledger {ledger_id}, but its log is gone; put journal/ or sled/ back, or begin in an empty directory", path.display())]
    LogGone {
        /// The data directory.
        path: PathBuf,
        /// Whose it was.
        ledger_id: String,
    },
    /// The log is not this ledger's.
    #[error("the log in {} does not begin as ledger {ledger_id} does; secrets and log belong to different ledgers", path.display())]
    Foreign {
        /// The data directory.
        path: PathBuf,
        /// The ledger of the secrets.
        ledger_id: String,
    },
    /// The log is not what was signed for, or checkpoints cannot be kept or published.
    #[error(transparent)]
    Checkpoints(#[from] CheckpointsError),
    /// A rotation that was begun could not be recorded.
    #[error("the rotation of the look-up secret could not be recorded: {reason}")]
    NotRecorded {
        /// Why.
        reason: String,
    },
    /// The first entry could not be written.
    #[error("the ledger could not be created: {reason}")]
    NotCreated {
        /// Why.
        reason: String,
    },
}

impl From<JournalError> for OpenError {
    fn from(error: JournalError) -> Self {
        Self::Recovery(error.into())
    }
}

/// Opens the ledger and starts its threads; gives up where sled does not answer any more.
pub(in crate::ledger) fn open(options: &Options, disk: &Arc<dyn Disk>, clock: &Arc<dyn Clock>) -> Result<Ledger, OpenError> {
    let watch = Arc::new(Watch::default());
    let start = {
        let (options, disk, clock, watch) = (options.clone(), disk.clone(), clock.clone(), watch.clone());
        move || open_watched(&options, &disk, &clock, &watch)
    };
    let started = watch.give_up_after(START_LOOKS, start).map_err(|source| OpenError::Io { path: options.data_dir.clone(), source })?;
    started.unwrap_or_else(|| Err(RecoveryError::Store(StoreError::Stuck { path: options.data_dir.join("sled") }).into()))
}

fn open_watched(options: &Options, disk: &Arc<dyn Disk>, clock: &Arc<dyn Clock>, watch: &Arc<Watch>) -> Result<Ledger, OpenError> {
    let _start = begin();
    start(whole(options, disk, clock, watch)?, options, disk, clock)
}

/// A log that is whole, with the keys and the state that belong to it; nothing runs yet.
struct Whole {
    lock: Lock,
    secrets: Arc<Secrets>,
    keyring: Arc<Mutex<Keyring>>,
    state: Arc<State>,
    journal: Journal,
    store: Arc<Store>,
    pending: Arc<Pending>,
    reader: Arc<Reader>,
    sealer: Sealer,
    origin: String,
}

fn whole(options: &Options, disk: &Arc<dyn Disk>, clock: &Arc<dyn Clock>, watch: &Arc<Watch>) -> Result<Whole, OpenError> {
    let (progress, data_dir) = (&options.progress, &options.data_dir);
    let lock = Lock::take(data_dir)?;
    let (journal_dir, sled_dir) = (data_dir.join("journal"), data_dir.join("sled"));
    disk.create_dir(&journal_dir).map_err(|source| OpenError::Io { path: journal_dir.clone(), source })?;
    let fresh = journal::segments(disk.as_ref(), &journal_dir, ".journal")?.is_empty() && !sled_dir.exists();
    let secrets = Arc::new(Secrets::open_under(disk.as_ref(), &data_dir.join("secrets"), options.master_key.as_ref(), fresh)?);
    let brought = progress.phase(Phase::Recovery, || bring_back(disk, options, &secrets, watch))?;
    let Brought { store, recovered, state, found, small } = brought;
    // Before the keyring is opened: its keys are of the log that is gone.
    if let Some(ledger_id) = lock.begun()?.filter(|_| state.head().seq == Seq::NONE) {
        return Err(OpenError::LogGone { path: data_dir.clone(), ledger_id });
    }
    let (store, state) = (Arc::new(store), Arc::new(state));
    for alarm in &recovered.alarms {
        tracing::error!(alarm, "recovery healed the log");
    }
    let keyring = progress.phase(Phase::Keyring, || open_keyring(disk.as_ref(), options, &secrets, &state, small))?;
    let pending = Arc::new(Pending::default());
    let ledger_id = secrets.ledger_id();
    let reader = Arc::new(Reader {
        disk: disk.clone(),
        journal_dir: journal_dir.clone(),
        ledger_id,
        store: store.clone(),
        pending: pending.clone(),
    });
    rotated::belongs_to(&secrets, &state, &reader, &found)?;
    Replay { state: &state, secrets: &secrets, keyring: &keyring, found }.finish(&reader)?;
    if !small {
        newest_opens(&state, &keyring, &reader)?;
    }
    disk.sync_dir(data_dir).map_err(|source| OpenError::Io { path: data_dir.clone(), source })?;
    let keyring = Arc::new(Mutex::new(keyring));
    let sealer = Sealer { secrets: secrets.clone(), keyring: keyring.clone() };
    let mut journal = Journal::resume(disk.clone(), &journal_dir, ledger_id, &recovered.resume)?.cut_at(options.segment_bytes);
    if state.head().seq == Seq::NONE {
        let created = create(&state, &sealer, &secrets, options, clock.as_ref(), &mut journal)?;
        store.insert(&created).and_then(|()| store.sync()).map_err(RecoveryError::from)?;
    }
    let origin = begins_as(&reader, &secrets, data_dir)?;
    lock.note_begun(ledger_id)?;
    Ok(Whole { lock, secrets, keyring, state, journal, store, pending, reader, sealer, origin })
}

fn start(whole: Whole, options: &Options, disk: &Arc<dyn Disk>, clock: &Arc<dyn Clock>) -> Result<Ledger, OpenError> {
    let Whole { lock, secrets, keyring, state, journal, store, pending, reader, sealer, origin } = whole;
    let (progress, data_dir) = (&options.progress, options.data_dir.clone());
    let (health, healthy) = watch::channel(None);
    let health: Arc<Health> = Arc::new(health);
    let numbers = Arc::new(Numbers::default());
    let log = Log {
        disk: disk.clone(),
        reader: reader.clone(),
        state: state.clone(),
        secrets: secrets.clone(),
        clock: clock.clone(),
        health: health.clone(),
        numbers: numbers.clone(),
        origin,
    };
    let checkpoints = Arc::new(progress.phase(Phase::Checkpoints, || rotated::checkpoints(&log, options))?);
    let io = |source| OpenError::Io { path: data_dir.clone(), source };
    let told = health.clone();
    let store_writer = StoreWriter::start(store, pending, move |error| poison(&told, &error)).map_err(io)?;
    let space = Arc::new(Space::new(disk.clone(), data_dir.clone(), options.min_free));
    let planner = Planner { state: state.clone(), reader: reader.clone(), secrets: secrets.clone(), keyring: keyring.clone() };
    let committer = Committer {
        state: state.clone(),
        planner,
        sealer,
        duplicates: Duplicates::default(),
        journal,
        store: store_writer,
        space: space.clone(),
        clock: clock.clone(),
        health: health.clone(),
        numbers: numbers.clone(),
    };
    let (queue, waiting) = Queue::new(Preparer::new(state.clone(), secrets.clone()), health.clone(), numbers.clone());
    let queue = Arc::new(queue);
    let lookup = rotated::lookup(&secrets, &state, &reader)?.map(|fact| queue.submit_own(fact));
    let heads = Arc::new(Heads::new(state.clone(), reader.clone(), secrets.clone()));
    let heads_writer = HeadsWriter::start(heads.clone(), queue.clone()).map_err(io)?;
    let thread = committer.start(waiting).map_err(io)?;
    rotated::is_recorded(lookup)?;
    let checkpointer = Checkpointer::start(checkpoints.clone()).map_err(io)?;
    let space_watcher = SpaceWatcher::start(space.clone()).map_err(io)?;
    let snapshots = SnapshotWriter::start(Snapshots {
        disk: disk.clone(),
        path: data_dir.join("snapshot"),
        secrets: secrets.clone(),
        state: state.clone(),
        health: health.clone(),
        space: space.clone(),
    })
    .map_err(io)?;
    let erasing = Arc::new(Erasing::new(state.clone(), queue.clone(), clock.clone(), health.clone()));
    let eraser = progress.phase(Phase::Erasures, || Eraser::start(erasing.clone(), options.erase_every)).map_err(io)?;
    let scrub = Scrub {
        reader: reader.clone(),
        keyring_dir: data_dir.join("keyring"),
        keyring: keyring.clone(),
        state: state.clone(),
        clock: clock.clone(),
        health: health.clone(),
    };
    let scrubber = options.scrub_every.map(|every| Scrubber::start(scrub, every)).transpose().map_err(io)?;
    let shared = Shared {
        data_dir,
        queue,
        erasing,
        eraser: Mutex::new(Some(eraser)),
        committer: Mutex::new(Some(thread)),
        snapshots: Mutex::new(Some(snapshots)),
        checkpoints,
        checkpointer: Mutex::new(Some(checkpointer)),
        heads,
        heads_writer: Mutex::new(Some(heads_writer)),
        introduction: Mutex::default(),
        state,
        reader,
        secrets,
        keyring,
        clock: clock.clone(),
        health,
        healthy,
        numbers,
        lock: Mutex::new(Some(lock)),
        scrubber: Mutex::new(scrubber),
        space,
        space_watcher: Mutex::new(Some(space_watcher)),
    };
    Ok(Ledger { shared: Arc::new(shared) })
}

fn poison(health: &Health, error: &StoreError) {
    tracing::error!(%error, "sled failed; the ledger stops writing");
    health.send_if_modified(|known| known.replace(error.to_string()).is_none());
}

impl From<EntryError> for RecoveryError {
    fn from(error: EntryError) -> Self {
        Self::Refused(error.to_string())
    }
}
