//! Asked for, cancelled, held back, carried out: each step, and each refusal.

use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::words::{Effect, Permission, Reason};
use consent_ledger::ledger::erasure::eraser::Carried;
use consent_ledger::ledger::erasure::matters::MatterKind;
use consent_ledger::ledger::erasure::step::{Step, StepRefused};
use consent_ledger::ledger::proving::verify::verify_data_dir;
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::{RecordError, What};
use consent_ledger::ledger::{Filter, Ledger};
use consent_ledger::proto::clear_part::Fact;

use super::desk::{DAY, Desk, cancel, erased, hold, release, request, request_without_token};
use super::{trail, why};
use crate::support::bench::{at, event, link, may, named, opt_in, opt_out, put, says, who};

const PHONE: &str = "+447400123456";
const OTHER: &str = "+447400123457";
const USER: &str = "GB.1";

const HELD: Carried = Carried { erased: 0, held: 1, failed: 0 };
const FAILED: Carried = Carried { erased: 0, held: 0, failed: 1 };

#[test]
fn a_request_waits_until_it_is_due_and_changes_no_permission_before() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    put(&desk.ledger, 10, opt_in(PHONE));
    let asked = desk.step(request(PHONE, DAY)).unwrap();
    assert_eq!((asked.effect, asked.duplicate, asked.caused), (Effect::NoChange, false, None));
    let requested = desk.ledger.requested(asked.seq).unwrap().unwrap();
    assert_eq!((requested.due_at, requested.waits), (at(100 + DAY), true));
    desk.clock(99 + DAY);
    assert_eq!((desk.ledger.carry_out_due(), may(&desk.ledger, PHONE)), (erased(0), Permission::TemplateOnly));
    // What the contact does meanwhile counts, and goes with the rest.
    put(&desk.ledger, 90 + DAY, says(&[PHONE, USER], "hello"));
    assert_eq!(may(&desk.ledger, USER), Permission::FreeForm);
    assert_eq!((desk.turn_at(100 + DAY), desk.turn_at(100 + DAY)), (erased(1), erased(0)));
    for contact in [PHONE, USER] {
        assert_eq!((may(&desk.ledger, contact), why(&desk.ledger, contact)), (Permission::Nothing, Reason::ContactErased));
    }
    assert!(!desk.ledger.requested(asked.seq).unwrap().unwrap().waits && desk.matters().is_empty());
    let log = desk.ledger.entries(&Filter::default(), usize::MAX).unwrap();
    assert!(log.iter().all(|entry| entry.sealed.is_none()), "the request is as unreadable as what it was about");
    let last = log.last().unwrap();
    assert_eq!((last.actor, last.clear.occurred_at), (0, at(100 + DAY).micros()), "the ledger erased, as of when it did");
    assert!(matches!(&last.clear.fact, Some(Fact::ContactErased(erased)) if erased.trails.contains(&log[3].trail)));
    desk.close();
    assert!(verify_data_dir(dir.path(), |_, _| ()).unwrap().ok());
}

#[test]
fn somebody_unknown_who_asks_to_be_forgotten_leaves_a_token_when_it_is_due() {
    for keeps in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let desk = Desk::open(dir.path(), 100);
        desk.done(if keeps { request(PHONE, DAY) } else { request_without_token(PHONE, DAY) });
        assert_eq!(why(&desk.ledger, PHONE), Reason::RecipientNotOptedIn);
        assert_eq!((trail(&desk.ledger, PHONE).len(), desk.listed()[0].contacts.as_slice()), (1, &[PHONE.to_owned()][..]));
        assert_eq!(desk.turn_at(100 + DAY), erased(1));
        assert_eq!(why(&desk.ledger, PHONE), if keeps { Reason::ContactErased } else { Reason::RecipientNotOptedIn });
        assert_eq!(put(&desk.ledger, 90, opt_in(PHONE)).effect, if keeps { Effect::HistoricalOnly } else { Effect::Applied });
    }
}

