//! Opens a data directory: lock, secrets, both copies of the log in step, state, keys, and only then the writer.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::bytes::block::Block;
use crate::ledger::bytes::entry::EntryError;
use crate::ledger::clock::Clock;
use crate::ledger::erasure::eraser::{Eraser, Erasing};
use crate::ledger::keys::keyring::{Keyring, KeyringError};
use crate::ledger::keys::secrets::{Secrets, SecretsError};
use crate::ledger::memory::state::{Position, State};
use crate::ledger::numbers::Numbers;
use crate::ledger::proving::checkpointer::Checkpointer;
use crate::ledger::proving::checkpoints::{CheckpointsError, Log};
use crate::ledger::proving::heads::Heads;
use crate::ledger::proving::heads_writer::HeadsWriter;
use crate::ledger::scrubbing::{Scrub, Scrubber};
use crate::ledger::starting::beginning::{begins_as, create};
use crate::ledger::starting::keys::{newest_opens, open_keyring};
use crate::ledger::starting::progress::{Phase, Progress, begin};
use crate::ledger::starting::recovery::{Copies, Recovered, RecoveryError, recover};
use crate::ledger::starting::replay::{Found, Replay};
use crate::ledger::starting::rotated;
use crate::ledger::starting::snapshot::{self, Snapshot, SnapshotOf};
use crate::ledger::starting::snapshot_writer::{SnapshotWriter, Snapshots};
use crate::ledger::starting::witness::Witness;
use crate::ledger::storage::disk::Disk;
use crate::ledger::storage::journal::{self, Journal, JournalError};
use crate::ledger::storage::lock::Lock;
use crate::ledger::storage::reader::{EntryUnreadable, Reader, read};
use crate::ledger::storage::space::{Space, SpaceWatcher};
use crate::ledger::storage::store::{Store, StoreError};
use crate::ledger::storage::store_writer::{Pending, StoreWriter};
use crate::ledger::storage::watch::Watch;
use crate::ledger::writing::batch::Sealer;
use crate::ledger::writing::committer::{Committer, Health};
use crate::ledger::writing::duplicates::Duplicates;
use crate::ledger::writing::plan::Planner;
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

