//! Who is erased: whoever stood behind the identifier when they asked, under everything they have by then, and nobody else.

use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::account::Known;
use consent_ledger::consent::decide::Decision;
use consent_ledger::consent::words::{Account, Effect, Permission, Reason, Seq};
use consent_ledger::ledger::erasure::step::StepRefused;
use consent_ledger::ledger::proving::verify::verify_data_dir;
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::{Record, RecordError, What};
use consent_ledger::ledger::{Filter, Ledger, Question};
use consent_ledger::proto::clear_part::Fact;

use super::desk::{DAY, Desk, cancel, erased, hold, release, request};
use super::{trail, why};
use crate::oracle::without_seqs;
use crate::restarts::all;
use crate::support::bench::{at, copy, event, link, may, moves, opt_in, opt_out, put, says};
use crate::support::dice::Dice;
use crate::support::histories::{CONTACTS, history, questions, with_erasures};

const PHONE: &str = "+447400123456";
const OTHER: &str = "+447400123457";
const USER: &str = "GB.1";

fn contacts(desk: &Desk) -> Vec<Vec<String>> {
    desk.listed().into_iter().map(|listed| listed.contacts).collect()
}

fn closed(dir: &Path, desk: Desk) {
    desk.close();
    assert!(verify_data_dir(dir, |_, _| ()).unwrap().ok());
}

#[test]
fn a_number_that_goes_to_somebody_else_within_the_delay_does_not_take_them_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    put(&desk.ledger, 10, opt_in(PHONE));
    let asked = desk.done(request(PHONE, DAY));
    desk.clock(400);
    put(&desk.ledger, 200, moves(PHONE, OTHER));
    put(&desk.ledger, 250, opt_in(OTHER));
    put(&desk.ledger, 300, opt_in(PHONE));
    assert_eq!(contacts(&desk), [[OTHER]], "who asked is found by what they have now");
    // Nothing waits for the new owner, and their hold is nobody else's.
    assert_eq!(desk.refused(cancel(PHONE)), StepRefused::NothingWaits);
    desk.done(hold(PHONE));
    assert_eq!(desk.refused(request(OTHER, 0)), StepRefused::Waits { request: asked, due_at: at(100 + DAY) });
    assert_eq!(desk.turn_at(100 + DAY), erased(1));
    assert_eq!((why(&desk.ledger, OTHER), may(&desk.ledger, PHONE)), (Reason::ContactErased, Permission::TemplateOnly));
    let shown: Vec<_> = trail(&desk.ledger, PHONE).into_iter().map(|entry| entry.clear.fact.unwrap()).collect();
    // Their number, which the erased person's trail had introduced, is introduced again.
    assert!(matches!(shown.as_slice(), [Fact::OptedIn(_), Fact::LegalHoldChanged(_), Fact::IdentifiersLinked(_)]), "{shown:?}");
    // What the former owner did under the number is kept out, what the new one did is not.
    assert_eq!(put(&desk.ledger, 150, opt_out(PHONE)).effect, Effect::HistoricalOnly);
    assert_eq!(put(&desk.ledger, 350, opt_out(PHONE)).effect, Effect::Applied);
    closed(dir.path(), desk);
}

#[test]
fn so_it_is_where_the_change_is_heard_of_late_and_both_share_a_trail() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    put(&desk.ledger, 10, opt_in(PHONE));
    desk.done(request(PHONE, DAY));
    desk.clock(400);
    put(&desk.ledger, 300, opt_out(PHONE));
    put(&desk.ledger, 200, moves(PHONE, OTHER));
    assert_eq!(contacts(&desk), [[OTHER]]);
    assert_eq!(desk.turn_at(100 + DAY), erased(1));
    assert_eq!((why(&desk.ledger, OTHER), why(&desk.ledger, PHONE)), (Reason::ContactErased, Reason::RecipientOptedOut));
    let shown = trail(&desk.ledger, PHONE);
    assert!(matches!(shown.as_slice(), [entry] if entry.sealed.as_ref().unwrap().identifiers == [PHONE]), "{shown:?}");
    closed(dir.path(), desk);
}

