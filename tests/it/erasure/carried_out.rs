//! What is on the disk when an erasure that was asked for is carried out: whatever fails, after the next start it has
//! happened, and nothing of it comes back.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::words::{Permission, Reason};
use consent_ledger::ledger::erasure::eraser::Carried;
use consent_ledger::ledger::proving::verify::verify_against;
use consent_ledger::ledger::storage::disk::Disk;
use consent_ledger::proof::checkpoint::{Checkpoint, verify};

use super::desk::{DAY, Desk, erased, hold, request};
use super::disk::{OTHER, PHONE, USER, personal, prepared, slots};
use super::{trail, why};
use crate::faults::{Fails, FaultyDisk};
use crate::privacy::search::Needles;
use crate::support::bench::{as_after_a_crash, copy, may};
use crate::support::cli::cli;
use crate::support::client::{Client, runtime};
use crate::support::server::Server;

/// When the request below is recorded, and when it is due.
const ASKED: i64 = 3600;
const DUE: i64 = ASKED + DAY;

/// A checkpoint signed now.
fn signed(desk: &Desk) -> Checkpoint {
    let note = desk.ledger.checkpoint(true).unwrap().note;
    verify(&note, desk.ledger.checkpoint_key()).unwrap().checkpoint
}

/// The person of [`prepared`] asked to be erased; closed. What must be found nowhere afterwards, and every checkpoint signed.
fn asked(dir: &Path) -> (Needles, Vec<Checkpoint>) {
    prepared(dir);
    let needles = personal(dir);
    let desk = Desk::open(dir, ASKED);
    let before = signed(&desk);
    desk.step_named("the request of +447400123456", request(USER, DAY)).unwrap();
    let after = signed(&desk);
    desk.close();
    (needles, vec![before, after])
}

/// The person is gone, under everything, and everybody else is not.
fn is_gone(dir: &Path, desk: &Desk, case: &str) {
    for contact in [PHONE, USER] {
        assert_eq!((may(&desk.ledger, contact), why(&desk.ledger, contact)), (Permission::Nothing, Reason::ContactErased), "{case}");
        assert_eq!(trail(&desk.ledger, contact).len(), 0, "{case}");
    }
    assert_eq!((why(&desk.ledger, OTHER), desk.matters().len()), (Reason::RecipientOptedOut, 0), "{case}");
    assert_eq!(slots(dir), [2, 2], "{case}: both slots are erased");
}

/// Nothing is left in any file, and the log is the one that was signed.
fn nothing_is_left(dir: &Path, needles: &Needles, checkpoints: &[Checkpoint], case: &str) {
    assert_eq!(needles.found_under(dir), Vec::<String>::new(), "{case}");
    for checkpoint in checkpoints {
        let report = verify_against(dir, Some(checkpoint.clone()), |_, _| ()).unwrap();
        assert!(report.ok(), "{case}: {:?}", report.problems);
    }
}

#[test]
fn a_request_that_fails_at_any_step_waits_or_was_not_acknowledged() {
    let before = tempfile::tempdir().unwrap();
    prepared(before.path());
    let (mut lost, mut kept) = (0, 0);
    for fails in [Fails::Undone, Fails::Done, Fails::Half] {
        for nth in 1.. {
            let dir = tempfile::tempdir().unwrap();
            copy(before.path(), dir.path());
            let faulty = FaultyDisk::new(0, fails);
            let desk = Desk::open_on(dir.path(), ASKED, &(Arc::new(faulty.clone()) as Arc<dyn Disk>));
            faulty.fail_in(nth);
            let answer = desk.step(request(PHONE, DAY));
            let (failed, case) = (faulty.failed(), format!("step {nth} fails {fails:?}"));
            assert_eq!(failed, answer.is_err(), "{case}");
            drop(desk);
            let desk = Desk::open(dir.path(), ASKED);
            let waits = desk.matters().len();
            assert!(waits == 1 || failed && waits == 0, "{case}");
            assert_eq!(may(&desk.ledger, PHONE), Permission::FreeForm, "{case}");
            (lost, kept) = if waits == 0 { (lost + 1, kept) } else { (lost, kept + 1) };
            if waits == 1 {
                assert_eq!(desk.turn_at(DUE), erased(1), "{case}");
            }
            if !failed {
                break;
            }
        }
    }
    assert!(lost > 0 && kept > 3, "steps before the journal's sync and behind it: {lost}, {kept}");
}

