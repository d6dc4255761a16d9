//! What the ledger keeps secret: the master key, the ledger secret with the keys derived from it, the signing keys.
//!
//! `secrets/master.key` holds 64 hex digits. `secrets/ledger.secrets`, sealed under it:
//!
//! ```text
//! 43 4C 53 01 | ledger_id 16 | master_key_id 2 | nonce 12 | ledger secret 32, checkpoint seed 32, receipt seed 32 | tag 16
//! ```

use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::consent::identifier::Identifier;
use crate::ledger::bytes::seal::{self, Key, SealError};
pub use crate::ledger::keys::keyed::Digest16;
use crate::ledger::keys::keyed::Keyed;
use crate::ledger::storage::disk::{Disk, read_all};

/// A ledger's identity: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct LedgerId(pub [u8; 16]);

impl std::fmt::Display for LedgerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&hex::encode(self.0))
    }
}

/// The master key's number; rotation counts it up.
pub const MASTER_KEY_ID: u16 = 1;

/// "CLS", version 1.
const MAGIC: [u8; 4] = *b"CLS\x01";

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
    /// The master key file does not hold a key.
    #[error("{} does not hold 64 hex digits", path.display())]
    MasterKey {
        /// Which file.
        path: PathBuf,
    },
    /// The secrets file does not hold the ledger's secrets under this master key.
    #[error("{} does not open with this master key", path.display())]
    DoesNotOpen {
        /// Which file.
        path: PathBuf,
    },
    /// Only one of the two files is there.
    #[error("{} is missing while the ledger's other files are there; restore it from a backup, nothing can be read without it", path.display())]
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
    master: Key,
    identifiers: Keyed,
    event_ids: Keyed,
    content: Keyed,
    suppression: Keyed,
    heads: Keyed,
    receipts: Key,
    checkpoint: SigningKey,
    receipt: SigningKey,
}

impl Secrets {
    /// Reads the secrets in `dir`, or makes them where `may_create` and none are there.
    ///
    /// # Errors
    /// Where a file is missing, damaged or not readable.
    pub fn open(disk: &dyn Disk, dir: &Path, may_create: bool) -> Result<Self, SecretsError> {
        let (master_path, secrets_path) = (dir.join("master.key"), dir.join("ledger.secrets"));
        let master = read(disk, &master_path)?;
        let sealed = read(disk, &secrets_path)?;
        match (master, sealed) {
            (Some(master), Some(sealed)) => Self::unsealed(parse_master(&master, &master_path)?, &sealed, secrets_path),
            (Some(master), None) if may_create => Self::create(disk, dir, Some(parse_master(&master, &master_path)?)),
            (None, None) if may_create => Self::create(disk, dir, None),
            (None, _) => Err(SecretsError::Missing { path: master_path }),
            (_, None) => Err(SecretsError::Missing { path: secrets_path }),
        }
    }

    fn create(disk: &dyn Disk, dir: &Path, master: Option<Key>) -> Result<Self, SecretsError> {
        disk.create_dir(dir).map_err(|source| SecretsError::Io { path: dir.to_owned(), source })?;
        let master = if let Some(master) = master {
            master
        } else {
            let master = Key::random()?;
            let text = Zeroizing::new(format!("{}\n", hex::encode(master.bytes())));
            write(disk, &dir.join("master.key"), text.as_bytes())?;
            master
        };
        let mut head = Vec::from(MAGIC);
        let id = Key::random()?;
        head.extend(id.bytes().iter().take(16));
        head.extend_from_slice(&MASTER_KEY_ID.to_be_bytes());
        let mut plain = Zeroizing::new(Vec::with_capacity(96));
        for _ in 0..3 {
            plain.extend_from_slice(Key::random()?.bytes());
        }
        let sealed = seal::seal(&master, &bound_to(&head), &plain)?;
        head.extend_from_slice(&sealed);
        let path = dir.join("ledger.secrets");
        write(disk, &path, &head)?;
        disk.sync_dir(dir).map_err(|source| SecretsError::Io { path: dir.to_owned(), source })?;
        Self::unsealed(master, &head, path)
    }

