//! Backups: made while the server runs, from another process, and put back.
//!
//! ```text
//! BACKUP_DIR/
//! ├── lock            one backup at a time
//! ├── log/            files that only grow: the journal, checkpoints, dead letters; each backup adds what is new
//! ├── 000007/         one backup: what is copied whole each time, and
//! │   ├── keyring/a, keyring/b, secrets/ledger.secrets, dead-letters/*.key
//! │   └── manifest    every file of it; written last, and only what it names is the backup
//! └── 000008/ …
//! ```
//!
//! A backup that was killed has no manifest: the one before it is whole, since of the files it names nothing is changed but
//! behind what it holds of them; the next one goes on where the killed one ended. What it is and why it is consistent:
//! `docs/operations/backup.md`.

mod copying;
mod dead_letters;
mod generations;
mod image;
mod keyring;
mod make;
pub mod manifest;
mod restore;

use std::io;
use std::path::{Path, PathBuf};

pub use make::{Backup, Made, back_up};
pub use restore::{Published, Restore, Restored, restore, verify_backup};

use crate::ledger::OpenError;
use crate::ledger::keys::keyring::KeyringError;
use crate::ledger::keys::secrets::SecretsError;
use crate::ledger::proving::checkpoints::CheckpointsError;
use crate::ledger::storage::journal::JournalError;
use manifest::ManifestError;

/// Why there is no backup, or why it was not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file did not do what was asked.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// The journal could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The directory of the backups could not be taken.
    #[error(transparent)]
    Directory(#[from] OpenError),
    /// The secrets are not this ledger's.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// A key does not open.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// Published checkpoints could not be read.
    #[error(transparent)]
    Checkpoints(#[from] CheckpointsError),
    /// There is nothing to back up.
    #[error("{} holds no ledger: there is no journal in it", path.display())]
    NoLedger {
        /// The data directory.
        path: PathBuf,
    },
    /// The directory holds something else.
    #[error("{} is not empty and holds no backup of a ledger", path.display())]
    NoBackups {
        /// The directory.
        path: PathBuf,
    },
    /// One of the two directories lies in the other.
    #[error("{} and {} lie in one another: a backup belongs elsewhere, best on another machine", data_dir.display(), to.display())]
    Within {
        /// The data directory.
        data_dir: PathBuf,
        /// The directory of the backups.
        to: PathBuf,
    },
    /// There is no backup.
    #[error("{} holds no backup{}", path.display(), number.map(|number| format!(" {number:06}")).unwrap_or_default())]
    NoBackup {
        /// The directory.
        path: PathBuf,
        /// Which one was asked for; none: the latest.
        number: Option<u64>,
    },
    /// The backups are another ledger's.
    #[error("{} holds backups of ledger {theirs}, this is ledger {ours}", path.display())]
    OtherLedger {
        /// The directory of the backups.
        path: PathBuf,
        /// Whose they are.
        theirs: String,
        /// Whose they should be.
        ours: String,
    },
    /// A manifest does not read.
    #[error("{}: {source}", path.display())]
    Manifest {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: ManifestError,
    },
    /// A file of a backup is not what the manifest says.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// In what way.
        reason: String,
    },
    /// The log does not hold together.
    #[error("the log does not hold: {}", problems.join("; "))]
    DoesNotHold {
        /// What does not hold.
        problems: Vec<String>,
    },
    /// Log and keyring never came to one moment.
    #[error("the ledger changed faster than it could be copied: {what}; nothing was lost, run it again")]
    Restless {
        /// What did.
        what: String,
    },
    /// The keyring is not this log's.
    #[error("the keyring does not belong to this log: {reason}; start the server, it says what to do")]
    KeyringDiffers {
        /// In what way.
        reason: String,
    },
    /// A rotation of the master key was begun.
    #[error("{} is there: the master key is being rotated; let that end first", path.display())]
    Rotating {
        /// The file that says so.
        path: PathBuf,
    },
    /// There is no master key to put in.
    #[error("{} is not there: this ledger's master key comes from elsewhere", path.display())]
    NoMasterKey {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// What is put back goes into an empty directory.
    #[error("{} is there and not empty", path.display())]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// A directory that another file system is mounted on cannot take another's place.
    #[error("{} is a mount point: name a directory in it, which is made", path.display())]
    MountPoint {
        /// The directory.
        path: PathBuf,
    },
    /// More was published than the backup holds.
    #[error("the backup ends at entry {head}, and a checkpoint over {signed} entries was published: entries {} to {signed} are not in it", head + 1)]
    Behind {
        /// The last entry in it.
        head: u64,
        /// The most entries that were signed for.
        signed: u64,
    },
}

impl BackupError {
    /// What a file says, about that file.
    pub(self) fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
