//! Copies files into a backup: of what only grows, what is new; of the rest, all of it.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::BackupError;
use super::image::CHUNK_BYTES;
use super::manifest::{Manifest, Stored};
use crate::ledger::storage::disk::{Disk, DiskFile, RealDisk};

/// The directory of what only grows.
pub(super) const GROWING: &str = "log";

/// Copies one backup.
pub(super) struct Copier<'a> {
    disk: &'a dyn Disk,
    data_dir: &'a Path,
    to: &'a Path,
    number: u64,
    /// Files of the latest backup, by path.
    former: HashMap<String, Stored>,
    /// How many bytes of each stored file belong to a backup that is there.
    owned: HashMap<String, u64>,
    /// What was copied, by path.
    files: BTreeMap<String, Stored>,
    /// How many bytes were written.
    copied: u64,
}

impl<'a> Copier<'a> {
    /// Copies backup `number` beside those that are there, the latest of them last.
    pub fn new(disk: &'a dyn Disk, data_dir: &'a Path, to: &'a Path, number: u64, there: &[(u64, Manifest)]) -> Self {
        let mut owned: HashMap<String, u64> = HashMap::new();
        for file in there.iter().flat_map(|(_, manifest)| &manifest.files) {
            let most = owned.entry(file.stored.clone()).or_default();
            *most = file.bytes.max(*most);
        }
        let latest = there.last().map(|(_, manifest)| manifest.files.as_slice()).unwrap_or_default();
        let former = latest.iter().map(|file| (file.path.clone(), file.clone())).collect();
        Self { disk, data_dir, to, number, former, owned, files: BTreeMap::new(), copied: 0 }
    }

    /// How many bytes were written.
    pub const fn copied(&self) -> u64 {
        self.copied
    }

    /// What was copied.
    pub fn files(&self) -> Vec<Stored> {
        self.files.values().cloned().collect()
    }

    /// Leaves out a file that was copied.
    pub fn forget(&mut self, path: &str) {
        self.files.remove(path);
    }

    /// Copies the first `bytes` of a file that only grows; where it is `settled` it never changes, and is not read where the
    /// latest backup has it. Where the copy is not a beginning of it (a repaired tail, a damaged copy) it is copied anew beside it:
    /// the backups that are there keep theirs.
    pub fn growing(&mut self, path: &str, bytes: u64, settled: bool) -> Result<(), BackupError> {
        let former = self.former.get(path).filter(|former| former.stored.starts_with(GROWING));
        if let Some(former) = former.filter(|former| settled && former.bytes == bytes) {
            self.files.insert(path.to_owned(), former.clone());
            return Ok(());
        }
        let stored = former.map_or_else(|| format!("{GROWING}/{path}"), |former| former.stored.clone());
        let added = self.add(path, bytes, stored)?;
        if added { Ok(()) } else { self.anew(path, bytes) }
    }

    /// Copies a file that only grows into a file of its own.
    pub fn anew(&mut self, path: &str, bytes: u64) -> Result<(), BackupError> {
        let stored = format!("{GROWING}/{path}.{}", self.number);
        if self.add(path, bytes, stored)? { Ok(()) } else { Err(BackupError::Restless { what: format!("{path} was written anew") }) }
    }

    /// Adds what a stored file has not got yet; false where it is no beginning of the source.
    fn add(&mut self, path: &str, bytes: u64, stored: String) -> Result<bool, BackupError> {
        let (source_path, target_path) = (self.data_dir.join(path), self.to.join(&stored));
        let source = RealDisk.open(&source_path, false).map_err(BackupError::io(&source_path))?;
        let owned = self.owned.get(&stored).copied().unwrap_or(0);
        if bytes < owned {
            return Ok(false);
        }
        let target = self.open(&target_path)?;
        let io = BackupError::io(&target_path);
        let (mut hasher, mut at) = (Sha256::new(), 0);
        let (mut wanted, mut has) = (vec![0; CHUNK_BYTES], vec![0; CHUNK_BYTES]);
        while at < bytes {
            let length = usize::try_from(bytes - at).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
            let wanted = wanted.get_mut(..length).unwrap_or_default();
            let read = source.read_at(wanted, at).map_err(BackupError::io(&source_path))?;
            let wanted = wanted.get(..read).unwrap_or_default();
            if read == 0 {
                return Err(BackupError::Restless { what: format!("{path} was cut") });
            }
            hasher.update(wanted);
            let has = has.get_mut(..read).unwrap_or_default();
            let there = target.read_at(has, at).map_err(&io)?;
            let same = wanted.iter().zip(has.iter().take(there)).take_while(|(wanted, has)| wanted == has).count();
            let from = at + same as u64;
            if same < read {
                if from < owned {
                    return Ok(false);
                }
                let new = wanted.get(same..).unwrap_or_default();
                target.write_at(new, from).map_err(&io)?;
                self.copied += new.len() as u64;
            }
            at += read as u64;
        }
        // Behind it lies only what a killed backup left.
        if target.len().map_err(&io)? > bytes {
            target.set_len(bytes).map_err(&io)?;
        }
        target.sync().map_err(&io)?;
        let sha256 = hasher.finalize().into();
        self.files.insert(path.to_owned(), Stored { path: path.to_owned(), stored, bytes, sha256 });
        Ok(true)
    }

    /// Keeps `bytes` as a file of this backup alone.
    pub fn keep(&mut self, path: &str, bytes: &[u8]) -> Result<(), BackupError> {
        let target = self.own(path);
        let (file, io) = (self.open(&target)?, BackupError::io(&target));
        file.set_len(0).map_err(&io)?;
        file.write_at(bytes, 0).map_err(&io)?;
        file.sync().map_err(&io)?;
        self.kept(path, bytes.len() as u64, Sha256::digest(bytes).into());
        Ok(())
    }

    /// Where a file of this backup alone lies.
    pub fn own(&self, path: &str) -> PathBuf {
        self.to.join(own(self.number, path))
    }

    /// Notes a file of this backup alone, which was written.
    pub fn kept(&mut self, path: &str, bytes: u64, sha256: [u8; 32]) {
        self.copied += bytes;
        self.files.insert(path.to_owned(), Stored { path: path.to_owned(), stored: own(self.number, path), bytes, sha256 });
    }

    /// Opens a file of the backups, and makes it where it is missing.
    pub fn open(&self, path: &Path) -> Result<Box<dyn DiskFile>, BackupError> {
        let dir = path.parent().unwrap_or(self.to);
        self.disk.create_dir(dir).map_err(BackupError::io(dir))?;
        self.disk.open(path, true).map_err(BackupError::io(path))
    }

    /// Makes the names of everything that was copied durable.
    pub fn sync_names(&self) -> Result<(), BackupError> {
        let mut dirs: Vec<PathBuf> = Vec::new();
        for file in self.files.values() {
            let path = self.to.join(&file.stored);
            dirs.extend(path.ancestors().skip(1).take_while(|dir| dir.starts_with(self.to)).map(Path::to_owned));
        }
        dirs.sort();
        dirs.dedup();
        dirs.iter().rev().try_for_each(|dir| self.disk.sync_dir(dir).map_err(BackupError::io(dir)))
    }
}

fn own(number: u64, path: &str) -> String {
    format!("{number:06}/{path}")
}

/// Reads a small file of the data directory; none where it is not there.
pub(super) fn read(data_dir: &Path, path: &str) -> Result<Option<Vec<u8>>, BackupError> {
    let path = data_dir.join(path);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(BackupError::Io { path, source }),
    }
}
