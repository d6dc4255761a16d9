//! A small secret file in the place of another: whole under its name or not there, and the one before it overwritten.

use std::io;
use std::path::{Path, PathBuf};

use crate::ledger::storage::disk::{Disk, DiskFile};

/// Puts these bytes under a name, durably. The file that had it is overwritten with zeros once it has lost it; what a
/// copy-on-write disk keeps of it stays.
///
/// # Errors
/// Where the disk fails; the file before stays, or its place was taken.
pub(super) fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Under its name it is whole or not there.
    let new = path.with_extension("new");
    let file = disk.open(&new, true)?;
    file.set_len(0)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    rename(disk, &new, path)
}

/// Gives a whole file another's name, durably, and overwrites that other.
///
/// # Errors
/// As [`replace`].
pub(super) fn rename(disk: &dyn Disk, from: &Path, to: &Path) -> io::Result<()> {
    let before = found(disk.open(to, false))?;
    disk.rename(from, to)?;
    disk.sync_dir(&dir_of(to))?;
    before.map_or(Ok(()), |before| blank(before.as_ref()))
}

/// Takes a file's name away and overwrites it; one that is not there is gone already.
///
/// # Errors
/// Where the disk fails.
pub(super) fn remove(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    let Some(file) = found(disk.open(path, false))? else { return Ok(()) };
    std::fs::remove_file(path)?;
    disk.sync_dir(&dir_of(path))?;
    blank(file.as_ref())
}

/// None where there is no such file.
///
/// # Errors
/// Where it cannot be told.
pub(super) fn found<T>(opened: io::Result<T>) -> io::Result<Option<T>> {
    match opened {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn blank(file: &dyn DiskFile) -> io::Result<()> {
    let bytes = usize::try_from(file.len()?).map_err(io::Error::other)?;
    file.write_at(&vec![0; bytes], 0)?;
    file.sync()
}

fn dir_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_owned()
}