#[test]
fn who_asked_under_a_number_they_had_left_is_erased_though_somebody_else_has_it_by_then() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    put(&desk.ledger, 10, opt_in(PHONE));
    put(&desk.ledger, 50, moves(PHONE, OTHER));
    let asked = desk.done(request(PHONE, DAY));
    desk.clock(400);
    put(&desk.ledger, 300, opt_in(PHONE));
    assert_eq!(desk.turn_at(100 + DAY), erased(1));
    assert_eq!((why(&desk.ledger, OTHER), may(&desk.ledger, PHONE)), (Reason::ContactErased, Permission::TemplateOnly));
    let request = desk.ledger.entries(&Filter { from: Some(asked), ..Filter::default() }, 1).unwrap();
    assert!(request[0].erased && desk.matters().is_empty(), "the request goes with who made it");
    let shown = trail(&desk.ledger, PHONE);
    assert!(shown.iter().all(|entry| !matches!(entry.clear.fact, Some(Fact::ErasureRequested(_)))), "{shown:?}");
    closed(dir.path(), desk);
}

#[test]
fn contacts_that_are_joined_in_the_meantime_are_erased_as_one() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    put(&desk.ledger, 10, opt_in(PHONE));
    put(&desk.ledger, 20, opt_in(USER));
    desk.done(request(USER, DAY));
    desk.clock(400);
    put(&desk.ledger, 300, link(PHONE, USER));
    assert_eq!(contacts(&desk), [[PHONE, USER]]);
    assert_eq!(desk.turn_at(100 + DAY), erased(1));
    assert_eq!((why(&desk.ledger, PHONE), why(&desk.ledger, USER)), (Reason::ContactErased, Reason::ContactErased));
    closed(dir.path(), desk);
}

/// Two owners of a number who share a trail, because the change was heard of late; the former asked to be erased. What the
/// new owner's officer does in between is up to the test.
fn two_owners(dir: &Path, in_between: impl FnOnce(&Desk)) -> Desk {
    let desk = Desk::open(dir, 100);
    put(&desk.ledger, 10, opt_in(PHONE));
    desk.clock(400);
    put(&desk.ledger, 300, opt_out(PHONE));
    in_between(&desk);
    put(&desk.ledger, 200, moves(PHONE, OTHER));
    desk.done(request(OTHER, DAY));
    desk
}

#[test]
fn what_waits_for_the_new_owner_of_a_number_goes_on_waiting_when_the_former_one_is_erased() {
    let dir = tempfile::tempdir().unwrap();
    let desk = two_owners(dir.path(), |desk| {
        desk.done(request(PHONE, 2 * DAY));
    });
    assert_eq!(contacts(&desk), [[PHONE], [OTHER]]);
    assert_eq!(desk.turn_at(400 + DAY), erased(1));
    assert_eq!((why(&desk.ledger, OTHER), why(&desk.ledger, PHONE)), (Reason::ContactErased, Reason::RecipientOptedOut));
    assert_eq!((contacts(&desk), desk.matters()[0].due_at()), (vec![vec![PHONE.to_owned()]], Some(at(400 + 2 * DAY))));
    desk.close();
    let desk = Desk::open(dir.path(), 400 + DAY);
    assert_eq!(contacts(&desk), [[PHONE]]);
    assert_eq!((desk.turn_at(400 + 2 * DAY), why(&desk.ledger, PHONE)), (erased(1), Reason::ContactErased));
    closed(dir.path(), desk);
}

#[test]
fn what_was_cancelled_or_released_does_not_come_back_with_somebody_elses_erasure() {
    let dir = tempfile::tempdir().unwrap();
    let desk = two_owners(dir.path(), |desk| {
        desk.done(request(PHONE, 2 * DAY));
        desk.done(cancel(PHONE));
        desk.done(hold(PHONE));
        desk.done(release(PHONE));
        desk.done(hold(PHONE));
    });
    assert_eq!((desk.matters().len(), desk.turn_at(400 + DAY)), (2, erased(1)));
    for _ in 0..2 {
        assert!(matches!(desk.matters().as_slice(), [matter] if matter.is_hold()), "{:?}", desk.matters());
    }
    desk.close();
    let desk = Desk::open(dir.path(), 9 * DAY);
    assert_eq!(why(&desk.ledger, PHONE), Reason::RecipientOptedOut);
    assert!(matches!(desk.refused(request(PHONE, 0)), StepRefused::LegalHold { .. }));
    closed(dir.path(), desk);
}

