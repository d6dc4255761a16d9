//! Brings journal and sled into step before the ledger serves: what either lost comes from the other, what neither has is
//! refused by name, what was never acknowledged is cut, whole commits at a time.
//!
//! | found | done |
//! |---|---|
//! | bad bytes in the journal, vouched for by a later frame, sled, the snapshot or a checkpoint | healed from sled into a repair segment, or refused |
//! | bad or missing bytes at the end, nothing vouches | cut from the first frame of their commit |
//! | sled behind | filled up |
//! | sled ahead | its blocks are checked and appended to the journal; an alarm |
//! | the same seq with different bytes | refused, both named |

use std::path::PathBuf;
use std::sync::Arc;

use crate::consent::words::Seq;
use crate::ledger::bytes::block::Block;
use crate::ledger::bytes::entry::EntryHash;
use crate::ledger::keys::secrets::LedgerId;
use crate::ledger::starting::beside::Sink;
use crate::ledger::starting::witness::Witness;
use crate::ledger::storage::disk::Disk;
use crate::ledger::storage::journal::{self, Frame, Journal, JournalError, Piece, Resume, Segment};
use crate::ledger::storage::store::{Store, StoreError};

/// Blocks that go to the store in one batch.
const STORE_BATCH: usize = 256;

/// Why a ledger does not open.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// The journal did not do what was asked.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The store did not do what was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Entries that were durable are in neither copy.
    #[error("entries {from} to {to} are in neither the journal nor sled, but were durable; restore one of them from a backup")]
    Lost {
        /// The first one lost.
        from: Seq,
        /// The last one lost.
        to: Seq,
    },
    /// The copies disagree.
    #[error("entry {seq} differs: its block ends with hash {journal} in the journal and {store} in sled; one of them was changed")]
    Differs {
        /// Where.
        seq: Seq,
        /// The journal's hash.
        journal: EntryHash,
        /// The store's hash.
        store: EntryHash,
    },
    /// The chain is broken.
    #[error("entry {seq} does not follow from the one before it: it names hash {named}, that entry has {found}")]
    BrokenChain {
        /// Where.
        seq: Seq,
        /// What it names.
        named: EntryHash,
        /// What stands there.
        found: EntryHash,
    },
    /// The snapshot names another entry than the log holds.
    #[error("the snapshot is of another log: entry {seq} differs")]
    SnapshotDiffers {
        /// Where.
        seq: Seq,
    },
    /// What reads the entries refused one.
    #[error("{0}")]
    Refused(String),
}

/// What recovery works on.
pub struct Copies<'a> {
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The journal's directory.
    pub dir: PathBuf,
    /// Whose log it is.
    pub ledger_id: LedgerId,
    /// The store.
    pub store: &'a Store,
    /// What else vouches for entries.
    pub witness: Witness,
    /// Whether every block in the store is compared with the journal, not only its last.
    pub compare_all: bool,
}

/// The log, whole.
#[derive(Debug)]
pub struct Recovered {
    /// Where the journal goes on.
    pub resume: Resume,
    /// What an operator should know.
    pub alarms: Vec<String>,
}

struct Run<'a, 'b> {
    copies: &'a Copies<'a>,
    store_last: Option<Block>,
    expected: Seq,
    /// The hash of the entry before `expected`; none: not known yet.
    hash: Option<EntryHash>,
    pending: Vec<Frame>,
    /// Where the first unreadable bytes since the last good commit begin in the current segment.
    hole: Option<u64>,
    /// Frames of the current segment that no later one calls durable.
    unsynced: Vec<Frame>,
    to_store: Vec<Block>,
    /// Segments whose header is damaged, and the hash before their first entry once it is known.
    headless: Vec<(Segment, Option<EntryHash>)>,
    alarms: Vec<String>,
    sink: &'b mut dyn Sink,
}

