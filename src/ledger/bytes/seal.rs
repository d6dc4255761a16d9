//! AES-256-GCM under a key of its own for everything personal.
//!
//! ```text
//! box = nonce (12 random bytes) ‖ ciphertext ‖ tag (16)
//! ```

use std::cell::RefCell;

use aes_gcm::aead::{Aead, AeadInOut, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce, Tag};
use zeroize::Zeroizing;

/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 12;

/// Bytes of a tag.
pub const TAG_BYTES: usize = 16;

/// Nonces that are fetched at once: one call into the system for each would cost as much as sealing a short text.
const NONCES: usize = 64;

thread_local! {
    /// Nonces of this thread that were not used yet. They are no secrets: each is stored beside what it sealed.
    static READY: RefCell<Vec<[u8; NONCE_BYTES]>> = const { RefCell::new(Vec::new()) };
}

/// A nonce that no other call was given: 12 random bytes.
fn nonce() -> Result<[u8; NONCE_BYTES], SealError> {
    READY.with_borrow_mut(|ready| {
        if ready.is_empty() {
            let mut bytes = [0; NONCE_BYTES * NONCES];
            getrandom::fill(&mut bytes).map_err(|_| SealError::NoRandomness)?;
            ready.extend_from_slice(bytes.as_chunks().0);
        }
        // Taken out, so that it is never given again.
        ready.pop().ok_or(SealError::NoRandomness)
    })
}

/// A 256-bit key; leaves memory when dropped.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// A fresh random key.
    ///
    /// # Errors
    /// Where the operating system has no random numbers.
    pub fn random() -> Result<Self, SealError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| SealError::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// So many fresh random keys, for one call into the system: a call for each takes longer than wrapping it.
    ///
    /// # Errors
    /// Where the operating system has no random numbers.
    pub fn several(count: usize) -> Result<impl Iterator<Item = Self>, SealError> {
        let mut bytes = Zeroizing::new(vec![0; 32 * count]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| SealError::NoRandomness)?;
        let mut place = 0;
        Ok(std::iter::from_fn(move || {
            let key = bytes.as_chunks().0.get(place).copied().map(Self::from_bytes);
            place += 1;
            key
        }))
    }

    /// The key with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Never shows it.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Why something was not sealed or opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum SealError {
    /// The operating system has no random numbers.
    #[error("the operating system gave no random numbers")]
    NoRandomness,
    /// More than AES-GCM takes.
    #[error("too long to seal")]
    TooLong,
    /// The key, the bytes or what they are bound to do not match.
    #[error("does not open: another key, or changed bytes")]
    DoesNotOpen,
}

/// A key made ready; worth keeping where much is sealed or opened with one key.
pub struct Cipher(Aes256Gcm);

impl Cipher {
    /// Makes a key ready.
    #[must_use]
    pub fn new(key: &Key) -> Self {
        Self(Aes256Gcm::new(&(*key.0).into()))
    }

