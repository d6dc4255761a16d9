//! Makes false evidence: takes a good file apart, changes it, and puts it together again as far as a forger can.
//!
//! ```text
//! somebody who was handed the file    changes bytes, lines, what stands beside the bytes
//! the same, with patience             makes hashes and links fit again: `Stored::bytes`, `File::restate`, `File::relink`
//! the dishonest owner                 has every key: seals, signs receipts, signs the checkpoint anew: `File::resign`
//! ```

pub mod file;
pub mod goods;
pub mod judges;
pub mod owner;
pub mod stored;
pub mod two_keys;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Base64 of bytes.
pub fn to_base64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// Bytes of base64.
pub fn from_base64(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}
