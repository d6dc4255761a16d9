//! A signing key changes: an entry names the next one, a checkpoint of the key before covers that entry, then the next one signs.
//!
//! ```text
//! 1  ledger.secrets     holds the next seed
//! 2  SigningKeyChanged  names its public key
//! 3  checkpoints        one that covers the entry, signed as before
//! 4  ledger.secrets     the next seed in the place of the one before, which is gone
//! ```
//!
//! Cut off before 2, the next start forgets the seed; after it, the next start does the rest.

use crate::consent::words::Seq;
use crate::ledger::Ledger;
use crate::ledger::keys::secrets::SecretsError;
use crate::ledger::proving::proofs::ProofError;
use crate::ledger::writing::record::RecordError;
use crate::proto::clear_part::Fact;
use crate::proto::{SigningKeyChanged, SigningKeyUse};

/// A signing key that changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChangedKey {
    /// The entry that names the new one.
    pub seq: Seq,
    /// How many entries the checkpoint covers by which the key before vouches for it.
    pub size: u64,
    /// The new public key.
    pub public_key: [u8; 32],
}

/// Why a signing key was not changed, or not to the end.
#[derive(Debug, thiserror::Error)]
pub enum ChangeKeyError {
    /// The secrets.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// It was not recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Nothing was signed.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl Ledger {
    /// Changes a signing key. A ledger whose checkpoint key changed signs no more: it is to be closed, and opened again. Blocks.
    ///
    /// # Errors
    /// Where the disk fails; the next start does the rest, or forgets what was begun.
    pub fn change_signing_key(&self, of: SigningKeyUse) -> Result<ChangedKey, ChangeKeyError> {
        let (secrets, disk) = (&self.shared.secrets, self.shared.reader.disk.as_ref());
        let public_key = secrets.draw_next(disk, of)?;
        let changed = SigningKeyChanged { r#use: of.into(), public_key: public_key.to_vec() };
        let seq = self.shared.queue.record_own(Fact::SigningKeyChanged(changed))?.seq;
        let size = self.checkpoint(true)?.size;
        if of == SigningKeyUse::Checkpoint {
            self.shared.checkpoints.close();
        }
        secrets.promote(of, seq);
        secrets.settle(disk)?;
        Ok(ChangedKey { seq, size, public_key })
    }
}
