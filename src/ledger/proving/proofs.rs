//! What the ledger proves of itself: a checkpoint, that an entry is in it, that an older one is its beginning.
//!
//! The size is fixed first, by a checkpoint that was signed; then every proof is made at that size.

use crate::consent::words::Seq;
use crate::ledger::Ledger;
use crate::ledger::proving::checkpoints::CheckpointsError;
use crate::ledger::proving::signed::Signed;
use crate::ledger::storage::reader::EntryUnreadable;
use crate::proof::consistency::ConsistencyProof;
use crate::proof::merkle::Hash;
use crate::proof::note::VerifierKey;
use crate::proof::tlog_proof::TlogProof;

/// A checkpoint as it is handed out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedCheckpoint {
    /// The signed note.
    pub note: String,
    /// How many entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// When it was signed, in seconds since 1970.
    pub seconds: u64,
}

/// That an entry is in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Inclusion {
    /// The proof.
    pub proof: TlogProof,
    /// The entry's hash, the leaf.
    pub entry_hash: Hash,
    /// The checkpoint that it is in.
    pub checkpoint: SignedCheckpoint,
}

/// That an older log is the beginning of a newer one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Consistency {
    /// The proof.
    pub proof: ConsistencyProof,
    /// The newer checkpoint.
    pub checkpoint: SignedCheckpoint,
}

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// There is no such entry.
    #[error("there is no entry {seq}: the log has {head}")]
    EntryUnknown {
        /// The seq asked about.
        seq: Seq,
        /// How many entries there are.
        head: u64,
    },
    /// Nothing was signed over so many entries.
    #[error("no checkpoint was signed over {size} entries; leave the size out to take the latest")]
    CheckpointUnknown {
        /// The size asked for.
        size: u64,
    },
    /// More was signed for than there is.
    #[error("the log has {head} entries and cannot begin with {old}: what was signed is not this log, or it was put back")]
    LogBehind {
        /// How many entries there are.
        head: u64,
        /// How many the older log has.
        old: u64,
    },
    /// What is asked about lies behind the end.
    #[error("{asked} lies behind a checkpoint over {size} entries")]
    BeyondSize {
        /// The seq or the older size.
        asked: u64,
        /// How many entries the checkpoint covers.
        size: u64,
    },
    /// The checkpoints failed.
    #[error(transparent)]
    Checkpoints(#[from] CheckpointsError),
    /// The log failed.
    #[error(transparent)]
    Unreadable(#[from] EntryUnreadable),
}

impl Ledger {
    /// The key by which others check what this ledger signs.
    #[must_use]
    pub fn checkpoint_key(&self) -> &VerifierKey {
        self.shared.checkpoints.key()
    }

    /// The latest checkpoint, or where `fresh` one signed now. Blocks.
    ///
    /// # Errors
    /// Where none can be signed.
    pub fn checkpoint(&self, fresh: bool) -> Result<SignedCheckpoint, ProofError> {
        let latest = self.shared.checkpoints.latest().filter(|_| !fresh);
        Ok(self.handed_out(&latest.map_or_else(|| self.shared.checkpoints.sign(), Ok)?))
    }

    /// Proves that an entry is in the checkpoint over `size` entries; none: in the latest that covers it, signed now where
    /// none does. Blocks.
    ///
    /// # Errors
    /// Where there is no such entry or no such checkpoint.
    pub fn prove_inclusion(&self, seq: Seq, size: Option<u64>) -> Result<Inclusion, ProofError> {
        let head = self.head().seq;
        if seq == Seq::NONE || seq > head {
            return Err(ProofError::EntryUnknown { seq, head: head.number() });
        }
        let signed = self.signed(size, seq.number())?;
        let entry_hash = crate::ledger::bytes::entry::EntryHash::of(&self.shared.reader.entry(seq)?.bytes).bytes();
        let path = self.shared.checkpoints.tree().prove_inclusion(seq, signed.size)?;
        let checkpoint = self.handed_out(&signed);
        let proof = TlogProof { index: seq.number() - 1, path, checkpoint: checkpoint.note.clone() };
        Ok(Inclusion { proof, entry_hash, checkpoint })
    }

    /// Proves that the log's first `old` entries are the beginning of the checkpoint over `size` entries; none: of the latest
    /// that is as long, signed now where none is. Blocks.
    ///
    /// # Errors
    /// Where the log is not as long, or there is no such checkpoint.
    pub fn prove_consistency(&self, old: u64, size: Option<u64>) -> Result<Consistency, ProofError> {
        let head = self.head().seq.number();
        if old > head {
            return Err(ProofError::LogBehind { head, old });
        }
        let signed = self.signed(size, old)?;
        let path = self.shared.checkpoints.tree().prove_consistency(old, signed.size)?;
        let checkpoint = self.handed_out(&signed);
        Ok(Consistency { proof: ConsistencyProof { old, path, checkpoint: checkpoint.note.clone() }, checkpoint })
    }

    /// The checkpoint over `size` entries, or the latest over at least `least`.
    fn signed(&self, size: Option<u64>, least: u64) -> Result<Signed, ProofError> {
        let checkpoints = &self.shared.checkpoints;
        match (size, checkpoints.latest()) {
            (Some(size), _) if size < least => Err(ProofError::BeyondSize { asked: least, size }),
            (Some(size), _) => checkpoints.at(size)?.ok_or(ProofError::CheckpointUnknown { size }),
            (None, Some(latest)) if latest.size >= least => Ok(latest),
            (None, _) => Ok(checkpoints.sign()?),
        }
    }

    fn handed_out(&self, signed: &Signed) -> SignedCheckpoint {
        let checkpoints = &self.shared.checkpoints;
        let note = signed.note(checkpoints.key_of(signed).as_ref().unwrap_or(checkpoints.key())).to_string();
        SignedCheckpoint { note, size: signed.size, root: signed.root, seconds: signed.seconds }
    }
}
