//! The master key changes: everything that it wraps is wrapped again under the next one. The ledger is stopped meanwhile.
//!
//! ```text
//! 1  ledger.secrets.next        the secrets under the new key; from here on nothing else opens the ledger
//! 2  keyring/a, keyring/b       slot by slot
//! 3  what others keep under it  the days of dead letters
//! 4  ledger.secrets.next -> ledger.secrets
//! 5  master.key                 the new one, or none where it is kept elsewhere
//! ```
//!
//! At every moment each slot opens with one of the two keys. Cut off anywhere, it is done again from the beginning with the same
//! two keys, and leaves as they are the slots that are done.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::ledger::bytes::seal::{Key, SealError};
use crate::ledger::keys::keyring::KeyringError;
use crate::ledger::keys::master::MasterKey;
use crate::ledger::keys::replace::{remove, rename, replace};
pub use crate::ledger::keys::rewrap::Rewrapped;
use crate::ledger::keys::rewrap::rewrap;
use crate::ledger::keys::secrets::{MASTER, NEXT, SECRETS, SecretsError, read, read_master};
use crate::ledger::keys::secrets_file::Held;
use crate::ledger::keys::slot::Wrapper;
use crate::ledger::starting::open::OpenError;
use crate::ledger::storage::disk::Disk;
use crate::ledger::storage::lock::Lock;

/// Where the new master key is kept.
#[derive(Clone, Debug)]
pub enum NewKey {
    /// In `secrets/master.key`; the ledger makes it.
    Made,
    /// Elsewhere.
    Given(MasterKey),
}

/// Why the master key was not rotated, or not to the end.
#[derive(Debug, thiserror::Error)]
pub enum RotateMasterError {
    /// The ledger is in use, or there is none.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The secrets.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The keyring.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// Both keys are one.
    #[error("the new master key, of {named}, is the old one")]
    Same {
        /// Where it was read.
        named: String,
    },
    /// Another rotation was cut off before.
    #[error("a rotation to another master key than that of {named} was begun; finish it first, with the key it was begun with")]
    OtherBegun {
        /// Where the new key was read.
        named: String,
    },
    /// The numbers of master keys are used up.
    #[error("the master key was rotated as often as the format allows, 65,535 times")]
    TooOften,
}

impl From<SealError> for RotateMasterError {
    fn from(error: SealError) -> Self {
        Self::Secrets(error.into())
    }
}

/// A rotation that was begun; the ledger stays locked until it is dropped.
pub struct MasterRotation {
    disk: Arc<dyn Disk>,
    data_dir: PathBuf,
    old: Option<MasterKey>,
    new: MasterKey,
    is_made: bool,
    held: Held,
    _lock: Lock,
}

impl MasterRotation {
    /// Begins, or goes on with what was cut off; `old` none: it is, or was, `secrets/master.key`.
    ///
    /// # Errors
    /// Where the ledger is in use, or its secrets open with neither key.
    pub fn begin(disk: Arc<dyn Disk>, data_dir: &Path, old: Option<MasterKey>, new: NewKey) -> Result<Self, RotateMasterError> {
        if !data_dir.join("secrets").exists() {
            return Err(OpenError::NoLedger { path: data_dir.to_owned() }.into());
        }
        let lock = Lock::take(data_dir)?;
        let dir = data_dir.join("secrets");
        let old = match old {
            Some(old) => Some(old),
            None => read_master(disk.as_ref(), &dir)?,
        };
        let is_made = matches!(new, NewKey::Made);
        let new = match new {
            NewKey::Given(new) => new,
            NewKey::Made => made(disk.as_ref(), &dir, old.as_ref())?,
        };
        if old.as_ref().is_some_and(|old| old.key().bytes() == new.key().bytes()) {
            return Err(RotateMasterError::Same { named: new.named().to_owned() });
        }
        let held = begun(disk.as_ref(), &dir, old.as_ref(), &new)?;
        Ok(Self { disk, data_dir: data_dir.to_owned(), old, new, is_made, held, _lock: lock })
    }

    /// The old master key, where it is still there.
    #[must_use]
    pub fn old(&self) -> Option<&Key> {
        self.old.as_ref().map(MasterKey::key)
    }

    /// The new one.
    #[must_use]
    pub const fn new_key(&self) -> &Key {
        self.new.key()
    }

    /// Wraps the key of every trail under the new master key.
    ///
    /// # Errors
    /// Where a file does not do what is asked; it may be done again.
    pub fn rewrap(&self) -> Result<Rewrapped, RotateMasterError> {
        let (id, number) = (self.held.ledger_id, self.held.master_key_id);
        let old = self.old.as_ref().map(|old| Wrapper::new(id, number.wrapping_sub(1), old.key()));
        let new = Wrapper::new(id, number, self.new.key());
        Ok(rewrap(self.disk.as_ref(), &self.data_dir.join("keyring"), old.as_ref(), &new)?)
    }

