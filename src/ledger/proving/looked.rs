//! A block of a log that is verified, with all that can be told of it without those before it: whether its entries are canonical,
//! and whether sled has the same.
//!
//! ```text
//! one thread: read, decode, canonical? in sled too? ──▶ another: hash, link, checkpoints
//! ```
//!
//! Neither needs what the other does, so that two cores work at once.

use crate::consent::words::Seq;
use crate::ledger::bytes::block::{Block, BlockError};
use crate::ledger::bytes::entry::EntryError;
use crate::ledger::storage::store::{Store, StoreError};
use crate::proto::clear_part::Fact;

/// A block that was looked at.
pub(in crate::ledger) struct Looked {
    /// The block.
    pub block: Block,
    /// Of every entry, in order: whether it is the one that a ledger begins with, or what is wrong with its clear part.
    pub clear: Vec<Result<bool, EntryError>>,
    /// What sled has of it.
    pub stored: Stored,
}

/// What sled has of a block.
pub(in crate::ledger) enum Stored {
    /// It is not compared.
    NotCompared,
    /// The same.
    Same,
    /// Other bytes.
    Differs,
    /// Nothing yet: sled ends before it.
    Behind,
    /// Nothing, though sled goes on behind it.
    Missing,
    /// A block that does not read.
    Damaged(BlockError),
    /// It cannot be asked any more.
    Unreadable(StoreError),
}

/// Looks at blocks, one after the other.
#[derive(Default)]
pub(in crate::ledger) struct Looker {
    store: Option<(Store, Seq)>,
}

impl Looker {
    /// Compares with sled, which ends at `last`.
    pub const fn comparing(store: Store, last: Seq) -> Self {
        Self { store: Some((store, last)) }
    }

    /// Looks at a block.
    pub fn look(&mut self, block: Block) -> Looked {
        let created = |fact: Option<Fact>| matches!(fact, Some(Fact::LedgerCreated(_)));
        let clear = block.entries().map(|entry| entry.clear().map(|clear| created(clear.fact))).collect();
        let stored = self.stored(&block);
        if matches!(stored, Stored::Unreadable(_)) {
            self.store = None;
        }
        Looked { block, clear, stored }
    }

    fn stored(&self, block: &Block) -> Stored {
        let Some((store, last)) = &self.store else { return Stored::NotCompared };
        match store.holds(block).and_then(|holds| if holds { Ok(None) } else { store.block_with(block.first()).map(Some) }) {
            Ok(None) => Stored::Same,
            Ok(Some(Some(stored))) if stored.first() == block.first() => Stored::Differs,
            Ok(Some(_)) if *last < block.first() => Stored::Behind,
            Ok(Some(_)) => Stored::Missing,
            Err(StoreError::Block { source, .. }) => Stored::Damaged(source),
            Err(error) => Stored::Unreadable(error),
        }
    }
}
