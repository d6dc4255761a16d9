//! Verifies a data directory offline: the whole chain, in both copies, without keys and without changing a byte.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::Position;
use crate::ledger::bytes::block::Block;
use crate::ledger::bytes::entry::{Entry, EntryError, EntryHash, TrailLink};
use crate::ledger::keys::secrets::LedgerId;
use crate::ledger::starting::witness::Witness;
use crate::ledger::storage::disk::{Disk, RealDisk, read_all};
use crate::ledger::storage::journal::{self, JournalError};
use crate::ledger::storage::lock::Lock;
use crate::ledger::storage::store::{Store, StoreError};
use crate::ledger::storage::walk::{Walked, walk};
use crate::proof::checkpoint::Checkpoint;
use crate::proof::merkle::Frontier;
use crate::proto::clear_part::Fact;

/// How many problems are told one by one.
const PROBLEMS_MAX: usize = 20;

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
    let mut check = Check::new(ledger_id, checkpoint);
    // A running server changes sled under a reader; then the journal is verified alone.
    let lock = data_dir.join("lock").exists().then(|| Lock::take(data_dir));
    let copy = if matches!(lock, Some(Err(_))) {
        check.report.notes.push("the ledger is in use: the journal was verified alone, sled was not read".into());
        None
    } else {
        Some(throwaway(&data_dir.join("sled"))?)
    };
    if let Some(copy) = &copy {
        match Store::open(copy.path(), ledger_id).and_then(|store| store.last().map(|last| (store, last))) {
            Ok((store, last)) => {
                check.report.store_ok = Some(true);
                check.report.store_last = Some(last.as_ref().map_or(Seq::NONE, Block::last));
                check.store = Some((store, last));
            }
            Err(error) => check.store_problem(format!("sled does not open: {error}; the next start rebuilds it from the journal")),
        }
    }
    // Both are written after what they are of was durable.
    let witness = Witness::read(&disk, data_dir, ledger_id);
    let total = data_bytes(&disk, &dir)?;
    let mut done = 0;
    walk::<VerifyError>(&disk, &dir, ledger_id, |walked| {
        match walked {
            Walked::Block(block) => {
                done += block.bytes().len() as u64;
                check.block(&block);
                progress(done, total.max(done));
            }
            Walked::Missing { from, to } => check.problem(format!("entries {from} to {to} are missing from the journal"), to.next()),
            Walked::Tail { torn, synced } => check.tail(torn, synced.max(witness.vouches_for(torn))),
        }
        Ok(())
    })?;
    Ok(check.finish())
}

struct Check {
    report: VerifyReport,
    store: Option<(Store, Option<Block>)>,
    expected: Seq,
    hash: Option<EntryHash>,
    recorded_at: Time,
    trails: HashMap<u64, (Seq, u64)>,
    more_problems: u64,
    uninterpreted: u64,
    checkpoint: Option<Checkpoint>,
    frontier: Frontier,
}

impl Check {
    fn new(ledger_id: LedgerId, checkpoint: Option<Checkpoint>) -> Self {
        let report = VerifyReport {
            ledger_id: ledger_id.to_string(),
            entries: 0,
            head: Position { seq: Seq::NONE, hash: [0; 32] },
            journal_ok: true,
            store_ok: None,
            store_last: None,
            problems: Vec::new(),
            notes: Vec::new(),
        };
        Self {
            report,
            store: None,
            expected: Seq::new(1),
            hash: Some(EntryHash::ZERO),
            recorded_at: Time::from_micros(i64::MIN),
            trails: HashMap::new(),
            more_problems: 0,
            uninterpreted: 0,
            checkpoint,
            frontier: Frontier::default(),
        }
    }

