//! A disk in memory.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use consent_ledger::ledger::storage::disk::{Disk, DiskFile};

/// Files by their paths; directories are there wherever they are asked for.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<BTreeMap<PathBuf, File>>>);

#[derive(Clone, Default)]
struct File(Arc<Mutex<Vec<u8>>>);

impl Memory {
    /// The same with a file in it.
    #[must_use]
    pub fn with(self, path: &str, bytes: &[u8]) -> Self {
        held(&self.0).insert(path.into(), File(Arc::new(Mutex::new(bytes.to_vec()))));
        self
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn missing() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Disk for Memory {
    fn open(&self, path: &Path, create: bool) -> io::Result<Box<dyn DiskFile>> {
        let mut files = held(&self.0);
        if create {
            files.entry(path.to_owned()).or_default();
        }
        Ok(Box::new(files.get(path).cloned().ok_or_else(missing)?))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let files = held(&self.0);
        let names = files.keys().filter(|path| path.parent() == Some(dir)).filter_map(|path| path.file_name());
        Ok(names.map(|name| name.to_string_lossy().into_owned()).collect())
    }

    fn create_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut files = held(&self.0);
        let file = files.remove(from).ok_or_else(missing)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let bytes = held(&self.0);
        let from = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
        let count = from.len().min(buffer.len());
        buffer[..count].copy_from_slice(&from[..count]);
        Ok(count)
    }

    fn write_at(&self, new: &[u8], offset: u64) -> io::Result<()> {
        let mut bytes = held(&self.0);
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let end = bytes.len().max(offset + new.len());
        bytes.resize(end, 0);
        bytes[offset..offset + new.len()].copy_from_slice(new);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        held(&self.0).resize(usize::try_from(len).map_err(io::Error::other)?, 0);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(held(&self.0).len() as u64)
    }
}
