//! Who is erased: everybody whom one identifier leads to, and nobody else.

use consent_ledger::consent::words::{Account, Effect, Permission, Reason};
use consent_ledger::ledger::Filter;
use consent_ledger::ledger::proving::verify::verify_data_dir;
use consent_ledger::ledger::writing::record::{RecordError, What};
use consent_ledger::proto::clear_part::Fact;

use super::{erase, forget, trail, why};
use crate::support::bench::{answer, at, event, link, may, moves, named, open, opt_in, opt_out, put, says, try_open};

const PHONE: &str = "+447400123456";
const OTHER: &str = "+447400123457";
const THIRD: &str = "+447400123458";

#[test]
fn nothing_of_an_erased_contact_is_shown_under_it_and_its_entries_stay_in_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 10, opt_in(PHONE));
    put(&ledger, 20, says(&[PHONE, "GB.1"], "hello"));
    let before = ledger.head().seq.number();
    let erased = put(&ledger, 30, erase("GB.1"));
    assert_eq!((erased.seq.number(), erased.effect), (before + 1, Effect::Applied));
    for contact in [PHONE, "GB.1"] {
        assert_eq!(trail(&ledger, contact).len(), 0);
        assert_eq!((may(&ledger, contact), why(&ledger, contact)), (Permission::Nothing, Reason::ContactErased));
        assert_eq!(answer(&ledger, contact, Some(15)).decision.reasons[0], Reason::ContactErased, "before it was erased too");
    }
    let log = ledger.entries(&Filter::default(), usize::MAX).unwrap();
    assert_eq!(log.iter().map(|entry| entry.erased).collect::<Vec<_>>(), [false, false, true, true, false]);
    let of_account = Filter { account: Some(Account::default_account()), ..Filter::default() };
    assert_eq!(ledger.entries(&of_account, usize::MAX).unwrap().len(), 4);
    ledger.close();
    assert!(verify_data_dir(dir.path(), |_, _| ()).unwrap().ok());
}

#[test]
fn an_event_from_before_an_erasure_is_answered_with_the_erasure_and_not_stored() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 10, opt_in(PHONE));
    let erased = put(&ledger, 30, erase(PHONE));
    let head = ledger.head();
    for what in [opt_in(PHONE), opt_out(PHONE), says(&[PHONE], "stop"), moves(PHONE, PHONE), erase(PHONE)] {
        for seconds in [10, 30] {
            let answer = ledger.record_blocking(named("late", event(seconds, what.clone()))).unwrap();
            assert_eq!((answer.seq, answer.entry_hash), (erased.seq, erased.entry_hash));
            assert_eq!((answer.effect, answer.duplicate, answer.caused), (Effect::HistoricalOnly, false, None));
        }
    }
    assert_eq!(ledger.head(), head, "nothing was stored");
    let later = ledger.record_blocking(named("late", event(31, opt_in(PHONE)))).unwrap();
    assert_eq!((later.duplicate, later.effect), (false, Effect::Applied), "no event id was spent");
    assert_eq!(may(&ledger, PHONE), Permission::TemplateOnly);
}

#[test]
fn an_event_id_spent_before_an_erasure_stays_spent() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let first = ledger.record_blocking(named("one", event(10, opt_in(PHONE)))).unwrap();
    let erased = ledger.record_blocking(named("two", event(30, erase(PHONE)))).unwrap();
    let again = ledger.record_blocking(named("one", event(10, opt_in(PHONE)))).unwrap();
    assert_eq!((again.seq, again.duplicate), (first.seq, true));
    let again = ledger.record_blocking(named("two", event(30, erase(PHONE)))).unwrap();
    assert_eq!((again.seq, again.duplicate), (erased.seq, true));
}

#[test]
fn another_erasure_under_a_spent_event_id_is_refused_where_the_first_can_still_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 40, opt_in(PHONE));
    // Everything known is later than the erasure: only a token is left, in a trail whose key stays.
    let first = ledger.record_blocking(named("one", event(30, erase(PHONE)))).unwrap();
    assert!(ledger.record_blocking(named("one", event(30, erase(PHONE)))).unwrap().duplicate);
    let other = ledger.record_blocking(named("one", event(30, erase(OTHER))));
    assert_eq!(other, Err(RecordError::EventIdReused { seq: first.seq }));
    let other = ledger.record_blocking(named("one", event(30, forget(PHONE))));
    assert_eq!(other, Err(RecordError::EventIdReused { seq: first.seq }));
}

