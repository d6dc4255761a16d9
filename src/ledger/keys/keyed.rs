//! Digests that only somebody with the key can make: HMAC-SHA-256 with a key that is made ready once.
//!
//! ```text
//! digest = HMAC-SHA-256(key, parts[0] ‖ parts[1] ‖ …)
//! half   = its first 16 bytes
//! ```

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::ledger::bytes::seal::Key;

/// First half of an HMAC-SHA-256: 16 bytes.
pub type Digest16 = [u8; 16];

/// A key of digests, made ready: both of its blocks are hashed once and not for every digest, which halves what a short one costs.
///
/// What it holds is as secret as the key, and stays in memory as long as it does.
#[derive(Clone)]
pub struct Keyed(Hmac<Sha256>);

impl Keyed {
    /// Makes a key ready.
    #[must_use]
    pub fn new(key: &Key) -> Self {
        // HMAC takes keys of one SHA-256 block; a shorter key is padded with zeros, as RFC 2104 says.
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        block.iter_mut().zip(key.bytes()).for_each(|(to, from)| *to = *from);
        Self(<Hmac<Sha256> as KeyInit>::new(&block))
    }

    /// The digest of these parts, one after another: 32 bytes.
    #[must_use]
    pub fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The first half of it: 16 bytes.
    #[must_use]
    pub fn half(&self, parts: &[&[u8]]) -> Digest16 {
        let mut half = [0; 16];
        half.iter_mut().zip(self.digest(parts)).for_each(|(to, from)| *to = from);
        half
    }
}

/// Never shows it.
impl std::fmt::Debug for Keyed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyed(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_was_made_ready_gives_what_rfc_4231_says_every_time() {
        // Test case 2, its key of four bytes padded with zeros, the text in two parts.
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let keyed = Keyed::new(&Key::from_bytes(key));
        for _ in 0..2 {
            let digest = keyed.digest(&[b"what do ya want ", b"for nothing?"]);
            assert_eq!(hex::encode(digest), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
            assert_eq!(keyed.half(&[b"what do ya want for nothing?"]), digest[..16]);
        }
    }
}