#[test]
fn asking_twice_is_refused_and_the_same_event_again_is_a_duplicate() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    put(&desk.ledger, 10, opt_in(PHONE));
    let first = desk.step_named("one", request(PHONE, DAY)).unwrap();
    desk.clock(200);
    let waits = StepRefused::Waits { request: first.seq, due_at: at(100 + DAY) };
    assert_eq!((desk.refused(request(PHONE, 0)), desk.refused(request_without_token(PHONE, DAY))), (waits, waits));
    let again = desk.step_named("one", request(PHONE, DAY)).unwrap();
    assert_eq!((again.seq, again.entry_hash, again.duplicate), (first.seq, first.entry_hash, true));
    for other in [request(PHONE, 60), request_without_token(PHONE, DAY), request(OTHER, DAY), cancel(PHONE)] {
        assert_eq!(desk.step_named("one", other), Err(RecordError::EventIdReused { seq: first.seq }));
    }
    desk.step_named("two", cancel(PHONE)).unwrap();
    assert!(desk.step_named("two", cancel(PHONE)).unwrap().duplicate, "though nothing waits any more");
    let again = desk.step_named("one", request(PHONE, DAY)).unwrap();
    assert!(again.duplicate && !desk.ledger.requested(again.seq).unwrap().unwrap().waits, "a duplicate asks for nothing");
    let next = desk.step_named("three", request(PHONE, 60)).unwrap();
    assert!(!next.duplicate);
    assert_eq!(desk.turn_at(260), erased(1));
    let again = desk.step_named("three", request(PHONE, 60)).unwrap();
    assert_eq!((again.seq, again.duplicate), (next.seq, true), "what was spent stays spent");
    assert_eq!(desk.ledger.requested(next.seq).unwrap().unwrap().due_at, at(260), "when it was due can still be told");
}

#[test]
fn what_was_cancelled_does_not_happen_and_what_has_happened_is_not_cancelled() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    put(&desk.ledger, 10, opt_in(PHONE));
    put(&desk.ledger, 10, opt_in(OTHER));
    assert_eq!(
        (desk.refused(cancel(PHONE)), desk.refused(cancel("+447400123458"))),
        (StepRefused::NothingWaits, StepRefused::NothingWaits)
    );
    desk.done(request(PHONE, 60));
    // Due, and not carried out yet: who cancels first has it.
    desk.clock(160);
    desk.done(cancel(PHONE));
    assert_eq!((desk.ledger.carry_out_due(), may(&desk.ledger, PHONE)), (erased(0), Permission::TemplateOnly));
    assert_eq!(desk.refused(cancel(PHONE)), StepRefused::NothingWaits);
    desk.done(request(PHONE, 60));
    assert_eq!(desk.turn_at(220), erased(1));
    let erasure = desk.ledger.head().seq;
    desk.clock(230);
    for step in [cancel(PHONE), request(PHONE, 60), hold(PHONE)] {
        assert_eq!(desk.refused(step), StepRefused::AlreadyErased { erasure });
    }
    assert_eq!(desk.refused(release(PHONE)), StepRefused::NoHold);
    // As of before the erasure there is nobody to forget any more, even once somebody came back.
    put(&desk.ledger, 225, opt_in(PHONE));
    let backdated = event(215, What::Erasure(request(PHONE, 60)));
    assert_eq!(desk.ledger.record_blocking(backdated), Err(StepRefused::AlreadyErased { erasure }.into()));
    desk.done(request(PHONE, 60));
    assert_eq!((desk.turn_at(290), may(&desk.ledger, OTHER)), (erased(1), Permission::TemplateOnly));
}

