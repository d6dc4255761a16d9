//! Backups of a ledger that goes on, and what is put back from them.

mod broken_off;
mod damage;
mod live;
mod published;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use consent_ledger::consent::words::Permission;
use consent_ledger::ledger::backup::{Backup, BackupError, Made, Published, Restore, Restored, back_up, restore, verify_backup};
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::What;
use consent_ledger::ledger::{Filter, Ledger};

use crate::support::bench::{at, event, may, open, opt_in, put, says, try_open, who};

/// A data directory, backups of it, and where they are put back.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn to(&self) -> PathBuf {
        self.dir.path().join("backups")
    }

    fn again(&self) -> PathBuf {
        self.dir.path().join("again")
    }

    fn back_up(&self) -> Made {
        back_up_on(&RealDisk, &self.data(), &self.to(), 1).unwrap()
    }

    /// Puts the latest backup back and opens it with the ledger's master key; it goes away again.
    fn opened<T>(&self, then: impl FnOnce(&Ledger) -> T) -> T {
        put_back(&RealDisk, &self.to(), &self.again(), &self.data().join("secrets/master.key")).unwrap();
        let ledger = try_open(&self.again(), at(7200)).unwrap();
        let given = then(&ledger);
        ledger.close();
        drop(ledger);
        assert!(consent_ledger::ledger::proving::verify::verify_data_dir(&self.again(), |_, _| ()).unwrap().ok());
        std::fs::remove_dir_all(self.again()).unwrap();
        given
    }
}

fn back_up_on(disk: &dyn Disk, data_dir: &Path, to: &Path, generations: usize) -> Result<Made, BackupError> {
    back_up(&Backup { data_dir, to, with_keys: false, generations, now: at(4000) }, disk, |_, _| ())
}

fn put_back(disk: &dyn Disk, from: &Path, data_dir: &Path, master_key: &Path) -> Result<Restored, BackupError> {
    let master_key = Some(master_key);
    restore(&Restore { from, number: None, data_dir, published: Published::default(), master_key }, disk, |_, _| ())
}

fn verified(from: &Path) -> Result<Restored, BackupError> {
    verify_backup(from, None, &Published::default(), |_, _| ())
}

/// The bytes of every entry.
fn entries(ledger: &Ledger) -> Vec<Vec<u8>> {
    ledger.entries(&Filter::default(), usize::MAX).unwrap().into_iter().map(|entry| entry.entry_hash.to_vec()).collect()
}

fn contact(number: usize) -> String {
    format!("+4474001{number:05}")
}

fn erases(contact: &str) -> What {
    What::Erase { contact: who(contact), keep_suppression: true }
}

/// Every file below a directory.
fn files(dir: &Path) -> Vec<PathBuf> {
    let below = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    below.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_ledger_that_is_open_is_backed_up_and_put_back_to_its_last_entry() {
    let place = Place::new();
    let ledger = open(&place.data());
    for number in 0..40 {
        put(&ledger, number, opt_in(&contact(usize::try_from(number).unwrap())));
    }
    put(&ledger, 50, says(&[&contact(7)], "stop"));
    let made = place.back_up();
    assert_eq!((made.number, made.manifest.head, made.notes.len()), (1, ledger.head(), 0));
    assert!(!place.again().exists());
    let there = entries(&ledger);
    place.opened(|again| {
        assert_eq!((again.head(), entries(again)), (ledger.head(), there));
        assert_eq!((may(again, &contact(7)), may(again, &contact(8))), (Permission::Nothing, Permission::TemplateOnly));
        put(again, 60, opt_in(&contact(99)));
    });
    ledger.close();
}

#[test]
fn what_is_in_a_backup_is_not_copied_again_and_a_stopped_ledger_is_backed_up_too() {
    let place = Place::new();
    let ledger = open(&place.data());
    for number in 0..200 {
        put(&ledger, number, says(&[&contact(3)], &"where is my order ".repeat(20)));
    }
    let first = place.back_up();
    put(&ledger, 300, opt_in(&contact(4)));
    let second = place.back_up();
    assert!(first.copied > 40_000 && second.copied < 5_000, "{} then {}", first.copied, second.copied);
    ledger.close();
    drop(ledger);
    // The stop cut the zeros ahead off and wrote a checkpoint.
    let third = place.back_up();
    assert!(third.copied < 5_000 && third.manifest.checkpoint.is_some(), "{third:?}");
    let ledger = open(&place.data());
    let fourth = place.back_up();
    assert_eq!((fourth.number, fourth.manifest.head), (4, ledger.head()));
    place.opened(|again| assert_eq!(entries(again), entries(&ledger)));
    ledger.close();
}

#[test]
fn a_backup_holds_neither_the_master_key_nor_the_keys_of_the_erased_and_older_ones_go() {
    let place = Place::new();
    let ledger = open(&place.data());
    for number in 0..10 {
        put(&ledger, number, opt_in(&contact(usize::try_from(number).unwrap())));
    }
    place.back_up();
    let slot = |file: &Path, trail: usize| std::fs::read(file).unwrap()[trail * 64..(trail + 1) * 64].to_vec();
    let trail = ledger.entries(&Filter::default(), usize::MAX).unwrap().iter().map(|entry| entry.trail).max().unwrap();
    let trail = usize::try_from(trail).unwrap();
    let key = slot(&place.to().join("000001/keyring/a"), trail);
    assert_eq!(key[0], 1, "a live key");
    put(&ledger, 20, erases(&contact(9)));
    place.back_up();
    let master = std::fs::read(place.data().join("secrets/master.key")).unwrap();
    let master = String::from_utf8(master).unwrap().trim().to_owned();
    for file in files(&place.to()) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!holds(&bytes, &key), "{} holds the key of somebody who was erased", file.display());
        assert!(!holds(&bytes, master.as_bytes()) && !holds(&bytes, &hex::decode(&master).unwrap()), "{}", file.display());
    }
    assert!(!place.to().join("000001").exists());
    for name in ["a", "b"] {
        assert_eq!(slot(&place.to().join("000002/keyring").join(name), trail)[0], 2);
    }
    place.opened(|again| assert_eq!(may(again, &contact(9)), Permission::Nothing));
    ledger.close();
}

