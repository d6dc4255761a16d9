//! What is on the disk: an erasure that was acknowledged has happened, whatever failed, and nothing of it comes back.

use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::words::{Account, Permission, Reason};
use consent_ledger::ledger::keys::keyring::Keyring;
use consent_ledger::ledger::keys::secrets::Secrets;
use consent_ledger::ledger::proving::verify::verify_data_dir;
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::{Filter, Ledger, OpenError};

use super::{erase, open_from_snapshot, trail, why};
use crate::faults::{Fails, FaultyDisk};
use crate::privacy::search::Needles;
use crate::support::bench::{
    as_after_a_crash, at, copy, event, may, moves, named, open, open_on, opt_in, opt_out, put, says, try_open, who,
};

pub(super) const PHONE: &str = "+447400123456";
pub(super) const USER: &str = "GB.1349XK20";
pub(super) const OTHER: &str = "+447400123457";

/// The trail of the person below: after the account's.
const TRAIL: u64 = 2;

/// A person with a number and a user ID, and somebody else; closed, with a snapshot.
pub(super) fn prepared(dir: &Path) {
    let ledger = open(dir);
    ledger.record_blocking(named("sign-up", event(10, opt_in(PHONE)))).unwrap();
    put(&ledger, 20, says(&[PHONE, USER], "hello"));
    put(&ledger, 30, opt_out(OTHER));
    assert_eq!(trail(&ledger, PHONE)[0].trail, TRAIL);
    ledger.close();
}

/// What may be found nowhere once the person is erased: the number, the user ID, their look-up digests, the data key, and
/// the key as it was wrapped.
pub(super) fn personal(dir: &Path) -> Needles {
    let secrets = Secrets::open(&RealDisk, &dir.join("secrets"), false).unwrap();
    let keyring = Keyring::open_to_read(&RealDisk, &dir.join("keyring"), secrets.ledger_id(), secrets.master()).unwrap();
    let mut needles = Needles::default();
    needles.number(&PHONE[1..]);
    needles.text("the user ID", USER);
    needles.bytes("the data key", keyring.key(TRAIL).unwrap().unwrap().bytes());
    for contact in [PHONE, USER] {
        needles.bytes("a look-up digest", &secrets.identifier_digest(1, &who(contact)));
    }
    for name in ["keyring/a", "keyring/b"] {
        let slots = std::fs::read(dir.join(name)).unwrap();
        let slot = usize::try_from(TRAIL).unwrap() * 64;
        needles.bytes("the wrapped key", &slots[slot + 16..slot + 48]);
    }
    let found = needles.found_under(dir).concat();
    assert!(["a look-up digest", "the wrapped key"].iter().all(|what| found.contains(what)), "the search finds what is there: {found}");
    needles
}

pub(super) fn slots(dir: &Path) -> Vec<u8> {
    ["keyring/a", "keyring/b"].iter().map(|name| std::fs::read(dir.join(name)).unwrap()[usize::try_from(TRAIL).unwrap() * 64]).collect()
}

fn is_erased(dir: &Path, ledger: &Ledger, case: &str) {
    assert_eq!((may(ledger, PHONE), why(ledger, USER)), (Permission::Nothing, Reason::ContactErased), "{case}");
    assert_eq!(slots(dir), [2, 2], "{case}: both slots are erased");
    let opened = ledger.entries(&Filter::default(), usize::MAX).unwrap();
    assert_eq!(opened.iter().filter(|entry| entry.erased).count(), 2, "{case}");
}

#[test]
fn an_erasure_that_fails_at_any_step_has_happened_or_was_not_acknowledged() {
    let before = tempfile::tempdir().unwrap();
    prepared(before.path());
    let needles = personal(before.path());
    let (mut kept, mut erased) = (0, 0);
    for fails in [Fails::Undone, Fails::Done, Fails::Half] {
        for nth in 1.. {
            let dir = tempfile::tempdir().unwrap();
            copy(before.path(), dir.path());
            let disk = FaultyDisk::new(0, fails);
            let ledger = open_on(dir.path(), at(3600), &(Arc::new(disk.clone()) as Arc<dyn Disk>)).unwrap();
            disk.fail_in(nth);
            let answer = ledger.record_blocking(event(40, erase(PHONE)));
            let failed = disk.failed();
            assert_eq!(failed, answer.is_err(), "step {nth} fails {fails:?}");
            if failed {
                assert!(ledger.poisoned().is_some(), "step {nth} fails {fails:?}");
            }
            // A crash: nothing is closed in order.
            drop(ledger);
            let case = format!("step {nth} fails {fails:?}");
            let ledger = open(dir.path());
            if answer.is_ok() || why(&ledger, PHONE) == Reason::ContactErased {
                is_erased(dir.path(), &ledger, &case);
                erased += 1;
            } else {
                assert_eq!(may(&ledger, PHONE), Permission::FreeForm, "{case}: either all of it or nothing");
                assert!(trail(&ledger, USER).iter().all(|entry| !entry.erased && entry.sealed.is_some()), "{case}");
                put(&ledger, 40, erase(PHONE));
                kept += 1;
            }
            assert_eq!(may(&ledger, OTHER), Permission::Nothing, "{case}");
            ledger.close();
            drop(ledger);
            assert_eq!(needles.found_under(dir.path()), Vec::<String>::new(), "{case}");
            assert!(verify_data_dir(dir.path(), |_, _| ()).unwrap().ok(), "{case}");
            if !failed {
                break;
            }
        }
    }
    assert!(kept > 0 && erased > 8, "steps before the journal's sync and behind it: {kept}, {erased}");
}

