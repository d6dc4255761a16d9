//! The keyring and the secrets of a ledger that was written once, edited since; and the records of the secrets, sealed under its
//! master key.

use std::path::Path;
use std::sync::LazyLock;

use consent_ledger::ledger::bytes::seal::{self, Key};
use consent_ledger::ledger::keys::keyring::{Keyring, KeyringError, Slot};
use consent_ledger::ledger::keys::secrets::{LedgerId, Secrets};

use super::disk::Memory;
use super::edits::edited;
use super::ledgers::{FIRST, Files, ROTATED};

/// The trails that have a slot, and one behind them.
const TRAILS: std::ops::RangeInclusive<u64> = 1..=18;

/// What a slot holds, to compare.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Held {
    Nothing,
    Erased,
    Live([u8; 32]),
}

struct Ledger {
    files: &'static Files,
    secrets: Secrets,
    slots: Vec<Held>,
}

static LEDGERS: LazyLock<[Ledger; 2]> = LazyLock::new(|| {
    [&FIRST, &ROTATED].map(|files| {
        let disk = disk(files, files.keyring.map(<[u8]>::to_vec), files.secrets);
        let Ok(secrets) = Secrets::open(&disk, Path::new("secrets"), false) else { panic!("the ledger was written so that it opens") };
        let Ok(slots) = TRAILS.map(|trail| slot(&open(&disk, &secrets), trail)).collect::<Result<Vec<_>, _>>() else {
            panic!("every slot of it opens");
        };
        Ledger { files, secrets, slots }
    })
});

/// Whatever became of both files, a slot holds what it held, was erased, or is refused by its trail: never another key. Repairing
/// changes no answer. Secrets open as they were or not at all.
pub fn check(bytes: &[u8]) {
    let (mode, edits) = bytes.split_first().unwrap_or((&0, &[]));
    let ledger = &LEDGERS[usize::from(mode & 1)];
    if mode & 2 != 0 {
        return records(ledger, edits);
    }
    let [a, b, secrets] = edited([ledger.files.keyring[0], ledger.files.keyring[1], ledger.files.secrets], edits);
    let disk = disk(ledger.files, [a, b], &secrets);
    if let Ok(opened) = Secrets::open(&disk, Path::new("secrets"), false) {
        assert!(secrets == ledger.files.secrets && opened.ledger_id() == ledger.secrets.ledger_id(), "forged secrets open");
    }
    let keyring = open(&disk, &ledger.secrets);
    let before = answers(ledger, &keyring);
    let compared = keyring.compare(18);
    assert_eq!(compared.is_err(), before.iter().any(|answer| answer == "another in each file"), "{compared:?}");
    if keyring.repair(18).is_ok() {
        assert_eq!(answers(ledger, &keyring), before, "repairing changed what it says");
        assert_eq!(keyring.repair(18).ok(), Some(0), "there was something left to repair");
    }
}

/// What each slot says; what it must never say panics.
fn answers(ledger: &Ledger, keyring: &Keyring) -> Vec<String> {
    let answer = |(trail, was): (u64, &Held)| match slot(keyring, trail) {
        Ok(held) if held == *was => "as it was".to_owned(),
        Ok(Held::Nothing) => "nothing".to_owned(),
        Ok(other) => panic!("trail {trail} held {was:?} and now {other:?}"),
        Err(KeyringError::Differs { trail: named }) if named == trail => "another in each file".to_owned(),
        Err(KeyringError::Damaged { trail: named }) if named == trail => "damaged".to_owned(),
        Err(error) => panic!("trail {trail}: {error}"),
    };
    TRAILS.zip(&ledger.slots).map(answer).collect()
}

/// Records that the master key sealed, whatever they are, open or do not; what opens is the ledger that its head names.
fn records(ledger: &Ledger, plain: &[u8]) {
    let version = if plain.len() == 96 { 1 } else { 2 };
    let id = ledger.secrets.ledger_id();
    let head = [b"CLS".as_slice(), &[version], &id.0, &[0, 1]].concat();
    let bound_to = [b"consent-ledger/v1 secrets".as_slice(), &head].concat();
    let Ok(sealed) = seal::seal(ledger.secrets.master(), &bound_to, plain) else { return };
    let disk = disk(ledger.files, [Vec::new(), Vec::new()], &[head, sealed].concat());
    if let Ok(opened) = Secrets::open(&disk, Path::new("secrets"), false) {
        assert_eq!(opened.ledger_id(), id);
        let _ = (opened.in_force(), opened.checkpoint_public_key(), opened.receipt_key_at(opened.in_force().receipt));
    }
}

fn disk(files: &Files, [a, b]: [Vec<u8>; 2], secrets: &[u8]) -> Memory {
    let disk = Memory::default().with("secrets/master.key", files.master).with("secrets/ledger.secrets", secrets);
    disk.with("keyring/a", &a).with("keyring/b", &b)
}

fn open(disk: &Memory, secrets: &Secrets) -> Keyring {
    let (id, master): (LedgerId, &Key) = (secrets.ledger_id(), secrets.master());
    let Ok(keyring) = Keyring::open_to_read(disk, Path::new("keyring"), id, master) else { panic!("both files are there") };
    keyring
}

fn slot(keyring: &Keyring, trail: u64) -> Result<Held, KeyringError> {
    keyring.slot(trail).map(|slot| match slot {
        Slot::Empty => Held::Nothing,
        Slot::Erased => Held::Erased,
        Slot::Live(key) => Held::Live(*key.bytes()),
    })
}
