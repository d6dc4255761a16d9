//! A rotation of the master key: everything opens before and after, the old key opens nothing afterwards, and one that is cut
//! off at any step is done again to its end.

use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::words::{Permission, Reason};
use consent_ledger::ledger::Ledger;
use consent_ledger::ledger::OpenError;
use consent_ledger::ledger::bytes::seal::Key;
use consent_ledger::ledger::keys::keyring::{Keyring, Slot};
use consent_ledger::ledger::keys::master::MasterKey;
use consent_ledger::ledger::keys::rotate_master::{MasterRotation, NewKey, Rewrapped, RotateMasterError};
use consent_ledger::ledger::keys::secrets::{LedgerId, Secrets, SecretsError};
use consent_ledger::ledger::proving::verify::verify_data_dir;
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::webhook::dead_letters::{DeadLetters, NewDeadLetter};

use crate::faults::{Fails, FaultyDisk};
use crate::support::bench::{answer, at, copy, event, may, named, open, opt_in, opt_out, put, try_open, who};
use crate::support::cli::cli;
use consent_ledger::ledger::writing::record::What;

const ERASED: &str = "+447400123455";
const CONTACTS: u64 = 40;

fn contact(n: u64) -> String {
    format!("+44740012{n:04}")
}

/// A ledger with contacts, an erased one among them, and a dead letter.
fn prepared(dir: &Path) {
    let ledger = open(dir);
    for n in 0..CONTACTS {
        ledger.record_blocking(named(&format!("in-{n}"), event(10, opt_in(&contact(n))))).unwrap();
    }
    put(&ledger, 11, opt_in(ERASED));
    put(&ledger, 12, What::Erase { contact: who(ERASED), keep_suppression: true });
    put(&ledger, 13, opt_out(&contact(0)));
    letters(&ledger).append(&[letter()]).unwrap();
    ledger.close();
}

fn letter() -> NewDeadLetter {
    NewDeadLetter {
        account: "default".parse().unwrap(),
        received_at: at(0),
        field: "messages".into(),
        reason: "unknown".into(),
        payload: b"the payload".to_vec(),
    }
}

fn letters(ledger: &Ledger) -> DeadLetters {
    DeadLetters::open_naming(ledger.data_dir(), ledger.master_key(), ledger.dead_letter_ids(), ledger.now()).unwrap()
}

/// Everything answers as it did, what comes again is known, and erased stays erased.
fn is_whole(dir: &Path, case: &str) {
    let ledger = open(dir);
    assert_eq!(may(&ledger, &contact(0)), Permission::Nothing, "{case}");
    assert!((1..CONTACTS).all(|n| may(&ledger, &contact(n)) == Permission::TemplateOnly), "{case}");
    assert_eq!(answer(&ledger, ERASED, None).decision.reasons[0], Reason::ContactErased, "{case}");
    assert!(ledger.record_blocking(named("in-7", event(10, opt_in(&contact(7))))).unwrap().duplicate, "{case}");
    let letters = letters(&ledger);
    assert_eq!(letters.append(&[letter()]).unwrap(), [false], "{case}: the letter is known");
    let [kept] = letters.list(&"default".parse().unwrap()).unwrap().try_into().unwrap();
    assert_eq!(letters.payload(&kept.account, kept.id).unwrap().unwrap(), b"the payload", "{case}");
    ledger.close();
    drop(ledger);
    let report = verify_data_dir(dir, |_, _| ()).unwrap();
    assert!(report.ok(), "{case}: {:?}", report.problems);
}

fn rotate(disk: Arc<dyn Disk>, dir: &Path, old: Option<MasterKey>, new: NewKey) -> Result<(Rewrapped, u16), RotateMasterError> {
    let rotation = MasterRotation::begin(disk, dir, old, new)?;
    let rewrapped = rotation.rewrap()?;
    DeadLetters::rewrap(dir, rotation.old(), rotation.new_key()).unwrap();
    Ok((rewrapped, rotation.finish()?))
}

fn own_key(dir: &Path) -> MasterKey {
    MasterKey::parse(&std::fs::read(dir.join("secrets/master.key")).unwrap(), "its file").unwrap()
}

