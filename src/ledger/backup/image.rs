//! A backup as the data directory that it is of, to be read only: no byte of it is given that is not what the manifest says.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::BackupError;
use super::manifest::{Manifest, Stored};
use crate::ledger::storage::disk::{Disk, DiskFile};

/// How much is read at a time, in bytes.
pub(super) const CHUNK_BYTES: usize = 1 << 20;

/// The view.
pub(super) struct Image<'a> {
    root: &'a Path,
    manifest: &'a Manifest,
    /// The first file that is not what the manifest says, and in what way.
    damaged: Mutex<Option<(String, String)>>,
}

impl<'a> Image<'a> {
    /// The backup of this manifest in the directory `root`.
    pub fn new(root: &'a Path, manifest: &'a Manifest) -> Self {
        Self { root, manifest, damaged: Mutex::default() }
    }

    /// Reads a file to its end, and holds it against the manifest.
    pub fn check(&self, file: &Stored) -> Result<(), BackupError> {
        let opened = self.open_file(file).map(drop);
        opened.map_err(|source| self.damage().unwrap_or_else(|| BackupError::Io { path: self.root.join(&file.stored), source }))
    }

    /// What was found damaged first.
    pub fn damage(&self) -> Option<BackupError> {
        let damaged = self.damaged.lock().clone();
        damaged.map(|(stored, reason)| BackupError::Damaged { path: self.root.join(stored), reason })
    }

    /// The path, in a data directory, of the file that was found damaged first.
    pub fn damaged_path(&self) -> Option<String> {
        let stored = self.damaged.lock().clone().map(|(stored, _)| stored)?;
        self.manifest.files.iter().find(|file| file.stored == stored).map(|file| file.path.clone())
    }

    fn open_file(&self, file: &Stored) -> io::Result<View> {
        let found = File::open(self.root.join(&file.stored)).map_err(|error| self.note(file, &error.to_string()))?;
        // What was just written is read from the disk again, where the system can be talked into it.
        #[cfg(target_os = "linux")]
        let _ = rustix::fs::fadvise(&found, 0, None, rustix::fs::Advice::DontNeed);
        let there = DiskFile::len(&found)?;
        if there < file.bytes {
            return Err(self.note(file, &format!("it has {there} bytes, {} belong to it", file.bytes)));
        }
        let view = View { file: found, bytes: file.bytes };
        let sha256 = sha256(&view, file.bytes).map_err(|error| self.note(file, &error.to_string()))?;
        if sha256 != file.sha256 {
            return Err(self.note(file, "its SHA-256 is not that of the manifest"));
        }
        Ok(view)
    }

    fn note(&self, file: &Stored, reason: &str) -> io::Error {
        let message = format!("{}: {reason}", file.stored);
        self.damaged.lock().get_or_insert_with(|| (file.stored.clone(), reason.to_owned()));
        io::Error::other(message)
    }
}

/// SHA-256 of the first `bytes` of a file.
pub(super) fn sha256(file: &dyn DiskFile, bytes: u64) -> io::Result<[u8; 32]> {
    let (mut hasher, mut at, mut buffer) = (Sha256::new(), 0, vec![0; CHUNK_BYTES]);
    while at < bytes {
        let wanted = usize::try_from(bytes - at).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        let read = file.read_at(buffer.get_mut(..wanted).unwrap_or_default(), at)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
        at += read as u64;
    }
    Ok(hasher.finalize().into())
}

impl Disk for Image<'_> {
    fn open(&self, path: &Path, create: bool) -> io::Result<Box<dyn DiskFile>> {
        if create {
            return Err(read_only());
        }
        let name = path.to_str().unwrap_or_default();
        let file = self.manifest.file(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(self.open_file(file)?))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let names = self.manifest.files.iter().filter_map(|file| {
            let name: PathBuf = Path::new(&file.path).strip_prefix(dir).ok()?.to_owned();
            name.into_os_string().into_string().ok().filter(|name| !name.contains('/'))
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        Ok(names)
    }

    fn create_dir(&self, _: &Path) -> io::Result<()> {
        Err(read_only())
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(read_only())
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Err(read_only())
    }
}

fn read_only() -> io::Error {
    io::ErrorKind::PermissionDenied.into()
}

/// As much of a file as belongs to the backup.
struct View {
    file: File,
    bytes: u64,
}

impl DiskFile for View {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let left = usize::try_from(self.bytes.saturating_sub(offset)).unwrap_or(usize::MAX).min(buffer.len());
        DiskFile::read_at(&self.file, buffer.get_mut(..left).unwrap_or_default(), offset)
    }

    fn write_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        Err(read_only())
    }

    fn sync(&self) -> io::Result<()> {
        Err(read_only())
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Err(read_only())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes)
    }
}