    /// Seals `plaintext`, bound to `bound_to`, with a random nonce.
    ///
    /// # Errors
    /// Where there are no random numbers.
    pub fn seal(&self, bound_to: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
        let nonce = nonce()?;
        let mut out = Vec::with_capacity(NONCE_BYTES + plaintext.len() + TAG_BYTES);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plaintext);
        let (_, text) = out.split_at_mut(NONCE_BYTES);
        let tag = self.0.encrypt_inout_detached(&Nonce::from(nonce), bound_to, text.into()).map_err(|_| SealError::TooLong)?;
        out.extend_from_slice(&tag);
        Ok(out)
    }

    /// Appends a box to `bytes`, bound to all that stands there already from `from` on. What `write` appends is sealed where it lies:
    /// it is copied nowhere.
    ///
    /// # Errors
    /// Where there are no random numbers, or too much is sealed: final for `bytes`.
    pub fn append(&self, bytes: &mut Vec<u8>, from: usize, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), SealError> {
        let (nonce, before) = (nonce()?, bytes.len());
        bytes.extend_from_slice(&nonce);
        write(bytes);
        let (bound_to, sealed) = bytes.split_at_mut(before);
        let bound_to = bound_to.get(from..).unwrap_or_default();
        let (_, text) = sealed.split_at_mut(NONCE_BYTES);
        let tag = self.0.encrypt_inout_detached(&Nonce::from(nonce), bound_to, text.into()).map_err(|_| SealError::TooLong)?;
        bytes.extend_from_slice(&tag);
        Ok(())
    }

    /// Opens what was sealed with the same key.
    ///
    /// # Errors
    /// Where key, bytes or `bound_to` differ.
    pub fn open(&self, bound_to: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::DoesNotOpen)?;
        let opened = self.0.decrypt(&Nonce::from(*nonce), Payload { msg: ciphertext, aad: bound_to });
        opened.map(Zeroizing::new).map_err(|_| SealError::DoesNotOpen)
    }

    /// The same where it lies; gives the text in it. What it leaves where it does not open is of no use.
    ///
    /// # Errors
    /// As [`Cipher::open`].
    pub fn open_in_place<'a>(&self, bound_to: &[u8], sealed: &'a mut [u8]) -> Result<&'a mut [u8], SealError> {
        let (nonce, rest) = sealed.split_first_chunk_mut::<NONCE_BYTES>().ok_or(SealError::DoesNotOpen)?;
        let (text, tag) = rest.split_last_chunk_mut::<TAG_BYTES>().ok_or(SealError::DoesNotOpen)?;
        let opened = self.0.decrypt_inout_detached(&Nonce::from(*nonce), bound_to, (&mut *text).into(), &Tag::from(*tag));
        opened.map(|()| text).map_err(|_| SealError::DoesNotOpen)
    }
}

/// [`Cipher::seal`] under `key`.
///
/// # Errors
/// Where there are no random numbers.
pub fn seal(key: &Key, bound_to: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    Cipher::new(key).seal(bound_to, plaintext)
}

/// [`Cipher::open`] under `key`.
///
/// # Errors
/// Where key, bytes or `bound_to` differ.
pub fn open(key: &Key, bound_to: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    Cipher::new(key).open(bound_to, sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_that_is_sealed_where_it_lies_opens_as_one_that_was_copied_does() {
        let key = Key::from_bytes([7; 32]);
        let mut bytes = b"another;bound to".to_vec();
        Cipher::new(&key).append(&mut bytes, 8, |bytes| bytes.extend_from_slice(b"text")).unwrap();
        let (bound_to, sealed) = bytes[8..].split_at(8);
        assert_eq!((bound_to, sealed.len()), (b"bound to".as_slice(), NONCE_BYTES + 4 + TAG_BYTES));
        assert_eq!(open(&key, bound_to, sealed).unwrap().as_slice(), b"text");
        assert_eq!(open(&key, b"Bound to", sealed), Err(SealError::DoesNotOpen));
        let mut copied = seal(&key, bound_to, b"text").unwrap();
        assert_eq!(open(&key, bound_to, &copied).unwrap().as_slice(), b"text");
        let cipher = Cipher::new(&key);
        assert_eq!(cipher.open_in_place(b"Bound to", &mut copied.clone()), Err(SealError::DoesNotOpen));
        assert_eq!(cipher.open_in_place(bound_to, &mut copied[..NONCE_BYTES + 3]), Err(SealError::DoesNotOpen));
        assert_eq!(cipher.open_in_place(bound_to, &mut copied).unwrap(), b"text");
    }

    #[test]
    fn keys_that_are_made_together_are_as_many_as_asked_for_and_all_different() {
        let keys: std::collections::HashSet<[u8; 32]> = Key::several(1000).unwrap().map(|key| *key.bytes()).collect();
        assert_eq!(keys.len(), 1000);
        assert!(!keys.contains(&[0; 32]));
        assert_eq!(Key::several(0).unwrap().count(), 0);
    }

    #[test]
    fn no_nonce_is_given_twice_by_one_thread_or_two() {
        let draw = || (0..3 * NONCES).map(|_| nonce().unwrap()).collect::<Vec<_>>();
        let mut drawn = draw();
        drawn.extend(std::thread::spawn(draw).join().unwrap());
        drawn.extend(draw());
        let different: std::collections::HashSet<_> = drawn.iter().collect();
        assert_eq!(different.len(), 9 * NONCES);
    }
}