/// How many slots of each file a master key opens: live and erased.
fn opens(dir: &Path, id: LedgerId, master: &Key) -> [usize; 2] {
    ["a", "b"].map(|name| {
        let alone = tempfile::tempdir().unwrap();
        std::fs::copy(dir.join("keyring").join(name), alone.path().join(name)).unwrap();
        let keyring = Keyring::open_to_read(&RealDisk, alone.path(), id, master).unwrap();
        let slots = std::fs::metadata(alone.path().join(name)).unwrap().len() / 64;
        (1..slots).filter(|trail| matches!(keyring.slot(*trail), Ok(Slot::Live(_) | Slot::Erased))).count()
    })
}

fn ledger_id(dir: &Path) -> LedgerId {
    Secrets::open(&RealDisk, &dir.join("secrets"), false).unwrap().ledger_id()
}

#[test]
fn after_a_rotation_the_new_key_opens_everything_and_the_old_one_nothing() {
    let dir = tempfile::tempdir().unwrap();
    prepared(dir.path());
    let (old, id) = (own_key(dir.path()), ledger_id(dir.path()));
    let [before, _] = opens(dir.path(), id, old.key());
    assert!(before > 41, "the search finds what is there: {before}");
    let day = dir.path().join("dead-letters/2026-03-01.key");
    let day_before = std::fs::read(&day).unwrap();
    let said = cli(&["keys", "rotate-master", "--json", "--data-dir", dir.path().to_str().unwrap()]);
    assert_eq!(said.code, 0, "{said:?}");
    let report = said.json().remove(0);
    assert_eq!(
        (&report["master_key_id"], &report["erased"], &report["damaged"], &report["dead_letter_days"]),
        (&2.into(), &1.into(), &0.into(), &1.into())
    );
    assert_eq!(usize::try_from(report["keys"].as_u64().unwrap()).unwrap() + 1, before);
    let new = own_key(dir.path());
    assert_ne!(new.key().bytes(), old.key().bytes());
    assert_eq!(opens(dir.path(), id, new.key()), [before; 2]);
    assert_eq!(opens(dir.path(), id, old.key()), [0, 0]);
    assert_eq!(std::fs::read(dir.path().join("keyring/a")).unwrap(), std::fs::read(dir.path().join("keyring/b")).unwrap());
    let refused = Secrets::open_under(&RealDisk, &dir.path().join("secrets"), Some(&old), false).err().unwrap();
    assert!(matches!(refused, SecretsError::DoesNotOpen { .. }), "{refused}");
    assert_ne!(std::fs::read(&day).unwrap(), day_before);
    assert!(DeadLetters::rewrap(dir.path(), None, old.key()).is_err(), "the old key opens no day");
    is_whole(dir.path(), "rotated");
    // And once more, to a key that is kept elsewhere and back.
    let elsewhere = MasterKey::new(Key::from_bytes([7; 32]), "elsewhere");
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let (rewrapped, number) = rotate(disk.clone(), dir.path(), None, NewKey::Given(elsewhere.clone())).unwrap();
    assert_eq!((rewrapped.erased, number), (1, 3));
    assert!(!dir.path().join("secrets/master.key").exists(), "the old key is not left behind");
    assert_eq!(opens(dir.path(), id, new.key()), [0, 0]);
    assert!(matches!(try_open(dir.path(), at(3600)), Err(OpenError::Secrets(SecretsError::Missing { .. }))));
    assert_eq!(rotate(disk, dir.path(), Some(elsewhere), NewKey::Made).unwrap().1, 4);
    is_whole(dir.path(), "back");
}

