//! The log in sled, for reading at random. The only file that knows sled.
//!
//! sled's own `flush` does not make anything durable on Linux (it calls `sync_file_range`), so its file is synced here
//! after every flush; `flush_async` deadlocks with several callers and is not used; damage makes it panic, so every
//! call is guarded.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::RwLock;

use crate::consent::words::Seq;
use crate::ledger::bytes::block::{Block, BlockError};
use crate::ledger::keys::secrets::LedgerId;
use crate::ledger::storage::watch::{Watch, Watcher};

/// Bytes that sled may keep in memory.
const CACHE_BYTES: u64 = 64 << 20;

/// How often, and after what wait, a store that is still in use is tried again.
const LOCK_TRIES: u32 = 20;
const LOCK_WAIT: Duration = Duration::from_millis(50);

/// After how many looks, one a second, at one flush it is nudged.
const NUDGE_LOOKS: u32 = 2;

/// How long a close waits for calls under way.
const CLOSE_WAIT: Duration = Duration::from_secs(10);

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// sled reported an error.
    #[error("sled in {}: {source}", path.display())]
    Sled {
        /// Its directory.
        path: PathBuf,
        /// What it said.
        source: sled::Error,
    },
    /// sled panicked, as it does on damage.
    #[error("sled in {} is damaged: {message}", path.display())]
    Panicked {
        /// Its directory.
        path: PathBuf,
        /// What it said.
        message: String,
    },
    /// Its file could not be synced.
    #[error("{}: {source}", path.display())]
    Sync {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// A block in it does not read.
    #[error("sled in {}: {source}", path.display())]
    Block {
        /// Its directory.
        path: PathBuf,
        /// What is wrong.
        source: BlockError,
    },
    /// It was closed.
    #[error("sled in {} is closed", path.display())]
    Closed {
        /// Its directory.
        path: PathBuf,
    },
    /// Another handle has it open.
    #[error("sled in {} is still in use", path.display())]
    InUse {
        /// Its directory.
        path: PathBuf,
    },
    /// A call into it did not come back.
    #[error("sled in {} does not answer any more; stop, move this directory elsewhere and start again: it is rebuilt from the journal", path.display())]
    Stuck {
        /// Its directory.
        path: PathBuf,
    },
    /// It belongs to another ledger.
    #[error("sled in {} belongs to another ledger", path.display())]
    Foreign {
        /// Its directory.
        path: PathBuf,
    },
}

/// The store.
pub struct Store {
    path: PathBuf,
    open: Arc<RwLock<Option<Open>>>,
    /// Whoever starts it waits for one call at a time.
    watch: Arc<Watch>,
    /// Whoever syncs it, one at a time.
    syncing: Arc<Watch>,
    _nudger: Watcher,
}

struct Open {
    db: sled::Db,
    log: sled::Tree,
    file: File,
}

impl Store {
    /// Opens or makes the store in `path`; waits a moment for a handle elsewhere to let it go.
    ///
    /// # Errors
    /// Where sled errs or panics, or the store belongs to another ledger.
    pub fn open(path: &Path, ledger_id: LedgerId) -> Result<Self, StoreError> {
        Self::open_watched(path, ledger_id, Arc::default())
    }