    /// Ends it: from here on the new key opens the ledger and the old one nothing. Gives the number of the new one.
    ///
    /// # Errors
    /// Where a file does not do what is asked; it may be done again.
    pub fn finish(self) -> Result<u16, RotateMasterError> {
        let (disk, dir) = (self.disk.as_ref(), self.data_dir.join("secrets"));
        let io = |path: PathBuf| move |source| SecretsError::Io { path, source };
        let (secrets, master) = (dir.join(SECRETS), dir.join(MASTER));
        let next = next(&secrets);
        if read(disk, &next)?.is_some() {
            rename(disk, &next, &secrets).map_err(io(secrets))?;
        }
        if self.is_made {
            let next = self::next(&master);
            rename(disk, &next, &master).map_err(io(next))?;
        } else if read_master(disk, &dir)?.is_some_and(|kept| self.old().is_some_and(|old| old.bytes() == kept.key().bytes())) {
            remove(disk, &master).map_err(io(master))?;
        }
        Ok(self.held.master_key_id)
    }
}

/// The secrets under the new key: those of a rotation that was cut off, or written now.
fn begun(disk: &dyn Disk, dir: &Path, old: Option<&MasterKey>, new: &MasterKey) -> Result<Held, RotateMasterError> {
    let path = dir.join(SECRETS);
    let sealed = read(disk, &path)?.ok_or_else(|| SecretsError::Missing { path: path.clone() })?;
    let before = before(old, &sealed, dir);
    if let Some(next) = read(disk, &next(&path))? {
        let next = Held::open(new.key(), &next).ok_or_else(|| RotateMasterError::OtherBegun { named: new.named().to_owned() })?;
        // Without the old key what is not done yet would open no more.
        return Ok(before.map(|_| next)?);
    }
    if let Some(done) = Held::open(new.key(), &sealed) {
        return Ok(done);
    }
    let (before, old) = before?;
    let dead_letter_ids = before.dead_letter_ids.clone().map_or_else(|| dead_letter_ids(old.key()), Ok)?;
    let master_key_id = before.master_key_id.checked_add(1).ok_or(RotateMasterError::TooOften)?;
    let held = Held { master_key_id, dead_letter_ids: Some(dead_letter_ids), ..before };
    let next = next(&path);
    replace(disk, &next, &held.seal(new.key())?).map_err(|source| SecretsError::Io { path: next.clone(), source })?;
    Ok(held)
}

/// The new key that was made when the rotation was begun, or one made now. Nothing is made for a key that is not the ledger's.
fn made(disk: &dyn Disk, dir: &Path, old: Option<&MasterKey>) -> Result<MasterKey, RotateMasterError> {
    let path = next(&dir.join(MASTER));
    let named = path.display().to_string();
    if let Some(text) = read(disk, &path)? {
        return Ok(MasterKey::parse(&text, named).map_err(SecretsError::from)?);
    }
    let secrets = dir.join(SECRETS);
    let sealed = read(disk, &secrets)?.ok_or_else(|| SecretsError::Missing { path: secrets.clone() })?;
    before(old, &sealed, dir)?;
    let made = MasterKey::random(named)?;
    replace(disk, &path, made.text().as_bytes()).map_err(|source| SecretsError::Io { path, source })?;
    Ok(made)
}

/// The secrets under the old key.
fn before<'a>(old: Option<&'a MasterKey>, sealed: &[u8], dir: &Path) -> Result<(Held, &'a MasterKey), SecretsError> {
    let old = old.ok_or_else(|| SecretsError::Missing { path: dir.join(MASTER) })?;
    let does_not_open = || SecretsError::DoesNotOpen { path: dir.join(SECRETS), named: old.named().to_owned() };
    Ok((Held::open(old.key(), sealed).ok_or_else(does_not_open)?, old))
}

/// What names dead letters, as it was derived before the first rotation; it stays, so that what comes again is known.
///
/// ```text
/// HKDF-SHA-256(master key, no salt, "consent-ledger v1 dead letter ids", 32 bytes)
/// ```
///
/// # Errors
/// Never: 32 bytes are within what HKDF gives.
pub fn dead_letter_ids(master: &Key) -> Result<Key, SealError> {
    let mut key = Zeroizing::new([0; 32]);
    let derived = Hkdf::<Sha256>::new(None, master.bytes()).expand(b"consent-ledger v1 dead letter ids", key.as_mut_slice());
    derived.map_err(|_| SealError::TooLong)?;
    Ok(Key::from_bytes(*key))
}

fn next(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(NEXT);
    name.into()
}