/// What was brought back.
struct Brought {
    store: Store,
    recovered: Recovered,
    state: State,
    found: Found,
    /// Whether the whole log was read.
    small: bool,
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
    let (_start, progress, data_dir) = (begin(), &options.progress, options.data_dir.clone());
    let lock = Lock::take(&data_dir)?;
    let (journal_dir, sled_dir) = (data_dir.join("journal"), data_dir.join("sled"));
    disk.create_dir(&journal_dir).map_err(|source| OpenError::Io { path: journal_dir.clone(), source })?;
    let fresh = journal::segments(disk.as_ref(), &journal_dir, ".journal")?.is_empty() && !sled_dir.exists();
    let secrets = Arc::new(Secrets::open_under(disk.as_ref(), &data_dir.join("secrets"), options.master_key.as_ref(), fresh)?);
    let brought = progress.phase(Phase::Recovery, || bring_back(disk, options, &secrets, watch))?;
    let Brought { store, recovered, state, found, small } = brought;
    // Before the keyring is opened: its keys are of the log that is gone.
    if let Some(ledger_id) = lock.begun()?.filter(|_| state.head().seq == Seq::NONE) {
        return Err(OpenError::LogGone { path: data_dir, ledger_id });
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
    disk.sync_dir(&data_dir).map_err(|source| OpenError::Io { path: data_dir.clone(), source })?;
    let keyring = Arc::new(Mutex::new(keyring));
    let sealer = Sealer { secrets: secrets.clone(), keyring: keyring.clone() };
    let mut journal = Journal::resume(disk.clone(), &journal_dir, ledger_id, &recovered.resume)?.cut_at(options.segment_bytes);
    if state.head().seq == Seq::NONE {
        let created = create(&state, &sealer, &secrets, options, clock.as_ref(), &mut journal)?;
        store.insert(&created).and_then(|()| store.sync()).map_err(RecoveryError::from)?;
    }
    let origin = begins_as(&reader, &secrets, &data_dir)?;
    lock.note_begun(ledger_id)?;
    let health: Arc<Health> = Arc::new(watch::channel(None).0);
    let numbers = Arc::new(Numbers::default());
    let (disk, clock) = (disk.clone(), clock.clone());
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
    let (queue, waiting) = Queue::new(health.clone(), numbers.clone());
    let queue = Arc::new(queue);
    let lookup = rotated::lookup(&secrets, &state, &reader)?.map(|fact| queue.submit_own(fact));
    let heads = Arc::new(Heads::new(state.clone(), reader.clone(), secrets.clone()));
    let heads_writer = HeadsWriter::start(heads.clone(), queue.clone()).map_err(io)?;
    let thread = committer.start(waiting).map_err(io)?;
    rotated::is_recorded(lookup)?;
    let checkpointer = Checkpointer::start(checkpoints.clone()).map_err(io)?;
    let space_watcher = SpaceWatcher::start(space.clone()).map_err(io)?;
    let snapshots = Snapshots {
        disk,
        path: data_dir.join("snapshot"),
        secrets: secrets.clone(),
        state: state.clone(),
        health: health.clone(),
        space: space.clone(),
    };
    let snapshots = SnapshotWriter::start(snapshots).map_err(io)?;
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
        clock,
        health,
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

/// Brings journal and sled into step and folds the state from them. A sled that does not open or read is put aside and
/// rebuilt, once.
fn bring_back(disk: &Arc<dyn Disk>, options: &Options, secrets: &Secrets, watch: &Arc<Watch>) -> Result<Brought, OpenError> {
    match try_bring_back(disk, options, secrets, watch) {
        Err(OpenError::Recovery(RecoveryError::Store(
            error @ (StoreError::Sled { .. } | StoreError::Panicked { .. } | StoreError::Block { .. }),
        ))) => {
            let aside = put_aside(&options.data_dir)?;
            tracing::error!(%error, kept = %aside.display(), "sled is damaged; it is kept aside and rebuilt from the journal");
            try_bring_back(disk, options, secrets, watch)
        }
        done => done,
    }
}

fn try_bring_back(disk: &Arc<dyn Disk>, options: &Options, secrets: &Secrets, watch: &Arc<Watch>) -> Result<Brought, OpenError> {
    let data_dir = options.data_dir.as_path();
    let small = size_of(disk.as_ref(), &data_dir.join("journal"))? <= options.small_bytes;
    let path = data_dir.join("snapshot");
    // The digests in a snapshot of before a rotation are of a secret that is gone.
    if !small
        && let Some(snapshot) =
            snapshot::read(disk.as_ref(), &path, secrets.ledger_id()).filter(|found| found.in_force == secrets.in_force())
    {
        match fold_log(disk, data_dir, secrets, small, Start::from(snapshot, options, watch)) {
            Err(OpenError::Recovery(RecoveryError::SnapshotDiffers { seq })) => {
                tracing::error!(%seq, "the snapshot is of another log; it is left out and the whole log is read");
            }
            done => return done,
        }
    }
    fold_log(disk, data_dir, secrets, small, Start::new(options, watch))
}

/// What folding begins with.
struct Start {
    of: Option<SnapshotOf>,
    state: State,
    found: Found,
    watch: Arc<Watch>,
    progress: Arc<Progress>,
}

impl Start {
    fn new(options: &Options, watch: &Arc<Watch>) -> Self {
        let (watch, progress) = (watch.clone(), options.progress.clone());
        Self { of: None, state: State::default(), found: Found::default(), watch, progress }
    }

    fn from(snapshot: Snapshot, options: &Options, watch: &Arc<Watch>) -> Self {
        let found = Found { grouped: snapshot.grouped.into_iter().collect(), ..Found::default() };
        Self { of: Some(snapshot.of), state: snapshot.state, found, ..Self::new(options, watch) }
    }
}

fn fold_log(disk: &Arc<dyn Disk>, data_dir: &Path, secrets: &Secrets, small: bool, start: Start) -> Result<Brought, OpenError> {
    let ledger_id = secrets.ledger_id();
    let Start { of, state, mut found, watch, progress } = start;
    let store = Store::open_watched(&data_dir.join("sled"), ledger_id, watch).map_err(RecoveryError::from)?;
    let keyring = Keyring::open_to_read(disk.as_ref(), &data_dir.join("keyring"), ledger_id, secrets.master());
    let folded = of.map_or(Seq::NONE, |of| of.seq);
    let in_store = store.last().map_err(RecoveryError::from)?.map_or(Seq::NONE, |last| last.last());
    progress.expect(in_store);
    // From the snapshot's entry on, whose hash is compared, or from where sled must be filled.
    let from = folded.min(in_store.next()).max(Seq::new(1));
    let witness = Witness::read(disk.as_ref(), data_dir, ledger_id);
    let copies = Copies { disk: disk.clone(), dir: data_dir.join("journal"), ledger_id, store: &store, witness, compare_all: small };
    let refused = |error: &dyn std::fmt::Display| RecoveryError::Refused(error.to_string());
    if let Some(of) = of {
        state.publish(Position { seq: of.seq, hash: of.hash, recorded_at: Time::from_micros(i64::MIN) });
    }
    let mut fold = |block: &Block| {
        let keyring = keyring.as_ref().map_err(|error| refused(error))?;
        let mut replay = Replay { state: &state, secrets, keyring, found: std::mem::take(&mut found) };
        for entry in block.entries() {
            let position = Position { seq: entry.header.seq, hash: entry.hash(), recorded_at: entry.header.recorded_at };
            if let Some(of) = of.filter(|of| of.seq == position.seq) {
                if of.hash != position.hash {
                    return Err(RecoveryError::SnapshotDiffers { seq: of.seq });
                }
                state.publish(position);
            }
            if position.seq > folded {
                let read = read(&entry).map_err(|error| refused(&error))?;
                replay.apply(&read, position).map_err(|error| refused(&error))?;
            }
        }
        found = replay.found;
        progress.reach(block.last());
        Ok(())
    };
    let recovered = recover(&copies, from, &mut fold)?;
    Ok(Brought { store, recovered, state, found, small })
}

fn size_of(disk: &dyn Disk, dir: &Path) -> Result<u64, OpenError> {
    let mut total = 0;
    for segment in journal::segments(disk, dir, ".journal")? {
        let len = disk.open(&segment.path, false).and_then(|file| file.len());
        total += len.map_err(|source| OpenError::Io { path: segment.path.clone(), source })?;
    }
    Ok(total)
}

fn put_aside(data_dir: &Path) -> Result<PathBuf, OpenError> {
    let sled = data_dir.join("sled");
    let mut number = 1;
    let named = |number: u32| data_dir.join(format!("sled.damaged-{number}"));
    while named(number).exists() {
        number += 1;
    }
    let aside = named(number);
    std::fs::rename(&sled, &aside).map_err(|source| OpenError::Io { path: sled, source })?;
    Ok(aside)
}

impl From<EntryError> for RecoveryError {
    fn from(error: EntryError) -> Self {
        Self::Refused(error.to_string())
    }
}
