//! The data key of every trail: fixed 64-byte slots in two files, repaired by tag, erased in place.
//!
//! ```text
//! state 1 | zero 1 | master_key_id 2 | nonce 12 | wrapped key 32 | tag 16
//! ```
//!
//! Slots are filled and synced ahead of use, so that a commit needs no sync but the journal's.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::ledger::bytes::seal::{Key, SealError};
use crate::ledger::keys::secrets::LedgerId;
pub use crate::ledger::keys::slot::Slot;
use crate::ledger::keys::slot::{SLOT_BYTES, SlotBytes, Wrapper, offset};
use crate::ledger::storage::disk::{Disk, DiskFile};

/// How many slots are compared at a time.
const COMPARED_SLOTS: usize = 1024;

/// "CLK", version 1.
const MAGIC: [u8; 4] = *b"CLK\x01";

/// Why a key was not given or kept.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// A file did not do what was asked.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// Not a keyring of this ledger.
    #[error("{} is not the keyring of this ledger", path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// The slot does not open in either file.
    #[error("the key of trail {trail} is damaged in both files of the keyring; restore one of them from a backup")]
    Damaged {
        /// Whose key.
        trail: u64,
    },
    /// The two files hold different keys.
    #[error(
        "the key of trail {trail} is another in each file of the keyring; one of them is of another day: restore both from the same backup"
    )]
    Differs {
        /// Whose key.
        trail: u64,
    },
    /// The trail has no key: no slot was filled for it.
    #[error("the keyring holds no key for trail {trail}; it is older than the log")]
    Missing {
        /// Whose key.
        trail: u64,
    },
    /// No random numbers.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// One of the two files.
pub(super) struct Copy {
    path: PathBuf,
    pub(super) file: Box<dyn DiskFile>,
}

/// The keys.
pub struct Keyring {
    wrapper: Wrapper,
    copies: [Copy; 2],
    /// Slots up to this trail are filled and synced.
    filled: u64,
    /// How many slots are filled at a time.
    ahead: u64,
    /// The keys that were filled in last and not asked for yet, by ascending trails up to `filled`: what is new and on disk need
    /// not be read from there.
    fresh: VecDeque<Key>,
}

impl Keyring {
    /// Opens the keyring in `dir`, which the master key in `wrapper` opens; `highest` is the highest trail in the log: slots above
    /// it get fresh keys.
    ///
    /// # Errors
    /// Where a file belongs to another ledger or does not do what is asked.
    pub fn open(disk: &dyn Disk, dir: &Path, wrapper: Wrapper, highest: u64, ahead: u64) -> Result<Self, KeyringError> {
        let ledger_id = wrapper.ledger_id();
        disk.create_dir(dir).map_err(|source| KeyringError::Io { path: dir.to_owned(), source })?;
        let copies = [open_copy(disk, dir.join("a"), ledger_id)?, open_copy(disk, dir.join("b"), ledger_id)?];
        disk.sync_dir(dir).map_err(|source| KeyringError::Io { path: dir.to_owned(), source })?;
        let mut keyring = Self { wrapper, copies, filled: highest, ahead, fresh: VecDeque::new() };
        keyring.fill(highest + ahead)?;
        Ok(keyring)
    }

    /// Opens the keyring to read keys only; writes nothing.
    ///
    /// # Errors
    /// Where a file belongs to another ledger or does not do what is asked.
    pub fn open_to_read(disk: &dyn Disk, dir: &Path, ledger_id: LedgerId, master: &Key) -> Result<Self, KeyringError> {
        let open = |name: &str| {
            let path = dir.join(name);
            let file = disk.open(&path, false).map_err(|source| KeyringError::Io { path: path.clone(), source })?;
            Ok::<_, KeyringError>(Copy { path, file })
        };
        // One file holds every key; the other is made again from it.
        let copies = match (open("a"), open("b")) {
            (Ok(a), Ok(b)) => [a, b],
            (Ok(_), Err(_)) => [open("a")?, open("a")?],
            (Err(_), Ok(_)) => [open("b")?, open("b")?],
            (Err(error), Err(_)) => return Err(error),
        };
        // Nothing is wrapped: the master key's number does not matter.
        Ok(Self { wrapper: Wrapper::new(ledger_id, 0, master), copies, filled: u64::MAX, ahead: 0, fresh: VecDeque::new() })
    }

