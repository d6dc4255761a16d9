//! A rotation of the look-up secret: every answer is what it was, what comes again is known, and one that is cut off anywhere is
//! done by the next start.

use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::words::Category;
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::keys::rotate_lookup::rotate_lookup;
use consent_ledger::ledger::keys::secrets::{Secrets, SecretsError};
use consent_ledger::ledger::proving::verify::verify_data_dir;
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::What;
use consent_ledger::ledger::{Filter, Ledger, OpenError, Options};
use consent_ledger::proto::clear_part::Fact;

use crate::faults::{Fails, FaultyDisk};
use crate::support::bench::{at, copy, event, link, moves, named, opt_in, opt_out, put, question, says, who};

const PEOPLE: [&str; 9] = [
    "+447400123450",
    "+447400123451",
    "GB.1349XK20",
    "+447400123452",
    "+447400123453",
    "+447400123454",
    "+447400123455",
    "GB.77",
    "+447400123459",
];

fn options(dir: &Path, small_bytes: u64) -> Options {
    Options { keys_ahead: 8, small_bytes, ..Options::new(dir) }
}

fn clock() -> Arc<dyn Clock> {
    let clock = ManualClock::default();
    clock.set(at(3600));
    Arc::new(clock)
}

fn real() -> Arc<dyn Disk> {
    Arc::new(RealDisk)
}

/// From the whole log, or where `small_bytes` is zero from the snapshot.
fn open(dir: &Path, small_bytes: u64) -> Ledger {
    Ledger::open_with(&options(dir, small_bytes), &real(), &clock()).unwrap()
}

/// Contacts alone, joined, moved, and erased with and without a token.
fn prepared(dir: &Path) {
    let ledger = open(dir, 0);
    ledger.record_blocking(named("sign-up", event(10, opt_in(PEOPLE[0])))).unwrap();
    put(&ledger, 11, opt_in(PEOPLE[1]));
    put(&ledger, 12, says(&[PEOPLE[1], PEOPLE[2]], "hello"));
    put(&ledger, 13, opt_out(PEOPLE[3]));
    put(&ledger, 14, opt_in(PEOPLE[4]));
    put(&ledger, 15, moves(PEOPLE[4], PEOPLE[5]));
    put(&ledger, 16, opt_in(PEOPLE[6]));
    put(&ledger, 17, link(PEOPLE[6], PEOPLE[7]));
    put(&ledger, 18, What::Erase { contact: who(PEOPLE[6]), keep_suppression: true });
    ledger.close();
}

/// Every answer, without where in the log it was given.
fn answers(ledger: &Ledger) -> Vec<String> {
    let asked =
        PEOPLE.iter().flat_map(|contact| [Category::Marketing, Category::Service].map(|category| question(contact, category, None)));
    asked.map(|question| format!("{:?}", ledger.check(&question).unwrap().decision)).collect()
}

fn digests(dir: &Path) -> Vec<[u8; 16]> {
    let secrets = Secrets::open(&RealDisk, &dir.join("secrets"), false).unwrap();
    PEOPLE.iter().map(|contact| secrets.identifier_digest(1, &who(contact))).collect()
}

fn holds(dir: &Path, bytes: &[u8]) -> bool {
    std::fs::read(dir.join("snapshot")).unwrap().windows(bytes.len()).any(|window| window == bytes)
}

/// The versions that were recorded, and each entry's own.
fn versions(ledger: &Ledger) -> Vec<u32> {
    let entries = ledger.entries(&Filter::default(), usize::MAX).unwrap();
    let recorded = entries.iter().filter_map(|entry| match &entry.clear.fact {
        Some(Fact::SecretRotated(rotated)) => Some(rotated.secret_version),
        _ => None,
    });
    recorded.collect()
}