#[test]
fn nothing_personal_is_left_in_any_file_after_an_erasure() {
    let dir = tempfile::tempdir().unwrap();
    prepared(dir.path());
    let needles = personal(dir.path());
    let ledger = open(dir.path());
    put(&ledger, 40, erase(USER));
    is_erased(dir.path(), &ledger, "at once");
    ledger.close();
    drop(ledger);
    assert_eq!(needles.found_under(dir.path()), Vec::<String>::new());
    for how in ["from the snapshot", "from the log"] {
        let ledger = if how == "from the log" { open(dir.path()) } else { open_from_snapshot(dir.path()) };
        is_erased(dir.path(), &ledger, how);
        assert_eq!(put(&ledger, 25, opt_in(PHONE)).seq, put(&ledger, 25, opt_in(USER)).seq);
        ledger.close();
        drop(ledger);
        assert_eq!(needles.found_under(dir.path()), Vec::<String>::new(), "{how}");
    }
}

#[test]
fn a_snapshot_from_before_an_erasure_is_emptied_where_the_next_one_fails() {
    let before = tempfile::tempdir().unwrap();
    prepared(before.path());
    let needles = personal(before.path());
    for nth in 1.. {
        let dir = tempfile::tempdir().unwrap();
        copy(before.path(), dir.path());
        let disk = FaultyDisk::new(0, Fails::Undone);
        let ledger = open_on(dir.path(), at(3600), &(Arc::new(disk.clone()) as Arc<dyn Disk>)).unwrap();
        put(&ledger, 40, erase(PHONE));
        disk.fail_in(nth);
        ledger.close();
        drop(ledger);
        assert_eq!(needles.found_under(dir.path()), Vec::<String>::new(), "step {nth} fails while closing");
        is_erased(dir.path(), &open(dir.path()), &format!("step {nth} fails while closing"));
        if !disk.failed() {
            break;
        }
    }
}

#[test]
fn a_keyring_from_before_an_erasure_is_erased_again_before_anything_is_served() {
    for (names, from_snapshot) in [(&["a", "b"][..], false), (&["a", "b"][..], true), (&["a"][..], false), (&["b"][..], true)] {
        let dir = tempfile::tempdir().unwrap();
        let backup = tempfile::tempdir().unwrap();
        prepared(dir.path());
        let needles = personal(dir.path());
        let ledger = open(dir.path());
        copy(&dir.path().join("keyring"), backup.path());
        put(&ledger, 40, erase(PHONE));
        // Who comes back after it is not mixed up with who was erased.
        put(&ledger, 50, opt_in(PHONE));
        ledger.close();
        drop(ledger);
        for name in names {
            std::fs::copy(backup.path().join(name), dir.path().join("keyring").join(name)).unwrap();
        }
        assert!(slots(dir.path()).contains(&1), "the old key is there again");
        let ledger = if from_snapshot { open_from_snapshot(dir.path()) } else { open(dir.path()) };
        assert_eq!(slots(dir.path()), [2, 2]);
        assert_eq!(may(&ledger, PHONE), Permission::TemplateOnly);
        assert_eq!(trail(&ledger, PHONE).len(), 1);
        assert_eq!(why(&ledger, USER), Reason::ContactErased);
        assert!(ledger.entries(&Filter::default(), usize::MAX).unwrap().iter().filter(|entry| entry.erased).count() == 2);
        put(&ledger, 60, erase(PHONE));
        ledger.close();
        drop(ledger);
        assert_eq!(needles.found_under(dir.path()), Vec::<String>::new());
    }
}

