//! Verifies a data directory offline: the whole chain, in both copies, without keys and without changing a byte.

use std::path::{Path, PathBuf};

use crossbeam_channel::bounded;
use tempfile::TempDir;

use crate::consent::words::Seq;
use crate::ledger::Position;
use crate::ledger::keys::secrets::LedgerId;
use crate::ledger::proving::chain::Chain;
use crate::ledger::proving::looked::{Looked, Looker};
use crate::ledger::starting::witness::Witness;
use crate::ledger::storage::disk::{Disk, RealDisk};
use crate::ledger::storage::journal::{self, JournalError};
use crate::ledger::storage::lock::Lock;
use crate::ledger::storage::store::Store;
use crate::ledger::storage::walk::{Walked, walk};
use crate::proof::checkpoint::Checkpoint;

/// What was verified, and what does not hold.
#[derive(Debug, Clone)]
pub struct VerifyReport {
    /// The ledger's id, 32 hex digits.
    pub ledger_id: String,
    /// How many entries were verified.
    pub entries: u64,
    /// The last of them.
    pub head: Position,
    /// Whether the journal holds the whole chain.
    pub journal_ok: bool,
    /// Whether sled holds the same, as far as it goes; none: it was not read.
    pub store_ok: Option<bool>,
    /// The last entry in sled; none: it was not read or does not read.
    pub store_last: Option<Seq>,
    /// What does not hold, and where.
    pub problems: Vec<String>,
    /// What else a reader should know.
    pub notes: Vec<String>,
}

impl VerifyReport {
    /// Whether everything read holds.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.journal_ok && self.store_ok != Some(false)
    }
}

/// Why nothing could be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no ledger.
    #[error("{} holds no ledger: there is no journal in it", path.display())]
    NoLedger {
        /// The directory.
        path: PathBuf,
    },
    /// A file could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The throwaway copy of sled could not be made.
    #[error("{}: {source}", path.display())]
    Copy {
        /// Which file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
}

/// Verifies the ledger in `data_dir`. `progress` is told how many entries are done, and how many bytes of how many.
///
/// # Errors
/// Where there is none, or it cannot be read. What does not hold is no error but in the report.
pub fn verify_data_dir(data_dir: &Path, progress: impl FnMut(u64, u64)) -> Result<VerifyReport, VerifyError> {
    verify_against(data_dir, None, progress)
}

/// The same, and holds the log against an older checkpoint whose signature was verified.
///
/// # Errors
/// As [`verify_data_dir`].
pub fn verify_against(
    data_dir: &Path,
    checkpoint: Option<Checkpoint>,
    mut progress: impl FnMut(u64, u64),
) -> Result<VerifyReport, VerifyError> {
    let disk = RealDisk;
    let dir = data_dir.join("journal");
    let ledger_id = ledger_id(&disk, &dir).ok_or_else(|| VerifyError::NoLedger { path: data_dir.to_owned() })?;
    let mut check = Chain::new(ledger_id, checkpoint.into_iter().collect());
    // A running server changes sled under a reader; then the journal is verified alone.
    let lock = data_dir.join("lock").exists().then(|| Lock::take(data_dir));
    let copy = if matches!(lock, Some(Err(_))) {
        check.note("the ledger is in use: the journal was verified alone, sled was not read".into());
        None
    } else {
        Some(throwaway(&data_dir.join("sled"))?)
    };
    let mut looker = Looker::default();
    if let Some(copy) = &copy {
        match Store::open(copy.path(), ledger_id).and_then(|store| store.last().map(|last| (store, last))) {
            Ok((store, last)) => {
                let last = last.map_or(Seq::NONE, |block| block.last());
                check.compared_up_to(last);
                looker = Looker::comparing(store, last);
            }
            Err(error) => check.store_problem(format!("sled does not open: {error}; the next start rebuilds it from the journal")),
        }
    }
    // Both are written after what they are of was durable.
    let witness = Witness::read(&disk, data_dir, ledger_id);
    let total = data_bytes(&disk, &dir)?;
    let mut done = 0;
    let (found, come_by) = bounded(BLOCKS_AHEAD);
    std::thread::scope(|scope| {
        let (disk, dir) = (&disk, &dir);
        let reading = scope.spawn(move || {
            walk::<VerifyError>(disk, dir, ledger_id, |walked| {
                let come_by = match walked {
                    Walked::Block(block) => ComeBy::Block(looker.look(block)),
                    Walked::Missing { from, to } => ComeBy::Missing { from, to },
                    Walked::Tail { torn, synced } => ComeBy::Tail { torn, synced },
                };
                // Whoever checks goes on until there is no more.
                let _ = found.send(come_by);
                Ok(())
            })
        });
        for come_by in come_by {
            match come_by {
                ComeBy::Block(seen) => {
                    done += seen.block.bytes().len() as u64;
                    check.block(seen);
                    progress(done, total.max(done));
                }
                ComeBy::Missing { from, to } => check.missing(from, to),
                ComeBy::Tail { torn, synced } => check.tail(torn, synced.max(witness.vouches_for(torn))),
            }
        }
        reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })?;
    Ok(check.finish())
}

/// How many blocks are read ahead of those that are checked.
const BLOCKS_AHEAD: usize = 256;

/// What the thread that reads comes by.
enum ComeBy {
    Block(Looked),
    Missing { from: Seq, to: Seq },
    Tail { torn: bool, synced: Seq },
}

/// The ledger's id, from the first segment whose header reads.
pub(in crate::ledger) fn ledger_id(disk: &dyn Disk, dir: &Path) -> Option<LedgerId> {
    let segments = journal::segments(disk, dir, ".journal").ok()?;
    segments.iter().find_map(|segment| journal::ledger_id_of(disk, segment))
}

fn data_bytes(disk: &dyn Disk, dir: &Path) -> Result<u64, VerifyError> {
    let mut total = 0;
    for segment in journal::segments(disk, dir, ".journal")? {
        let len = disk.open(&segment.path, false).and_then(|file| file.len());
        total += len.map_err(|source| JournalError::Io { path: segment.path, source })?;
    }
    Ok(total)
}

/// A copy of sled's directory that goes away again: opening sled writes.
fn throwaway(sled: &Path) -> Result<TempDir, VerifyError> {
    let copy = tempfile::tempdir().map_err(|source| VerifyError::Copy { path: sled.to_owned(), source })?;
    copy_dir(sled, copy.path())?;
    Ok(copy)
}

fn copy_dir(from: &Path, to: &Path) -> Result<(), VerifyError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| VerifyError::Copy { path, source }
    };
    std::fs::create_dir_all(to).map_err(io(to))?;
    if !from.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(from).map_err(io(from))? {
        let entry = entry.map_err(io(from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_dir(&source, &target)?;
        } else {
            // Not through memory: sled's file is larger than what is left of it.
            std::fs::copy(&source, &target).map_err(io(&source))?;
        }
    }
    Ok(())
}