    /// The same, each call of it watched.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_watched(path: &Path, ledger_id: LedgerId, watch: Arc<Watch>) -> Result<Self, StoreError> {
        let try_open = || watch.during(|| Self::try_open(path, ledger_id));
        let mut opened = try_open();
        for _ in 0..LOCK_TRIES {
            if !matches!(opened, Err(StoreError::InUse { .. })) {
                break;
            }
            std::thread::sleep(LOCK_WAIT);
            opened = try_open();
        }
        opened.map(|store| Self { watch, ..store })
    }

    fn try_open(path: &Path, ledger_id: LedgerId) -> Result<Self, StoreError> {
        let sled = |source| StoreError::Sled { path: path.to_owned(), source };
        let (db, log, meta) = guarded(path, || {
            let config = sled::Config::new().path(path).cache_capacity(CACHE_BYTES).flush_every_ms(None);
            let db = config.mode(sled::Mode::HighThroughput).open()?;
            let (log, meta) = (db.open_tree("log")?, db.open_tree("meta")?);
            Ok((db, log, meta))
        })
        .map_err(|error| match error {
            StoreError::Sled { source: sled::Error::Io(io), path } if io.to_string().contains("could not acquire lock") => {
                StoreError::InUse { path }
            }
            error => error,
        })?;
        let known = guarded(path, || meta.get("ledger_id"))?;
        match known {
            Some(known) if known.as_ref() != ledger_id.0 => return Err(StoreError::Foreign { path: path.to_owned() }),
            Some(_) => {}
            None => drop(meta.insert("ledger_id", &ledger_id.0).map_err(sled)?),
        }
        let file_path = path.join("db");
        let file = File::open(&file_path).map_err(|source| StoreError::Sync { path: file_path, source })?;
        let (open, syncing) = (Arc::new(RwLock::new(Some(Open { db, log, file }))), Arc::<Watch>::default());
        let nudger = nudge(path.to_owned(), Arc::downgrade(&open), syncing.clone());
        let nudger = nudger.map_err(|source| StoreError::Sync { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), open, watch: Arc::default(), syncing, _nudger: nudger })
    }

    /// The last block.
    ///
    /// # Errors
    /// Where sled errs or panics, or the block does not read.
    pub fn last(&self) -> Result<Option<Block>, StoreError> {
        let found = self.guarded(|open| open.log.last())?;
        found.map(|(_, value)| self.block(&value)).transpose()
    }

    /// The block that would hold `seq`: the last that does not begin after it.
    ///
    /// # Errors
    /// Where sled errs or panics, or the block does not read.
    pub fn block_with(&self, seq: Seq) -> Result<Option<Block>, StoreError> {
        let found = self.guarded(|open| open.log.get_lt(seq.next().number().to_be_bytes()))?;
        found.map(|(_, value)| self.block(&value)).transpose()
    }

    /// Whether it holds this block, byte for byte.
    ///
    /// # Errors
    /// Where sled errs or panics.
    pub fn holds(&self, block: &Block) -> Result<bool, StoreError> {
        let found = self.guarded(|open| open.log.get(block.first().number().to_be_bytes()))?;
        Ok(found.is_some_and(|bytes| bytes == block.bytes()))
    }

    /// The first block that begins at or after `seq`.
    ///
    /// # Errors
    /// Where sled errs or panics, or the block does not read.
    pub fn block_from(&self, seq: Seq) -> Result<Option<Block>, StoreError> {
        let found = self.guarded(|open| open.log.range(seq.number().to_be_bytes()..).next().transpose())?;
        found.map(|(_, value)| self.block(&value)).transpose()
    }

    /// Puts blocks in, all or none; durable only after [`Store::sync`].
    ///
    /// # Errors
    /// Where sled errs or panics.
    pub fn insert<'a>(&self, blocks: impl IntoIterator<Item = &'a Block>) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for block in blocks {
            batch.insert(&block.first().number().to_be_bytes(), block.bytes());
        }
        self.guarded(|open| open.log.apply_batch(batch))
    }

    /// Makes what was put in durable.
    ///
    /// # Errors
    /// Where flush or sync fails: final.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.syncing.during(|| self.guarded(|open| open.db.flush()))?;
        let open = self.open.read();
        let file = &open.as_ref().ok_or_else(|| StoreError::Closed { path: self.path.clone() })?.file;
        file.sync_data().map_err(|source| StoreError::Sync { path: self.path.join("db"), source })
    }

    /// The path of its directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets the directory go: whoever still holds the store reads from the journal. Where a call into it does not come back,
    /// it is left as it is.
    pub fn close(&self) {
        let Some(mut open) = self.open.try_write_for(CLOSE_WAIT) else { return };
        // sled syncs as it goes, and panics where that fails. Everything in it is in the journal.
        if catch_unwind(AssertUnwindSafe(|| drop(open.take()))).is_err() {
            tracing::error!(path = %self.path.display(), "sled could not be closed; the next start compares it with the journal");
        }
    }

    fn block(&self, bytes: &[u8]) -> Result<Block, StoreError> {
        Block::decode(bytes.to_vec()).map_err(|source| StoreError::Block { path: self.path.clone(), source })
    }

    fn guarded<T>(&self, call: impl FnOnce(&Open) -> sled::Result<T>) -> Result<T, StoreError> {
        let open = self.open.read();
        let open = open.as_ref().ok_or_else(|| StoreError::Closed { path: self.path.clone() })?;
        self.watch.during(|| guarded(&self.path, || call(open)))
    }
}

/// sled 0.34.7 does not wake who waits for a write that failed (`exit_reservation` in its `logger.rs`): its flush then waits
/// for ever. A second flush is told of the failure at once, and wakes the first; where nothing failed, it waits beside it.
fn nudge(path: PathBuf, open: Weak<RwLock<Option<Open>>>, syncing: Arc<Watch>) -> std::io::Result<Watcher> {
    Watcher::start(syncing, NUDGE_LOOKS, move || {
        // It keeps nothing open that everybody else let go.
        if let Some(open) = open.upgrade()
            && let Some(open) = open.read().as_ref()
            && let Err(error) = guarded(&path, || open.db.flush())
        {
            tracing::error!(%error, "a write of sled failed");
        }
    })
}

/// Turns sled's panics into errors.
fn guarded<T>(path: &Path, call: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(source)) => Err(StoreError::Sled { path: path.to_owned(), source }),
        Err(panic) => {
            let message = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Err(StoreError::Panicked { path: path.to_owned(), message: message.unwrap_or_else(|| "no message".into()) })
        }
    }
}
