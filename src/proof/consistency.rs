//! Consistency proofs as a text: that the log an older checkpoint was signed over is the beginning of a newer one's.
//!
//! ```text
//! consent-ledger/consistency-proof@v1
//! old 12
//! gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
//!
//! example.com/ledger
//! 20
//! …
//! ```
//!
//! C2SP has no format for these; this one is shaped like its `tlog-proof`. The older root is not in it: whoever verifies
//! holds the older checkpoint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::checkpoint::{self, Checkpoint, CheckpointError, Verified};
use super::decimal;
use super::merkle::{Hash, is_consistent};
use super::note::VerifierKey;

const FIRST_LINE: &str = "consent-ledger/consistency-proof@v1";

/// The longest path there can be.
const PATH_MAX: usize = 65;

/// A proof that the log only grew: how long it was, the path, and the newer signed checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConsistencyProof {
    /// How many entries the older log has.
    pub old: u64,
    /// From the older root to the newer.
    pub path: Vec<Hash>,
    /// The newer signed checkpoint, as a note.
    pub checkpoint: String,
}

impl std::fmt::Display for ConsistencyProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{FIRST_LINE}\nold {}", self.old)?;
        for hash in &self.path {
            writeln!(f, "{}", BASE64.encode(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

impl std::str::FromStr for ConsistencyProof {
    type Err = ConsistencyProofError;

    fn from_str(text: &str) -> Result<Self, ConsistencyProofError> {
        let malformed = || ConsistencyProofError::Malformed;
        let (head, checkpoint) = text.split_once("\n\n").ok_or_else(malformed)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(malformed());
        }
        let old = lines.next().and_then(|line| decimal(line.strip_prefix("old ")?)).ok_or_else(malformed)?;
        let hash = |line: &str| BASE64.decode(line).ok().and_then(|hash| hash.try_into().ok());
        let path = lines.map(hash).collect::<Option<Vec<Hash>>>().filter(|path| path.len() <= PATH_MAX).ok_or_else(malformed)?;
        Ok(Self { old, path, checkpoint: checkpoint.to_owned() })
    }
}

impl ConsistencyProof {
    /// Holds the proof against an older checkpoint, already verified, and the key that the verifier pinned.
    ///
    /// # Errors
    /// Where the newer checkpoint does not hold, or the older is not proved to be its beginning.
    pub fn verify(&self, old: &Checkpoint, key: &VerifierKey) -> Result<Verified, ConsistencyProofError> {
        let new = checkpoint::verify(&self.checkpoint, key)?;
        if self.old != old.size {
            return Err(ConsistencyProofError::OtherSize { proved: self.old, asked: old.size });
        }
        let Checkpoint { size, root, .. } = &new.checkpoint;
        if is_consistent(old.size, &old.root, *size, root, &self.path) {
            Ok(new)
        } else {
            Err(ConsistencyProofError::NotConsistent { old: old.size, new: *size })
        }
    }
}

/// Not a proof of consistency.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum ConsistencyProofError {
    /// Not one at all.
    #[error("not a consistency proof: {FIRST_LINE:?}, the older size, the path, a blank line and a signed checkpoint are expected")]
    Malformed,
    /// The newer checkpoint does not hold.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// It starts from another checkpoint.
    #[error("the proof starts from a checkpoint over {proved} entries, the older one covers {asked}")]
    OtherSize {
        /// What it starts from.
        proved: u64,
        /// What the older checkpoint covers.
        asked: u64,
    },
    /// The older log is not the beginning of the newer.
    #[error("the first {old} of the {new} entries are not those that the older checkpoint was signed over: the log was rewritten")]
    NotConsistent {
        /// How many entries the older log has.
        old: u64,
        /// How many the newer has.
        new: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::merkle::node;
    use ed25519_dalek::SigningKey;

    #[test]
    fn a_proof_reads_back_and_holds_for_its_older_checkpoint_alone() {
        let (left, right) = ([1; 32], [2; 32]);
        let key = SigningKey::from_bytes(&[7; 32]);
        let at = |size, root| Checkpoint { origin: "example.com/ledger".into(), size, root };
        let note = at(2, node(&left, &right)).sign(&key, 1).to_string();
        let proof = ConsistencyProof { old: 1, path: vec![right], checkpoint: note };
        let read: ConsistencyProof = proof.to_string().parse().unwrap();
        assert_eq!(read, proof);
        let pinned = VerifierKey::new("example.com/ledger", key.verifying_key().as_bytes()).unwrap();
        assert_eq!(read.verify(&at(1, left), &pinned).unwrap().checkpoint.size, 2);
        assert_eq!(read.verify(&at(1, right), &pinned), Err(ConsistencyProofError::NotConsistent { old: 1, new: 2 }));
        assert_eq!(read.verify(&at(2, left), &pinned), Err(ConsistencyProofError::OtherSize { proved: 1, asked: 2 }));
        assert_eq!("consent-ledger/consistency-proof@v1\nold x\n\n".parse::<ConsistencyProof>(), Err(ConsistencyProofError::Malformed));
    }
}