/// Recovers the log from entry `from` on, handing every block that holds `from` or later to `sink`.
///
/// # Errors
/// Where entries are lost or contradict each other, or a file does not do what is asked.
pub fn recover(copies: &Copies<'_>, from: Seq, sink: &mut dyn Sink) -> Result<Recovered, RecoveryError> {
    let segments = journal::begun_segments(copies.disk.as_ref(), &copies.dir)?;
    let start = segments.iter().rposition(|segment| segment.first <= from).unwrap_or(0);
    let begin = segments.get(start).map_or(Seq::new(1), |segment| segment.first.min(from));
    let mut run = Run {
        copies,
        store_last: copies.store.last()?,
        expected: begin,
        hash: (begin == Seq::new(1)).then_some(EntryHash::ZERO),
        pending: Vec::new(),
        hole: None,
        unsynced: Vec::new(),
        to_store: Vec::new(),
        headless: Vec::new(),
        alarms: Vec::new(),
        sink,
    };
    let segments = segments.get(start..).unwrap_or_default();
    let mut tail = None;
    for (place, segment) in segments.iter().enumerate() {
        let (pieces, end) = journal::read_surely(copies.disk.as_ref(), segment, copies.ledger_id)?;
        run.unsynced.clear();
        run.reach(segment.first)?;
        if journal::ledger_id_of(copies.disk.as_ref(), segment).is_none() {
            run.headless.push((segment.clone(), None));
        }
        let rest = segments.get(place + 1..).unwrap_or_default();
        match run.segment(pieces, rest)? {
            None => tail = Some((segment.clone(), end)),
            Some(cut) => return run.finish(Some((segment.clone(), cut))),
        }
    }
    run.finish(tail)
}

impl Run<'_, '_> {
    /// Works through a segment. Gives the offset where the journal must be cut, where it must.
    fn segment(&mut self, pieces: Vec<Piece>, rest: &[Segment]) -> Result<Option<u64>, RecoveryError> {
        let mut pieces = pieces.into_iter();
        while let Some(piece) = pieces.next() {
            let frame = match piece {
                Piece::Unreadable { from, .. } => {
                    self.hole.get_or_insert(from);
                    continue;
                }
                Piece::Frame(frame) if frame.block.last() < self.expected => continue,
                Piece::Frame(frame) => frame,
            };
            if frame.block.first() > self.expected {
                let to = Seq::new(frame.block.first().number() - 1);
                if !self.heal(to)? {
                    let later = pieces.as_slice().iter().filter_map(|piece| match piece {
                        Piece::Frame(frame) => Some(frame.synced),
                        Piece::Unreadable { .. } => None,
                    });
                    if later.fold(frame.synced, Seq::max).max(self.vouched_in(rest)?) >= self.expected {
                        return Err(RecoveryError::Lost { from: self.expected, to });
                    }
                    return Ok(Some(self.cut_offset().unwrap_or(frame.offset)));
                }
            }
            self.hole = None;
            self.unsynced.retain(|before| before.block.last() > frame.synced);
            self.unsynced.push(frame.clone());
            self.expected = frame.block.last().next();
            let whole = frame.block.last() >= frame.commit_last();
            self.pending.push(frame);
            if whole {
                self.deliver_pending()?;
            }
        }
        Ok(None)
    }

    /// A segment is made only once the one before it is durable: its name vouches for every entry before it.
    fn reach(&mut self, first: Seq) -> Result<(), RecoveryError> {
        let before = Seq::new(first.number().saturating_sub(1));
        if self.expected > before {
            return Ok(());
        }
        if !self.heal(before)? {
            return Err(RecoveryError::Lost { from: self.expected, to: before });
        }
        self.hole = None;
        Ok(())
    }

    fn cut_offset(&self) -> Option<u64> {
        self.pending.first().map(|frame| frame.offset).or(self.hole)
    }

