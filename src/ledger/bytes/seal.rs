//! AES-256-GCM under a key of its own for everything personal.
//!
//! ```text
//! box = nonce (12 random bytes) ‖ ciphertext ‖ tag (16)
//! ```

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use zeroize::Zeroizing;

/// Bytes of a nonce.
pub const NONCE_BYTES: usize = 12;

/// Bytes of a tag.
pub const TAG_BYTES: usize = 16;

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
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
        let sealed = self.0.encrypt(&Nonce::from(nonce), Payload { msg: plaintext, aad: bound_to }).map_err(|_| SealError::TooLong)?;
        let mut out = Vec::with_capacity(NONCE_BYTES + sealed.len());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
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
