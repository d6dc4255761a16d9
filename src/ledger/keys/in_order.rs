//! Keys of trails as a replay asks for them: nearly in the order of the trails, so that many slots are read at a time.
//!
//! Only while nothing writes the keyring: what was read ahead would not show an erasure.

use parking_lot::Mutex;
use zeroize::Zeroizing;

use crate::ledger::keys::keyring::{Keyring, KeyringError};
use crate::ledger::keys::slot::{SLOT_BYTES, Slot, SlotBytes};

/// How many slots are read at a time.
const AHEAD: usize = 1024;

/// Whoever gives the keys of trails.
pub trait Slots {
    /// What the slot of `trail` holds.
    ///
    /// # Errors
    /// Where neither copy opens, or they hold different keys.
    fn slot(&self, trail: u64) -> Result<Slot, KeyringError>;
}

impl Slots for Keyring {
    fn slot(&self, trail: u64) -> Result<Slot, KeyringError> {
        Self::slot(self, trail)
    }
}

/// A keyring that is read in order.
pub struct InOrder<'a> {
    keyring: &'a Keyring,
    ahead: Mutex<Ahead>,
}

/// Slots that were read together, of both files.
struct Ahead {
    first: u64,
    copies: [Zeroizing<Vec<u8>>; 2],
}

impl<'a> InOrder<'a> {
    /// Reads this keyring.
    #[must_use]
    pub fn new(keyring: &'a Keyring) -> Self {
        Self { keyring, ahead: Mutex::new(Ahead { first: 1, copies: Default::default() }) }
    }
}

impl Slots for InOrder<'_> {
    fn slot(&self, trail: u64) -> Result<Slot, KeyringError> {
        let mut ahead = self.ahead.lock();
        // One that is asked for out of its order is no reason to read the others again.
        if trail < ahead.first || trail - ahead.first >= 2 * AHEAD as u64 {
            return self.keyring.slot(trail);
        }
        if trail - ahead.first >= AHEAD as u64 || ahead.copies.iter().all(|copy| copy.is_empty()) {
            *ahead = Ahead { first: trail, copies: self.keyring.slots(trail, AHEAD)?.map(Zeroizing::new) };
        }
        let place = usize::try_from(trail - ahead.first).unwrap_or_default();
        let [a, b] = ahead.copies.each_ref().map(|copy| slot_at(copy, place));
        self.keyring.held(trail, &a, &b)
    }
}

/// A slot among several.
fn slot_at(slots: &[u8], place: usize) -> SlotBytes {
    slots.as_chunks().0.get(place).copied().unwrap_or([0; SLOT_BYTES])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::bytes::seal::Key;
    use crate::ledger::keys::secrets::LedgerId;
    use crate::ledger::keys::slot::Wrapper;
    use crate::ledger::storage::disk::RealDisk;

    #[test]
    fn whatever_the_order_it_is_asked_in_it_gives_what_the_keyring_gives() {
        let dir = tempfile::tempdir().unwrap();
        let (id, master) = (LedgerId([3; 16]), Key::from_bytes([7; 32]));
        let wrapper = Wrapper::new(id, 1, &master);
        let written = Keyring::open(&RealDisk, dir.path(), wrapper, 0, 3000).unwrap();
        written.erase(&[2, 1030]).unwrap();
        let read = Keyring::open_to_read(&RealDisk, dir.path(), id, &master).unwrap();
        let in_order = InOrder::new(&read);
        let bytes = |slot: Result<Slot, KeyringError>| match slot.unwrap() {
            Slot::Live(key) => Some(*key.bytes()),
            Slot::Erased => None,
            Slot::Empty => Some([0; 32]),
        };
        let there_and_back = (1..=3010).chain([5, 1, 2999, 2, 1030, 4_000_000]).chain((1..=3000).rev());
        for trail in there_and_back {
            assert_eq!(bytes(in_order.slot(trail)), bytes(read.slot(trail)), "{trail}");
        }
        assert_eq!((bytes(in_order.slot(2)), bytes(in_order.slot(1030))), (None, None));
    }
}
