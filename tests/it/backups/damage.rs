//! A backup of which any file is damaged is refused by name, and the next one is whole again.

use std::fs;
use std::path::Path;

use consent_ledger::ledger::backup::{BackupError, manifest::Manifest};
use consent_ledger::ledger::storage::disk::RealDisk;

use super::{Place, contact, entries, put_back, verified};
use crate::support::bench::{copy, open, opt_in, put};

/// What is done to a file.
type Harm = (&'static str, fn(&Path));

const HARMS: [Harm; 3] = [
    ("a byte is another", |path| {
        let mut bytes = fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).unwrap();
    }),
    ("it is cut", |path| {
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(file.metadata().unwrap().len() / 2).unwrap();
    }),
    ("it is gone", |path| fs::remove_file(path).unwrap()),
];

#[test]
fn each_file_of_a_backup_that_is_damaged_is_named_and_nothing_is_put_back() {
    let place = Place::new();
    let ledger = open(&place.data());
    for number in 0..20 {
        put(&ledger, 1, opt_in(&contact(number)));
    }
    // A stop signs a checkpoint; a dead letter comes with its key.
    ledger.close();
    drop(ledger);
    let letters = place.data().join("dead-letters");
    fs::create_dir(&letters).unwrap();
    fs::write(letters.join("2026-03-01.key"), [b"CLDLKEY1".as_slice(), &[7; 60]].concat()).unwrap();
    fs::write(letters.join("2026-03-01.log"), b"CLDLLOG1").unwrap();
    let made = place.back_up().manifest;
    assert_eq!(made.files.len(), 7, "{:?}", made.files);
    let key = place.data().join("secrets/master.key");
    for file in &made.files {
        for (harm, harmed) in HARMS {
            let other = Place::new();
            copy(&place.to(), &other.to());
            harmed(&other.to().join(&file.stored));
            let case = format!("{}: {harm}", file.path);
            let refused = put_back(&RealDisk, &other.to(), &other.again(), &key).unwrap_err();
            assert!(matches!(&refused, BackupError::Damaged { path, .. } if path.ends_with(&file.stored)), "{case}: {refused}");
            assert_eq!(fs::read_dir(other.dir.path()).unwrap().count(), 1, "{case}: something was left");
            let again = super::back_up_on(&RealDisk, &place.data(), &other.to(), 1).unwrap_or_else(|error| panic!("{case}: {error}"));
            assert_eq!(again.manifest.head, made.head, "{case}");
            assert!(verified(&other.to()).is_ok(), "{case}: the next backup is whole");
        }
    }
}

#[test]
fn a_manifest_that_is_damaged_is_named_and_no_older_backup_is_taken_in_its_place() {
    let place = Place::new();
    let ledger = open(&place.data());
    put(&ledger, 1, opt_in(&contact(1)));
    super::back_up_on(&RealDisk, &place.data(), &place.to(), 2).unwrap();
    put(&ledger, 2, opt_in(&contact(2)));
    super::back_up_on(&RealDisk, &place.data(), &place.to(), 2).unwrap();
    let path = place.to().join("000002/manifest");
    let text = fs::read_to_string(&path).unwrap();
    assert!(Manifest::parse(&text).is_ok());
    fs::write(&path, text.replacen("\"seq\":", "\"seq\": ", 1)).unwrap();
    let refused = verified(&place.to()).unwrap_err();
    assert!(matches!(&refused, BackupError::Manifest { path: named, .. } if *named == path), "{refused}");
    place.back_up();
    place.opened(|again| assert_eq!(entries(again), entries(&ledger)));
    ledger.close();
}

#[test]
fn a_journal_that_was_damaged_after_it_was_copied_does_not_reach_the_copy_and_before_it_is_no_backup() {
    let place = Place::new();
    let ledger = open(&place.data());
    for number in 0..20 {
        put(&ledger, 1, opt_in(&contact(number)));
    }
    ledger.close();
    drop(ledger);
    let journal = place.data().join("journal/00000000000000000001.journal");
    let good = fs::read(&journal).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    fs::write(&journal, &bad).unwrap();
    let refused = super::back_up_on(&RealDisk, &place.data(), &place.to(), 1).unwrap_err();
    assert!(matches!(&refused, BackupError::DoesNotHold { problems } if problems[0].contains("are missing from the journal")), "{refused}");
    assert!(verified(&place.to()).is_err());
    // A start heals it from sled into a repair segment.
    let ledger = open(&place.data());
    let made = place.back_up();
    assert!(made.manifest.files.iter().any(|file| file.path.ends_with(".repair")));
    place.opened(|again| assert_eq!(entries(again), entries(&ledger)));
    ledger.close();
}
