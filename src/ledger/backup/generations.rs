//! The backups in a directory, and how those that are no longer wanted leave it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::BackupError;
use super::copying::GROWING;
use super::manifest::{self, Manifest, ManifestError};
use crate::ledger::storage::disk::{Disk, DiskFile, RealDisk};

/// The number that a directory's name is.
fn number(name: &str) -> Option<u64> {
    name.parse().ok().filter(|number| name == format!("{number:06}"))
}

/// The numbers of the backups that were begun in `dir`, ascending, whole or not.
pub(super) fn begun(dir: &Path) -> Result<Vec<u64>, BackupError> {
    let mut numbers: Vec<u64> = RealDisk.list(dir).map_err(BackupError::io(dir))?.iter().filter_map(|name| number(name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Where the manifest of a backup lies.
pub(super) fn manifest_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:06}")).join(manifest::NAME)
}

/// The manifest of a backup; none where it has none: it was killed, or is being removed.
pub(super) fn manifest(dir: &Path, number: u64) -> Result<Option<Manifest>, BackupError> {
    let path = manifest_path(dir, number);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(BackupError::Io { path, source }),
    };
    Manifest::parse(&String::from_utf8_lossy(&text)).map(Some).map_err(|source| BackupError::Manifest { path, source })
}

/// Every backup in `dir` whose manifest reads, the latest last.
pub(super) fn whole(dir: &Path) -> Result<Vec<(u64, Manifest)>, BackupError> {
    let mut whole = Vec::new();
    for number in begun(dir)? {
        match manifest(dir, number) {
            Ok(Some(manifest)) => whole.push((number, manifest)),
            // One that is damaged is none. One of a later version is not touched.
            Ok(None) | Err(BackupError::Manifest { source: ManifestError::Checksum | ManifestError::Line { .. }, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(whole)
}

/// Removes the backups that are not `kept`: older ones, and what killed ones left of their own. A backup's manifest goes first, so
/// that it is never taken for whole; keys are overwritten before their files go.
pub(super) fn remove_others(disk: &dyn Disk, dir: &Path, kept: &[(u64, Manifest)]) -> Result<(), BackupError> {
    for number in begun(dir)?.into_iter().filter(|number| kept.iter().all(|(kept, _)| kept != number)) {
        let manifest = manifest_path(dir, number);
        if manifest.exists() {
            remove(disk, &manifest)?;
        }
        remove_tree(disk, &dir.join(format!("{number:06}")), &|_| false)?;
    }
    disk.sync_dir(dir).map_err(BackupError::io(dir))
}

/// Removes those of the files that grow that none of these backups names.
pub(super) fn remove_unnamed(disk: &dyn Disk, dir: &Path, kept: &[(u64, Manifest)]) -> Result<(), BackupError> {
    let files = kept.iter().flat_map(|(_, manifest)| &manifest.files);
    let named: HashSet<PathBuf> = files.map(|file| dir.join(&file.stored)).collect();
    let growing = dir.join(GROWING);
    if growing.exists() { remove_tree(disk, &growing, &|path| named.contains(path)) } else { Ok(()) }
}

/// Removes what is in a directory but for what is `kept`, and itself where nothing is.
fn remove_tree(disk: &dyn Disk, dir: &Path, kept: &dyn Fn(&Path) -> bool) -> Result<(), BackupError> {
    for name in disk.list(dir).map_err(BackupError::io(dir))? {
        let path = dir.join(name);
        if path.is_dir() {
            remove_tree(disk, &path, kept)?;
        } else if !kept(&path) {
            if dir.file_name().is_some_and(|name| name == "keyring" || name == "secrets")
                || path.extension().is_some_and(|end| end == "key")
            {
                overwrite(disk, &path)?;
            }
            remove(disk, &path)?;
        }
    }
    if disk.list(dir).map_err(BackupError::io(dir))?.is_empty() { remove(disk, dir) } else { Ok(()) }
}

fn overwrite(disk: &dyn Disk, path: &Path) -> Result<(), BackupError> {
    let io = BackupError::io(path);
    let file = disk.open(path, false).map_err(&io)?;
    let zeros = vec![0; super::image::CHUNK_BYTES];
    let (mut at, bytes) = (0, DiskFile::len(file.as_ref()).map_err(&io)?);
    while at < bytes {
        let length = usize::try_from(bytes - at).unwrap_or(zeros.len()).min(zeros.len());
        file.write_at(zeros.get(..length).unwrap_or_default(), at).map_err(&io)?;
        at += length as u64;
    }
    file.sync().map_err(&io)
}

fn remove(disk: &dyn Disk, path: &Path) -> Result<(), BackupError> {
    disk.remove(path).map_err(BackupError::io(path))
}