#[test]
fn a_legal_hold_refuses_a_request_and_holds_back_one_that_waits() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    put(&desk.ledger, 10, opt_in(PHONE));
    assert_eq!(desk.refused(release(PHONE)), StepRefused::NoHold);
    let held = desk.done(hold(PHONE));
    let refused = StepRefused::LegalHold { hold: held };
    assert_eq!((desk.refused(request(PHONE, 0)), desk.refused(hold(PHONE))), (refused, refused));
    let at_once = desk.ledger.record_blocking(event(100, super::erase(PHONE)));
    assert_eq!(at_once, Err(refused.into()), "without a request neither");
    desk.done(release(PHONE));
    let asked = desk.done(request(PHONE, DAY));
    let held = desk.done(hold(PHONE));
    assert_eq!(desk.listed()[0].held_by, Some(held));
    // Held beyond its time: not carried out, and not asked for every second either.
    assert_eq!((desk.turn_at(200 + DAY), desk.turn_at(201 + DAY)), (HELD, erased(0)));
    assert_eq!(may(&desk.ledger, PHONE), Permission::TemplateOnly);
    assert_eq!(desk.refused(request(PHONE, 0)), StepRefused::LegalHold { hold: held });
    let requested = desk.ledger.requested(asked).unwrap().unwrap();
    assert_eq!((requested.due_at, requested.waits), (at(100 + DAY), true));
    desk.done(release(PHONE));
    assert_eq!((desk.ledger.carry_out_due(), why(&desk.ledger, PHONE)), (erased(1), Reason::ContactErased));
}

#[test]
fn a_hold_that_is_released_in_time_delays_nothing_and_under_one_a_request_can_be_cancelled() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    for contact in [PHONE, OTHER] {
        put(&desk.ledger, 10, opt_in(contact));
        desk.done(request(contact, DAY));
        desk.done(hold(contact));
    }
    desk.done(release(PHONE));
    desk.done(cancel(OTHER));
    assert_eq!((desk.turn_at(99 + DAY), desk.turn_at(100 + DAY), desk.turn_at(100 + 2 * DAY)), (erased(0), erased(1), erased(0)));
    assert_eq!((why(&desk.ledger, PHONE), may(&desk.ledger, OTHER)), (Reason::ContactErased, Permission::TemplateOnly));
    assert!(matches!(desk.matters().as_slice(), [matter] if matter.is_hold()), "{:?}", desk.matters());
}

#[test]
fn an_erasure_that_fails_is_shown_without_the_contact_and_tried_again_later() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    put(&desk.ledger, 10, opt_in(PHONE));
    put(&desk.ledger, 10, opt_in(OTHER));
    desk.done(request(PHONE, 60));
    desk.done(request(OTHER, 60));
    let files = ["keyring/a", "keyring/b"].map(|name| dir.path().join(name));
    let slot = usize::try_from(trail(&desk.ledger, PHONE)[0].trail).unwrap() * 64;
    let flip = || {
        for file in &files {
            let mut bytes = std::fs::read(file).unwrap();
            bytes[slot + 30] ^= 1;
            std::fs::write(file, bytes).unwrap();
        }
    };
    flip();
    assert_eq!(desk.turn_at(160), Carried { erased: 1, ..FAILED }, "the other one is not held up");
    assert_eq!(desk.turn_at(160), erased(0), "not at once");
    let listed = desk.listed().remove(0);
    let failed = listed.failed.unwrap();
    assert_eq!((listed.contacts.len(), failed.failures, failed.again_at), (0, 1, at(220)));
    assert!(failed.reason.contains("trail") && !failed.reason.contains(&PHONE[3..]), "{}", failed.reason);
    assert_eq!((desk.turn_at(219), desk.turn_at(220), desk.turn_at(339)), (erased(0), FAILED, erased(0)));
    assert_eq!((desk.ledger.poisoned(), may(&desk.ledger, PHONE)), (None, Permission::TemplateOnly));
    flip();
    assert_eq!((desk.turn_at(340), why(&desk.ledger, PHONE)), (erased(1), Reason::ContactErased));
    desk.close();
    assert!(verify_data_dir(dir.path(), |_, _| ()).unwrap().ok());
}

