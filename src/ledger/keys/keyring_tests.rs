//! Which key a trail is written under, whatever happened to one of the two files.

use crate::ledger::bytes::seal::Key;
use crate::ledger::keys::keyring::{Keyring, KeyringError};
use crate::ledger::keys::secrets::LedgerId;
use crate::ledger::keys::slot::{SLOT_BYTES, Wrapper, offset};
use crate::ledger::storage::disk::{Disk, RealDisk};

const TRAIL: u64 = 3;

struct Rig {
    dir: tempfile::TempDir,
}

impl Rig {
    /// A keyring whose first ten trails are in the log.
    fn new() -> Self {
        let rig = Self { dir: tempfile::tempdir().unwrap() };
        drop(rig.open(0));
        rig
    }

    fn wrapper() -> Wrapper {
        Wrapper::new(LedgerId([3; 16]), 1, &Key::from_bytes([7; 32]))
    }

    fn open(&self, highest: u64) -> Keyring {
        Keyring::open(&RealDisk, self.dir.path(), Self::wrapper(), highest, 10).unwrap()
    }

    fn slot(&self, file: &str) -> [u8; SLOT_BYTES] {
        let mut slot = [0; SLOT_BYTES];
        RealDisk.open(&self.dir.path().join(file), false).unwrap().read_at(&mut slot, offset(TRAIL)).unwrap();
        slot
    }

    fn put(&self, file: &str, slot: &[u8]) {
        RealDisk.open(&self.dir.path().join(file), false).unwrap().write_at(slot, offset(TRAIL)).unwrap();
    }

    /// The key that the trail is written under by a ledger that is started.
    fn key(&self) -> Result<Option<[u8; 32]>, KeyringError> {
        self.open(10).key_to_write(TRAIL).map(|key| key.map(|key| *key.bytes()))
    }
}

#[test]
fn a_slot_that_is_damaged_in_one_file_is_read_from_the_other() {
    let rig = Rig::new();
    let (key, slot) = (rig.key().unwrap(), rig.slot("a"));
    assert!(key.is_some());
    for damaged in [[0; SLOT_BYTES], [9; SLOT_BYTES]] {
        for file in ["a", "b"] {
            rig.put(file, &damaged);
            assert_eq!(rig.key().unwrap(), key, "{file}");
            rig.put(file, &slot);
        }
    }
    rig.put("a", &[9; SLOT_BYTES]);
    rig.put("b", &[9; SLOT_BYTES]);
    assert!(matches!(rig.key(), Err(KeyringError::Damaged { trail: TRAIL })));
}

#[test]
fn nothing_is_written_under_a_key_that_was_erased_not_even_where_the_erasure_was_cut_off() {
    let rig = Rig::new();
    let live = rig.slot("b");
    let mut open = rig.open(10);
    assert!(open.key_to_write(TRAIL).unwrap().is_some());
    open.erase(&[TRAIL]).unwrap();
    assert!(open.key_to_write(TRAIL).unwrap().is_none(), "the same keyring remembers nothing");
    // The power went after the first file was synced.
    rig.put("b", &live);
    assert!(open.key_to_write(TRAIL).unwrap().is_none());
    assert_eq!(rig.key().unwrap(), None);
    // The first file was damaged since: the other is asked, and was completed by the start.
    rig.open(10).erase(&[TRAIL]).unwrap();
    rig.put("a", &[9; SLOT_BYTES]);
    assert_eq!(rig.key().unwrap(), None);
}