#[test]
fn an_unknown_contact_can_be_erased_and_a_later_erasure_raises_its_token() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let first = put(&ledger, 10, erase(PHONE));
    assert_eq!(first.effect, Effect::Applied);
    assert_eq!(why(&ledger, PHONE), Reason::ContactErased);
    assert_eq!(trail(&ledger, PHONE).len(), 0);
    let second = put(&ledger, 20, erase(PHONE));
    assert_ne!(second.seq, first.seq);
    assert_eq!(put(&ledger, 15, opt_in(PHONE)).seq, second.seq);
    assert_eq!(put(&ledger, 5, forget(OTHER)).effect, Effect::NoChange);
    assert_eq!(why(&ledger, OTHER), Reason::RecipientNotOptedIn);
}

#[test]
fn an_erasure_that_leaves_nothing_forgets() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 10, opt_out(PHONE));
    put(&ledger, 30, forget(PHONE));
    assert_eq!(why(&ledger, PHONE), Reason::RecipientNotOptedIn);
    put(&ledger, 20, opt_in(PHONE));
    assert_eq!(may(&ledger, PHONE), Permission::TemplateOnly);
}

#[test]
fn a_person_who_moved_is_erased_under_both_numbers_by_either() {
    for by in [PHONE, OTHER] {
        let dir = tempfile::tempdir().unwrap();
        let ledger = open(dir.path());
        put(&ledger, 5, opt_in(THIRD));
        put(&ledger, 10, opt_in(PHONE));
        put(&ledger, 20, moves(PHONE, OTHER));
        put(&ledger, 30, opt_in(OTHER));
        put(&ledger, 40, erase(by));
        for contact in [PHONE, OTHER] {
            assert_eq!((may(&ledger, contact), why(&ledger, contact)), (Permission::Nothing, Reason::ContactErased), "{contact} by {by}");
            assert_eq!(put(&ledger, 35, opt_in(contact)).effect, Effect::HistoricalOnly);
            assert_eq!(trail(&ledger, contact).len(), 0);
        }
        assert_eq!(may(&ledger, THIRD), Permission::TemplateOnly);
        let opened = ledger.entries(&Filter::default(), usize::MAX).unwrap();
        assert_eq!(opened.iter().filter(|entry| entry.sealed.is_some()).count(), 1, "only the third contact's entry opens");
    }
}

#[test]
fn the_new_owner_of_a_number_keeps_everything_when_the_old_one_is_erased() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 10, opt_in(PHONE));
    // The new owner opts out and wants utility; only then the change is heard of: both share a trail.
    let stop = ledger.record_blocking(named("stop", event(30, opt_out(PHONE)))).unwrap();
    put(&ledger, 35, says(&[PHONE, "GB.2"], "hello"));
    put(&ledger, 20, moves(PHONE, OTHER));
    assert_eq!(why(&ledger, PHONE), Reason::RecipientOptedOut);
    put(&ledger, 40, erase(OTHER));
    let told = |ledger: &consent_ledger::ledger::Ledger, when: &str| {
        assert_eq!(why(ledger, OTHER), Reason::ContactErased, "{when}");
        for contact in [PHONE, "GB.2"] {
            assert_eq!((may(ledger, contact), why(ledger, contact)), (Permission::Nothing, Reason::RecipientOptedOut), "{when}");
        }
        let shown: Vec<_> = trail(ledger, PHONE).into_iter().map(|entry| entry.clear.fact).collect();
        assert!(matches!(shown.as_slice(), [Some(Fact::OptedOut(_)), Some(Fact::InboundMessageReceived(_))]), "{when}: {shown:?}");
        assert!(trail(ledger, PHONE).iter().all(|entry| entry.sealed.as_ref().unwrap().identifiers[0] == PHONE), "{when}");
    };
    told(&ledger, "at once");
    // What the old owner did is kept out even now, and the new owner is not taken for them.
    assert_eq!(put(&ledger, 15, opt_in(PHONE)).effect, Effect::HistoricalOnly);
    assert!(ledger.record_blocking(named("stop", event(30, opt_out(PHONE)))).unwrap().duplicate);
    assert_eq!(ledger.record_blocking(named("stop", event(30, opt_out(PHONE)))).unwrap().seq, stop.seq);
    ledger.close();
    drop(ledger);
    for gone in ["snapshot", "sled"] {
        let path = dir.path().join(gone);
        if path.is_dir() { std::fs::remove_dir_all(path).unwrap() } else { std::fs::remove_file(path).unwrap() }
    }
    let ledger = open(dir.path());
    told(&ledger, "after a start from the journal alone");
    put(&ledger, 50, opt_in(PHONE));
    assert_eq!(may(&ledger, PHONE), Permission::FreeForm);
    ledger.close();
    assert!(verify_data_dir(dir.path(), |_, _| ()).unwrap().ok());
}

