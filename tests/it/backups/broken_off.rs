//! Backups and restores that fail at every step in turn, or are killed.

use std::process::{Command, Stdio};
use std::time::Duration;

use consent_ledger::ledger::storage::disk::RealDisk;

use super::{Place, back_up_on, contact, entries, put_back, verified};
use crate::faults::{Fails, FaultyDisk};
use crate::support::bench::{copy, open, opt_in, put};
use crate::support::dice::Dice;

#[test]
fn a_backup_that_fails_at_any_step_leaves_the_former_one_whole_and_the_next_completes_it() {
    let place = Place::new();
    let ledger = open(&place.data());
    put(&ledger, 1, opt_in(&contact(1)));
    let first = place.back_up().manifest;
    for number in 2..30 {
        put(&ledger, 2, opt_in(&contact(number)));
    }
    let there = entries(&ledger);
    for fails in [Fails::Undone, Fails::Half] {
        for nth in 1.. {
            let other = Place::new();
            copy(&place.to(), &other.to());
            let disk = FaultyDisk::new(nth, fails);
            let made = back_up_on(&disk, &place.data(), &other.to(), 1);
            let case = format!("step {nth} fails {fails:?}");
            let left = verified(&other.to()).unwrap_or_else(|error| panic!("{case}: {error}"));
            match made {
                Ok(made) => assert_eq!((left.manifest, made.notes.is_empty()), (made.manifest, !disk.failed()), "{case}"),
                Err(_) => assert!(disk.failed() && (left.manifest == first || left.head() == ledger.head().seq), "{case}"),
            }
            assert_eq!(back_up_on(&RealDisk, &place.data(), &other.to(), 1).unwrap().manifest.head, ledger.head(), "{case}");
            assert_eq!(verified(&other.to()).unwrap().manifest.head, ledger.head(), "{case}");
            if nth % 20 == 0 {
                copy(&place.data().join("secrets"), &other.data().join("secrets"));
                other.opened(|again| assert_eq!(entries(again), there, "{case}"));
            }
            if !disk.failed() {
                assert!(nth > 20, "only {nth} steps");
                break;
            }
        }
    }
    ledger.close();
}

#[test]
fn what_a_backup_that_was_broken_off_has_copied_is_not_copied_again() {
    let place = Place::new();
    let ledger = open(&place.data());
    for number in 0..60 {
        put(&ledger, 1, opt_in(&contact(number)));
    }
    let whole = place.back_up().copied;
    let journal = std::fs::metadata(place.to().join("log/journal/00000000000000000001.journal")).unwrap().len();
    let mut saved = 0;
    for nth in 1.. {
        let other = Place::new();
        let disk = FaultyDisk::new(nth, Fails::Undone);
        let made = back_up_on(&disk, &place.data(), &other.to(), 1);
        if made.is_ok() {
            break;
        }
        let completed = back_up_on(&RealDisk, &place.data(), &other.to(), 1).unwrap();
        assert!(completed.copied <= whole, "step {nth}");
        saved = saved.max(whole - completed.copied);
    }
    assert!(saved >= journal, "{saved} of {whole} bytes were there, the journal has {journal}");
    ledger.close();
}

#[test]
fn a_restore_that_fails_at_any_step_leaves_nothing_that_is_taken_for_a_ledger() {
    let place = Place::new();
    let ledger = open(&place.data());
    put(&ledger, 1, opt_in(&contact(1)));
    place.back_up();
    let key = place.data().join("secrets/master.key");
    for nth in 1.. {
        let disk = FaultyDisk::new(nth, Fails::Half);
        let restored = put_back(&disk, &place.to(), &place.again(), &key);
        assert_eq!(restored.is_err(), disk.failed(), "step {nth}");
        if !disk.failed() {
            assert!(nth > 10, "only {nth} steps");
            break;
        }
        // What fails last is the sync of a name that is there.
        assert!(!place.again().exists() || place.again().join("lock").exists(), "step {nth}");
        let _ = std::fs::remove_dir_all(place.again());
    }
    std::fs::remove_dir_all(place.again()).unwrap();
    place.opened(|again| assert_eq!(entries(again), entries(&ledger)));
    ledger.close();
}

#[test]
fn a_backup_that_is_killed_anywhere_leaves_the_former_one_whole() {
    let place = Place::new();
    let ledger = open(&place.data());
    for number in 0..20 {
        put(&ledger, 1, opt_in(&contact(number)));
    }
    let mut former = place.back_up();
    let mut dice = Dice::new(4);
    let mut killed = 0;
    for round in 0..16 {
        put(&ledger, 2, opt_in(&contact(100 + round)));
        let mut backup = Command::new(env!("CARGO_BIN_EXE_consent-ledger"))
            .args(["backup", "--data-dir", place.data().to_str().unwrap(), "--to", place.to().to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(dice.below(60) as u64));
        backup.kill().unwrap();
        killed += usize::from(!backup.wait().unwrap().success());
        let left = verified(&place.to()).unwrap();
        assert!(left.head() >= former.manifest.head.seq, "round {round}");
        if round % 5 == 4 {
            former = place.back_up();
            assert_eq!(former.manifest.head, ledger.head());
        }
    }
    assert!(killed > 0, "none was killed in the middle");
    place.back_up();
    place.opened(|again| assert_eq!(entries(again), entries(&ledger)));
    ledger.close();
}

#[test]
fn a_backup_into_a_file_system_that_is_full_fails_and_the_ledger_goes_on() {
    let place = Place::new();
    std::fs::create_dir(place.to()).unwrap();
    let to = place.to();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=16k", "tmpfs", to.to_str().unwrap()]).output();
    if !mounted.is_ok_and(|mounted| mounted.status.success()) {
        eprintln!("skipped: this user may mount nothing");
        return;
    }
    let ledger = open(&place.data());
    for number in 0..100 {
        put(&ledger, 1, crate::support::bench::says(&[&contact(number)], &"x".repeat(1_000)));
    }
    let refused = back_up_on(&RealDisk, &place.data(), &to, 1);
    put(&ledger, 2, opt_in(&contact(1)));
    let left = verified(&to);
    assert!(Command::new("umount").arg(&to).status().unwrap().success());
    assert!(refused.unwrap_err().to_string().contains("No space left"));
    assert!(left.is_err());
    ledger.close();
}