#[test]
fn a_rotation_that_is_cut_off_at_any_step_is_refused_by_a_start_and_done_again_to_its_end() {
    let before = tempfile::tempdir().unwrap();
    prepared(before.path());
    let (id, old) = (ledger_id(before.path()), own_key(before.path()));
    let real: Arc<dyn Disk> = Arc::new(RealDisk);
    let elsewhere = MasterKey::new(Key::from_bytes([7; 32]), "elsewhere");
    let mut refused = 0;
    for (fails, new) in
        [(Fails::Half, NewKey::Made), (Fails::Done, NewKey::Made), (Fails::Undone, NewKey::Made), (Fails::Half, NewKey::Given(elsewhere))]
    {
        for nth in 1.. {
            let dir = tempfile::tempdir().unwrap();
            copy(before.path(), dir.path());
            let disk = FaultyDisk::new(nth, fails);
            let cut = rotate(Arc::new(disk.clone()), dir.path(), None, new.clone());
            if !disk.failed() {
                assert!(nth > 15, "{nth} steps");
                break;
            }
            let case = format!("{fails:?} at step {nth}, {new:?}");
            assert!(cut.is_err(), "{case}");
            // Either key opens each slot, in one file at least.
            let given = match &new {
                NewKey::Given(key) => Some(key.clone()),
                NewKey::Made => std::fs::read(dir.path().join("secrets/master.key.next"))
                    .ok()
                    .and_then(|text| MasterKey::parse(&text, "the one that was made").ok()),
            };
            let made = given.clone().unwrap_or_else(|| own_key(dir.path()));
            for trail in 1..=CONTACTS + 2 {
                let live = [&old, &made].iter().any(|key| {
                    let keyring = Keyring::open_to_read(&RealDisk, &dir.path().join("keyring"), id, key.key()).unwrap();
                    matches!(keyring.slot(trail), Ok(Slot::Live(_) | Slot::Erased))
                });
                assert!(live, "{case}: trail {trail}");
            }
            // A start does not go on half way.
            match try_open(dir.path(), at(3600)) {
                Err(OpenError::Secrets(SecretsError::Rotating { .. })) => refused += 1,
                Err(OpenError::Secrets(SecretsError::Missing { .. } | SecretsError::DoesNotOpen { .. })) => {}
                Ok(ledger) => ledger.close(),
                Err(other) => panic!("{case}: {other}"),
            }
            let (rewrapped, _) = rotate(real.clone(), dir.path(), None, new.clone()).unwrap_or_else(|error| panic!("{case}: {error}"));
            assert_eq!((rewrapped.erased, rewrapped.damaged), (1, 0), "{case}");
            assert_eq!(opens(dir.path(), id, old.key()), [0, 0], "{case}");
            if let NewKey::Given(_) = new {
                rotate(real.clone(), dir.path(), given, NewKey::Made).unwrap();
            }
            // What is on disk is looked at after each step, a start takes its time.
            if fails == Fails::Half && nth % 3 == 0 {
                is_whole(dir.path(), &case);
            }
        }
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn wrong_keys_change_nothing_and_a_rotation_goes_on_with_its_own_keys_alone() {
    let dir = tempfile::tempdir().unwrap();
    prepared(dir.path());
    let real: Arc<dyn Disk> = Arc::new(RealDisk);
    let [one, other] = [1, 2].map(|n| MasterKey::new(Key::from_bytes([n; 32]), format!("place {n}")));
    let own = own_key(dir.path());
    let said = |result: Result<(Rewrapped, u16), RotateMasterError>| result.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(
        said(rotate(real.clone(), dir.path(), Some(one.clone()), NewKey::Made)).contains("does not open with the master key of place 1")
    );
    assert!(said(rotate(real.clone(), dir.path(), Some(one.clone()), NewKey::Given(other.clone()))).contains("of place 1"));
    assert_eq!(said(rotate(real.clone(), dir.path(), None, NewKey::Given(own.clone()))), "the new master key, of its file, is the old one");
    is_whole(dir.path(), "nothing was begun");
    drop(MasterRotation::begin(real.clone(), dir.path(), None, NewKey::Given(one.clone())).unwrap());
    let refused = said(rotate(real.clone(), dir.path(), None, NewKey::Given(other.clone())));
    assert!(refused.starts_with("a rotation to another master key than that of place 2 was begun"), "{refused}");
    assert!(said(rotate(real.clone(), dir.path(), Some(other), NewKey::Given(one.clone()))).contains("of place 2"));
    rotate(real.clone(), dir.path(), None, NewKey::Given(one.clone())).unwrap();
    // Done already: nothing more happens.
    let again = rotate(real, dir.path(), None, NewKey::Given(one)).unwrap();
    assert_eq!((again.0.erased, again.1), (1, 2));
}

#[test]
fn a_ledger_in_use_and_an_empty_directory_are_not_rotated() {
    let dir = tempfile::tempdir().unwrap();
    let real: Arc<dyn Disk> = Arc::new(RealDisk);
    assert!(matches!(rotate(real.clone(), dir.path(), None, NewKey::Made), Err(RotateMasterError::Open(OpenError::NoLedger { .. }))));
    let ledger = open(dir.path());
    assert!(matches!(rotate(real, dir.path(), None, NewKey::Made), Err(RotateMasterError::Open(OpenError::InUse { .. }))));
    ledger.close();
}
