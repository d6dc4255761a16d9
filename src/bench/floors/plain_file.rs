//! A plain file that is written to and synced as the journal is: what a commit costs without a ledger.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::bench::clock::Stopwatch;
use crate::bench::error::BenchError;

/// How much is filled with zeros ahead, as much as the journal fills: a sync then has no new length to make durable.
const FILL_BYTES: usize = 1 << 20;

/// Whether the file already has the length that a write needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ahead {
    /// Every write makes the file longer.
    Nothing,
    /// Zeros were written and synced where the next bytes go, as in the journal.
    Zeros,
}

/// A plain file; removed when dropped.
pub struct PlainFile {
    path: PathBuf,
    file: File,
    ahead: Ahead,
    end: u64,
    filled: u64,
}

impl PlainFile {
    /// An empty file in `dir`.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn create(dir: &Path, ahead: Ahead) -> Result<Self, BenchError> {
        let path = dir.join(format!("plain-{ahead:?}"));
        let file = File::create(&path).map_err(BenchError::io(&path))?;
        Ok(Self { path, file, ahead, end: 0, filled: 0 })
    }

    /// Appends so many bytes and makes them durable. Gives how long that took, in nanoseconds; not counting zeros written ahead.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn commit(&mut self, bytes: usize) -> Result<u64, BenchError> {
        let took = self.try_commit(bytes);
        took.map_err(BenchError::io(&self.path))
    }

    fn try_commit(&mut self, bytes: usize) -> std::io::Result<u64> {
        let end = self.end + bytes as u64;
        if self.ahead == Ahead::Zeros && end > self.filled {
            let zeros = vec![0; FILL_BYTES.max(bytes)];
            self.file.seek(SeekFrom::Start(self.end))?;
            self.file.write_all(&zeros)?;
            self.file.sync_data()?;
            self.filled = self.end + zeros.len() as u64;
        }
        let written: Vec<u8> = (0..bytes).map(|n| n.to_le_bytes()[0] | 1).collect();
        self.file.seek(SeekFrom::Start(self.end))?;
        let watch = Stopwatch::start();
        self.file.write_all(&written)?;
        self.file.sync_data()?;
        self.end = end;
        Ok(watch.nanos())
    }
}

impl Drop for PlainFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Appends so many bytes a commit, and syncs each. Gives the seconds.
///
/// # Errors
/// As the operating system says.
pub fn seconds_of(dir: &Path, commits: &[usize]) -> Result<f64, BenchError> {
    let mut file = PlainFile::create(dir, Ahead::Nothing)?;
    let mut nanos = 0;
    for bytes in commits {
        nanos += file.commit(*bytes)?;
    }
    Ok(std::time::Duration::from_nanos(nanos).as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_what_was_committed_and_is_gone_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        for ahead in [Ahead::Nothing, Ahead::Zeros] {
            let mut file = PlainFile::create(dir.path(), ahead).unwrap();
            assert!([3, 4].into_iter().all(|bytes| file.commit(bytes).unwrap() > 0));
            let held = std::fs::read(&file.path).unwrap();
            assert_eq!(held.iter().filter(|byte| **byte != 0).count(), 7);
            assert_eq!(held.len() > 7, ahead == Ahead::Zeros);
        }
        assert!(seconds_of(dir.path(), &[10, 20]).unwrap() > 0.0);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