#[test]
fn a_clock_that_is_set_back_delays_an_erasure_and_loses_none() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 10_000);
    put(&desk.ledger, 10, opt_in(PHONE));
    desk.done(request(PHONE, 60));
    assert_eq!(desk.turn_at(9_000), erased(0), "not due");
    put_at(&desk, 10_100, OTHER);
    // The log has reached its time, but with a clock so far behind nothing is written.
    assert_eq!(desk.turn_at(9_000), FAILED);
    assert_eq!(desk.turn_at(10_100), erased(0), "it is tried again in time");
    assert_eq!(may(&desk.ledger, PHONE), Permission::TemplateOnly);
    assert_eq!(desk.turn_at(10_160), erased(1));
    let last = desk.ledger.entries(&Filter::default(), usize::MAX).unwrap().pop().unwrap();
    assert_eq!(last.clear.occurred_at, at(10_160).micros());
    // A little behind: the time of the last entry counts.
    desk.done(request(OTHER, 0));
    assert_eq!(desk.turn_at(10_060), erased(1));
}

fn put_at(desk: &Desk, seconds: i64, contact: &str) {
    desk.clock(seconds);
    put(&desk.ledger, seconds, opt_in(contact));
}

#[test]
fn a_thousand_that_are_due_at_once_are_all_carried_out() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    let phone = |n: u32| format!("+4474001{n:05}");
    for n in 0..1_000 {
        desk.done(request(&phone(n), 60));
    }
    put(&desk.ledger, 90, opt_in("+447400123456"));
    desk.close();
    // A start after days carries out everything before it serves.
    let desk = Desk::open(dir.path(), 9 * DAY);
    assert!(desk.matters().is_empty() && desk.ledger.carry_out_due() == erased(0));
    assert!((0..1_000).all(|n| why(&desk.ledger, &phone(n)) == Reason::ContactErased));
    assert_eq!(may(&desk.ledger, "+447400123456"), Permission::TemplateOnly);
    desk.close();
    assert!(verify_data_dir(dir.path(), |_, _| ()).unwrap().ok());
}

/// How a ledger is started, from the whole log or its snapshot, and what was done to its files before.
type Start = (&'static str, u64, fn(&Path));

/// Everything a restart might change: matters, and what is known of the contacts.
fn told(ledger: &Ledger, desk: &Desk) -> String {
    let contacts = [PHONE, OTHER, USER, "+447400123458"];
    let known: Vec<_> = contacts.iter().map(|contact| (may(ledger, contact), why(ledger, contact))).collect();
    format!("{:#?} {known:?}", desk.listed())
}

#[test]
fn what_waits_and_what_is_held_is_the_same_after_every_kind_of_start() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    put(&desk.ledger, 10, opt_in(PHONE));
    put(&desk.ledger, 20, opt_out(OTHER));
    desk.done(request(PHONE, DAY));
    desk.done(request_without_token("+447400123458", DAY + 1));
    desk.done(hold(OTHER));
    desk.done(request(USER, 60));
    desk.done(cancel(USER));
    desk.done(hold(USER));
    desk.done(release(USER));
    let wanted = told(&desk.ledger, &desk);
    assert!(matches!(
        desk.matters().iter().map(|matter| matter.kind).collect::<Vec<_>>().as_slice(),
        [MatterKind::Erasure { keeps_tokens: true, .. }, MatterKind::Erasure { keeps_tokens: false, .. }, MatterKind::Hold]
    ));
    desk.close();
    let real: Arc<dyn Disk> = Arc::new(RealDisk);
    let starts: [Start; 4] = [
        ("from its snapshot", 0, |_| ()),
        ("from the whole log", u64::MAX, |_| ()),
        ("without a snapshot", 0, |dir| std::fs::remove_file(dir.join("snapshot")).unwrap()),
        ("without sled", 0, |dir| std::fs::remove_dir_all(dir.join("sled")).unwrap()),
    ];
    for (how, small_bytes, change) in starts {
        change(dir.path());
        let desk = Desk::open_with(dir.path(), at(100), &real, small_bytes);
        assert_eq!(told(&desk.ledger, &desk), wanted, "{how}");
        desk.close();
    }
    let desk = Desk::open_with(dir.path(), at(100 + DAY), &real, 0);
    assert_eq!((why(&desk.ledger, PHONE), desk.matters().len()), (Reason::ContactErased, 2));
    assert_eq!((desk.turn_at(101 + DAY), desk.matters().len()), (erased(1), 1));
}

