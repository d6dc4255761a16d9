//! What rotations change in the secrets: in the file first, then in memory.

use ed25519_dalek::SigningKey;

use crate::consent::words::Seq;
use crate::ledger::bytes::seal::Key;
use crate::ledger::keys::replace::replace;
use crate::ledger::keys::secrets::{Secrets, SecretsError};
use crate::ledger::keys::secrets_file::Held;
use crate::ledger::storage::disk::Disk;
use crate::proto::SigningKeyUse;

impl Secrets {
    /// Draws the key that is to take the place of one, and keeps it durably; gives its public key.
    ///
    /// # Errors
    /// Where there are no random numbers or the disk fails.
    pub fn draw_next(&self, disk: &dyn Disk, of: SigningKeyUse) -> Result<[u8; 32], SecretsError> {
        let seed = Key::random()?;
        self.change(disk, |held| {
            if let Some(keys) = held.keys_mut(of) {
                keys.next = Some(SigningKey::from_bytes(seed.bytes()));
            }
        })?;
        Ok(self.next_public_key(of).unwrap_or_default())
    }

    /// From here on the next key of a use signs, which this entry names. [`Secrets::settle`] makes it durable.
    pub fn promote(&self, of: SigningKeyUse, from: Seq) {
        if let Some(keys) = self.held.write().keys_mut(of) {
            keys.promote(from);
        }
    }

    /// Makes durable which keys sign; a key that was drawn and that no entry names is forgotten.
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn settle(&self, disk: &dyn Disk) -> Result<(), SecretsError> {
        self.change(disk, |held| (held.checkpoint.next, held.receipt.next) = (None, None))
    }

    /// Draws the next secret behind identifier look-ups in the place of the one before, durably; gives its version. A start
    /// digests with it.
    ///
    /// # Errors
    /// Where there are no random numbers or the disk fails.
    pub fn draw_lookup(&self, disk: &dyn Disk) -> Result<u32, SecretsError> {
        let secret = Key::random()?;
        let version = self.in_force().lookup.saturating_add(1);
        self.change(disk, |held| held.lookup = (version, secret.clone()))?;
        Ok(version)
    }

    /// Changes what is held, in the file first.
    fn change(&self, disk: &dyn Disk, change: impl Fn(&mut Held)) -> Result<(), SecretsError> {
        let mut held = self.held.write();
        let mut changed = held.clone();
        change(&mut changed);
        replace(disk, &self.path, &changed.seal(&self.master)?).map_err(|source| SecretsError::Io { path: self.path.clone(), source })?;
        *held = changed;
        Ok(())
    }
}