    fn unsealed(master: Key, file: &[u8], path: PathBuf) -> Result<Self, SecretsError> {
        let parts = file.split_at_checked(22).and_then(|(head, sealed)| {
            let plain = seal::open(&master, &bound_to(head), sealed).ok()?;
            let id: [u8; 16] = head.strip_prefix(&MAGIC)?.first_chunk::<16>().copied()?;
            let (secret, rest) = plain.split_first_chunk::<32>()?;
            let (checkpoint, rest) = rest.split_first_chunk::<32>()?;
            let receipt = rest.first_chunk::<32>()?;
            let derived = Hkdf::<Sha256>::new(Some(&id), secret);
            Some((id, derived, SigningKey::from_bytes(checkpoint), SigningKey::from_bytes(receipt)))
        });
        let Some((id, derived, checkpoint, receipt)) = parts else { return Err(SecretsError::DoesNotOpen { path }) };
        let key = |info: &[&[u8]]| {
            let mut okm = Zeroizing::new([0; 32]);
            derived.expand_multi_info(info, okm.as_mut_slice()).map_err(|_| SealError::TooLong)?;
            Ok::<Key, SealError>(Key::from_bytes(*okm))
        };
        let version = SECRET_VERSION.to_be_bytes();
        Ok(Self {
            ledger_id: LedgerId(id),
            identifiers: Keyed::new(&key(&[b"consent-ledger/v1 identifiers", &version])?),
            event_ids: Keyed::new(&key(&[b"consent-ledger/v1 event ids"])?),
            content: Keyed::new(&key(&[b"consent-ledger/v1 content"])?),
            suppression: Keyed::new(&key(&[b"consent-ledger/v1 suppression"])?),
            heads: Keyed::new(&key(&[b"consent-ledger/v1 heads"])?),
            receipts: key(&[b"consent-ledger/v1 receipts"])?,
            master,
            checkpoint,
            receipt,
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

    /// The public key of checkpoints, 32 bytes.
    #[must_use]
    pub fn checkpoint_public_key(&self) -> [u8; 32] {
        self.checkpoint.verifying_key().to_bytes()
    }

    /// Signs checkpoints.
    #[must_use]
    pub const fn checkpoint_key(&self) -> &SigningKey {
        &self.checkpoint
    }

    /// The public key of decision receipts, 32 bytes.
    #[must_use]
    pub fn receipt_public_key(&self) -> [u8; 32] {
        self.receipt.verifying_key().to_bytes()
    }

    /// Signs decision receipts.
    #[must_use]
    pub const fn receipt_key(&self) -> &SigningKey {
        &self.receipt
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

/// The version of the ledger secret behind identifier digests.
pub const SECRET_VERSION: u32 = 1;

fn bound_to(head: &[u8]) -> Vec<u8> {
    [b"consent-ledger/v1 secrets".as_slice(), head].concat()
}

fn parse_master(text: &[u8], path: &Path) -> Result<Key, SecretsError> {
    let text = std::str::from_utf8(text).map(str::trim).unwrap_or_default();
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text, bytes.as_mut_slice()).map_err(|_| SecretsError::MasterKey { path: path.to_owned() })?;
    Ok(Key::from_bytes(*bytes))
}

fn read(disk: &dyn Disk, path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, SecretsError> {
    let io = |source| SecretsError::Io { path: path.to_owned(), source };
    match disk.open(path, false) {
        Ok(file) => read_all(file.as_ref()).map(|bytes| Some(Zeroizing::new(bytes))).map_err(io),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io(error)),
    }
}

fn write(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), SecretsError> {
    let io = |source| SecretsError::Io { path: path.to_owned(), source };
    // Under its name it is whole or not there.
    let new = path.with_extension("new");
    let file = disk.open(&new, true).map_err(io)?;
    file.set_len(0).map_err(io)?;
    file.write_at(bytes, 0).map_err(io)?;
    file.sync().map_err(io)?;
    disk.rename(&new, path).map_err(io)
}