    /// Up to which trail there is a key.
    #[must_use]
    pub const fn filled(&self) -> u64 {
        self.filled
    }

    /// Makes sure that every trail up to `trail` has a key, synced; fills ahead where it must.
    fn reserve(&mut self, trail: u64) -> Result<(), KeyringError> {
        if trail > self.filled { self.fill(trail + self.ahead) } else { Ok(()) }
    }

    /// The key of a trail that is in the log or begins now; fills ahead where it must. None where it was erased.
    ///
    /// # Errors
    /// Where a write or sync fails, which is final, or neither copy opens.
    pub fn key_to_write(&mut self, trail: u64) -> Result<Option<Key>, KeyringError> {
        self.reserve(trail)?;
        // The last of the fresh ones belongs to the last filled slot, so those of earlier trails stand before this one's.
        let place_from_end = self.filled.saturating_sub(trail).saturating_add(1);
        while self.fresh.len() as u64 > place_from_end {
            self.fresh.pop_front();
        }
        let fresh = if self.fresh.len() as u64 == place_from_end { self.fresh.pop_front() } else { None };
        fresh.map_or_else(|| self.key_in_use(trail), |key| Ok(Some(key)))
    }

    /// The key of a trail that is written to, out of the first file alone where it opens there: half the time, for every event of a
    /// contact that is known. A start has held both files against each other, and an erasure is durable in the first before the
    /// second is touched.
    fn key_in_use(&self, trail: u64) -> Result<Option<Key>, KeyringError> {
        let [a, _] = &self.copies;
        match self.read(a, trail)? {
            Some(Slot::Live(key)) => Ok(Some(key)),
            _ => self.key(trail),
        }
    }

    /// What the slot of `trail` holds; a copy whose tag fails is repaired from the other.
    ///
    /// # Errors
    /// Where neither copy opens.
    pub fn slot(&self, trail: u64) -> Result<Slot, KeyringError> {
        let [a, b] = &self.copies;
        self.held(trail, &Self::bytes(a, trail)?, &Self::bytes(b, trail)?)
    }

    /// What a slot holds that has these bytes in the two files: the same but for damage and erasures.
    pub(super) fn held(&self, trail: u64, in_a: &SlotBytes, in_b: &SlotBytes) -> Result<Slot, KeyringError> {
        if in_a == in_b {
            return self.wrapper.open(trail, in_a).ok_or(KeyringError::Damaged { trail });
        }
        match (self.wrapper.open(trail, in_a), self.wrapper.open(trail, in_b)) {
            (Some(Slot::Erased), _) | (_, Some(Slot::Erased)) => Ok(Slot::Erased),
            (Some(Slot::Live(one)), Some(Slot::Live(other))) if one.bytes() != other.bytes() => Err(KeyringError::Differs { trail }),
            (Some(Slot::Live(key)), _) | (_, Some(Slot::Live(key))) => Ok(Slot::Live(key)),
            (Some(Slot::Empty), Some(Slot::Empty)) => Ok(Slot::Empty),
            _ => Err(KeyringError::Damaged { trail }),
        }
    }

    /// The key of `trail`; none where it was erased.
    ///
    /// # Errors
    /// Where there is none, or neither copy opens.
    pub fn key(&self, trail: u64) -> Result<Option<Key>, KeyringError> {
        match self.slot(trail)? {
            Slot::Live(key) => Ok(Some(key)),
            Slot::Erased => Ok(None),
            Slot::Empty => Err(KeyringError::Missing { trail }),
        }
    }

