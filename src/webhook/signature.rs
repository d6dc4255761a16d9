//! Who sent a body: HMAC-SHA-256 over its raw bytes, keyed with the account's app secret.
//!
//! ```text
//! X-Hub-Signature-256: sha256=<64 hexadecimal digits>
//! ```

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header that carries the signature.
pub const HEADER: &str = "x-hub-signature-256";

/// The app secret that the provider signs with.
#[derive(Clone)]
pub struct AppSecret(Hmac<Sha256>);

impl AppSecret {
    /// The secret with this text; white space around it (the end of a file's line) is left out. None where nothing
    /// remains: an empty secret would let anybody sign.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() { None } else { Hmac::new_from_slice(text.as_bytes()).ok().map(Self) }
    }
}

/// Never shows it.
impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecret(…)")
    }
}

/// Why a body is not the provider's.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum SignatureError {
    /// No header.
    #[error("the header X-Hub-Signature-256 is missing")]
    Missing,
    /// Not `sha256=` and 64 hexadecimal digits.
    #[error("the header X-Hub-Signature-256 is not 'sha256=' and 64 hexadecimal digits")]
    Malformed,
    /// Another secret, or other bytes.
    #[error("the signature does not match the body: another app secret, or changed bytes")]
    Wrong,
}

/// The header's value for `body`.
#[must_use]
pub fn sign(secret: &AppSecret, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(secret.0.clone().chain_update(body).finalize().into_bytes()))
}

/// What a header claims the signature to be.
#[derive(Clone, Copy, Debug)]
pub struct Claimed([u8; 32]);

impl Claimed {
    /// Reads the header's value.
    ///
    /// # Errors
    /// Where it is missing or malformed.
    pub fn read(header: Option<&[u8]>) -> Result<Self, SignatureError> {
        let digits = header.ok_or(SignatureError::Missing)?.strip_prefix(b"sha256=").ok_or(SignatureError::Malformed)?;
        let mut claimed = [0; 32];
        hex::decode_to_slice(digits, &mut claimed).map_err(|_| SignatureError::Malformed)?;
        Ok(Self(claimed))
    }

    /// Checks it against the raw body, in constant time.
    ///
    /// # Errors
    /// Where it was made with another secret or for other bytes.
    pub fn verify(self, secret: &AppSecret, body: &[u8]) -> Result<(), SignatureError> {
        secret.0.clone().chain_update(body).verify_slice(&self.0).map_err(|_| SignatureError::Wrong)
    }
}

/// Checks the header's value against the raw body.
///
/// # Errors
/// Where the header is missing or malformed, or was made with another secret or for other bytes.
pub fn verify(secret: &AppSecret, header: Option<&[u8]>, body: &[u8]) -> Result<(), SignatureError> {
    Claimed::read(header)?.verify(secret, body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> AppSecret {
        AppSecret::new("key").unwrap()
    }

    #[test]
    fn a_signature_is_the_one_other_tools_make() {
        // printf 'The quick brown fox jumps over the lazy dog' | openssl dgst -sha256 -hmac key
        let expected = "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
        assert_eq!(sign(&secret(), b"The quick brown fox jumps over the lazy dog"), expected);
    }

    #[test]
    fn one_changed_byte_or_another_secret_is_wrong() {
        let header = sign(&secret(), b"{}");
        assert_eq!(verify(&secret(), Some(header.as_bytes()), b"{}"), Ok(()));
        assert_eq!(verify(&secret(), Some(header.as_bytes()), b"{ }"), Err(SignatureError::Wrong));
        let other = AppSecret::new("another").unwrap();
        assert_eq!(verify(&other, Some(header.as_bytes()), b"{}"), Err(SignatureError::Wrong));
    }

    #[test]
    fn a_missing_or_malformed_header_is_named_as_such() {
        assert_eq!(verify(&secret(), None, b"{}"), Err(SignatureError::Missing));
        for header in ["", "sha256=", "sha256=zz", "sha1=f7bc83f430538424b13298e6aa6fb143ef4d59a1", &sign(&secret(), b"{}")[..70]] {
            assert_eq!(verify(&secret(), Some(header.as_bytes()), b"{}"), Err(SignatureError::Malformed), "{header}");
        }
    }

    #[test]
    fn an_empty_secret_is_none_and_a_line_end_is_not_part_of_one() {
        assert!(AppSecret::new(" \n").is_none());
        assert_eq!(sign(&AppSecret::new("key\n").unwrap(), b"{}"), sign(&secret(), b"{}"));
    }
}
