//! Inclusion proofs as C2SP `tlog-proof`: one text that proves an entry's inclusion offline.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! index 11
//! gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
//!
//! example.com/ledger
//! 12
//! …
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::checkpoint::{self, CheckpointError, Verified};
use super::decimal;
use super::merkle::{Hash, root_of_inclusion};
use super::note::VerifierKey;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// The longest path there can be.
const PATH_MAX: usize = 64;

/// A proof that an entry is included: where it stands, its path, and a signed checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlogProof {
    /// The leaf's index: its seq less one.
    pub index: u64,
    /// From the leaf to the root.
    pub path: Vec<Hash>,
    /// The signed checkpoint, as a note.
    pub checkpoint: String,
}

impl std::fmt::Display for TlogProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{FIRST_LINE}\nindex {}", self.index)?;
        for hash in &self.path {
            writeln!(f, "{}", BASE64.encode(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

impl std::str::FromStr for TlogProof {
    type Err = TlogProofError;

    fn from_str(text: &str) -> Result<Self, TlogProofError> {
        let malformed = || TlogProofError::Malformed;
        let (head, checkpoint) = text.split_once("\n\n").ok_or_else(malformed)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(malformed());
        }
        // Extra data of an application may stand first; it proves nothing.
        let mut index = lines.next().ok_or_else(malformed)?;
        if index.starts_with("extra ") {
            index = lines.next().ok_or_else(malformed)?;
        }
        let index = index.strip_prefix("index ").and_then(decimal).ok_or_else(malformed)?;
        let hash = |line: &str| BASE64.decode(line).ok().and_then(|hash| hash.try_into().ok());
        let path = lines.map(hash).collect::<Option<Vec<Hash>>>().filter(|path| path.len() <= PATH_MAX).ok_or_else(malformed)?;
        Ok(Self { index, path, checkpoint: checkpoint.to_owned() })
    }
}

impl TlogProof {
    /// Holds the proof against an entry's hash and the key that the verifier pinned.
    ///
    /// # Errors
    /// Where the checkpoint does not hold, or the entry is not proved to be in it.
    pub fn verify(&self, entry_hash: &Hash, key: &VerifierKey) -> Result<Verified, TlogProofError> {
        let verified = checkpoint::verify(&self.checkpoint, key)?;
        let root = root_of_inclusion(entry_hash, self.index, verified.checkpoint.size, &self.path);
        if root == Some(verified.checkpoint.root) { Ok(verified) } else { Err(TlogProofError::NotIncluded { index: self.index }) }
    }
}

/// Not a proof of inclusion.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum TlogProofError {
    /// Not a `tlog-proof`.
    #[error("not an inclusion proof: {FIRST_LINE:?}, the index, the path, a blank line and a signed checkpoint are expected")]
    Malformed,
    /// The checkpoint does not hold.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The path leads elsewhere.
    #[error("the path does not lead from the entry at index {index} to the checkpoint's root")]
    NotIncluded {
        /// The index claimed.
        index: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::checkpoint::Checkpoint;
    use crate::proof::merkle::node;
    use ed25519_dalek::SigningKey;

    #[test]
    fn a_proof_reads_back_and_holds_for_its_entry_alone() {
        let (left, right) = ([1; 32], [2; 32]);
        let key = SigningKey::from_bytes(&[7; 32]);
        let checkpoint = Checkpoint { origin: "example.com/ledger".into(), size: 2, root: node(&left, &right) };
        let proof = TlogProof { index: 1, path: vec![left], checkpoint: checkpoint.sign(&key, 1).to_string() };
        let read: TlogProof = proof.to_string().parse().unwrap();
        assert_eq!(read, proof);
        let pinned = VerifierKey::new("example.com/ledger", key.verifying_key().as_bytes()).unwrap();
        assert_eq!(read.verify(&right, &pinned).unwrap().checkpoint.size, 2);
        assert_eq!(read.verify(&left, &pinned), Err(TlogProofError::NotIncluded { index: 1 }));
        assert_eq!("c2sp.org/tlog-proof@v1\nindex x\n\n".parse::<TlogProof>(), Err(TlogProofError::Malformed));
    }
}
