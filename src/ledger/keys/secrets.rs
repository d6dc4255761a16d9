//! What the ledger keeps secret: the master key, the ledger secret with the keys derived from it, the signing keys.
//!
//! `secrets/master.key` holds 64 hex digits, unless the key comes from elsewhere. The rest lies sealed under it in
//! `secrets/ledger.secrets` (`secrets_file.rs`).

use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use hkdf::Hkdf;
use parking_lot::RwLock;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::consent::identifier::Identifier;
use crate::consent::words::Seq;
use crate::ledger::bytes::seal::{Key, SealError};
pub use crate::ledger::keys::keyed::Digest16;
use crate::ledger::keys::keyed::Keyed;
use crate::ledger::keys::master::{MasterKey, NoMasterKey};
use crate::ledger::keys::replace::{found, replace};
use crate::ledger::keys::secrets_file::Held;
use crate::ledger::keys::slot::Wrapper;
use crate::ledger::storage::disk::{Disk, read_all};
use crate::proto::SigningKeyUse;

/// A ledger's identity: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct LedgerId(pub [u8; 16]);

impl std::fmt::Display for LedgerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

/// The file of the master key, where it is kept beside the rest.
pub(super) const MASTER: &str = "master.key";

/// The file of everything else.
pub(super) const SECRETS: &str = "ledger.secrets";

/// Ends the names of both while the master key is rotated.
pub(in crate::ledger) const NEXT: &str = ".next";

/// Why secrets could not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// A file did not do what was asked.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// There is no master key where it should be.
    #[error(transparent)]
    MasterKey(#[from] NoMasterKey),
    /// The secrets file does not hold the ledger's secrets under this master key.
    #[error("{} does not open with the master key of {named}: it is another ledger's, one from before a rotation, or the file is damaged", path.display())]
    DoesNotOpen {
        /// Which file.
        path: PathBuf,
        /// Where the master key was read.
        named: String,
    },
    /// The master key is being rotated.
    #[error("a rotation of the master key was begun and not finished: {} is there; run `keys rotate-master` again", path.display())]
    Rotating {
        /// The file that says so.
        path: PathBuf,
    },
    /// The secrets are of an older day than the log.
    #[error("ledger.secrets is older than the log: {what}; put back the one that belongs to it")]
    OlderThanLog {
        /// What the log knows and the secrets do not.
        what: String,
    },
    /// Only one of the two files is there.
    #[error("{} is missing while the ledger's other files are there; say where it is kept (for the master key --master-key-file), or restore it from a backup: nothing can be read without it", path.display())]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// No random numbers.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// The ledger's secrets.
pub struct Secrets {
    ledger_id: LedgerId,
    pub(super) master: Key,
    pub(super) path: PathBuf,
    identifiers: Keyed,
    event_ids: Keyed,
    content: Keyed,
    suppression: Keyed,
    heads: Keyed,
    receipts: Key,
    pub(super) held: RwLock<Held>,
}

/// Which of the secrets that can be rotated are in force: what is derived from others is made anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InForce {
    /// The version of the secret behind identifier look-ups.
    pub lookup: u32,
    /// The entry that names the checkpoint key.
    pub checkpoint: Seq,
    /// The entry that names the receipt key.
    pub receipt: Seq,
}

impl InForce {
    /// What a ledger begins with.
    pub const FIRST: Self = Self { lookup: 1, checkpoint: Seq::new(1), receipt: Seq::new(1) };
}

impl Secrets {
    /// Reads the secrets in `dir`, or makes them where `may_create` and none are there. The master key lies beside them.
    ///
    /// # Errors
    /// Where a file is missing, damaged or not readable.
    pub fn open(disk: &dyn Disk, dir: &Path, may_create: bool) -> Result<Self, SecretsError> {
        Self::open_under(disk, dir, None, may_create)
    }

