//! API keys: what a program shows to say who it is.
//!
//! ```text
//! clk_256_J0aXq…       "clk" ‖ '_' ‖ the principal's number ‖ '_' ‖ 32 random bytes as 43 characters of base64url
//! stored: SHA-256 of the whole text, 32 bytes
//! ```
//!
//! 256 random bits cannot be guessed, so that a plain hash keeps them: there is nothing for a slow one to protect. The
//! prefix lets scanners of repositories and logs find a key that was left there.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What every key begins with.
pub const PREFIX: &str = "clk_";

/// The characters of 32 bytes in base64url.
const SECRET_CHARS: usize = 43;

/// The random part of a key that is to be, 32 bytes.
#[derive(Clone)]
pub struct KeySecret(Zeroizing<[u8; 32]>);

impl KeySecret {
    /// A new one.
    ///
    /// # Errors
    /// Where the operating system gives no random numbers.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret")
    }
}

/// A key, in clear: shown once and kept nowhere.
#[derive(Clone)]
pub struct ApiKey(Zeroizing<String>);

impl ApiKey {
    /// The key of a principal.
    #[must_use]
    pub fn new(principal: u32, secret: &KeySecret) -> Self {
        let secret = Zeroizing::new(URL_SAFE_NO_PAD.encode(secret.0.as_slice()));
        Self(Zeroizing::new(format!("{PREFIX}{principal}_{}", secret.as_str())))
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey")
    }
}

/// A key that somebody showed: whose it claims to be, and its digest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PresentedKey {
    pub(super) principal: u32,
    pub(super) digest: [u8; 32],
}

impl PresentedKey {
    /// Reads a key; none where the text is not one. Whether it is anybody's is another question.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (number, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let is_number = !number.is_empty() && !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
        let is_secret = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !is_number || secret.len() != SECRET_CHARS || !secret.bytes().all(is_secret) {
            return None;
        }
        Some(Self { principal: number.parse().ok()?, digest: Sha256::digest(text.as_bytes()).into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_as_its_principals_with_the_digest_that_is_stored() {
        let key = ApiKey::new(256, &KeySecret::random().unwrap());
        assert_eq!(key.text().len(), "clk_256_".len() + SECRET_CHARS);
        assert_eq!(PresentedKey::read(key.text()), Some(PresentedKey { principal: 256, digest: key.digest() }));
        assert_ne!(key.digest(), ApiKey::new(256, &KeySecret::random().unwrap()).digest());
    }

    #[test]
    fn what_is_no_key_does_not_read() {
        let secret = "A".repeat(SECRET_CHARS);
        assert!(PresentedKey::read(&format!("clk_256_{secret}")).is_some());
        let odd = [
            String::new(),
            format!("clk_{secret}"),
            format!("clk__{secret}"),
            format!("clk_+256_{secret}"),
            format!("clk_0256_{secret}"),
            format!("clk_4294967296_{secret}"),
            format!("clk_256_{secret}A"),
            format!("clk_256_{}", "A".repeat(42)),
            format!("clk_256_{}=", "A".repeat(42)),
            format!("CLK_256_{secret}"),
            format!(" clk_256_{secret}"),
            format!("clk_256_{secret}\n"),
        ];
        for text in odd {
            assert_eq!(PresentedKey::read(&text), None, "{text:?}");
        }
    }

    #[test]
    fn nothing_prints_a_key_by_accident() {
        let key = ApiKey::new(256, &KeySecret::random().unwrap());
        assert_eq!(format!("{key:?}{:?}", KeySecret::random().unwrap()), "ApiKeyKeySecret");
    }
}