    fn vouched_in(&self, segments: &[Segment]) -> Result<Seq, RecoveryError> {
        let in_store = self.store_last.as_ref().map_or(Seq::NONE, Block::last);
        let mut vouched = self.copies.witness.vouches_for(true).max(in_store);
        for segment in segments {
            let (pieces, _) = journal::read_segment(self.copies.disk.as_ref(), segment, self.copies.ledger_id)?;
            vouched = vouched.max(Seq::new(segment.first.number().saturating_sub(1)));
            for piece in pieces {
                if let Piece::Frame(frame) = piece {
                    vouched = vouched.max(frame.synced);
                }
            }
        }
        Ok(vouched)
    }

    /// Fills the hole from `expected` to `to` from repair segments or the store. False: they do not have it all.
    fn heal(&mut self, to: Seq) -> Result<bool, RecoveryError> {
        let (mut blocks, mut next) = (Vec::new(), self.expected);
        let repaired = self.repaired(self.expected, to)?;
        for block in repaired {
            next = block.last().next();
            blocks.push(block);
        }
        let (healed_from, from_repair) = (next, blocks.len());
        while next <= to {
            let Some(block) = self.copies.store.block_from(next)?.filter(|block| block.first() == next && block.last() <= to) else {
                return Ok(false);
            };
            next = block.last().next();
            blocks.push(block);
        }
        self.deliver_pending()?;
        if let Some((repaired, from_store)) = blocks.split_at_checked(from_repair).filter(|(_, from_store)| !from_store.is_empty()) {
            let before = repaired.last().and_then(|block| block.entries().last()).map(|entry| entry.hash());
            let previous = before.or(self.hash).unwrap_or(EntryHash::ZERO);
            self.sink.settle()?;
            journal::write_repair(self.copies.disk.as_ref(), &self.copies.dir, self.copies.ledger_id, from_store, previous)?;
            self.alarms.push(format!("the journal lost entries {healed_from} to {to}; they were healed from sled"));
        }
        self.expected = next;
        blocks.iter().try_for_each(|block| self.deliver(block))?;
        Ok(true)
    }

    fn repaired(&self, from: Seq, to: Seq) -> Result<Vec<Block>, RecoveryError> {
        let mut blocks: Vec<Block> = Vec::new();
        for segment in journal::segments(self.copies.disk.as_ref(), &self.copies.dir, ".repair")? {
            if segment.first < from || segment.first > to {
                continue;
            }
            for piece in journal::read_segment(self.copies.disk.as_ref(), &segment, self.copies.ledger_id)?.0 {
                let next = blocks.last().map_or(from, |block| block.last().next());
                if let Piece::Frame(frame) = piece
                    && frame.block.first() == next
                    && frame.block.last() <= to
                {
                    blocks.push(frame.block);
                }
            }
        }
        Ok(blocks)
    }

    fn deliver_pending(&mut self) -> Result<(), RecoveryError> {
        let frames = std::mem::take(&mut self.pending);
        frames.iter().try_for_each(|frame| self.deliver(&frame.block))
    }

    fn deliver(&mut self, block: &Block) -> Result<(), RecoveryError> {
        for (segment, before) in &mut self.headless {
            if segment.first == block.first() {
                *before = self.hash;
            }
        }
        for entry in block.entries() {
            let named = entry.header.previous_hash;
            if let Some(found) = self.hash.filter(|found| *found != named) {
                return Err(RecoveryError::BrokenChain { seq: entry.header.seq, named, found });
            }
            self.hash = Some(entry.hash());
        }
        match &self.store_last {
            Some(last) if block.first() == last.first() && block != last => {
                return Err(RecoveryError::Differs { seq: block.first(), journal: block.last_hash(), store: last.last_hash() });
            }
            Some(last) if block.first() <= last.first() => self.compare(block)?,
            _ => {
                self.to_store.push(block.clone());
                if self.to_store.len() >= STORE_BATCH {
                    self.fill_store()?;
                }
            }
        }
        self.sink.take(block)
    }

