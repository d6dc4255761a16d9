//! Dead letters in a backup: a day's letters only grow, its key is copied whole each time, so that a day that is over leaves
//! with its key.

use super::BackupError;
use super::copying::{Copier, read};
use crate::ledger::storage::disk::{Disk, DiskFile, RealDisk};
use std::path::Path;

/// Begins a day's key; one that is being removed is overwritten first.
const KEY_MAGIC: &[u8; 8] = b"CLDLKEY1";

/// Copies the days that are there. What is torn at a file's end was not acknowledged, and is cut when it is opened.
pub(super) fn copy(copier: &mut Copier<'_>, data_dir: &Path) -> Result<(), BackupError> {
    let dir = data_dir.join("dead-letters");
    if !dir.exists() {
        return Ok(());
    }
    for name in RealDisk.list(&dir).map_err(BackupError::io(&dir))? {
        let Some(day) = name.strip_suffix(".log") else { continue };
        let (key_path, log_path) = (format!("dead-letters/{day}.key"), format!("dead-letters/{name}"));
        let Some(key) = read(data_dir, &key_path)?.filter(|key| key.starts_with(KEY_MAGIC)) else { continue };
        let path = data_dir.join(&log_path);
        let bytes = match RealDisk.open(&path, false).and_then(|file| DiskFile::len(file.as_ref())) {
            Ok(bytes) => bytes,
            // The day was over meanwhile.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(source) => return Err(BackupError::Io { path, source }),
        };
        copier.growing(&log_path, bytes, false)?;
        if read(data_dir, &key_path)?.as_ref() == Some(&key) {
            copier.keep(&key_path, &key)?;
        } else {
            copier.forget(&log_path);
        }
    }
    Ok(())
}
