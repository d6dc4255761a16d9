//! The log's blocks in order: a long stretch from the journal, a short one from the store.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::consent::words::Seq;
use crate::ledger::bytes::block::Block;
use crate::ledger::storage::journal::{self, Piece, Segment};
use crate::ledger::storage::reader::{EntryUnreadable, Reader};

/// From how many entries on the journal is read, which gives a whole segment at a time.
const LONG: u64 = 10_000;

/// Reads blocks one after the other; at most one segment of the journal is in memory.
pub struct Blocks {
    reader: Arc<Reader>,
    from: Seq,
    next: Seq,
    /// Segments not read yet, in order; none where the store gives every block.
    segments: Option<VecDeque<Segment>>,
    read: VecDeque<Block>,
}

impl Blocks {
    /// Reads the blocks that hold `from` to `to`.
    #[must_use]
    pub fn new(reader: Arc<Reader>, from: Seq, to: Seq) -> Self {
        let is_long = to.number().saturating_sub(from.number()) >= LONG;
        let segments = is_long.then(|| journal::segments(reader.disk.as_ref(), &reader.journal_dir, ".journal").ok()).flatten();
        let segments = segments.map(|segments| {
            let first = segments.iter().rposition(|segment| segment.first <= from).unwrap_or_default();
            segments.into_iter().skip(first).collect()
        });
        Self { reader, from, next: from, segments, read: VecDeque::new() }
    }

    /// Where it began.
    #[must_use]
    pub const fn from(&self) -> Seq {
        self.from
    }

    /// The block that holds the next entry.
    ///
    /// # Errors
    /// Where neither copy gives it.
    pub fn next_block(&mut self) -> Result<Arc<Block>, EntryUnreadable> {
        let block = match self.read_on() {
            Some(block) => Arc::new(block),
            // Also what fills a hole of the journal.
            None => self.reader.block_with(self.next)?,
        };
        self.next = block.last().next();
        Ok(block)
    }

    /// The same from the journal; none where it does not give it.
    fn read_on(&mut self) -> Option<Block> {
        loop {
            while self.read.front().is_some_and(|block| block.last() < self.next) {
                self.read.pop_front();
            }
            if let Some(block) = self.read.front() {
                return if block.first() <= self.next { self.read.pop_front() } else { None };
            }
            let segment = self.segments.as_mut()?.pop_front()?;
            let (pieces, _) = journal::read_segment(self.reader.disk.as_ref(), &segment, self.reader.ledger_id).ok()?;
            self.read.extend(pieces.into_iter().filter_map(|piece| match piece {
                Piece::Frame(frame) => Some(frame.block),
                Piece::Unreadable { .. } => None,
            }));
        }
    }
}