#[test]
fn an_identifier_that_another_trail_still_uses_is_found_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 10, opt_in(PHONE));
    put(&ledger, 20, moves(PHONE, OTHER));
    // The new owner is known by a user id first: their acts under the number lie in their own trail.
    put(&ledger, 25, opt_in("GB.2"));
    put(&ledger, 30, says(&[PHONE, "GB.2"], "stop"));
    put(&ledger, 40, erase(OTHER));
    ledger.close();
    drop(ledger);
    let _ = std::fs::remove_file(dir.path().join("snapshot"));
    let ledger = open(dir.path());
    for contact in [PHONE, "GB.2"] {
        assert_eq!((may(&ledger, contact), why(&ledger, contact)), (Permission::Nothing, Reason::RecipientOptedOut), "{contact}");
    }
    assert_eq!(why(&ledger, OTHER), Reason::ContactErased);
}

#[test]
fn a_message_from_before_an_erasure_suppresses_the_identifier_it_shows_beside() {
    for known in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let ledger = open(dir.path());
        if known {
            put(&ledger, 5, opt_in("GB.1"));
            assert_eq!(may(&ledger, "GB.1"), Permission::TemplateOnly);
        }
        let erased = put(&ledger, 30, erase(PHONE));
        let late = put(&ledger, 10, says(&[PHONE, "GB.1"], "hello"));
        assert_eq!((late.seq, late.effect), (erased.seq, Effect::HistoricalOnly));
        let again = put(&ledger, 10, says(&[PHONE, "GB.1"], "hello"));
        assert_eq!(late, again);
        let reopened = |ledger: consent_ledger::ledger::Ledger| {
            ledger.close();
            drop(ledger);
            let _ = std::fs::remove_file(dir.path().join("snapshot"));
            open(dir.path())
        };
        let ledger = reopened(ledger);
        assert_eq!((may(&ledger, "GB.1"), why(&ledger, "GB.1")), (Permission::Nothing, Reason::ContactErased));
        assert_eq!(put(&ledger, 30, opt_in("GB.1")).effect, Effect::HistoricalOnly);
        put(&ledger, 31, opt_in("GB.1"));
        assert_eq!(may(&ledger, "GB.1"), Permission::TemplateOnly);
        // Nothing of a known contact was destroyed: nobody asked for that by this name.
        let opened = ledger.entries(&Filter::default(), usize::MAX).unwrap();
        assert_eq!(opened.iter().filter(|entry| entry.sealed.is_some()).count(), 1 + usize::from(known));
        let ledger = reopened(ledger);
        assert_eq!(may(&ledger, "GB.1"), Permission::TemplateOnly);
    }
}

#[test]
fn a_late_change_from_an_erased_number_suppresses_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 10, opt_in(PHONE));
    put(&ledger, 12, opt_in(OTHER));
    put(&ledger, 30, erase(PHONE));
    assert_eq!(put(&ledger, 20, moves(PHONE, OTHER)).effect, Effect::HistoricalOnly);
    assert_eq!((may(&ledger, OTHER), why(&ledger, OTHER)), (Permission::Nothing, Reason::ContactErased));
}

#[test]
fn a_contact_erased_twice_is_gone_twice() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 10, opt_in(PHONE));
    put(&ledger, 20, erase(PHONE));
    put(&ledger, 30, opt_in(PHONE));
    put(&ledger, 40, erase(PHONE));
    let opened = ledger.entries(&Filter::default(), usize::MAX).unwrap();
    assert!(opened.iter().all(|entry| entry.sealed.is_none()));
    put(&ledger, 50, opt_in(PHONE));
    assert_eq!(may(&ledger, PHONE), Permission::TemplateOnly);
    assert_eq!(answer(&ledger, PHONE, Some(35)).decision.reasons[0], Reason::ContactErased);
    ledger.close();
    drop(ledger);
    let _ = std::fs::remove_file(dir.path().join("snapshot"));
    let ledger = open(dir.path());
    assert_eq!(may(&ledger, PHONE), Permission::TemplateOnly);
}

#[test]
fn an_erasure_reaches_one_account_only() {
    use consent_ledger::ledger::writing::record::Record;
    let dir = tempfile::tempdir().unwrap();
    let ledger = try_open(dir.path(), at(3600)).unwrap();
    let other: Account = "other".parse().unwrap();
    let of_other = |what| Record { account: other.clone(), ..event(10, what) };
    ledger.record_blocking(of_other(What::CreateAccount)).unwrap();
    ledger.record_blocking(of_other(opt_out(PHONE))).unwrap();
    put(&ledger, 10, opt_in(PHONE));
    put(&ledger, 20, erase(PHONE));
    let filter = Filter { account: Some(other), contact: Some(PHONE.parse().unwrap()), from: None };
    let kept = ledger.entries(&filter, usize::MAX).unwrap();
    assert!(kept.len() == 1 && kept[0].sealed.is_some());
    assert_eq!(put(&ledger, 15, link(PHONE, "GB.1")).effect, Effect::HistoricalOnly);
}