#[test]
fn a_hold_follows_the_person_and_not_the_number() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    put(&desk.ledger, 10, opt_in(PHONE));
    let held = desk.done(hold(PHONE));
    desk.clock(400);
    put(&desk.ledger, 200, moves(PHONE, OTHER));
    assert_eq!(desk.refused(request(PHONE, 0)), StepRefused::LegalHold { hold: held });
    put(&desk.ledger, 300, opt_in(PHONE));
    assert_eq!(desk.refused(request(OTHER, 0)), StepRefused::LegalHold { hold: held });
    assert_eq!(desk.refused(release(PHONE)), StepRefused::NoHold);
    desk.done(request(PHONE, 0));
    assert_eq!((desk.ledger.carry_out_due(), why(&desk.ledger, PHONE)), (erased(1), Reason::ContactErased));
    assert_eq!(contacts(&desk), [[OTHER]]);
    desk.done(release(OTHER));
    desk.done(request(OTHER, 0));
    assert_eq!((desk.ledger.carry_out_due(), why(&desk.ledger, OTHER)), (erased(1), Reason::ContactErased));
    closed(dir.path(), desk);
}

#[test]
fn a_hold_on_one_of_two_who_are_joined_holds_both() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    put(&desk.ledger, 10, opt_in(PHONE));
    put(&desk.ledger, 10, opt_in(USER));
    desk.done(request(PHONE, 60));
    let held = desk.done(hold(USER));
    put(&desk.ledger, 100, says(&[PHONE, USER], "hello"));
    assert_eq!((desk.turn_at(200).held, desk.listed()[0].held_by), (1, Some(held)));
    desk.done(release(PHONE));
    assert_eq!(desk.ledger.carry_out_due(), erased(1));
}

#[test]
fn an_erasure_that_another_one_made_needless_waits_no_longer() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    put(&desk.ledger, 10, opt_in(PHONE));
    desk.done(request(PHONE, DAY));
    put(&desk.ledger, 100, super::erase(PHONE));
    assert!(desk.matters().is_empty());
    desk.clock(200);
    put(&desk.ledger, 200, opt_in(PHONE));
    assert_eq!((desk.turn_at(100 + DAY), may(&desk.ledger, PHONE)), (erased(0), Permission::TemplateOnly), "who came back is somebody new");
}

#[test]
fn a_request_reaches_one_account_only() {
    let dir = tempfile::tempdir().unwrap();
    let desk = Desk::open(dir.path(), 100);
    let shop: Account = "shop".parse().unwrap();
    let in_shop = |what| desk.ledger.record_blocking(Record { account: shop.clone(), ..event(100, what) });
    in_shop(What::CreateAccount).unwrap();
    in_shop(opt_in(PHONE)).unwrap();
    put(&desk.ledger, 10, opt_in(PHONE));
    in_shop(What::Erasure(request(PHONE, 60))).unwrap();
    assert_eq!(desk.refused(cancel(PHONE)), StepRefused::NothingWaits);
    assert_eq!(desk.ledger.matters(&shop, Seq::NONE, 9).unwrap().len(), 1);
    assert_eq!((desk.turn_at(160), may(&desk.ledger, PHONE)), (erased(1), Permission::TemplateOnly));
    assert!(matches!(in_shop(What::Erasure(cancel(PHONE))), Err(RecordError::Erasure(StepRefused::AlreadyErased { .. }))));
}

fn answers(ledger: &Ledger, asked: &[Question]) -> Vec<Decision> {
    asked.iter().map(|question| without_seqs(ledger.check(question).unwrap().decision)).collect()
}