#[test]
fn keys_and_log_are_of_one_moment_while_contacts_come_and_are_erased() {
    let place = Place::new();
    // Eight keys are made ahead: the tail of the log is ahead of the copied keyring all the time.
    let ledger = open(&place.data());
    let (stop, told) = (AtomicBool::new(false), AtomicU64::new(0));
    let load = || {
        for number in (0..).take_while(|_| !stop.load(Ordering::Relaxed)) {
            put(&ledger, 1, opt_in(&contact(number)));
            if number % 3 == 0 {
                put(&ledger, 2, erases(&contact(number)));
            }
            told.store(ledger.head().seq.number(), Ordering::SeqCst);
        }
    };
    std::thread::scope(|threads| {
        threads.spawn(load);
        let mut went_on = 0;
        for round in 0..12 {
            let acknowledged = told.load(Ordering::SeqCst);
            let made = place.back_up();
            assert!(made.manifest.head.seq.number() >= acknowledged && made.notes.is_empty(), "{made:?}");
            went_on += u64::from(made.manifest.head.seq.number() > acknowledged);
            if round % 4 == 3 {
                place.opened(|again| assert_eq!(again.head(), made.manifest.head));
            }
        }
        stop.store(true, Ordering::Relaxed);
        assert!(went_on > 0, "nothing was recorded meanwhile");
    });
    ledger.close();
}

#[test]
fn as_many_backups_are_kept_as_wanted_and_each_can_be_put_back() {
    let place = Place::new();
    let ledger = open(&place.data());
    let mut heads = Vec::new();
    for number in 0..5 {
        put(&ledger, number, opt_in(&contact(usize::try_from(number).unwrap())));
        heads.push(back_up_on(&RealDisk, &place.data(), &place.to(), 3).unwrap().manifest.head);
    }
    let check = |number| verify_backup(&place.to(), Some(number), &Published::default(), |_, _| ());
    for number in 1..=5 {
        match check(number) {
            Ok(backup) => assert!(number > 2 && backup.manifest.head == heads[usize::try_from(number).unwrap() - 1]),
            Err(error) => assert!(number < 3 && error.to_string().ends_with(&format!("holds no backup {number:06}")), "{error}"),
        }
    }
    ledger.close();
}

#[test]
fn a_backup_goes_into_a_directory_of_its_own_and_is_put_back_into_an_empty_one() {
    let place = Place::new();
    let refused = |to: &Path| back_up_on(&RealDisk, &place.data(), to, 1).unwrap_err();
    assert!(matches!(refused(&place.to()), BackupError::NoLedger { .. }));
    assert!(matches!(verified(&place.to()), Err(BackupError::NoBackup { .. })));
    let ledger = open(&place.data());
    put(&ledger, 1, opt_in(&contact(1)));
    assert!(matches!(refused(&place.data().join("backups")), BackupError::Within { .. }));
    assert!(matches!(refused(&place.dir.path().join("data/journal")), BackupError::NoBackups { .. }));
    place.back_up();
    let other = Place::new();
    let theirs = open(&other.data());
    assert!(matches!(back_up_on(&RealDisk, &other.data(), &place.to(), 1), Err(BackupError::OtherLedger { .. })));
    theirs.close();
    let key = place.data().join("secrets/master.key");
    assert!(matches!(put_back(&RealDisk, &place.to(), &place.data(), &key), Err(BackupError::NotEmpty { .. })));
    let wrong = place.dir.path().join("wrong.key");
    std::fs::write(&wrong, "ab".repeat(32)).unwrap();
    assert!(matches!(put_back(&RealDisk, &place.to(), &place.again(), &wrong), Err(BackupError::Secrets(_))));
    assert!(!place.again().exists());
    std::fs::create_dir(place.again()).unwrap();
    place.opened(|again| assert!(again.record_blocking(event(9, opt_in(&contact(2)))).is_ok()));
    ledger.close();
}