#[test]
fn of_two_requests_of_contacts_that_were_joined_the_first_due_carries_out_both() {
    for (first_keeps, second_keeps, reason) in
        [(true, false, Reason::ContactErased), (false, true, Reason::ContactErased), (false, false, Reason::RecipientNotOptedIn)]
    {
        let dir = tempfile::tempdir().unwrap();
        let desk = Desk::open(dir.path(), 100);
        put(&desk.ledger, 10, opt_in(PHONE));
        put(&desk.ledger, 10, opt_in(USER));
        let ask = |contact: &str, keeps, seconds| {
            desk.done(if keeps { request(contact, seconds) } else { request_without_token(contact, seconds) })
        };
        let first = ask(USER, first_keeps, 60);
        ask(PHONE, second_keeps, 90);
        put(&desk.ledger, 100, link(PHONE, USER));
        let waits = StepRefused::Waits { request: first, due_at: at(160) };
        assert_eq!((desk.refused(request(PHONE, 60)), desk.refused(request(USER, 60))), (waits, waits));
        assert_eq!((desk.turn_at(160), desk.turn_at(190), desk.matters().len()), (erased(1), erased(0), 0));
        assert_eq!((why(&desk.ledger, PHONE), why(&desk.ledger, USER)), (reason, reason));
    }
}

#[test]
fn steps_of_one_moment_are_taken_one_after_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    let record = |id: &str, step: Step| named(id, event(100, What::Erasure(step)));
    let steps = vec![
        record("1", request(PHONE, 60)),
        record("2", request(PHONE, 60)),
        event(100, opt_in(PHONE)),
        record("3", cancel(PHONE)),
        record("4", cancel(PHONE)),
        record("5", request(PHONE, 30)),
        record("6", hold(PHONE)),
        record("7", request(PHONE, 30)),
        record(
            "8",
            Step::Request { contact: who(OTHER), delay: consent_ledger::ledger::erasure::step::Delay::DEFAULT, keep_suppression: true },
        ),
    ];
    let runtime = crate::support::client::runtime();
    let rehearsed = runtime.block_on(desk.ledger.rehearse(steps.clone()));
    assert!(rehearsed[0].is_ok() && rehearsed[8].is_ok());
    assert_eq!(desk.matters(), []);
    let answers: Vec<bool> = runtime.block_on(desk.ledger.record_all(steps)).iter().map(Result::is_ok).collect();
    assert_eq!(answers, [true, false, true, true, false, true, true, false, true]);
    assert_eq!(desk.matters().len(), 3);
}

#[test]
fn of_a_cancellation_and_an_erasure_at_one_moment_exactly_one_happens() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    for round in 0..60 {
        let phone = format!("+4474001{round:05}");
        put(&desk.ledger, 10, opt_in(&phone));
        desk.done(request(&phone, 0));
        let (ledger, start) = (desk.ledger.clone(), std::sync::Barrier::new(2));
        // Now the one is a little later, now the other.
        let later = |turn: u32| (0..if round % 2 == turn { round * 500 } else { 0 }).for_each(|_| std::hint::spin_loop());
        let (carried, answer) = std::thread::scope(|scope| {
            let carrying = scope.spawn(|| {
                start.wait();
                later(0);
                ledger.carry_out_due()
            });
            start.wait();
            later(1);
            let answer = desk.step(cancel(&phone));
            (carrying.join().unwrap(), answer)
        });
        match answer {
            Ok(_) => {
                assert_eq!((carried.erased, may(&desk.ledger, &phone)), (0, Permission::TemplateOnly));
            }
            Err(error) => {
                assert!(matches!(error, RecordError::Erasure(StepRefused::AlreadyErased { .. })), "{error}");
                assert_eq!((carried.erased, why(&desk.ledger, &phone)), (1, Reason::ContactErased));
            }
        }
        assert!(desk.matters().is_empty());
    }
}