#[test]
fn an_erasure_is_known_of_at_every_time_and_whatever_was_known_then() {
    use consent_ledger::consent::account::Known;
    use consent_ledger::ledger::Question;
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let before = put(&ledger, 10, opt_in(PHONE)).seq;
    put(&ledger, 30, erase(PHONE));
    put(&ledger, 40, opt_in(PHONE));
    put(&ledger, 50, link(PHONE, "GB.1"));
    for contact in [PHONE, "GB.1"] {
        let known = Known { at: None, seq: Some(before) };
        let asked =
            Question { known, ..crate::support::bench::question(contact, consent_ledger::consent::words::Category::Marketing, None) };
        let reason = ledger.check(&asked).unwrap().decision.reasons[0];
        let wanted = if contact == PHONE { Reason::ContactErased } else { Reason::RecipientNotOptedIn };
        assert_eq!(reason, wanted, "{contact}");
    }
    assert_eq!(answer(&ledger, PHONE, Some(35)).decision.reasons[0], Reason::ContactErased);
    assert_eq!(may(&ledger, "GB.1"), Permission::TemplateOnly);
}

#[test]
fn a_possible_opt_out_goes_with_its_message_and_one_of_somebody_else_stays() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let doubt = |contact: &str| says(&[contact], "Stop. Thank you");
    let listed = |ledger: &consent_ledger::ledger::Ledger| {
        let found = ledger.possible_opt_outs(&Account::default_account(), consent_ledger::consent::words::Seq::NONE, 9).unwrap();
        found.iter().map(|message| (message.occurred_at, message.contact[0].as_str().to_owned())).collect::<Vec<_>>()
    };
    put(&ledger, 10, doubt(PHONE));
    // Of the new owner: one message is open, of one it is decided that it was an opt-out.
    put(&ledger, 30, doubt(PHONE));
    let decided = put(&ledger, 31, doubt(PHONE));
    let resolution = ledger.resolution(&Account::default_account(), decided.seq, true).unwrap();
    put(&ledger, 32, resolution);
    put(&ledger, 20, moves(PHONE, OTHER));
    assert_eq!(listed(&ledger).len(), 2);
    put(&ledger, 40, erase(OTHER));
    let told = |ledger: &consent_ledger::ledger::Ledger, when: &str| {
        assert_eq!(listed(ledger), [(at(30), PHONE.to_owned())], "{when}");
        assert_eq!(why(ledger, PHONE), Reason::RecipientOptedOut, "{when}");
        let shown: Vec<_> = trail(ledger, PHONE);
        assert_eq!(shown.len(), 4, "{when}: two messages, a decision, an opt-out: {shown:#?}");
        let Some(Fact::PossibleOptOutResolved(decision)) = &shown[2].clear.fact else { panic!("{shown:#?}") };
        assert_eq!((decision.seq, shown[1].clear.occurred_at), (shown[1].seq.number(), at(31).micros()), "{when}");
    };
    told(&ledger, "at once");
    ledger.close();
    drop(ledger);
    let ledger = super::open_from_snapshot(dir.path());
    told(&ledger, "from the snapshot");
    ledger.close();
    drop(ledger);
    let _ = std::fs::remove_file(dir.path().join("snapshot"));
    told(&open(dir.path()), "from the log");
}

#[test]
fn a_comparison_of_policies_counts_nobody_who_was_erased_and_names_who_is_left() {
    use consent_ledger::consent::policy::{Policy, UnknownContact};
    use consent_ledger::ledger::reading::diff::{Page, Proposal};
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 10, opt_in(PHONE));
    put(&ledger, 20, moves(PHONE, OTHER));
    put(&ledger, 25, opt_in("GB.2"));
    put(&ledger, 30, says(&[PHONE, "GB.2"], "hello"));
    put(&ledger, 35, opt_in(THIRD));
    put(&ledger, 40, erase(OTHER));
    put(&ledger, 41, erase(THIRD));
    let mut policy = Policy::meta();
    policy.unknown_contact = UnknownContact::OptInRequest;
    policy.window_hours = 1;
    policy.identity_change_carries_opt_in = true;
    let proposal = Proposal { account: Account::default_account(), sender: None, policy };
    let ledger = {
        ledger.close();
        drop(ledger);
        try_open(dir.path(), at(3 * 3600)).unwrap()
    };
    let diff = ledger.diff_policy(&proposal, Some(&Page { from: None, size: 99 }), &|| true).unwrap();
    assert!(!diff.changes.is_empty() && diff.changes.iter().all(|change| change.contact == PHONE), "{:?}", diff.changes);
    assert_eq!(diff.contacts, 1);
}
