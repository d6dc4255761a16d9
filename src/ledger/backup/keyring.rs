//! The keyring in a backup. Its slots are copied as they are, without opening any: what state a slot is in stands in clear.
//!
//! A slot is written while others read it, in one file and then in the other. So one that differs between the two files is read
//! until it reads the same twice: then it is not torn. The log says which trails are void: their slots are read until they say so.

use std::path::Path;
use std::time::Duration;

use super::BackupError;
use super::copying::Copier;
use super::image::sha256;
use crate::ledger::keys::slot::SLOT_BYTES;
use crate::ledger::storage::disk::{Disk, DiskFile, RealDisk};

/// How many slots are copied at a time.
const SLOTS: u64 = 4096;

/// How often a slot is read again, and after what pause each: a server writes a slot and syncs it within that time.
const TRIES: u32 = 1000;
const PAUSE: Duration = Duration::from_millis(2);

/// In this state a key is gone.
pub(super) const ERASED: u8 = 2;

/// The names of its files.
pub(super) const FILES: [&str; 2] = ["keyring/a", "keyring/b"];

/// A slot of both files.
type Slots = [[u8; SLOT_BYTES]; 2];

/// The copy, and what it is of.
pub(super) struct Keyring {
    source: [Box<dyn DiskFile>; 2],
    copy: [Box<dyn DiskFile>; 2],
    /// How many slots were copied, the header among them.
    slots: u64,
}

impl Keyring {
    /// Copies both files. Where one is missing, the other stands for it, as at a start.
    pub fn copy(copier: &Copier<'_>, data_dir: &Path) -> Result<Self, BackupError> {
        let open = |name: &str| {
            let path = data_dir.join(name);
            RealDisk.open(&path, false).map_err(BackupError::io(&path))
        };
        let [a, b] = FILES;
        let source = match (open(a), open(b)) {
            (Ok(in_a), Ok(in_b)) => [in_a, in_b],
            (Ok(in_a), Err(_)) => [in_a, open(a)?],
            (Err(_), Ok(in_b)) => [open(b)?, in_b],
            (Err(error), Err(_)) => return Err(error),
        };
        let copy = [copier.open(&copier.own(a))?, copier.open(&copier.own(b))?];
        for file in &copy {
            file.set_len(0).map_err(BackupError::io(&copier.own("keyring")))?;
        }
        let mut keyring = Self { source, copy, slots: 0 };
        keyring.grow().map_err(BackupError::io(&data_dir.join("keyring")))?;
        Ok(keyring)
    }

    /// Copies the slots that were added meanwhile; says whether one of them is erased.
    pub fn grow(&mut self) -> std::io::Result<bool> {
        let mut erased = false;
        loop {
            let [mut in_a, mut in_b] = [vec![0; span(SLOTS)], vec![0; span(SLOTS)]];
            let [a, b] = &self.source;
            let read = a.read_at(&mut in_a, offset(self.slots))?.max(b.read_at(&mut in_b, offset(self.slots))?) / SLOT_BYTES;
            if read == 0 {
                return Ok(erased);
            }
            for slot in 0..read {
                let place = slot * SLOT_BYTES..(slot + 1) * SLOT_BYTES;
                if in_a.get(place.clone()) != in_b.get(place.clone()) {
                    let [one, other] = self.steady(self.slots + slot as u64, |_| true)?;
                    in_a.get_mut(place.clone()).unwrap_or_default().copy_from_slice(&one);
                    in_b.get_mut(place.clone()).unwrap_or_default().copy_from_slice(&other);
                }
                erased |= [&in_a, &in_b].iter().any(|file| file.get(slot * SLOT_BYTES) == Some(&ERASED));
            }
            for (copy, bytes) in self.copy.iter().zip([in_a, in_b]) {
                copy.write_at(bytes.get(..read * SLOT_BYTES).unwrap_or_default(), offset(self.slots))?;
            }
            self.slots += read as u64;
        }
    }

    /// The highest trail that has a slot.
    pub const fn highest(&self) -> u64 {
        self.slots.saturating_sub(1)
    }

    /// Copies the slots of void trails again once they say that they are erased. Some never do, as where a server was killed in
    /// between: the next start erases them.
    pub fn erase(&self, trails: impl Iterator<Item = u64>) -> std::io::Result<()> {
        for trail in trails.filter(|trail| *trail < self.slots) {
            if self.states(trail)? == [ERASED; 2] {
                continue;
            }
            let slots = self.steady(trail, |slots| states(slots) == [ERASED; 2])?;
            for (copy, slot) in self.copy.iter().zip(slots) {
                copy.write_at(&slot, offset(trail))?;
            }
        }
        Ok(())
    }

    /// The states of a trail's slots in the copy.
    pub fn states(&self, trail: u64) -> std::io::Result<[u8; 2]> {
        read(&self.copy, trail).map(|slots| states(&slots))
    }

    /// Syncs the copy and notes it.
    pub fn finish(&self, copier: &mut Copier<'_>) -> Result<(), BackupError> {
        for (name, file) in FILES.iter().zip(&self.copy) {
            let path = copier.own(name);
            let bytes = file.sync().and_then(|()| file.len()).map_err(BackupError::io(&path))?;
            copier.kept(name, bytes, sha256(file.as_ref(), bytes).map_err(BackupError::io(&path))?);
        }
        Ok(())
    }

    /// A slot of both files, once it reads the same twice and is as it is `wanted`, or the time for that is over.
    fn steady(&self, trail: u64, wanted: impl Fn(&Slots) -> bool) -> std::io::Result<Slots> {
        let mut last = read(&self.source, trail)?;
        for _ in 0..TRIES {
            let again = read(&self.source, trail)?;
            if again == last && wanted(&again) {
                break;
            }
            last = again;
            std::thread::sleep(PAUSE);
        }
        Ok(last)
    }
}

/// A slot of both files; what lies behind the end of one was never used.
fn read(files: &[Box<dyn DiskFile>; 2], trail: u64) -> std::io::Result<Slots> {
    let mut slots = [[0; SLOT_BYTES]; 2];
    for (file, slot) in files.iter().zip(&mut slots) {
        file.read_at(slot, offset(trail))?;
    }
    Ok(slots)
}

fn states(slots: &Slots) -> [u8; 2] {
    slots.map(|[state, ..]| state)
}

fn span(slots: u64) -> usize {
    usize::try_from(slots).unwrap_or(usize::MAX).saturating_mul(SLOT_BYTES)
}

const fn offset(trail: u64) -> u64 {
    trail * SLOT_BYTES as u64
}
