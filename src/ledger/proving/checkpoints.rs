//! Signed checkpoints: kept durably, then published; never one that contradicts an earlier signature.
//!
//! ```text
//! head ── tree ── root ── signature ── checkpoints (kept, synced) ── --checkpoint-dir (published)
//! ```

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::Mutex;

use crate::consent::words::Seq;
use crate::ledger::clock::Clock;
use crate::ledger::keys::secrets::Secrets;
use crate::ledger::memory::state::State;
use crate::ledger::numbers::Numbers;
use crate::ledger::proving::publication::{LATEST, Publication};
use crate::ledger::proving::signed::{Fault, Signed, SignedFile};
use crate::ledger::proving::tree::Tree;
use crate::ledger::storage::disk::Disk;
use crate::ledger::storage::reader::{EntryUnreadable, Reader};
use crate::ledger::writing::committer::Health;
use crate::proof::checkpoint::{Checkpoint, CheckpointError};
use crate::proof::merkle::Hash;
use crate::proof::note::VerifierKey;
use crate::proto::SigningKeyUse;

/// A new ledger's log: `LedgerCreated` and the account `default`, in one commit. Nobody recorded anything yet.
const CREATED: Seq = Seq::new(2);

/// Why there is no checkpoint, or why a ledger must not start.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointsError {
    /// A file does not do what is asked.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Unreadable(#[from] EntryUnreadable),
    /// The file is another ledger's, or damaged in its middle.
    #[error("{} is not this ledger's, or damaged: record {record} does not read", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Which record, counting from 1; 0: the header.
        record: u64,
    },
    /// A published file is no checkpoint of this ledger.
    #[error("{} is no checkpoint of this ledger: {reason}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: CheckpointError,
    },
    /// The log ends before a checkpoint.
    #[error(
        "the log has {head} entries, and {signed} were signed for in {}: an older copy of the data directory was put back; restore a newer one",
        path.display()
    )]
    Behind {
        /// How many entries the log has.
        head: u64,
        /// How many were signed for.
        signed: u64,
        /// Where.
        path: PathBuf,
    },
    /// The log is not the one that was signed for.
    #[error("the first {size} entries of the log are not those that were signed for in {}: one of the two was rewritten", path.display())]
    Beside {
        /// How many entries.
        size: u64,
        /// Where.
        path: PathBuf,
    },
    /// Nothing is published of a log that has entries.
    #[error("{} holds no checkpoint although the log has {head} entries; where that is right, start once with --first-checkpoint", path.display())]
    NothingPublished {
        /// The directory.
        path: PathBuf,
        /// How many entries the log has.
        head: u64,
    },
    /// What was signed last was not signed with a key of the secrets.
    #[error("the last record of {} is signed with a key that ledger.secrets does not hold: one of the two is of another day", path.display())]
    OtherKey {
        /// The file.
        path: PathBuf,
    },
    /// The name of the ledger is none that signs.
    #[error("the ledger's origin {origin:?} holds a plus sign or white space, and nothing can be signed under it")]
    Origin {
        /// The name.
        origin: String,
    },
    /// The ledger no longer writes.
    #[error("{reason}")]
    Stopped {
        /// Why.
        reason: String,
    },
}

impl CheckpointsError {
    /// Whether the log is not what was signed for.
    #[must_use]
    pub const fn is_contradiction(&self) -> bool {
        matches!(self, Self::Behind { .. } | Self::Beside { .. })
    }
}

/// The checkpoints of a ledger.
pub struct Checkpoints {
    path: PathBuf,
    publication: Option<Publication>,
    tree: Tree,
    log: Log,
    key: VerifierKey,
    kept: Mutex<SignedFile>,
}

/// The checkpoint that is published; 0 entries where none is, or it cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Published {
    /// How many entries it is over.
    pub size: u64,
    /// When it was signed, in seconds since 1970.
    pub seconds: u64,
}

/// What checkpoints are made of.
#[derive(Clone)]
pub struct Log {
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// Reads entries.
    pub reader: Arc<Reader>,
    /// Knows the head.
    pub state: Arc<State>,
    /// Holds the key.
    pub secrets: Arc<Secrets>,
    /// Tells the time of a signature.
    pub clock: Arc<dyn Clock>,
    /// A ledger that stopped writing signs no more; one whose log contradicts a signature stops.
    pub health: Arc<Health>,
    /// Counts what was not signed or published.
    pub numbers: Arc<Numbers>,
    /// The ledger's name.
    pub origin: String,
}

