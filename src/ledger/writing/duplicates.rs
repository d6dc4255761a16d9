//! Events that come again: the same event id with the same content is answered as the first time.
//!
//! What the first time was stands in the log alone, and is read and compared every time. A list that is imported again asks
//! for it in the order of the log, a block at a time: the last block stays in memory.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::consent::time::Time;
use crate::consent::words::{Effect, Seq};
use crate::ledger::bytes::block::Block;
use crate::ledger::bytes::entry::EntryHash;
use crate::ledger::keys::secrets::Digest16;
use crate::ledger::storage::reader::{EntryUnreadable, ReadEntry, Reader, Sealed, open_sealed, read};
use crate::ledger::writing::batch::Batch;
use crate::ledger::writing::committer::Committer;
use crate::ledger::writing::record::{Acknowledgement, RecordError};
use crate::proto::clear_part::Fact;

/// Recognises what was recorded before.
#[derive(Default)]
pub struct Duplicates {
    /// The block that was read last. A block never changes.
    last: Mutex<Option<Arc<Block>>>,
}

impl Duplicates {
    /// Where the event id was spent before: the first acknowledgement where the content is the same. `with_file` is the
    /// content with the file that an act was imported from, where there is one: entries written before imports were have it.
    pub(in crate::ledger) fn spent(
        &self,
        committer: &Committer,
        batch: &Batch,
        (digest, content): (Digest16, Digest16),
        with_file: impl Fn() -> Option<Digest16>,
        claimed: Option<Time>,
    ) -> Result<Option<Acknowledgement>, RecordError> {
        if let Some(spent) = batch.event_ids.get(&digest) {
            let same = spent.content == content && claimed.is_none_or(|claimed| claimed == spent.claimed);
            let seq = spent.acknowledgement.seq;
            return if same {
                Ok(Some(Acknowledgement { duplicate: true, ..spent.acknowledgement }))
            } else {
                Err(RecordError::EventIdReused { seq })
            };
        }
        let Some(seq) = committer.state.event_id(&digest) else { return Ok(None) };
        let unavailable = |error: EntryUnreadable| RecordError::Unavailable { reason: error.to_string() };
        let entry = self.entry(&committer.planner.reader, seq).map_err(unavailable)?;
        let first = if entry.clear.claimed_at == 0 { entry.clear.occurred_at } else { entry.clear.claimed_at };
        let same = match open_sealed(&committer.sealer.keyring.lock(), &entry, false).map_err(unavailable)? {
            Sealed::Opened(sealed) => {
                let known = |content: Digest16| *sealed.content_digest == content;
                (known(content) || with_file().is_some_and(known)) && claimed.is_none_or(|claimed| claimed.micros() == first)
            }
            Sealed::Erased => true,
            Sealed::Nothing => false,
        };
        if !same {
            return Err(RecordError::EventIdReused { seq });
        }
        let effect = Effect::from_number(entry.clear.effect).unwrap_or(Effect::NoChange);
        let entry_hash = EntryHash::of(&entry.bytes).bytes();
        let caused = match &entry.clear.fact {
            Some(Fact::InboundMessageReceived(message)) => message.keyword != 0,
            Some(Fact::PossibleOptOutResolved(resolved)) => resolved.confirmed,
            _ => false,
        };
        Ok(Some(Acknowledgement { seq, entry_hash, duplicate: true, effect, caused: caused.then(|| seq.next()) }))
    }

    fn entry(&self, reader: &Reader, seq: Seq) -> Result<ReadEntry, EntryUnreadable> {
        let mut last = self.last.lock();
        let known = last.take().filter(|block| (block.first()..=block.last()).contains(&seq));
        let block = known.map_or_else(|| reader.block_with(seq), Ok)?;
        let entry = block.entries().find(|entry| entry.header.seq == seq).map(|entry| read(&entry));
        *last = Some(block);
        entry.unwrap_or_else(|| Err(EntryUnreadable { seq, reason: "its block does not hold it".into() }))
    }
}
