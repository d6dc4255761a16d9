//! A disk that knows which file each step is about, and lets one step of a part of the script fail.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use consent_ledger::ledger::storage::disk::{Disk, DiskFile, RealDisk};
use parking_lot::Mutex;

/// Which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    Secrets,
    Journal,
    Keyring,
    Snapshot,
    Checkpoints,
    Tree,
    Published,
    DataDir,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A file or directory is made.
    Create,
    Write,
    Sync,
    SetLen,
    Rename,
    SyncDir,
    /// Opened, listed or measured.
    Look,
    Read,
}

impl Step {
    pub const fn changes(self) -> bool {
        !matches!(self, Self::Look | Self::Read)
    }
}

/// How it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// EIO; nothing was done. Of a sync: what was written may or may not be there.
    Fails,
    /// EIO, although it was done.
    FailsButDone,
    /// EIO after half of it.
    Half,
    /// ENOSPC after half of it.
    NoSpace,
    /// No error, and other bytes than were written.
    WrongBytes,
}

impl Fault {
    /// The ways in which a step can fail.
    pub fn of(step: Step) -> Vec<Self> {
        match step {
            Step::Write => vec![Self::Fails, Self::FailsButDone, Self::Half, Self::NoSpace],
            Step::Create => vec![Self::Fails, Self::FailsButDone, Self::NoSpace],
            Step::Sync | Step::SetLen | Step::Rename | Step::SyncDir => vec![Self::Fails, Self::FailsButDone],
            Step::Look => vec![Self::Fails],
            Step::Read => vec![Self::Fails, Self::WrongBytes],
        }
    }

    fn error(self) -> io::Error {
        io::Error::from_raw_os_error(if self == Self::NoSpace { 28 } else { 5 })
    }
}

/// A step on a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Happened {
    pub of: Of,
    pub step: Step,
}

#[derive(Default)]
struct Log {
    /// Whether steps count.
    counting: bool,
    steps: Vec<Happened>,
    fault: Option<(usize, Fault)>,
    failed: Option<(Happened, PathBuf)>,
    /// Steps that changed something after one failed.
    touched: usize,
    /// Whether a file whose sync failed was written again since; none: no sync failed.
    unsynced: Option<(PathBuf, bool)>,
    synced_again: bool,
}

/// The disk; clones share it.
#[derive(Clone, Default)]
pub struct PlottedDisk {
    log: Arc<Mutex<Log>>,
}

impl PlottedDisk {
    /// Lets this step fail, counting from where [`PlottedDisk::count`] is called.
    pub fn new(fault: Option<(usize, Fault)>) -> Self {
        let disk = Self::default();
        disk.log.lock().fault = fault;
        disk
    }

    /// Counts from here on, or no more.
    pub fn count(&self, counting: bool) {
        self.log.lock().counting = counting;
    }

    /// What was done while it counted.
    pub fn steps(&self) -> Vec<Happened> {
        self.log.lock().steps.clone()
    }

    /// What failed.
    pub fn failed(&self) -> Option<Happened> {
        self.log.lock().failed.as_ref().map(|(happened, _)| *happened)
    }

    /// How many steps changed something after one had failed.
    pub fn touched_after_failure(&self) -> usize {
        self.log.lock().touched
    }

    /// Whether a failed sync was tried again on what had been written before it.
    pub fn synced_again(&self) -> bool {
        self.log.lock().synced_again
    }

    /// The fault of this step, where it is the one.
    fn fault(&self, path: &Path, step: Step) -> Option<Fault> {
        let mut log = self.log.lock();
        if log.failed.is_some() && step.changes() {
            log.touched += 1;
        }
        if let Some((unsynced, written)) = &mut log.unsynced
            && unsynced == path
        {
            *written |= matches!(step, Step::Write | Step::SetLen);
            let again = step == Step::Sync && !*written;
            log.synced_again |= again;
        }
        if !log.counting {
            return None;
        }
        let happened = Happened { of: of(path), step };
        log.steps.push(happened);
        let place = log.steps.len() - 1;
        let fault = log.fault.filter(|(at, _)| *at == place).map(|(_, fault)| fault)?;
        log.failed = Some((happened, path.to_owned()));
        if step == Step::Sync {
            log.unsynced = Some((path.to_owned(), false));
        }
        Some(fault)
    }

    fn step<T>(
        &self,
        path: &Path,
        step: Step,
        act: impl FnOnce() -> io::Result<T>,
        half: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<T> {
        match self.fault(path, step) {
            None => act(),
            Some(fault) => {
                match fault {
                    Fault::FailsButDone => drop(act()?),
                    Fault::Half | Fault::NoSpace => half()?,
                    Fault::Fails | Fault::WrongBytes => {}
                }
                Err(fault.error())
            }
        }
    }

    fn whole<T>(&self, path: &Path, step: Step, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.step(path, step, act, || Ok(()))
    }
}

fn of(path: &Path) -> Of {
    let has = |name: &str| path.components().any(|part| part.as_os_str() == name);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match () {
        () if has("published") => Of::Published,
        () if has("secrets") => Of::Secrets,
        () if has("journal") => Of::Journal,
        () if has("keyring") => Of::Keyring,
        () if name.starts_with("snapshot") => Of::Snapshot,
        () if name.starts_with("checkpoints") => Of::Checkpoints,
        () if name.starts_with("tree") => Of::Tree,
        () => Of::DataDir,
    }
}

impl Disk for PlottedDisk {
    fn open(&self, path: &Path, create: bool) -> io::Result<Box<dyn DiskFile>> {
        let step = if create && !path.exists() { Step::Create } else { Step::Look };
        let file = self.whole(path, step, || RealDisk.open(path, create))?;
        Ok(Box::new(PlottedFile { file, path: path.to_owned(), disk: self.clone() }))
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.whole(dir, Step::Look, || RealDisk.list(dir))
    }
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        if dir.exists() { Ok(()) } else { self.whole(dir, Step::Create, || RealDisk.create_dir(dir)) }
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.whole(to, Step::Rename, || RealDisk.rename(from, to))
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.whole(dir, Step::SyncDir, || RealDisk.sync_dir(dir))
    }
}

struct PlottedFile {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    disk: PlottedDisk,
}

impl DiskFile for PlottedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match self.disk.fault(&self.path, Step::Read) {
            Some(Fault::WrongBytes) => {
                let read = self.file.read_at(buffer, offset)?;
                if let Some(byte) = buffer.get_mut(read / 2).filter(|_| read > 0) {
                    *byte ^= 0x20;
                }
                Ok(read)
            }
            Some(fault) => Err(fault.error()),
            None => self.file.read_at(buffer, offset),
        }
    }
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let half = || self.file.write_at(&bytes[..bytes.len() / 2], offset);
        self.disk.step(&self.path, Step::Write, || self.file.write_at(bytes, offset), half)
    }
    fn sync(&self) -> io::Result<()> {
        self.disk.whole(&self.path, Step::Sync, || self.file.sync())
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.whole(&self.path, Step::SetLen, || self.file.set_len(len))
    }
    fn len(&self) -> io::Result<u64> {
        self.disk.whole(&self.path, Step::Look, || self.file.len())
    }
}