#[test]
fn whatever_fails_while_it_is_carried_out_after_the_next_start_it_has_happened() {
    let before = tempfile::tempdir().unwrap();
    let (needles, checkpoints) = asked(before.path());
    let mut found: BTreeSet<(bool, Vec<u8>)> = BTreeSet::new();
    for fails in [Fails::Undone, Fails::Done, Fails::Half] {
        for nth in 1.. {
            let dir = tempfile::tempdir().unwrap();
            copy(before.path(), dir.path());
            let faulty = FaultyDisk::new(0, fails);
            let desk = Desk::open_on(dir.path(), ASKED, &(Arc::new(faulty.clone()) as Arc<dyn Disk>));
            desk.clock(DUE);
            faulty.fail_in(nth);
            let carried = desk.ledger.carry_out_due();
            let (failed, case) = (faulty.failed(), format!("step {nth} fails {fails:?}"));
            assert_eq!(carried, if failed { Carried { failed: 1, ..Carried::default() } } else { erased(1) }, "{case}");
            assert_eq!(desk.ledger.poisoned().is_some(), failed, "{case}");
            // A crash: nothing is closed in order.
            drop(desk);
            let keys = slots(dir.path());
            as_after_a_crash(dir.path());
            let desk = Desk::open(dir.path(), DUE - 1);
            // The clock stands before it is due: what the log says of it so far.
            found.insert((desk.matters().is_empty(), keys));
            desk.close();
            let desk = Desk::open(dir.path(), DUE);
            is_gone(dir.path(), &desk, &case);
            assert_eq!(desk.ledger.carry_out_due(), erased(0), "{case}");
            desk.close();
            nothing_is_left(dir.path(), &needles, &checkpoints, &case);
            if !failed {
                break;
            }
        }
    }
    // Before the entry is durable; then neither slot, one, both.
    for seen in [(false, vec![1, 1]), (true, vec![1, 1]), (true, vec![2, 1]), (true, vec![2, 2])] {
        assert!(found.contains(&seen), "{seen:?} was not among {found:?}");
    }
}

#[test]
fn a_backup_from_before_it_was_due_erases_again_when_it_is_put_back() {
    let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [dir, cold, hot] = dirs.each_ref().map(tempfile::TempDir::path);
    let (needles, checkpoints) = asked(dir);
    copy(dir, cold);
    let desk = Desk::open(dir, DUE - 1);
    copy(dir, hot);
    assert_eq!(desk.turn_at(DUE), erased(1));
    is_gone(dir, &desk, "the ledger itself");
    desk.close();
    nothing_is_left(dir, &needles, &checkpoints, "the ledger itself");
    for (copied, case) in [(cold, "a copy of a stopped ledger"), (hot, "a copy of a running one")] {
        let desk = Desk::open(copied, DUE + 3 * DAY);
        is_gone(copied, &desk, case);
        desk.close();
        nothing_is_left(copied, &needles, &checkpoints, case);
    }
}

#[test]
fn a_hold_survives_a_crash_and_keeps_an_erasure_from_happening_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    asked(dir.path());
    let desk = Desk::open(dir.path(), ASKED);
    desk.done(hold(PHONE));
    drop(desk);
    as_after_a_crash(dir.path());
    let desk = Desk::open(dir.path(), DUE + DAY);
    assert_eq!((may(&desk.ledger, OTHER), slots(dir.path())), (Permission::Nothing, vec![1, 1]));
    assert_eq!((trail(&desk.ledger, PHONE).len(), desk.matters().len()), (4, 2));
}

#[test]
fn a_server_that_is_killed_before_it_is_due_erases_by_itself_after_its_start() {
    const NUMBER: &str = "447400123456";
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data, &[]);
    let contact = format!("+{NUMBER}");
    let run = |words: &[&str], server: &Server| cli(&[words, &["--contact", &contact, "--server", &server.url()]].concat());
    assert_eq!(run(&["record", "opt-in", "--category", "marketing", "--event-id", "sign-up of 447400123456"], &server).code, 0);
    let asked = run(&["erase", "request", "--delay", "1s", "--event-id", "ticket of 447400123456"], &server);
    assert_eq!(asked.code, 0, "{asked:?}");
    server.kill();
    let server = Server::start(&data, &[]);
    // It is due within a second: asked until the answer changes.
    let is_erased = || run(&["check", "--sender", "1001", "--category", "marketing"], &server).out.contains("CONTACT_ERASED");
    assert!((0..2_000).any(|_| is_erased()), "{}", server.logs());
    let log = runtime().block_on(async { Client::connect(&server.url()).await.log().await });
    assert_eq!(log.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>()[2..], ["opted_in", "erasure_requested", "contact_erased"]);
    assert_eq!(server.terminate().code(), Some(0));
    let mut needles = Needles::default();
    needles.number(NUMBER);
    assert_eq!(needles.found_under(dir.path()), Vec::<String>::new(), "nor in what the server logged");
    assert_eq!(crate::support::cli::verify(&data, 0)["ok"], true);
}

#[test]
fn a_reader_written_from_the_format_alone_reads_every_step() {
    let Some(python) = crate::read_ledger::interpreter() else { return };
    let dir = tempfile::tempdir().unwrap();
    asked(dir.path());
    let desk = Desk::open(dir.path(), DUE - 1);
    desk.done(hold(PHONE));
    desk.done(super::desk::release(PHONE));
    desk.done(super::desk::cancel(PHONE));
    desk.done(request(PHONE, 0));
    assert_eq!(desk.ledger.carry_out_due(), erased(1));
    desk.close();
    let read = crate::read_ledger::read(&python, dir.path());
    let said = String::from_utf8_lossy(&read.stdout).into_owned();
    assert!(read.status.success(), "{said}\n{}", String::from_utf8_lossy(&read.stderr));
    let count = |kind: &str| said.matches(kind).count();
    let counts = [" ErasureRequested ", " LegalHoldChanged ", " ErasureCancelled ", " ContactErased "].map(count);
    assert_eq!(counts, [2, 2, 1, 1], "{said}");
}
