//! A slot of the keyring: the data key of one trail under the master key.
//!
//! ```text
//! state 1 | zero 1 | master_key_id 2 | nonce 12 | wrapped key 32 | tag 16
//! ```

use zeroize::Zeroizing;

use crate::ledger::bytes::seal::{Cipher, Key, SealError};
use crate::ledger::keys::secrets::LedgerId;

/// Bytes of a slot.
pub const SLOT_BYTES: usize = 64;

/// What a slot is bound to begins with it; then ledger id, trail, state and the master key's number.
const CONTEXT: &[u8] = b"consent-ledger/v1 slot";

const BOUND_TO_BYTES: usize = CONTEXT.len() + 16 + 8 + 1 + 2;

const LIVE: u8 = 1;
const ERASED: u8 = 2;

/// A slot as it is stored.
pub type SlotBytes = [u8; SLOT_BYTES];

/// What a slot holds.
#[derive(Debug)]
pub enum Slot {
    /// Never filled.
    Empty,
    /// A key.
    Live(Key),
    /// The key is gone.
    Erased,
}

/// A master key made ready to wrap the keys of one ledger's trails.
pub struct Wrapper {
    ledger_id: LedgerId,
    master_key_id: u16,
    cipher: Cipher,
}

impl Wrapper {
    /// Wraps under the master key of this number.
    #[must_use]
    pub fn new(ledger_id: LedgerId, master_key_id: u16, master: &Key) -> Self {
        Self { ledger_id, master_key_id, cipher: Cipher::new(master) }
    }

    /// Whose keys it wraps.
    #[must_use]
    pub const fn ledger_id(&self) -> LedgerId {
        self.ledger_id
    }

    /// The master key's number.
    #[must_use]
    pub const fn master_key_id(&self) -> u16 {
        self.master_key_id
    }

    /// The slot of a live key.
    ///
    /// # Errors
    /// Where there are no random numbers.
    pub fn live(&self, trail: u64, key: &Key) -> Result<SlotBytes, SealError> {
        self.wrap(trail, LIVE, key.bytes())
    }

    /// The slot of a key that is gone.
    ///
    /// # Errors
    /// Where there are no random numbers.
    pub fn erased(&self, trail: u64) -> Result<SlotBytes, SealError> {
        self.wrap(trail, ERASED, &[0; 32])
    }

    fn wrap(&self, trail: u64, state: u8, key: &[u8; 32]) -> Result<SlotBytes, SealError> {
        let sealed = self.cipher.seal(&self.bound_to(trail, state, self.master_key_id), key)?;
        let mut slot = Vec::with_capacity(SLOT_BYTES);
        slot.extend_from_slice(&[state, 0]);
        slot.extend_from_slice(&self.master_key_id.to_be_bytes());
        slot.extend_from_slice(&sealed);
        slot.as_slice().try_into().map_err(|_| SealError::TooLong)
    }

    /// What a slot holds; none: it is damaged, or another master key's.
    #[must_use]
    pub fn open(&self, trail: u64, slot: &SlotBytes) -> Option<Slot> {
        if *slot == [0; SLOT_BYTES] {
            return Some(Slot::Empty);
        }
        // What is opened lies where the slot is copied to, and leaves memory with it.
        let mut slot = Zeroizing::new(*slot);
        let (head, sealed) = slot.split_first_chunk_mut::<4>()?;
        let [state, _, id_high, id_low] = *head;
        let bound_to = self.bound_to(trail, state, u16::from_be_bytes([id_high, id_low]));
        let opened = self.cipher.open_in_place(&bound_to, sealed).ok()?;
        match (state, <[u8; 32]>::try_from(&*opened)) {
            (LIVE, Ok(key)) => Some(Slot::Live(Key::from_bytes(key))),
            (ERASED, Ok(_)) => Some(Slot::Erased),
            _ => None,
        }
    }

    fn bound_to(&self, trail: u64, state: u8, master_key_id: u16) -> [u8; BOUND_TO_BYTES] {
        let mut bound_to = [0; BOUND_TO_BYTES];
        let parts: [&[u8]; 5] = [CONTEXT, &self.ledger_id.0, &trail.to_be_bytes(), &[state], &master_key_id.to_be_bytes()];
        bound_to.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
        bound_to
    }
}

/// The number of the master key that a slot says it is wrapped under.
#[must_use]
pub const fn master_key_id_of(slot: &SlotBytes) -> u16 {
    let [_, _, high, low, ..] = *slot;
    u16::from_be_bytes([high, low])
}

/// Where the slot of a trail begins.
#[must_use]
pub const fn offset(trail: u64) -> u64 {
    trail.saturating_mul(SLOT_BYTES as u64)
}