    /// The same with a master key that is kept elsewhere; none: it lies beside them.
    ///
    /// # Errors
    /// As [`Secrets::open`], and where they are not sealed under this key.
    pub fn open_under(disk: &dyn Disk, dir: &Path, master: Option<&MasterKey>, may_create: bool) -> Result<Self, SecretsError> {
        for name in [SECRETS, MASTER] {
            let path = dir.join(format!("{name}{NEXT}"));
            if read(disk, &path)?.is_some() {
                return Err(SecretsError::Rotating { path });
            }
        }
        let own = read_master(disk, dir)?;
        if master.is_some() && own.is_some() {
            tracing::warn!("secrets/master.key is there, and the master key comes from elsewhere; the file is not used");
        }
        let path = dir.join(SECRETS);
        let sealed = read(disk, &path)?;
        match (master.cloned().or(own), sealed) {
            (Some(master), Some(sealed)) => {
                let held = Held::open(master.key(), &sealed);
                let does_not_open = || SecretsError::DoesNotOpen { path: path.clone(), named: master.named().to_owned() };
                Self::of(held.ok_or_else(does_not_open)?, master.key(), path.clone())
            }
            (master, None) if may_create => Self::create(disk, dir, master),
            (None, _) => Err(SecretsError::Missing { path: dir.join(MASTER) }),
            (_, None) => Err(SecretsError::Missing { path }),
        }
    }