#[test]
fn a_key_that_is_damaged_in_both_files_is_overwritten_where_the_log_says_that_it_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    prepared(dir.path());
    let ledger = open(dir.path());
    put(&ledger, 40, erase(PHONE));
    ledger.close();
    drop(ledger);
    as_after_a_crash(dir.path());
    for name in ["keyring/a", "keyring/b"] {
        let mut bytes = std::fs::read(dir.path().join(name)).unwrap();
        bytes[usize::try_from(TRAIL).unwrap() * 64 + 30] ^= 1;
        std::fs::write(dir.path().join(name), bytes).unwrap();
    }
    let ledger = open(dir.path());
    is_erased(dir.path(), &ledger, "damaged");
}

#[test]
fn a_log_that_does_not_know_of_an_erasure_its_keyring_knows_of_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let yesterday = tempfile::tempdir().unwrap();
    prepared(dir.path());
    copy(dir.path(), yesterday.path());
    let ledger = open(dir.path());
    put(&ledger, 40, erase(PHONE));
    ledger.close();
    drop(ledger);
    copy(&dir.path().join("keyring"), &yesterday.path().join("keyring"));
    let refused = try_open(yesterday.path(), at(3600)).err();
    assert!(matches!(refused, Some(OpenError::Entry(_))), "{refused:?}");
    assert!(refused.unwrap().to_string().contains("the keyring is newer than the log"));
}

#[test]
fn keys_of_others_who_shared_a_trail_are_fresh_and_those_of_strangers_stay() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 10, opt_in(PHONE));
    put(&ledger, 30, opt_out(PHONE));
    put(&ledger, 20, moves(PHONE, USER));
    put(&ledger, 25, opt_in(OTHER));
    put(&ledger, 40, erase(USER));
    let opened = ledger.entries(&Filter::default(), usize::MAX).unwrap();
    let readable: Vec<u64> = opened.iter().filter(|entry| entry.sealed.is_some()).map(|entry| entry.trail).collect();
    assert_eq!(readable.len(), 2, "the stranger's opt-in, and the new owner's opt-out again");
    assert!(readable.iter().all(|trail| *trail > 3));
    let copied = opened.last().unwrap();
    assert_eq!((copied.clear.occurred_at, copied.actor), (at(30).micros(), 1));
    assert_eq!(copied.sealed.as_ref().unwrap().identifiers, [PHONE]);
    let account = Filter { account: Some(Account::default_account()), ..Filter::default() };
    assert_eq!(ledger.entries(&account, usize::MAX).unwrap().len(), opened.len() - 1);
}

#[test]
fn a_check_during_an_erasure_sees_the_contact_or_its_erasure_and_never_a_stranger() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    for round in 0..40 {
        let phone = format!("+4474001{round:05}");
        put(&ledger, 10, opt_in(&phone));
        if round % 2 == 0 {
            put(&ledger, 15, moves(&phone, &format!("GB.{round}")));
            put(&ledger, 20, opt_in(&phone));
        }
        let (reader, theirs) = (ledger.clone(), phone.clone());
        let reading = std::thread::spawn(move || {
            loop {
                match why(&reader, &theirs) {
                    Reason::OptedIn => {}
                    Reason::ContactErased => return,
                    other => panic!("{other:?} while it was erased"),
                }
            }
        });
        put(&ledger, 40, erase(&phone));
        reading.join().unwrap();
    }
}

#[test]
fn the_trail_of_an_unknown_contact_that_was_erased_gets_no_new_key() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 10, erase(PHONE));
    assert_eq!(slots(dir.path()), [2, 2]);
    ledger.close();
    drop(ledger);
    for _ in 0..2 {
        for ledger in [open_from_snapshot, open] {
            ledger(dir.path()).close();
            assert_eq!(slots(dir.path()), [2, 2], "the last trail of the log is below the keys that are made anew");
        }
        as_after_a_crash(dir.path());
    }
}

#[test]
fn a_reader_written_from_the_format_alone_reads_an_erasure() {
    let Some(python) = crate::read_ledger::interpreter() else { return };
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 10, opt_in(PHONE));
    put(&ledger, 30, opt_out(PHONE));
    put(&ledger, 20, moves(PHONE, USER));
    put(&ledger, 40, erase(USER));
    put(&ledger, 41, erase(OTHER));
    put(&ledger, 35, says(&[OTHER, "GB.9"], "hello"));
    ledger.close();
    drop(ledger);
    let read = crate::read_ledger::read(&python, dir.path());
    let said = String::from_utf8_lossy(&read.stdout).into_owned();
    assert!(read.status.success(), "{said}\n{}", String::from_utf8_lossy(&read.stderr));
    assert_eq!(said.matches(" ContactErased ").count(), 3, "{said}");
}
