//! The log's two copies against each other, and its chain.

use crate::consent::words::Seq;
use crate::ledger::bytes::block::Block;
use crate::ledger::bytes::entry::EntryHash;
use crate::ledger::scrubbing::Findings;
use crate::ledger::scrubbing::frames::{Frames, Next};
use crate::ledger::scrubbing::pace::{Pace, Stopped};
use crate::ledger::storage::journal::{self, Piece, Segment};
use crate::ledger::storage::reader::Reader;
use crate::ledger::storage::store::StoreError;

/// After so many errors of sled's in a pass it is read no more in that pass.
const STORE_ERRORS_MAX: u32 = 16;

/// One pass over the log.
pub(super) struct LogPass<'a> {
    reader: &'a Reader,
    findings: &'a Findings,
    up_to: Seq,
    /// The next entry.
    next: Seq,
    /// The hash of the one before it; none: not known.
    hash: Option<EntryHash>,
    store_errors: u32,
}

impl<'a> LogPass<'a> {
    /// A pass up to an entry that is durable.
    pub const fn new(reader: &'a Reader, findings: &'a Findings, up_to: Seq) -> Self {
        Self { reader, findings, up_to, next: Seq::new(1), hash: Some(EntryHash::ZERO), store_errors: 0 }
    }

    /// Reads everything once.
    pub fn run(mut self, pace: &mut Pace<'_>) -> Result<(), Stopped> {
        let segments = match journal::begun_segments(self.reader.disk.as_ref(), &self.reader.journal_dir) {
            Ok(segments) => segments,
            Err(error) => {
                self.findings.stands(error.to_string());
                return Ok(());
            }
        };
        for segment in segments {
            if self.next > self.up_to {
                break;
            }
            if segment.first > self.next {
                self.hole(Seq::new(segment.first.number() - 1));
            }
            self.segment(&segment, pace)?;
        }
        if self.next <= self.up_to {
            self.hole(self.up_to);
        }
        Ok(())
    }

    fn segment(&mut self, segment: &Segment, pace: &mut Pace<'_>) -> Result<(), Stopped> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", segment.path.display());
        let mut frames = match Frames::open(self.reader.disk.as_ref(), segment) {
            Ok(frames) => frames,
            Err(error) => {
                self.findings.stands(failed(&error));
                return Ok(());
            }
        };
        while self.next <= self.up_to {
            match frames.next() {
                Ok((Next::Frame(frame), read)) => {
                    self.block(&frame.block);
                    // sled is read as well.
                    pace.read(read * 2)?;
                }
                Ok((Next::End, _)) => return Ok(()),
                Ok((Next::Other, read)) => {
                    pace.read(read)?;
                    return self.rest_of(segment, pace);
                }
                Err(error) => {
                    self.findings.stands(failed(&error));
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Bytes in it do not read: reads it in one to tell what is behind them. That is seldom.
    fn rest_of(&mut self, segment: &Segment, pace: &mut Pace<'_>) -> Result<(), Stopped> {
        match journal::read_surely(self.reader.disk.as_ref(), segment, self.reader.ledger_id) {
            Ok((pieces, end)) => {
                for piece in pieces {
                    if let Piece::Frame(frame) = piece
                        && self.next <= self.up_to
                    {
                        self.block(&frame.block);
                    }
                }
                pace.read(end)
            }
            Err(error) => {
                self.findings.stands(error.to_string());
                Ok(())
            }
        }
    }

    /// The journal's next block, or one behind a hole.
    fn block(&mut self, block: &Block) {
        if block.last() < self.next {
            return;
        }
        if block.first() > self.next {
            self.hole(Seq::new(block.first().number() - 1));
        }
        self.follow(block);
        self.compare(block);
        self.findings.compared(block.last());
    }

    /// Holds a block against the chain.
    fn follow(&mut self, block: &Block) {
        for entry in block.entries() {
            let (seq, named) = (entry.header.seq, entry.header.previous_hash);
            if self.hash.is_some_and(|hash| hash != named) {
                self.findings.stands(format!("entry {seq} does not follow from the one before it: one of them was changed"));
            }
            self.hash = Some(entry.hash());
        }
        self.next = block.last().next();
    }

    /// Compares a block of the journal with what waits for sled, else with sled's.
    fn compare(&mut self, block: &Block) {
        let (first, last) = (block.first(), block.last());
        if self.reader.pending.block_with(first).is_some_and(|pending| *pending == *block) || self.store_errors >= STORE_ERRORS_MAX {
            return;
        }
        let told = match self.reader.store.block_with(first) {
            Ok(Some(stored)) if stored == *block => return,
            Ok(Some(stored)) if stored.last() >= first => {
                return self.findings.stands(format!("entries {first} to {last} differ between journal and sled: one of them was changed"));
            }
            Ok(_) => "sled lost",
            Err(StoreError::Block { .. }) => "in sled do not read",
            Err(StoreError::Closed { .. }) => return,
            Err(error) => {
                self.store_errors += 1;
                return self.findings.stands(format!("sled does not read at entries {first} to {last}: {error}"));
            }
        };
        match self.reader.store.insert([block]).and_then(|()| self.reader.store.sync()) {
            Ok(()) => self.findings.healed(format!("entries {first} to {last} {told}; they were put back from the journal")),
            Err(error) => self.findings.stands(format!("entries {first} to {last} {told}, and it does not take them: {error}")),
        }
    }

    /// Entries up to `to` are not in the segments: a repair segment has them, or is written from sled.
    fn hole(&mut self, to: Seq) {
        let (from, to) = (self.next, to.min(self.up_to));
        if self.repaired(from, to) {
            return;
        }
        let (from, mut blocks, mut next) = (self.next, Vec::new(), self.next);
        while next <= to
            && let Ok(Some(block)) = self.reader.store.block_from(next)
            && block.first() == next
        {
            next = block.last().next();
            blocks.push(block);
        }
        if next <= to {
            self.findings.stands(format!("entries {from} to {to} do not read in the journal, and sled does not have them all"));
            (self.next, self.hash) = (to.next(), None);
            return;
        }
        let previous = blocks.first().and_then(|block| block.entries().next()).map_or(EntryHash::ZERO, |entry| entry.header.previous_hash);
        for block in &blocks {
            self.follow(block);
        }
        let Reader { disk, journal_dir, ledger_id, .. } = self.reader;
        match journal::write_repair(disk.as_ref(), journal_dir, *ledger_id, &blocks, previous) {
            Ok(()) => {
                self.findings.healed(format!("entries {from} to {to} do not read in the journal; a repair segment was written from sled"));
            }
            Err(error) => {
                self.findings.stands(format!("entries {from} to {to} do not read in the journal, and no repair was written: {error}"));
            }
        }
    }

    /// Goes on with what repair segments hold; whether that is all up to `to`.
    fn repaired(&mut self, from: Seq, to: Seq) -> bool {
        let repairs = journal::segments(self.reader.disk.as_ref(), &self.reader.journal_dir, ".repair").unwrap_or_default();
        for repair in repairs.iter().filter(|repair| repair.first >= from && repair.first <= to) {
            let read = journal::read_segment(self.reader.disk.as_ref(), repair, self.reader.ledger_id);
            for piece in read.map(|(pieces, _)| pieces).unwrap_or_default() {
                if let Piece::Frame(frame) = piece
                    && frame.block.first() == self.next
                    && frame.block.last() <= to
                {
                    self.follow(&frame.block);
                    self.compare(&frame.block);
                }
            }
        }
        self.next > to
    }
}