    /// Compares a block with the store's: one that the store lost or damaged is put back, one that was changed is refused.
    fn compare(&mut self, block: &Block) -> Result<(), RecoveryError> {
        if !self.copies.compare_all {
            return Ok(());
        }
        match self.copies.store.block_with(block.first()) {
            Ok(Some(stored)) if stored == *block => return Ok(()),
            Ok(Some(stored)) if stored.last() >= block.first() => {
                return Err(RecoveryError::Differs { seq: block.first(), journal: block.last_hash(), store: stored.last_hash() });
            }
            Ok(_) | Err(StoreError::Block { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        self.sink.settle()?;
        self.alarms.push(format!("sled lost entries {} to {}; they were healed from the journal", block.first(), block.last()));
        self.copies.store.insert([block])?;
        Ok(())
    }

    fn fill_store(&mut self) -> Result<(), RecoveryError> {
        self.sink.settle()?;
        self.copies.store.insert(&std::mem::take(&mut self.to_store))?;
        Ok(())
    }

    fn finish(mut self, tail: Option<(Segment, u64)>) -> Result<Recovered, RecoveryError> {
        let (copies, disk) = (self.copies, self.copies.disk.as_ref());
        let vouched = copies.witness.vouches_for(self.hole.is_some() || !self.pending.is_empty());
        let store_ahead = self.store_last.as_ref().is_some_and(|last| last.last() >= self.expected);
        if store_ahead {
            self.deliver_pending()?;
        } else if let Some(first) = self.pending.first() {
            // The last commit is not whole, and nothing has the rest.
            self.expected = first.block.first();
        }
        if !store_ahead && vouched >= self.expected {
            return Err(RecoveryError::Lost { from: self.expected, to: vouched });
        }
        self.sink.settle()?;
        let tail = match tail {
            Some((segment, end)) => {
                let end = if store_ahead { self.hole.unwrap_or(end) } else { self.cut_offset().unwrap_or(end) };
                self.unsynced.retain(|frame| frame.offset < end);
                journal::rewrite_tail(disk, &segment, &self.unsynced, end)?;
                Some((segment, end))
            }
            None => None,
        };
        self.pending.clear();
        let mut resume = Resume { tail, last: Seq::new(self.expected.number() - 1), last_hash: self.hash.unwrap_or(EntryHash::ZERO) };
        if store_ahead {
            resume = self.append_from_store(&resume)?;
        }
        self.restore_headers()?;
        self.fill_store()?;
        copies.store.sync()?;
        Ok(Recovered { resume, alarms: self.alarms })
    }

    fn restore_headers(&mut self) -> Result<(), RecoveryError> {
        for (segment, before) in std::mem::take(&mut self.headless) {
            let begins_next = segment.first == self.expected;
            let Some(before) = before.or(self.hash.filter(|_| begins_next)) else { continue };
            journal::restore_header(self.copies.disk.as_ref(), &segment, self.copies.ledger_id, before)?;
            self.alarms.push(format!("the header of the journal's segment from entry {} was damaged; it was written again", segment.first));
        }
        Ok(())
    }

    /// sled is ahead: checks its blocks and appends them to the journal.
    fn append_from_store(&mut self, resume: &Resume) -> Result<Resume, RecoveryError> {
        let copies = self.copies;
        let first = self.expected;
        let mut journal = Journal::resume(copies.disk.clone(), &copies.dir, copies.ledger_id, resume)?;
        while let Some(block) = copies.store.block_from(self.expected)? {
            if block.first() != self.expected {
                return Err(RecoveryError::Lost { from: self.expected, to: Seq::new(block.first().number() - 1) });
            }
            let previous = self.hash.unwrap_or(EntryHash::ZERO);
            self.deliver(&block)?;
            self.sink.settle()?;
            journal.append(std::slice::from_ref(&block), previous)?;
            self.expected = block.last().next();
        }
        let last = Seq::new(self.expected.number() - 1);
        self.alarms.push(format!("the journal ended before sled; entries {first} to {last} were appended to it from sled"));
        let tail = journal.into_tail()?;
        Ok(Resume { tail: Some(tail), last, last_hash: self.hash.unwrap_or(EntryHash::ZERO) })
    }
}
