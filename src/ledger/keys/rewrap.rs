//! Both files of the keyring under another master key. At every moment each slot opens with the old one or the new one.
//!
//! ```text
//! a: slot by slot, synced ── then b: the bytes of a, synced
//! ```
//!
//! It may be cut off anywhere and done again: what is under the new key already stays as it is.

use std::path::Path;

use crate::ledger::keys::keyring::{Copy, KeyringError, open_copy};
use crate::ledger::keys::slot::{SLOT_BYTES, Slot, SlotBytes, Wrapper, master_key_id_of, offset};
use crate::ledger::storage::disk::Disk;

/// How many slots are read at a time.
const CHUNK_SLOTS: usize = 4096;

/// What was found and done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rewrapped {
    /// Keys that open under the new master key.
    pub live: u64,
    /// Keys that were erased before, and stay so.
    pub erased: u64,
    /// Slots that open in neither file, with neither key; they were left as they are.
    pub damaged: u64,
}

/// The master keys that a slot may be under.
struct Keys<'a> {
    old: Option<&'a Wrapper>,
    new: &'a Wrapper,
}

/// Wraps every slot of the keyring in `dir` under the new master key.
///
/// # Errors
/// Where a file does not do what is asked; it may be done again.
pub(super) fn rewrap(disk: &dyn Disk, dir: &Path, old: Option<&Wrapper>, new: &Wrapper) -> Result<Rewrapped, KeyringError> {
    let io = |source| KeyringError::Io { path: dir.to_owned(), source };
    let copies = [open_copy(disk, dir.join("a"), new.ledger_id())?, open_copy(disk, dir.join("b"), new.ledger_id())?];
    disk.sync_dir(dir).map_err(io)?;
    let keys = Keys { old, new };
    let mut rewrapped = Rewrapped::default();
    for place in [0, 1] {
        // The second time what was found is the same again.
        rewrapped = Rewrapped::default();
        each_chunk(&copies, |first, [a, b]| {
            let mut chunk = Vec::with_capacity(a.len());
            for (trail, (a, b)) in (first..).zip(slots(a).zip(slots(b))) {
                let (own, other) = if place == 0 { (a, b) } else { (b, a) };
                chunk.extend_from_slice(&keys.under_new(trail, own, other, &mut rewrapped)?);
            }
            let Some(copy) = copies.get(place) else { return Ok(()) };
            let before = if place == 0 { a } else { b };
            if chunk == before { Ok(()) } else { copy.io(copy.file.write_at(&chunk, offset(first))) }
        })?;
        // One file is whole under the new key before the other is touched.
        copies.get(place).map_or(Ok(()), |copy| copy.io(copy.file.sync()))?;
    }
    Ok(rewrapped)
}

impl Keys<'_> {
    /// The slot of a file under the new key: its own or, where that is damaged or the key was erased in the other, the other's.
    fn under_new(&self, trail: u64, own: SlotBytes, other: SlotBytes, told: &mut Rewrapped) -> Result<SlotBytes, KeyringError> {
        let (in_own, in_other) = (self.open(trail, &own), self.open(trail, &other));
        let from_other = match (&in_own, &in_other) {
            (_, Some(Slot::Erased)) | (None | Some(Slot::Empty), Some(Slot::Live(_))) => true,
            // The same bytes in both files.
            (Some(Slot::Live(one)), Some(Slot::Live(same))) => one.bytes() == same.bytes() && self.is_new(&other),
            _ => false,
        };
        let (bytes, slot) = if from_other { (other, in_other) } else { (own, in_own) };
        match &slot {
            None => told.damaged += 1,
            Some(Slot::Live(_)) => told.live += 1,
            Some(Slot::Erased) => told.erased += 1,
            Some(Slot::Empty) => {}
        }
        match slot {
            Some(Slot::Live(key)) if !self.is_new(&bytes) => Ok(self.new.live(trail, &key)?),
            Some(Slot::Erased) if !self.is_new(&bytes) => Ok(self.new.erased(trail)?),
            _ => Ok(bytes),
        }
    }

    fn is_new(&self, slot: &SlotBytes) -> bool {
        master_key_id_of(slot) == self.new.master_key_id()
    }

    fn open(&self, trail: u64, slot: &SlotBytes) -> Option<Slot> {
        if *slot == [0; SLOT_BYTES] || self.is_new(slot) {
            return self.new.open(trail, slot);
        }
        self.old.and_then(|old| old.open(trail, slot))
    }
}

/// Calls with the first trail of each chunk and its slots in both files, as many in each; a file that ends earlier has zeros there.
fn each_chunk(copies: &[Copy; 2], mut chunk: impl FnMut(u64, [&[u8]; 2]) -> Result<(), KeyringError>) -> Result<(), KeyringError> {
    let [a, b] = copies;
    let slots = a.io(a.file.len())?.max(b.io(b.file.len())?) / SLOT_BYTES as u64;
    for first in (1..slots).step_by(CHUNK_SLOTS) {
        let count = usize::try_from(slots - first).unwrap_or(CHUNK_SLOTS).min(CHUNK_SLOTS);
        let [mut in_a, mut in_b] = [vec![0; count * SLOT_BYTES], vec![0; count * SLOT_BYTES]];
        a.io(a.file.read_at(&mut in_a, offset(first)))?;
        b.io(b.file.read_at(&mut in_b, offset(first)))?;
        chunk(first, [&in_a, &in_b])?;
    }
    Ok(())
}

fn slots(chunk: &[u8]) -> impl Iterator<Item = SlotBytes> {
    chunk.chunks_exact(SLOT_BYTES).filter_map(|slot| slot.try_into().ok())
}
