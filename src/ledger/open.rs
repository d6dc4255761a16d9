//! Opens a data directory: lock, secrets, both copies of the log in step, state, keys, and only then the writer.

use std::collections::HashMap;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::bounded;
use parking_lot::Mutex;
use rustix::fs::FlockOperation;
use tokio::sync::watch;

use super::batch::{Batch, Sealer};
use super::clock::Clock;
use super::committer::{Committer, Health, Job, ledger_created};
use super::disk::Disk;
use super::entry::EntryError;
use super::journal::{self, Journal, JournalError};
use super::keyring::{Keyring, KeyringError};
use super::plan::Planner;
use super::reader::{EntryUnreadable, Reader, read};
use super::recovery::{Copies, Recovered, RecoveryError, recover};
use super::replay::Replay;
use super::secrets::{Secrets, SecretsError};
use super::state::{Position, State};
use super::store::{Store, StoreError};
use super::store_writer::{Pending, StoreWriter};
use super::{Ledger, Options, Shared};
use crate::consent::words::Seq;
use crate::proto;
use crate::proto::clear_part::Fact;

/// Records that may wait for the committer.
const QUEUE_RECORDS: usize = 16_384;

/// Up to this size of the journal, sled is compared with it block by block at every start, in bytes.
const COMPARE_ALL_BYTES: u64 = 256 << 20;

/// Why a ledger does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// The data directory.
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
    /// The log is not this ledger's.
    #[error("the log in {} does not begin as ledger {ledger_id} does; secrets and log belong to different ledgers", path.display())]
    Foreign {
        /// The data directory.
        path: PathBuf,
        /// The ledger of the secrets.
        ledger_id: String,
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

/// Holds a data directory for one process.
pub struct Lock {
    _file: std::fs::File,
}

impl Lock {
    /// Takes the lock of a data directory, which is made, mode 0700, where it is missing.
    ///
    /// # Errors
    /// Where another process has it.
    pub fn take(data_dir: &Path) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io { path: data_dir.to_owned(), source };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir).map_err(io)?;
        let file =
            std::fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(data_dir.join("lock")).map_err(io)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(OpenError::InUse { path: data_dir.to_owned() }),
            Err(errno) => Err(io(errno.into())),
        }
    }
}

/// What was brought back.
struct Brought {
    store: Store,
    recovered: Recovered,
    state: State,
    grouped: HashMap<u64, u64>,
}

/// Opens the ledger and starts its threads.
pub(super) fn open(options: &Options, disk: &Arc<dyn Disk>, clock: &Arc<dyn Clock>) -> Result<Ledger, OpenError> {
    let data_dir = options.data_dir.clone();
    let lock = Lock::take(&data_dir)?;
    let (journal_dir, sled_dir, keyring_dir) = (data_dir.join("journal"), data_dir.join("sled"), data_dir.join("keyring"));
    disk.create_dir(&journal_dir).map_err(|source| OpenError::Io { path: journal_dir.clone(), source })?;
    let fresh = journal::segments(disk.as_ref(), &journal_dir, ".journal")?.is_empty() && !sled_dir.exists();
    let secrets = Arc::new(Secrets::open(disk.as_ref(), &data_dir.join("secrets"), fresh)?);
    let brought = bring_back(disk, &data_dir, &secrets)?;
    let Brought { store, recovered, state, grouped } = brought;
    let (store, state) = (Arc::new(store), Arc::new(state));
    for alarm in &recovered.alarms {
        tracing::error!(alarm, "recovery healed the log");
    }
    let keyring =
        Keyring::open(disk.as_ref(), &keyring_dir, secrets.ledger_id(), secrets.master(), state.highest_trail(), options.keys_ahead)?;
    let pending = Arc::new(Pending::default());
    let ledger_id = secrets.ledger_id();
    let reader = Arc::new(Reader {
        disk: disk.clone(),
        journal_dir: journal_dir.clone(),
        ledger_id,
        store: store.clone(),
        pending: pending.clone(),
    });
    Replay { state: &state, secrets: &secrets, keyring: &keyring, grouped }.finish(&reader)?;
    let keyring = Arc::new(Mutex::new(keyring));
    let sealer = Sealer { ledger_id, keyring: keyring.clone() };
    let mut journal = Journal::resume(disk.clone(), &journal_dir, ledger_id, &recovered.resume)?;
    if state.head().seq == Seq::NONE {
        let created = create(&state, &sealer, &secrets, options, clock.as_ref(), &mut journal)?;
        store.insert(&created).and_then(|()| store.sync()).map_err(RecoveryError::from)?;
    }
    begins_as(&reader, &secrets, &data_dir)?;
    let (health, _) = watch::channel(None);
    let health: Arc<Health> = Arc::new(health);
    let told = health.clone();
    let store_writer = StoreWriter::start(store, pending, move |error| poison(&told, &error))
        .map_err(|source| OpenError::Io { path: data_dir.clone(), source })?;
    let planner = Planner { state: state.clone(), reader: reader.clone(), secrets: secrets.clone() };
    let committer =
        Committer { state: state.clone(), planner, sealer, journal, store: store_writer, clock: clock.clone(), health: health.clone() };
    let (jobs, waiting) = bounded::<Job>(QUEUE_RECORDS);
    let thread = std::thread::Builder::new().name("committer".into()).spawn(move || committer.run(&waiting));
    let thread = thread.map_err(|source| OpenError::Io { path: data_dir.clone(), source })?;
    let shared = Shared {
        data_dir,
        jobs: Mutex::new(Some(jobs)),
        committer: Mutex::new(Some(thread)),
        state,
        reader,
        secrets,
        keyring,
        clock: clock.clone(),
        health,
        lock: Mutex::new(Some(lock)),
    };
    Ok(Ledger { shared: Arc::new(shared) })
}

