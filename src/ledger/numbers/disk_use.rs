//! What the data directory takes on its disk, and what that has left.

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::ledger::Ledger;
use crate::ledger::storage::journal;

/// What the data directory takes on its disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DiskUse {
    /// Bytes of the journal, and of what repairs it.
    pub journal_bytes: u64,
    /// Its segments.
    pub segments: u64,
    /// Bytes of the copy that is read at random.
    pub store_bytes: u64,
    /// Bytes of both files of keys.
    pub keyring_bytes: u64,
    /// Bytes of the snapshot, and when it was written, in seconds since 1970; none where there is none.
    pub snapshot: Option<(u64, u64)>,
    /// Bytes that whoever runs this process may still write on this disk.
    pub free_bytes: u64,
    /// The disk's size in bytes.
    pub size_bytes: u64,
}

impl Ledger {
    /// What the data directory takes. Reads directories: blocks.
    ///
    /// # Errors
    /// As the operating system says.
    pub fn disk_use(&self) -> io::Result<DiskUse> {
        of(self.data_dir())
    }
}

fn of(data_dir: &Path) -> io::Result<DiskUse> {
    let (journal_bytes, segments) = files(&data_dir.join("journal"), journal::is_segment)?;
    let (store_bytes, _) = files(&data_dir.join("sled"), |_| true)?;
    let (keyring_bytes, _) = files(&data_dir.join("keyring"), |_| true)?;
    let snapshot = std::fs::metadata(data_dir.join("snapshot")).ok().map(|snapshot| (snapshot.len(), written_at(&snapshot)));
    let disk = rustix::fs::statvfs(data_dir)?;
    let (free_bytes, size_bytes) = (disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize));
    Ok(DiskUse { journal_bytes, segments, store_bytes, keyring_bytes, snapshot, free_bytes, size_bytes })
}

/// The bytes of all files below `dir`, and how many of them have a name that counts. One that goes meanwhile is left out.
fn files(dir: &Path, counts: fn(&str) -> bool) -> io::Result<(u64, u64)> {
    let (mut bytes, mut count) = (0, 0);
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            let below = files(&entry.path(), counts).unwrap_or_default();
            (bytes, count) = (bytes + below.0, count + below.1);
        } else {
            (bytes, count) = (bytes + metadata.len(), count + u64::from(counts(&entry.file_name().to_string_lossy())));
        }
    }
    Ok((bytes, count))
}

fn written_at(file: &Metadata) -> u64 {
    file.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_added_up_and_the_disk_has_no_more_free_than_it_has() {
        let dir = tempfile::tempdir().unwrap();
        for (file, bytes) in [("journal/1.journal", 7), ("journal/2.journal", 5), ("sled/db", 3), ("sled/blobs/1", 2), ("keyring/a", 4)] {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, vec![0; bytes]).unwrap();
        }
        let found = of(dir.path()).unwrap();
        assert_eq!((found.journal_bytes, found.segments, found.store_bytes, found.keyring_bytes), (12, 2, 5, 4));
        assert!(found.snapshot.is_none() && 0 < found.free_bytes && found.free_bytes <= found.size_bytes);
        std::fs::write(dir.path().join("snapshot"), "12").unwrap();
        let (bytes, written) = of(dir.path()).unwrap().snapshot.unwrap();
        assert!(bytes == 2 && written > 1_700_000_000);
    }
}