    /// Holds the two files against each other up to `highest`: a file of yesterday has other keys in the slots that were not
    /// in use then, and either may be the right one. Their bytes are the same but for damage and erasures.
    ///
    /// # Errors
    /// Where a trail has two keys, or a file cannot be read.
    pub fn compare(&self, highest: u64) -> Result<(), KeyringError> {
        for first in (1..=highest).step_by(COMPARED_SLOTS) {
            let [in_a, in_b] = self.slots(first, COMPARED_SLOTS)?;
            let slots = (first..=highest).zip(in_a.chunks(SLOT_BYTES).zip(in_b.chunks(SLOT_BYTES)));
            for (trail, _) in slots.filter(|(_, (one, other))| one != other) {
                // Damage is healed, or told by whoever needs the key.
                if let Err(error @ KeyringError::Differs { .. }) = self.slot(trail) {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Writes the good copy of every slot over a damaged other, up to `highest`. Says how many were repaired.
    ///
    /// # Errors
    /// Where a slot is damaged in both files, or a write or sync fails.
    pub fn repair(&self, highest: u64) -> Result<u64, KeyringError> {
        let mut repaired = 0;
        for trail in 1..=highest {
            repaired += u64::from(self.repair_slot(trail)?);
        }
        if repaired > 0 {
            self.sync()?;
        }
        Ok(repaired)
    }

    /// Writes the good copy of a slot over a damaged other and syncs it; 0 is the header. Says whether one was damaged.
    ///
    /// # Errors
    /// Where it is damaged in both files or holds two keys, or a write or sync fails.
    pub fn heal(&self, trail: u64) -> Result<bool, KeyringError> {
        let repaired = if trail == 0 {
            self.repair_header()?
        } else {
            self.slot(trail)?;
            self.repair_slot(trail)?
        };
        if repaired {
            self.sync()?;
        }
        Ok(repaired)
    }

    fn repair_slot(&self, trail: u64) -> Result<bool, KeyringError> {
        let [a, b] = &self.copies;
        let (in_a, in_b) = (self.read(a, trail)?, self.read(b, trail)?);
        let (good, bad) = match (&in_a, &in_b) {
            (Some(Slot::Live(_)), Some(Slot::Live(_))) | (Some(Slot::Erased), Some(Slot::Erased)) => return Ok(false),
            (Some(Slot::Erased), _) | (Some(Slot::Live(_)), None | Some(Slot::Empty)) => (a, b),
            (_, Some(Slot::Erased)) | (None | Some(Slot::Empty), Some(Slot::Live(_))) => (b, a),
            (Some(Slot::Empty), Some(Slot::Empty)) => return Err(KeyringError::Missing { trail }),
            _ => return Err(KeyringError::Damaged { trail }),
        };
        let mut slot = [0; SLOT_BYTES];
        good.io(good.file.read_at(&mut slot, offset(trail)))?;
        bad.io(bad.file.write_at(&slot, offset(trail)))?;
        Ok(true)
    }

    fn repair_header(&self) -> Result<bool, KeyringError> {
        let (header, mut repaired) = (header(self.wrapper.ledger_id()), false);
        for copy in &self.copies {
            let mut found = vec![0; SLOT_BYTES];
            copy.io(copy.file.read_at(&mut found, 0))?;
            if found != header {
                copy.io(copy.file.write_at(&header, 0))?;
                repaired = true;
            }
        }
        Ok(repaired)
    }

    /// Overwrites the keys of these trails in both files, each synced before the other is touched. From then on what they
    /// sealed opens no more.
    ///
    /// # Errors
    /// Where a write or sync fails: final.
    pub fn erase(&self, trails: &[u64]) -> Result<(), KeyringError> {
        for copy in &self.copies {
            for trail in trails {
                copy.io(copy.file.write_at(&self.wrapper.erased(*trail)?, offset(*trail)))?;
            }
            copy.io(copy.file.sync())?;
        }
        Ok(())
    }

    /// Those of `trails` whose slots do not both say that they are erased: a live or a damaged one does not.
    ///
    /// # Errors
    /// Where a file cannot be read.
    pub fn not_erased(&self, trails: impl Iterator<Item = u64>) -> Result<Vec<u64>, KeyringError> {
        let [a, b] = &self.copies;
        let mut found = Vec::new();
        for trail in trails {
            if !matches!((self.read(a, trail)?, self.read(b, trail)?), (Some(Slot::Erased), Some(Slot::Erased))) {
                found.push(trail);
            }
        }
        Ok(found)
    }

    fn fill(&mut self, up_to: u64) -> Result<(), KeyringError> {
        let count = usize::try_from(up_to.saturating_sub(self.filled)).unwrap_or_default();
        let mut slots = Vec::with_capacity(count * SLOT_BYTES);
        let mut fresh = VecDeque::with_capacity(count);
        for (trail, key) in (self.filled + 1..).zip(Key::several(count)?) {
            slots.extend_from_slice(&self.wrapper.live(trail, &key)?);
            fresh.push_back(key);
        }
        for copy in &self.copies {
            // One after the other: a power cut hurts the slots of one file at most.
            copy.io(copy.file.write_at(&slots, offset(self.filled + 1)))?;
            copy.io(copy.file.sync())?;
        }
        (self.filled, self.fresh) = (up_to, fresh);
        Ok(())
    }

    fn sync(&self) -> Result<(), KeyringError> {
        self.copies.iter().try_for_each(|copy| copy.io(copy.file.sync()))
    }

    /// None: the copy is damaged there.
    fn read(&self, copy: &Copy, trail: u64) -> Result<Option<Slot>, KeyringError> {
        Ok(self.wrapper.open(trail, &Self::bytes(copy, trail)?))
    }

    /// So many slots from `first` on, as both files have them; zeros where one ends before.
    pub(super) fn slots(&self, first: u64, count: usize) -> Result<[Vec<u8>; 2], KeyringError> {
        let [a, b] = &self.copies;
        let [mut in_a, mut in_b] = [vec![0; count * SLOT_BYTES], vec![0; count * SLOT_BYTES]];
        a.io(a.file.read_at(&mut in_a, offset(first)))?;
        b.io(b.file.read_at(&mut in_b, offset(first)))?;
        Ok([in_a, in_b])
    }

    /// A slot as a file has it; zeros where it ends before.
    fn bytes(copy: &Copy, trail: u64) -> Result<SlotBytes, KeyringError> {
        let mut slot = [0; SLOT_BYTES];
        copy.io(copy.file.read_at(&mut slot, offset(trail)))?;
        Ok(slot)
    }
}

impl Copy {
    pub(super) fn io<T>(&self, result: std::io::Result<T>) -> Result<T, KeyringError> {
        result.map_err(|source| KeyringError::Io { path: self.path.clone(), source })
    }
}

pub(super) fn open_copy(disk: &dyn Disk, path: PathBuf, ledger_id: LedgerId) -> Result<Copy, KeyringError> {
    let io = |source| KeyringError::Io { path: path.clone(), source };
    let file = disk.open(&path, true).map_err(io)?;
    let header = header(ledger_id);
    let mut found = vec![0; SLOT_BYTES];
    let read = file.read_at(&mut found, 0).map_err(io)?;
    let intact = found.split_last_chunk::<4>().is_some_and(|(body, crc)| *crc == crc32c::crc32c(body).to_be_bytes());
    if read == 0 || !intact {
        file.write_at(&header, 0).map_err(io)?;
    } else if found != header {
        return Err(KeyringError::Foreign { path });
    }
    Ok(Copy { path, file })
}

fn header(ledger_id: LedgerId) -> Vec<u8> {
    let mut header = Vec::from(MAGIC);
    header.extend_from_slice(&ledger_id.0);
    header.resize(SLOT_BYTES - 4, 0);
    header.extend_from_slice(&crc32c::crc32c(&header).to_be_bytes());
    header
}

/// What a trail's first entry carries, since AES-GCM does not commit to its key.
///
/// ```text
/// SHA-256("consent-ledger/v1 key" ‖ ledger_id ‖ trail ‖ key)
/// ```
#[must_use]
pub fn key_commitment(ledger_id: LedgerId, trail: u64, key: &Key) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"consent-ledger/v1 key");
    hasher.update(ledger_id.0);
    hasher.update(trail.to_be_bytes());
    hasher.update(key.bytes());
    hasher.finalize().into()
}