impl Checkpoints {
    /// Opens the files `checkpoints` and `tree` in `data_dir` and holds the log against the signature kept last and every
    /// published one. With a directory to publish to there is a published checkpoint from here on; `first`: it may be the first.
    ///
    /// # Errors
    /// Where a file fails, the log is behind or beside what was signed, or nothing is published of a log that has entries.
    pub fn open(log: Log, data_dir: &Path, publish_to: Option<PathBuf>, first: bool) -> Result<Self, CheckpointsError> {
        let public_key = log.secrets.checkpoint_public_key();
        let key = VerifierKey::new(&log.origin, &public_key).map_err(|_| CheckpointsError::Origin { origin: log.origin.clone() })?;
        let (path, tree_path, ledger_id) = (data_dir.join("checkpoints"), data_dir.join("tree"), log.secrets.ledger_id());
        let kept = SignedFile::open(log.disk.as_ref(), &path, ledger_id).map_err(|fault| match fault {
            Fault::Io(source) => CheckpointsError::Io { path: path.clone(), source },
            Fault::Record(record) => CheckpointsError::Damaged { path: path.clone(), record },
        })?;
        let latest = kept.latest();
        // The signed root below says whether the tree's file is right up to there; further it is not believed.
        let signed = latest.map_or(0, |latest| latest.size).min(log.state.head().seq.number());
        let tree = Tree::open(log.disk.as_ref(), &tree_path, ledger_id, log.reader.clone(), signed)
            .map_err(|source| CheckpointsError::Io { path: tree_path, source })?;
        log.disk.sync_dir(data_dir).map_err(|source| CheckpointsError::Io { path: data_dir.to_owned(), source })?;
        let publication = publish_to.map(|dir| Publication::open(log.disk.clone(), dir)).transpose()?;
        let opened = Self { path, publication, tree, log, key, kept: Mutex::new(kept) };
        if let Some(latest) = latest {
            opened.holds(latest.size, &latest.root, &opened.path)?;
            opened.key_of(&latest).ok_or_else(|| CheckpointsError::OtherKey { path: opened.path.clone() })?;
        }
        opened.hold_published(first)?;
        Ok(opened)
    }

