//! Where a trail ends, as a leaf of the tree over all trails.
//!
//! ```text
//! leaf = SHA-256(0x00 ‖ "consent-ledger/v1 head" ‖ trail (8) ‖ trail_seq (8) ‖ last_seq (8) ‖ blind (32))
//! ```

use sha2::{Digest, Sha256};

use super::merkle::Hash;

/// The leaf of a trail whose `trail_seq`-th and last entry has the seq `last`.
#[must_use]
pub fn leaf(trail: u64, trail_seq: u64, last: u64, blind: &[u8; 32]) -> Hash {
    let numbers = [trail, trail_seq, last].map(u64::to_be_bytes);
    let hasher = Sha256::new().chain_update([0]).chain_update(b"consent-ledger/v1 head");
    hasher.chain_update(numbers.as_flattened()).chain_update(blind).finalize().into()
}
