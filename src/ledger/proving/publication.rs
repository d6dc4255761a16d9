//! The directory that checkpoints are published to, outside the data directory.
//!
//! ```text
//! checkpoint               the latest
//! 2026-03-01.checkpoint    the last of each day, in UTC
//! ```
//!
//! Each is written beside its place and renamed into it, so that a reader finds a whole one. Everybody may read them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ledger::proving::checkpoints::CheckpointsError;
use crate::ledger::storage::disk::{Disk, read_all};
use crate::proof::checkpoint::{self, CheckpointError, Verified};
use crate::proof::note::{Note, VerifierKey};

/// The file that always holds the latest.
pub const LATEST: &str = "checkpoint";

/// Ends the names of the files that hold the last of each day.
const DAILY: &str = ".checkpoint";

/// The directory.
pub struct Publication {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
}

impl Publication {
    /// The directory, made where it is missing.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn open(disk: Arc<dyn Disk>, dir: PathBuf) -> Result<Self, CheckpointsError> {
        let made = !dir.exists();
        let opened = disk.create_dir(&dir).and_then(|()| if made { disk.open_to_all(&dir) } else { Ok(()) });
        opened.map_err(|source| CheckpointsError::Io { path: dir.clone(), source })?;
        Ok(Self { disk, dir })
    }

    /// Which directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Everything that is published, each held against the ledger's keys: the one in force first, then those before it.
    ///
    /// # Errors
    /// Where a file cannot be read, or is no checkpoint of this ledger.
    pub fn read(&self, keys: &[VerifierKey]) -> Result<Vec<(PathBuf, Verified)>, CheckpointsError> {
        let names = self.disk.list(&self.dir).map_err(|source| CheckpointsError::Io { path: self.dir.clone(), source })?;
        let published = names.iter().filter(|name| *name == LATEST || name.ends_with(DAILY));
        published.map(|name| self.one(&self.dir.join(name), keys).map(|verified| (self.dir.join(name), verified))).collect()
    }

    /// The latest that is published, held against the ledger's keys.
    ///
    /// # Errors
    /// Where it cannot be read, or is no checkpoint of this ledger.
    pub fn latest(&self, keys: &[VerifierKey]) -> Result<Option<Verified>, CheckpointsError> {
        let path = self.dir.join(LATEST);
        if path.exists() { self.one(&path, keys).map(Some) } else { Ok(None) }
    }

    fn one(&self, path: &Path, keys: &[VerifierKey]) -> Result<Verified, CheckpointsError> {
        let bytes = self.disk.open(path, false).and_then(|file| read_all(file.as_ref()));
        let bytes = bytes.map_err(|source| CheckpointsError::Io { path: path.to_owned(), source })?;
        let note = String::from_utf8_lossy(&bytes);
        let mut reason = CheckpointError::OtherKey;
        for key in keys {
            match checkpoint::verify(&note, key) {
                Ok(verified) => return Ok(verified),
                Err(CheckpointError::OtherKey) => {}
                Err(error) => reason = error,
            }
        }
        Err(CheckpointsError::Foreign { path: path.to_owned(), reason })
    }

    /// Publishes a checkpoint that was signed at a time, in seconds since 1970.
    ///
    /// # Errors
    /// Where the directory does not take it; what was there before stays.
    pub fn publish(&self, note: &Note, seconds: u64) -> io::Result<()> {
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        let day = jiff::Timestamp::from_second(seconds).map(|at| at.strftime("%Y-%m-%d").to_string()).map_err(io::Error::other)?;
        for name in [format!("{day}{DAILY}"), LATEST.to_owned()] {
            let (path, new) = (self.dir.join(&name), self.dir.join(format!("{name}.new")));
            let file = self.disk.open(&new, true)?;
            file.set_len(0)?;
            file.write_at(note.to_string().as_bytes(), 0)?;
            file.sync()?;
            self.disk.open_to_all(&new)?;
            self.disk.rename(&new, &path)?;
        }
        self.disk.sync_dir(&self.dir)
    }
}