fn poison(health: &Health, error: &StoreError) {
    tracing::error!(%error, "sled failed; the ledger stops writing");
    health.send_if_modified(|known| known.replace(error.to_string()).is_none());
}

/// Brings journal and sled into step and folds the state from them. A sled that does not open or read is put aside and
/// rebuilt, once.
fn bring_back(disk: &Arc<dyn Disk>, data_dir: &Path, secrets: &Secrets) -> Result<Brought, OpenError> {
    match try_bring_back(disk, data_dir, secrets) {
        Err(OpenError::Recovery(RecoveryError::Store(
            error @ (StoreError::Sled { .. } | StoreError::Panicked { .. } | StoreError::Block { .. }),
        ))) => {
            let aside = put_aside(data_dir)?;
            tracing::error!(%error, kept = %aside.display(), "sled is damaged; it is kept aside and rebuilt from the journal");
            try_bring_back(disk, data_dir, secrets)
        }
        done => done,
    }
}

fn try_bring_back(disk: &Arc<dyn Disk>, data_dir: &Path, secrets: &Secrets) -> Result<Brought, OpenError> {
    let ledger_id = secrets.ledger_id();
    let store = Store::open(&data_dir.join("sled"), ledger_id).map_err(RecoveryError::from)?;
    let state = State::default();
    let keyring = Keyring::open_to_read(disk.as_ref(), &data_dir.join("keyring"), ledger_id, secrets.master());
    let dir = data_dir.join("journal");
    let compare_all = size_of(disk.as_ref(), &dir)? <= COMPARE_ALL_BYTES;
    let (recovered, grouped) = {
        let copies = Copies { disk: disk.clone(), dir, ledger_id, store: &store, vouched: Seq::NONE, compare_all };
        let refused = |error: &dyn std::fmt::Display| RecoveryError::Refused(error.to_string());
        let mut grouped = HashMap::new();
        let mut sink = |block: &super::block::Block| {
            let keyring = keyring.as_ref().map_err(|error| refused(error))?;
            let mut replay = Replay { state: &state, secrets, keyring, grouped: std::mem::take(&mut grouped) };
            for entry in block.entries() {
                let position = Position { seq: entry.header.seq, hash: entry.hash(), recorded_at: entry.header.recorded_at };
                let read = read(&entry).map_err(|error| refused(&error))?;
                replay.apply(&read, position).map_err(|error| refused(&error))?;
            }
            grouped = replay.grouped;
            Ok(())
        };
        (recover(&copies, Seq::new(1), &mut sink)?, grouped)
    };
    Ok(Brought { store, recovered, state, grouped })
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

fn create(
    state: &State,
    sealer: &Sealer,
    secrets: &Secrets,
    options: &Options,
    clock: &dyn Clock,
    journal: &mut Journal,
) -> Result<Vec<super::block::Block>, OpenError> {
    let not_created = |reason: String| OpenError::NotCreated { reason };
    let head = state.head();
    let mut batch = Batch::new(head, clock.now(), 0);
    let created = proto::LedgerCreated {
        ledger_id: secrets.ledger_id().0.to_vec(),
        origin: options.origin.clone().unwrap_or_else(|| format!("consent-ledger.invalid/{}", secrets.ledger_id())),
        format: 1,
        checkpoint_public_key: secrets.checkpoint_public_key().to_vec(),
        receipt_public_key: secrets.receipt_public_key().to_vec(),
    };
    ledger_created(&mut batch, state, sealer, created).map_err(|error| not_created(error.to_string()))?;
    let blocks = batch.finish();
    journal.append(&blocks, head.hash)?;
    batch.publish(state);
    Ok(blocks)
}

fn begins_as(reader: &Reader, secrets: &Secrets, data_dir: &Path) -> Result<(), OpenError> {
    let first = reader.entry(Seq::new(1))?;
    match first.clear.fact {
        Some(Fact::LedgerCreated(created)) if created.ledger_id == secrets.ledger_id().0 && created.format == 1 => Ok(()),
        _ => Err(OpenError::Foreign { path: data_dir.to_owned(), ledger_id: secrets.ledger_id().to_string() }),
    }
}

impl From<EntryError> for RecoveryError {
    fn from(error: EntryError) -> Self {
        Self::Refused(error.to_string())
    }
}
