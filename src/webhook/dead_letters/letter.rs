//! One dead letter: what is kept of it, and how it is laid out inside its box.
//!
//! ```text
//! plaintext = account ‖ field ‖ reason ‖ payload      the first three each behind their length, u16 big endian
//! id        = HMAC-SHA-256(id key, account ‖ 0x00 ‖ payload), the first 16 bytes
//! ```

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::DeadLetterError;
use crate::consent::time::Time;
use crate::consent::words::Account;
use crate::ledger::bytes::seal::Key;

/// A letter to keep.
#[derive(Clone)]
pub struct NewDeadLetter {
    /// The account it came to.
    pub account: Account,
    /// When it came.
    pub received_at: Time,
    /// The change's `field`; empty where there is none.
    pub field: String,
    /// Why it was not placed.
    pub reason: String,
    /// The item, as a webhook body of its own, or the raw body.
    pub payload: Vec<u8>,
}

/// A letter that is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeadLetter {
    /// Its name.
    pub id: LetterId,
    /// The account it came to.
    pub account: Account,
    /// When it came.
    pub received_at: Time,
    /// The change's `field`; empty where there is none.
    pub field: String,
    /// Why it was not placed.
    pub reason: String,
    /// How many bytes its payload has.
    pub payload_bytes: usize,
}

/// The name of a letter: 16 bytes, as 32 hexadecimal digits. Equal for the same item of the same account, so that a
/// redelivery is kept once; keyed, so that it says nothing of what is in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LetterId(pub(super) [u8; 16]);

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

/// Not a letter's name.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
#[error("the id of a dead letter is 32 hexadecimal digits, as `dead-letters list` shows it")]
pub struct LetterIdError;

impl FromStr for LetterId {
    type Err = LetterIdError;

    fn from_str(text: &str) -> Result<Self, LetterIdError> {
        let mut id = [0; 16];
        hex::decode_to_slice(text.trim(), &mut id).map_err(|_| LetterIdError)?;
        Ok(Self(id))
    }
}

/// Names letters.
pub(super) struct Namer(Hmac<Sha256>);

impl Namer {
    /// With this key.
    pub(super) fn new(key: &Key) -> Result<Self, DeadLetterError> {
        // 32 bytes are within what HMAC takes.
        Hmac::new_from_slice(key.bytes()).map(Self).map_err(|_| DeadLetterError::TooLong)
    }

    /// The name of `letter`.
    pub(super) fn name(&self, letter: &NewDeadLetter) -> LetterId {
        let mac = self.0.clone().chain_update(letter.account.as_str()).chain_update([0]).chain_update(&letter.payload);
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        LetterId(*digest.first_chunk().unwrap_or(&[0; 16]))
    }
}

/// What lies in a letter's box.
pub(super) fn plaintext(letter: &NewDeadLetter) -> Result<Vec<u8>, DeadLetterError> {
    let mut out = Vec::with_capacity(letter.payload.len() + 128);
    for text in [letter.account.as_str(), &letter.field, &letter.reason] {
        out.extend_from_slice(&u16::try_from(text.len()).map_err(|_| DeadLetterError::TooLong)?.to_be_bytes());
        out.extend_from_slice(text.as_bytes());
    }
    out.extend_from_slice(&letter.payload);
    Ok(out)
}

/// Reads it back: the letter and its payload.
pub(super) fn read(id: LetterId, received_at: Time, plaintext: &[u8]) -> Option<(DeadLetter, Vec<u8>)> {
    let (account, rest) = text(plaintext)?;
    let (field, rest) = text(rest)?;
    let (reason, payload) = text(rest)?;
    let account = account.parse().ok()?;
    let (field, reason) = (field.to_owned(), reason.to_owned());
    Some((DeadLetter { id, account, received_at, field, reason, payload_bytes: payload.len() }, payload.to_vec()))
}

fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let (text, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((std::str::from_utf8(text).ok()?, rest))
}