#[test]
fn every_answer_is_the_same_after_a_rotation_from_the_snapshot_and_from_the_whole_log() {
    let dir = tempfile::tempdir().unwrap();
    prepared(dir.path());
    let (before, old) = (answers(&open(dir.path(), 0)), digests(dir.path()));
    assert!(before.iter().any(|answer| answer.contains("ContactErased")) && before.iter().any(|answer| answer.contains("OptedIn")));
    assert!(holds(dir.path(), &old[0]), "the search finds what is there");
    for version in [2, 3] {
        let (found, _) = rotate_lookup(&options(dir.path(), 0), &real(), &clock()).unwrap();
        assert_eq!(found, version);
        let new = digests(dir.path());
        assert!(old.iter().all(|digest| !new.contains(digest) && !holds(dir.path(), digest)));
        assert!(holds(dir.path(), &new[0]) && !holds(dir.path(), &new[6]), "those of the erased are nowhere");
        for small_bytes in [0, u64::MAX, 0] {
            let ledger = open(dir.path(), small_bytes);
            assert_eq!(answers(&ledger), before, "version {version}, {small_bytes}");
            assert!(ledger.record_blocking(named("sign-up", event(10, opt_in(PEOPLE[0])))).unwrap().duplicate);
            assert_eq!(versions(&ledger), (2..=version).collect::<Vec<u32>>());
            ledger.close();
        }
    }
    // What is recorded from here on meets whom it is about, under either spelling of who they are.
    let ledger = open(dir.path(), 0);
    put(&ledger, 30, opt_out(PEOPLE[2]));
    put(&ledger, 31, opt_in("+447400123470"));
    assert_ne!(answers(&ledger)[2], before[2], "the number that was joined is opted out too");
    let after = answers(&ledger);
    ledger.close();
    drop(ledger);
    for small_bytes in [0, u64::MAX] {
        assert_eq!(answers(&open(dir.path(), small_bytes)), after);
    }
    let report = verify_data_dir(dir.path(), |_, _| ()).unwrap();
    assert!(report.ok(), "{:?}", report.problems);
}

#[test]
fn a_rotation_that_is_cut_off_at_any_step_is_done_by_the_next_start() {
    let before = tempfile::tempdir().unwrap();
    prepared(before.path());
    let ledger = open(before.path(), 0);
    let expected = answers(&ledger);
    // What is copied from here on is written to no more.
    ledger.close();
    drop(ledger);
    let mut begun = 0;
    for fails in [Fails::Half, Fails::Done] {
        for nth in 1.. {
            let dir = tempfile::tempdir().unwrap();
            copy(before.path(), dir.path());
            let disk = FaultyDisk::new(nth, fails);
            let on: Arc<dyn Disk> = Arc::new(disk.clone());
            let cut = rotate_lookup(&options(dir.path(), 0), &on, &clock());
            if !disk.failed() {
                assert!(cut.is_ok() && nth > 8, "{nth} steps");
                break;
            }
            let held = Secrets::open(&RealDisk, &dir.path().join("secrets"), false).unwrap().in_force().lookup;
            begun += held - 1;
            let ledger = open(dir.path(), 0);
            assert_eq!(answers(&ledger), expected, "{fails:?} at step {nth}");
            assert_eq!(versions(&ledger), (2..=held).collect::<Vec<u32>>(), "{fails:?} at step {nth}");
            ledger.close();
        }
    }
    assert!(begun > 5, "{begun}");
}

#[test]
fn secrets_from_before_a_rotation_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    prepared(dir.path());
    let old = std::fs::read(dir.path().join("secrets/ledger.secrets")).unwrap();
    rotate_lookup(&options(dir.path(), 0), &real(), &clock()).unwrap();
    std::fs::write(dir.path().join("secrets/ledger.secrets"), old).unwrap();
    for small_bytes in [0, u64::MAX] {
        match Ledger::open_with(&options(dir.path(), small_bytes), &real(), &clock()).err() {
            Some(OpenError::Secrets(error @ SecretsError::OlderThanLog { .. })) => {
                assert!(error.to_string().contains("holds version 1 of the look-up secret"), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }
}