    fn block(&mut self, block: &Block) {
        for entry in block.entries() {
            self.entry(&entry);
        }
        let stored =
            self.store.as_ref().map(|(store, last)| (store.block_with(block.first()), last.as_ref().map_or(Seq::NONE, Block::last)));
        match stored {
            None => {}
            Some((Ok(Some(stored)), _)) if stored == *block => {}
            Some((Ok(Some(stored)), _)) if stored.first() == block.first() => {
                self.store_problem(format!("entries {} to {} differ between journal and sled", block.first(), block.last()));
            }
            Some((Ok(_), last)) if last < block.first() => {
                // A server that did not stop cleanly leaves sled behind; that is no damage.
                let note = format!("sled ends at entry {last}; the next start fills it from the journal");
                if !self.report.notes.contains(&note) {
                    self.report.notes.push(note);
                }
            }
            Some((Ok(_), _)) => self.store_problem(format!("entries {} to {} are missing from sled", block.first(), block.last())),
            Some((Err(StoreError::Block { source, .. }), _)) => self.store_problem(format!("in sled, {source}")),
            Some((Err(error), _)) => {
                self.store_problem(format!("sled does not read at entry {}: {error}", block.first()));
                self.store = None;
            }
        }
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        let header = &entry.header;
        let seq = header.seq;
        if seq != self.expected {
            self.problem(format!("entry {seq} stands where {} should", self.expected), seq);
        }
        if let Some(hash) = self.hash.filter(|hash| *hash != header.previous_hash) {
            self.problem(
                format!(
                    "entry {seq} does not follow from the one before it: it names hash {}, that entry has {hash}",
                    header.previous_hash
                ),
                seq,
            );
        }
        if header.recorded_at < self.recorded_at {
            self.problem(format!("entry {seq} was recorded before the entry before it"), seq);
        }
        match entry.clear() {
            Ok(clear) if seq == Seq::new(1) && !matches!(clear.fact, Some(Fact::LedgerCreated(_))) => {
                self.problem("entry 1 is not LedgerCreated".into(), seq);
            }
            Ok(_) => {}
            Err(EntryError::UnknownKind { .. }) => self.uninterpreted += 1,
            Err(error) => self.problem(error.to_string(), seq),
        }
        self.link(seq, header.link, true);
        self.link(seq, header.second, false);
        let hash = entry.hash();
        if self.checkpoint.as_ref().is_some_and(|checkpoint| seq.number() <= checkpoint.size) {
            self.frontier.push(hash.bytes());
        }
        (self.hash, self.expected, self.recorded_at) = (Some(hash), seq.next(), header.recorded_at);
        self.report.entries += 1;
        self.report.head = Position { seq, hash: hash.bytes() };
    }

    /// A trail's links: each entry names the one before it, places count up.
    fn link(&mut self, seq: Seq, link: TrailLink, own: bool) {
        if link.trail == 0 && !own {
            return;
        }
        let (previous, count) = self.trails.get(&link.trail).copied().unwrap_or_default();
        if (link.previous, link.trail_seq) != (previous, count + 1) {
            let found = format!(
                "names entry {} and place {}, the trail's last is entry {previous} at place {count}",
                link.previous, link.trail_seq
            );
            self.problem(format!("entry {seq} is not linked into trail {}: it {found}", link.trail), seq);
        }
        self.trails.insert(link.trail, (seq, link.trail_seq));
    }

    fn tail(&mut self, torn: bool, synced: Seq) {
        if synced >= self.expected {
            self.problem(format!("entries from {} on are missing, but were durable up to {synced}", self.expected), self.expected);
        } else if torn {
            self.report.notes.push(
                "the journal ends in a commit that was not finished; nobody was told that it was durable, the next start cuts it".into(),
            );
        }
        if let Some((_, Some(last))) = &self.store
            && last.last() >= self.expected
        {
            let (from, to) = (self.expected, last.last());
            self.problem(
                format!("the journal ends at entry {}, sled goes on to {to}; the next start completes the journal", from.number() - 1),
                from,
            );
        }
    }

    fn problem(&mut self, text: String, resume_at: Seq) {
        self.report.journal_ok = false;
        (self.expected, self.hash) = (resume_at, None);
        self.tell(text);
    }

    fn store_problem(&mut self, text: String) {
        self.report.store_ok = Some(false);
        self.tell(text);
    }

    fn tell(&mut self, text: String) {
        if self.report.problems.len() < PROBLEMS_MAX {
            self.report.problems.push(text);
        } else {
            self.more_problems += 1;
        }
    }

    /// Holds what was read against the older checkpoint.
    fn hold(&mut self) {
        let Some(Checkpoint { size, root, .. }) = self.checkpoint.take() else { return };
        let head = self.report.head.seq;
        let problem = if head.number() < size {
            format!("the log ends at entry {head}, the checkpoint was signed over {size}: an older copy of the log was put back")
        } else if self.frontier.size() != size || self.frontier.root() != root {
            format!("the first {size} entries are not those that the checkpoint was signed over: the log was rewritten")
        } else {
            return self.report.notes.push(format!("the first {size} entries are those that the checkpoint was signed over"));
        };
        self.report.journal_ok = false;
        self.tell(problem);
    }

    fn finish(mut self) -> VerifyReport {
        self.hold();
        if self.more_problems > 0 {
            self.report.problems.push(format!("and {} more", self.more_problems));
        }
        if self.uninterpreted > 0 {
            let note =
                format!("{} entries are of kinds not known here; their hashes were verified, their meaning was not", self.uninterpreted);
            self.report.notes.push(note);
        }
        if self.report.entries == 0 {
            self.problem("the journal holds no whole entry".into(), Seq::new(1));
        }
        self.report
    }
}

/// The ledger's id, from the first segment whose header reads.
fn ledger_id(disk: &dyn Disk, dir: &Path) -> Option<LedgerId> {
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
            let bytes = RealDisk.open(&source, false).and_then(|file| read_all(file.as_ref())).map_err(io(&source))?;
            std::fs::write(&target, bytes).map_err(io(&target))?;
        }
    }
    Ok(())
}
