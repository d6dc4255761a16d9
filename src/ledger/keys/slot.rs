//! A slot of the keyring: the data key of one trail under the master key.
//!
//! ```text
//! state 1 | zero 1 | master_key_id 2 | nonce 12 | wrapped key 32 | tag 16
//! ```

use crate::ledger::bytes::seal::{Cipher, Key, NONCE_BYTES, SealError};
use crate::ledger::keys::secrets::LedgerId;

/// Bytes of a slot.
pub const SLOT_BYTES: usize = 64;

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
        let ([state, _, id_high, id_low], sealed) = slot.split_first_chunk::<4>().map(|(head, rest)| (*head, rest))?;
        debug_assert_eq!(sealed.len(), NONCE_BYTES + 48);
        let opened = self.cipher.open(&self.bound_to(trail, state, u16::from_be_bytes([id_high, id_low])), sealed).ok()?;
        match (state, <[u8; 32]>::try_from(opened.as_slice())) {
            (LIVE, Ok(key)) => Some(Slot::Live(Key::from_bytes(key))),
            (ERASED, Ok(_)) => Some(Slot::Erased),
            _ => None,
        }
    }

    fn bound_to(&self, trail: u64, state: u8, master_key_id: u16) -> Vec<u8> {
        [b"consent-ledger/v1 slot".as_slice(), &self.ledger_id.0, &trail.to_be_bytes(), &[state], &master_key_id.to_be_bytes()].concat()
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