    /// The key by which others check.
    #[must_use]
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Every key by which others check what this ledger signed so far, the one in force first.
    fn keys(&self) -> impl Iterator<Item = VerifierKey> + '_ {
        let keys = self.log.secrets.public_keys(SigningKeyUse::Checkpoint);
        keys.into_iter().rev().filter_map(|(_, public_key)| VerifierKey::new(&self.log.origin, &public_key).ok())
    }

    /// The key that a signature was made with; none: it is none of this ledger's.
    #[must_use]
    pub fn key_of(&self, signed: &Signed) -> Option<VerifierKey> {
        self.keys().find(|key| signed.is_of(key))
    }

    /// The tree that proofs are made from.
    #[must_use]
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The log's last entry.
    #[must_use]
    pub fn head(&self) -> Seq {
        self.log.state.head().seq
    }

    /// The latest, where one was signed.
    #[must_use]
    pub fn latest(&self) -> Option<Signed> {
        self.kept.lock().latest()
    }

    /// The last that was signed over exactly `size` entries; none: none was.
    ///
    /// # Errors
    /// Where the file that keeps them fails.
    pub fn at(&self, size: u64) -> Result<Option<Signed>, CheckpointsError> {
        self.kept.lock().at(size).map_err(|source| self.io(source))
    }

    /// What is published now; none: nothing is to be.
    #[must_use]
    pub fn published(&self) -> Option<Published> {
        let publication = self.publication.as_ref()?;
        let latest = publication.latest(&self.keys().collect::<Vec<_>>()).ok().flatten();
        Some(latest.map_or(Published::default(), |latest| Published { size: latest.checkpoint.size, seconds: latest.cosigned_at }))
    }

    /// Signs what is there now: kept durably before it is published. What cannot be published now is published with the next.
    ///
    /// # Errors
    /// Where the log contradicts what was signed or the signature cannot be kept, both of which stop the ledger, or where
    /// the log does not read. Nothing is published then.
    pub fn sign(&self) -> Result<Signed, CheckpointsError> {
        let reason = self.log.health.borrow().clone();
        if let Some(reason) = reason {
            return Err(CheckpointsError::Stopped { reason });
        }
        let signed = self.sign_head();
        if let Err(error) = &signed
            && (error.is_contradiction() || matches!(error, CheckpointsError::Io { .. }))
        {
            self.log.health.send_if_modified(|known| known.replace(error.to_string()).is_none());
        }
        if signed.is_err() {
            self.log.numbers.unsigned.fetch_add(1, Ordering::Relaxed);
        }
        let signed = signed?;
        if let Err(error) = self.publish(&signed) {
            self.log.numbers.unpublished.fetch_add(1, Ordering::Relaxed);
            tracing::error!(%error, size = signed.size, "the checkpoint was not published; the next one is tried");
        }
        Ok(signed)
    }

    /// Signs no more: the data directory is let go.
    pub fn close(&self) {
        self.kept.lock().close();
    }

    fn sign_head(&self) -> Result<Signed, CheckpointsError> {
        let head = self.head();
        // Outside the lock: the first growth reads the whole log.
        self.tree.grow(head)?;
        let mut kept = self.kept.lock();
        if kept.is_closed() {
            return Err(CheckpointsError::Stopped { reason: "it is shutting down".to_owned() });
        }
        let latest = kept.latest();
        if let Some(latest) = latest {
            if latest.size > head.number() {
                // Somebody else signed more meanwhile.
                return Ok(latest);
            }
            self.holds(latest.size, &latest.root, &self.path)?;
        }
        let checkpoint = Checkpoint { origin: self.log.origin.clone(), size: head.number(), root: self.tree.root(head.number())? };
        let now = u64::try_from(self.log.clock.now().micros() / 1_000_000).unwrap_or_default();
        let seconds = latest.map_or(now, |latest| now.max(latest.seconds));
        let signed = Signed::new(&self.log.secrets.checkpoint_key(), &checkpoint, seconds);
        let signed = signed.ok_or_else(|| self.io(io::Error::other("no signature was made")))?;
        kept.append(&signed).map_err(|source| self.io(source))?;
        Ok(signed)
    }

    fn publish(&self, signed: &Signed) -> Result<(), CheckpointsError> {
        let Some(publication) = &self.publication else { return Ok(()) };
        let key = self.key_of(signed);
        let published = publication.publish(&signed.note(key.as_ref().unwrap_or(&self.key)), signed.seconds);
        published.map_err(|source| CheckpointsError::Io { path: publication.dir().to_owned(), source })?;
        self.log.numbers.published(signed.seconds);
        Ok(())
    }

    /// Holds the log against a signed root.
    fn holds(&self, size: u64, root: &Hash, path: &Path) -> Result<(), CheckpointsError> {
        let head = self.head();
        if size > head.number() {
            return Err(CheckpointsError::Behind { head: head.number(), signed: size, path: path.to_owned() });
        }
        self.tree.grow(head)?;
        if self.tree.root(size)? == *root {
            return Ok(());
        }
        // The tree's own file may be damaged: the log alone decides.
        self.tree.forget().map_err(|source| self.io(source))?;
        self.tree.grow(head)?;
        if self.tree.root(size)? == *root { Ok(()) } else { Err(CheckpointsError::Beside { size, path: path.to_owned() }) }
    }

    /// Holds the log against everything published, then publishes what was kept and is not.
    fn hold_published(&self, first: bool) -> Result<(), CheckpointsError> {
        let Some(publication) = &self.publication else { return Ok(()) };
        let published = publication.read(&self.keys().collect::<Vec<_>>())?;
        for (path, verified) in &published {
            self.holds(verified.checkpoint.size, &verified.checkpoint.root, path)?;
        }
        let head = self.head();
        if published.is_empty() && !first && head > CREATED {
            return Err(CheckpointsError::NothingPublished { path: publication.dir().to_owned(), head: head.number() });
        }
        let newest = published.iter().find(|(path, _)| path.ends_with(LATEST));
        let newest = newest.map(|(_, verified)| (verified.checkpoint.size, verified.cosigned_at));
        let latest = match self.latest() {
            Some(latest) if newest >= Some((latest.size, latest.seconds)) => return Ok(()),
            Some(latest) => latest,
            None if newest.is_some() => return Ok(()),
            None => self.sign_head()?,
        };
        self.publish(&latest)
    }

    fn io(&self, source: io::Error) -> CheckpointsError {
        CheckpointsError::Io { path: self.path.clone(), source }
    }
}
