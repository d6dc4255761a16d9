//! One process at a time has a data directory; the file that says so also names the ledger once its log is begun.

use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use crate::ledger::keys::secrets::LedgerId;
use crate::ledger::starting::open::OpenError;

/// Holds a data directory for one process.
pub struct Lock {
    file: std::fs::File,
    path: PathBuf,
}

impl Drop for Lock {
    /// Lets go by name: a process that is just being started elsewhere may hold the file for a moment longer.
    fn drop(&mut self) {
        let _ = rustix::fs::flock(&self.file, FlockOperation::Unlock);
    }
}

impl Lock {
    /// Takes the lock of a data directory, which is made, mode 0700, where it is missing.
    ///
    /// # Errors
    /// Where another process has it.
    pub fn take(data_dir: &Path) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io { path: data_dir.to_owned(), source };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir).map_err(io)?;
        let file = std::fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .open(data_dir.join("lock"))
            .map_err(io)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { file, path: data_dir.to_owned() }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(OpenError::InUse { path: data_dir.to_owned() }),
            Err(errno) => Err(io(errno.into())),
        }
    }

    /// The ledger whose log was begun here, as its id is written; none: no log was begun.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub(in crate::ledger) fn begun(&self) -> Result<Option<String>, OpenError> {
        let mut text = vec![0; 64];
        let read = self.file.read_at(&mut text, 0).map_err(|source| self.failed(source))?;
        text.truncate(read);
        let text = String::from_utf8_lossy(&text).trim().to_owned();
        Ok((!text.is_empty()).then_some(text))
    }

    /// Notes, durably, that the ledger's log was begun: from here on a directory without one lost it.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(in crate::ledger) fn note_begun(&self, ledger_id: LedgerId) -> Result<(), OpenError> {
        let text = format!("{ledger_id}\n");
        self.file.write_all_at(text.as_bytes(), 0).and_then(|()| self.file.sync_all()).map_err(|source| self.failed(source))
    }

    fn failed(&self, source: std::io::Error) -> OpenError {
        OpenError::Io { path: self.path.join("lock"), source }
    }
}