    fn create(disk: &dyn Disk, dir: &Path, master: Option<MasterKey>) -> Result<Self, SecretsError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| SecretsError::Io { path, source }
        };
        disk.create_dir(dir).map_err(io(dir))?;
        let master = if let Some(master) = master {
            master
        } else {
            let path = dir.join(MASTER);
            let master = MasterKey::random(path.display().to_string())?;
            replace(disk, &path, master.text().as_bytes()).map_err(io(&path))?;
            master
        };
        let (held, path) = (Held::random()?, dir.join(SECRETS));
        replace(disk, &path, &held.seal(master.key())?).map_err(io(&path))?;
        Self::of(held, master.key(), path)
    }

    fn of(held: Held, master: &Key, path: PathBuf) -> Result<Self, SecretsError> {
        let derived = |secret: &Key, info: &[&[u8]]| {
            let mut okm = Zeroizing::new([0; 32]);
            let hkdf = Hkdf::<Sha256>::new(Some(&held.ledger_id.0), secret.bytes());
            hkdf.expand_multi_info(info, okm.as_mut_slice()).map_err(|_| SealError::TooLong)?;
            Ok::<Key, SealError>(Key::from_bytes(*okm))
        };
        let key = |info: &[u8]| derived(&held.secret, &[info]);
        let (version, lookup) = &held.lookup;
        Ok(Self {
            ledger_id: held.ledger_id,
            identifiers: Keyed::new(&derived(lookup, &[b"consent-ledger/v1 identifiers", &version.to_be_bytes()])?),
            event_ids: Keyed::new(&key(b"consent-ledger/v1 event ids")?),
            content: Keyed::new(&key(b"consent-ledger/v1 content")?),
            suppression: Keyed::new(&key(b"consent-ledger/v1 suppression")?),
            heads: Keyed::new(&key(b"consent-ledger/v1 heads")?),
            receipts: key(b"consent-ledger/v1 receipts")?,
            master: master.clone(),
            path,
            held: RwLock::new(held),
        })
    }

    /// The ledger's identity.
    #[must_use]
    pub const fn ledger_id(&self) -> LedgerId {
        self.ledger_id
    }

    /// The key that wraps other keys.
    #[must_use]
    pub const fn master(&self) -> &Key {
        &self.master
    }

    /// What wraps the keys of trails.
    #[must_use]
    pub fn wrapper(&self) -> Wrapper {
        Wrapper::new(self.ledger_id, self.held.read().master_key_id, &self.master)
    }

    /// What names dead letters, where that is no longer derived from the master key.
    #[must_use]
    pub fn dead_letter_ids(&self) -> Option<Key> {
        self.held.read().dead_letter_ids.clone()
    }

    /// Which of them are in force.
    #[must_use]
    pub fn in_force(&self) -> InForce {
        let held = self.held.read();
        InForce { lookup: held.lookup.0, checkpoint: held.checkpoint.current.0, receipt: held.receipt.current.0 }
    }

    /// The public key of checkpoints, 32 bytes.
    #[must_use]
    pub fn checkpoint_public_key(&self) -> [u8; 32] {
        self.held.read().checkpoint.current.1.verifying_key().to_bytes()
    }

    /// Signs checkpoints.
    #[must_use]
    pub fn checkpoint_key(&self) -> SigningKey {
        self.held.read().checkpoint.current.1.clone()
    }

    /// The public key of decision receipts, 32 bytes.
    #[must_use]
    pub fn receipt_public_key(&self) -> [u8; 32] {
        self.held.read().receipt.current.1.verifying_key().to_bytes()
    }

    /// Signs decision receipts.
    #[must_use]
    pub fn receipt_key(&self) -> SigningKey {
        self.held.read().receipt.current.1.clone()
    }

    /// Every public key of a use so far, each with the entry that names it: the one in force last.
    #[must_use]
    pub fn public_keys(&self, of: SigningKeyUse) -> Vec<(Seq, [u8; 32])> {
        let held = self.held.read();
        let Some(keys) = held.keys(of) else { return Vec::new() };
        let current = (keys.current.0, keys.current.1.verifying_key().to_bytes());
        keys.former.iter().copied().chain([current]).collect()
    }

    /// The public key of receipts that were recorded as this entry, and the entry that names it.
    #[must_use]
    pub fn receipt_key_at(&self, seq: Seq) -> (Seq, [u8; 32]) {
        let keys = self.public_keys(SigningKeyUse::Receipt);
        keys.iter().rev().find(|(from, _)| *from < seq).or(keys.first()).copied().unwrap_or_default()
    }

    /// The public key of a use that waits to take the place of the one in force.
    #[must_use]
    pub fn next_public_key(&self, of: SigningKeyUse) -> Option<[u8; 32]> {
        self.held.read().keys(of)?.next.as_ref().map(|next| next.verifying_key().to_bytes())
    }

    /// Digests identifiers in receipts that name nobody.
    #[must_use]
    pub const fn receipts(&self) -> &Key {
        &self.receipts
    }

    /// By which a contact is found.
    #[must_use]
    pub fn identifier_digest(&self, account: u64, identifier: &Identifier) -> Digest16 {
        self.identifiers.half(&[&account.to_be_bytes(), &[identifier.kind()], identifier.as_str().as_bytes()])
    }

    /// By which an event id is recognised.
    #[must_use]
    pub fn event_id_digest(&self, account: u64, event_id: &str) -> Digest16 {
        self.event_ids.half(&[&account.to_be_bytes(), event_id.as_bytes()])
    }

    /// By which an identifier of an erased contact is recognised when it appears again.
    #[must_use]
    pub fn suppression_token(&self, account: u64, identifier: &Identifier) -> Token {
        Token(self.suppression.digest(&[&account.to_be_bytes(), &[identifier.kind()], identifier.as_str().as_bytes()]))
    }

    /// Keeps the leaf of a trail's head from being guessed, 32 bytes.
    ///
    /// ```text
    /// HMAC-SHA-256(heads, as_of (8) ‖ trail (8))
    /// ```
    #[must_use]
    pub fn blind(&self, as_of: u64, trail: u64) -> [u8; 32] {
        self.heads.digest(&[&as_of.to_be_bytes(), &trail.to_be_bytes()])
    }

    /// By which the content behind an event id is compared.
    #[must_use]
    pub fn content_digest(&self, content: &[&[u8]]) -> Digest16 {
        self.content.half(content)
    }
}

/// What an erasure leaves of an identifier: a keyed digest, 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Token([u8; 32]);

impl Token {
    /// The token with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; 32] {
        self.0
    }
}

/// The master key beside the secrets; none: it is not there.
pub(super) fn read_master(disk: &dyn Disk, dir: &Path) -> Result<Option<MasterKey>, SecretsError> {
    let path = dir.join(MASTER);
    let text = read(disk, &path)?;
    Ok(text.map(|text| MasterKey::parse(&text, path.display().to_string())).transpose()?)
}

/// None: there is no such file.
pub(super) fn read(disk: &dyn Disk, path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, SecretsError> {
    let io = |source| SecretsError::Io { path: path.to_owned(), source };
    let file = found(disk.open(path, false)).map_err(io)?;
    file.map(|file| read_all(file.as_ref()).map(Zeroizing::new)).transpose().map_err(io)
}
