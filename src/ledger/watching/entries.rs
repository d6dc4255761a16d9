//! Entries for whoever follows the log: those that are there, then those that come, each exactly once.
//!
//! ```text
//!   1 ── read ──▶ next          head
//!   ├────────────┤├─────────────┤
//!    handed out     still to read; the head only moves on, and so does next
//! ```
//!
//! The place is a seq, and nothing else is remembered: there is no gap between what is on disk and what comes.

use std::sync::Arc;

use crate::consent::words::{Account, Sender, Seq};
use crate::ledger::bytes::block::Block;
use crate::ledger::bytes::entry::{Entry, EntryHash};
use crate::ledger::reading::browse::{OpenedEntry, Parts, ReadError};
use crate::ledger::reading::concerns;
use crate::ledger::storage::reader::{ReadEntry, read};
use crate::ledger::{Ledger, Position};

/// After how many bytes of entries, as stored, a look ends.
const LOOK_BYTES: usize = 64 * 1024;

/// After how many entries a look ends, passed over or not.
const LOOK_ENTRIES: u64 = 20_000;

/// Where a watch begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begin {
    /// With this entry. The one before it has this hash, where that is to be compared.
    From(Seq, Option<[u8; 32]>),
    /// With the next that is recorded.
    New,
}

/// Which entries to watch: those that every filter lets through.
#[derive(Clone, Debug, Default)]
pub struct Passing {
    /// Only this account's.
    pub account: Option<Account>,
    /// Only what concerns one of these; empty: everything.
    pub senders: Vec<Sender>,
    /// Only of these kinds, by number; empty: of all.
    pub kinds: Vec<u16>,
    /// What to hand out of each.
    pub parts: Parts,
}

/// Why a watch does not begin.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum NotWatched {
    /// The account or the log.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It begins past the head.
    #[error("the log ends at entry {head} and the watch would begin at {from}: another log was followed, or this one was put back")]
    LogBehind {
        /// The head.
        head: Seq,
        /// Where it would begin.
        from: Seq,
    },
    /// The entry before it is another.
    #[error("entry {seq} has another hash than the one given: the log was rewritten since, or another one was followed")]
    LogDiffers {
        /// Which entry.
        seq: Seq,
    },
}

/// What a look found.
#[derive(Debug)]
pub struct Found {
    /// Entries that pass, ascending.
    pub entries: Vec<OpenedEntry>,
    /// Up to here everything that passes was found, by this look and those before it.
    pub position: Position,
    /// Whether there is more to read already.
    pub more: bool,
}

/// A place in the log from which it is followed.
pub struct EntryWatch {
    ledger: Ledger,
    account: Option<u64>,
    passing: Passing,
    position: Position,
    /// The block that holds the next entry, where an earlier look left off in it.
    block: Option<Arc<Block>>,
}

impl Ledger {
    /// Begins to follow the log. Blocks.
    ///
    /// # Errors
    /// Where the account is not known, or the log is not the one that was followed before.
    pub fn watch_entries(&self, begin: Begin, passing: Passing) -> Result<EntryWatch, NotWatched> {
        let account = match &passing.account {
            Some(name) => {
                let trail = self.with_account(name, |account| account.trail);
                Some(trail.ok_or_else(|| ReadError::AccountUnknown { account: name.to_string() })?)
            }
            None => None,
        };
        let head = self.head();
        let position = match begin {
            Begin::New => head,
            Begin::From(from, previous) => {
                let from = from.max(Seq::new(1));
                if from > head.seq.next() {
                    return Err(NotWatched::LogBehind { head: head.seq, from });
                }
                let position = self.position_at(Seq::new(from.number() - 1))?;
                if previous.is_some_and(|previous| previous != position.hash) {
                    return Err(NotWatched::LogDiffers { seq: position.seq });
                }
                position
            }
        };
        Ok(EntryWatch { ledger: self.clone(), account, passing, position, block: None })
    }

    fn position_at(&self, seq: Seq) -> Result<Position, ReadError> {
        let hash = if seq == Seq::NONE { EntryHash::ZERO } else { EntryHash::of(&self.shared.reader.entry(seq)?.bytes) };
        Ok(Position { seq, hash: hash.bytes() })
    }
}

impl EntryWatch {
    /// Up to here everything that passes was found.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Reads on, up to the head or until it has found enough. Blocks.
    ///
    /// # Errors
    /// Where the log cannot be read.
    pub fn look(&mut self) -> Result<Found, ReadError> {
        let head = self.ledger.head();
        let begun = self.position.seq;
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while self.position.seq < head.seq && bytes < LOOK_BYTES && self.position.seq.number() - begun.number() < LOOK_ENTRIES {
            let next = self.position.seq.next();
            let block = match self.block.take().filter(|block| (block.first()..=block.last()).contains(&next)) {
                Some(block) => block,
                None => self.ledger.shared.reader.block_with(next)?,
            };
            let mut last = None;
            for entry in block.entries().filter(|entry| (next..=head.seq).contains(&entry.header.seq)) {
                if let Some(read) = self.passes(&entry)? {
                    bytes += read.bytes.len();
                    entries.push(self.ledger.shown(read, self.passing.parts)?);
                }
                last = Some(entry);
                if bytes >= LOOK_BYTES {
                    break;
                }
            }
            let Some(last) = last else {
                return Err(ReadError::Unreadable { reason: format!("the block of entry {next} does not hold it") });
            };
            self.position = Position { seq: last.header.seq, hash: last.hash().bytes() };
            if self.position.seq < block.last() {
                self.block = Some(block.clone());
            }
        }
        Ok(Found { entries, position: self.position, more: self.position.seq < head.seq })
    }

    /// The entry, where every filter lets it through.
    fn passes(&self, entry: &Entry<'_>) -> Result<Option<ReadEntry>, ReadError> {
        let Passing { kinds, senders, .. } = &self.passing;
        let header = &entry.header;
        if self.account.is_some_and(|account| header.account != account) || !kinds.is_empty() && !kinds.contains(&header.kind) {
            return Ok(None);
        }
        let read = read(entry)?;
        Ok((senders.is_empty() || concerns::any_of(&read.clear, senders)).then_some(read))
    }
}
