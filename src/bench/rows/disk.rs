//! What the log takes on disk, both copies together, against the bytes of its entries alone.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::bench::commits::Commits;
use crate::bench::error::BenchError;
use crate::bench::figures::{Figure, Row, Unit};
use crate::bench::stage::{Stage, Which};

/// Bytes of the blocks that the system counts a file's space in, whatever its file system does.
const BLOCK_BYTES: u64 = 512;

#[expect(clippy::cast_precision_loss, reason = "figures are for people")]
pub(super) async fn measure(stage: &mut Stage, row: Row) -> Result<Row, BenchError> {
    stage.stop(Which::All).await?;
    let data_dir = stage.data_dir(Which::All).to_owned();
    let read = move || {
        let of = |part: &str| allocated(&data_dir.join(part));
        Ok::<_, BenchError>((Commits::read(&data_dir)?, of("journal")?, of("sled")?, of("keyring")?, of("snapshot")?, of("")?))
    };
    let (commits, journal, store, keyring, snapshot, whole) = tokio::task::spawn_blocking(read).await??;
    let to_entries = |bytes: u64| bytes as f64 / commits.entry_bytes as f64;
    Ok(row
        .with(Figure::count("entries", Unit::Count, commits.entries))
        .with(Figure::count("entry_bytes", Unit::Bytes, commits.entry_bytes))
        .with(Figure::count("bytes_per_entry", Unit::Bytes, commits.entry_bytes / commits.entries.max(1)))
        .with(Figure::count("journal_bytes", Unit::Bytes, journal))
        .with(Figure::count("store_bytes", Unit::Bytes, store))
        .with(Figure::count("keyring_bytes", Unit::Bytes, keyring))
        .with(Figure::count("snapshot_bytes", Unit::Bytes, snapshot))
        .with(Figure::count("data_dir_bytes", Unit::Bytes, whole))
        .with(Figure::ratio("both_copies_to_entries_ratio", to_entries(journal + store)).at_most(3.5))
        .with(Figure::ratio("data_dir_to_entries_ratio", to_entries(whole))))
}

/// Bytes that a file takes on disk, or all files of a directory.
fn allocated(path: &Path) -> Result<u64, BenchError> {
    let found = std::fs::symlink_metadata(path).map_err(BenchError::io(path))?;
    let mut bytes = found.blocks() * BLOCK_BYTES;
    if found.is_dir() {
        for entry in std::fs::read_dir(path).map_err(BenchError::io(path))? {
            bytes += allocated(&entry.map_err(BenchError::io(path))?.path())?;
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_takes_what_its_files_take_and_a_hole_takes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let empty = allocated(dir.path()).unwrap();
        let file = std::fs::File::create(inner.join("file")).unwrap();
        file.set_len(1 << 30).unwrap();
        assert!(allocated(dir.path()).unwrap() < empty + (1 << 20));
        std::fs::write(inner.join("full"), vec![1; 1 << 20]).unwrap();
        std::fs::File::open(inner.join("full")).unwrap().sync_all().unwrap();
        assert!(allocated(dir.path()).unwrap() >= empty + (1 << 20));
    }
}