#[test]
fn a_request_that_is_due_erases_as_an_erasure_of_that_moment_does_and_changes_nothing_before() {
    let real: Arc<dyn Disk> = Arc::new(RealDisk);
    let mut compared = 0;
    for seed in 8_000_000..8_000_060 {
        let mut dice = Dice::new(seed);
        let history = if dice.one_in(2) { history(&mut dice) } else { with_erasures(&mut dice) };
        let now = history.iter().map(|arrival| arrival.clock).max().unwrap().plus_hours(1);
        let mut asked = questions(&mut dice, &history, 40);
        for question in &mut asked {
            question.known = Known::default();
        }
        let contact = dice.pick(&CONTACTS);
        let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [at_once, waits] = dirs.each_ref().map(|dir| {
            let desk = Desk::open_with(dir.path(), now, &real, u64::MAX);
            for arrival in &history {
                desk.ledger.record_blocking(arrival.record.clone()).unwrap();
            }
            desk
        });
        let before = answers(&waits.ledger, &asked);
        if waits.step(request(contact, 0)).is_err() {
            continue;
        }
        assert_eq!(answers(&waits.ledger, &asked), before, "seed {seed}: a request changes nothing\n{history:#?}");
        at_once.ledger.record_blocking(Record { occurred_at: None, ..event(0, super::erase(contact)) }).unwrap();
        assert_eq!(waits.ledger.carry_out_due(), erased(1));
        assert_eq!(answers(&waits.ledger, &asked), answers(&at_once.ledger, &asked), "seed {seed}: {contact}\n{history:#?}");
        assert!(waits.matters().is_empty(), "seed {seed}");
        compared += 1;
    }
    assert!(compared > 40, "{compared}");
}

#[test]
fn whatever_officers_do_a_restart_of_any_kind_changes_nothing() {
    let real: Arc<dyn Disk> = Arc::new(RealDisk);
    let mut done = 0;
    for seed in 9_000_000..9_000_060 {
        let mut dice = Dice::new(seed);
        let history = history(&mut dice);
        let mut asked = questions(&mut dice, &history, 40);
        for question in &mut asked {
            question.known = Known::default();
        }
        let (dir, older) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut now = history[0].clock;
        let mut desk = Desk::open_with(dir.path(), now, &real, u64::MAX);
        let restart = dice.below(history.len());
        for (place, arrival) in history.iter().enumerate() {
            now = now.max(arrival.clock);
            desk.set(now);
            desk.ledger.record_blocking(arrival.record.clone()).unwrap();
            for _ in 0..dice.below(3) {
                let contact = dice.pick(&CONTACTS);
                let step = match dice.below(6) {
                    0..=2 => request(contact, dice.pick(&[0, 6, 12, 300]) * 3600),
                    3 => cancel(contact),
                    4 => hold(contact),
                    _ => release(contact),
                };
                done += u32::from(desk.step(step).is_ok());
            }
            if dice.one_in(3) {
                let carried = desk.ledger.carry_out_due();
                assert_eq!(carried.failed, 0, "seed {seed}");
            }
            if place == restart {
                desk.close();
                copy(dir.path(), older.path());
                desk = Desk::open_with(dir.path(), now, &real, 0);
            }
        }
        let _ = desk.ledger.carry_out_due();
        let told = |desk: &Desk| (desk.listed(), all(&desk.ledger, &asked));
        let before = told(&desk);
        desk.close();
        for (how, small_bytes, change) in starts() {
            change(dir.path(), older.path());
            let desk = Desk::open_with(dir.path(), now, &real, small_bytes);
            assert_eq!(told(&desk), before, "seed {seed}, {how}\n{history:#?}");
            desk.close();
        }
        assert!(verify_data_dir(dir.path(), |_, _| ()).unwrap().ok(), "seed {seed}");
    }
    assert!(done > 200, "{done}");
}

type Start = (&'static str, u64, fn(&Path, &Path));

fn starts() -> [Start; 4] {
    [
        ("from its snapshot", 0, |_, _| ()),
        ("from the whole log", u64::MAX, |_, _| ()),
        ("from an older snapshot", 0, |dir, older| assert!(std::fs::copy(older.join("snapshot"), dir.join("snapshot")).unwrap() > 0)),
        ("without sled and snapshot", u64::MAX, |dir, _| {
            std::fs::remove_dir_all(dir.join("sled")).unwrap();
            std::fs::remove_file(dir.join("snapshot")).unwrap();
        }),
    ]
}
