//! What a decision does, in process: whose the opt-out is, and how it compares with one recorded by hand.

use std::path::Path;

use consent_ledger::consent::policy::{InboundAfterOptOut, Policy, Scope};
use consent_ledger::consent::words::{Account, Category, Effect, Permission, Reason, Seq};
use consent_ledger::ledger::writing::record::{Acknowledgement, Actor, Record, RecordError, What};
use consent_ledger::ledger::{Filter, Ledger, Options, Question};

use super::{CONTACT, SAID};
use crate::support::bench::{
    adopts, answer, as_after_a_crash, at, event, link, may, moves, named, open, opt_in as opts_in, opt_out as opts_out, put, question,
    says, who,
};

/// Decides in process.
fn decide(ledger: &Ledger, message: Seq, confirmed: bool) -> Result<Acknowledgement, RecordError> {
    let account = Account::default_account();
    let what = ledger.resolution(&account, message, confirmed)?;
    ledger.record_blocking(Record { account, actor: Actor::LOCAL, event_id: None, occurred_at: None, what })
}

fn waiting(ledger: &Ledger) -> Vec<u64> {
    let messages = ledger.possible_opt_outs(&Account::default_account(), Seq::NONE, 100).unwrap();
    messages.into_iter().map(|message| message.seq.number()).collect()
}

/// Opens it as one whose journal is too long to be read.
fn open_from_the_snapshot(dir: &Path) -> Ledger {
    Ledger::open(&Options { small_bytes: 0, keys_ahead: 8, ..Options::new(dir) }).unwrap()
}

#[test]
fn a_start_from_the_snapshot_keeps_the_list_and_every_decision() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let of = |n: u32| format!("+44740012345{n}");
    let seqs: Vec<Seq> = (0..4).map(|n| put(&ledger, 10, says(&[of(n).as_str()], SAID)).seq).collect();
    decide(&ledger, seqs[0], true).unwrap();
    let dismissed = decide(&ledger, seqs[1], false).unwrap();
    ledger.close();
    drop(ledger);
    let ledger = open_from_the_snapshot(dir.path());
    assert_eq!(waiting(&ledger), [seqs[2].number(), seqs[3].number()]);
    let Err(RecordError::PossibleOptOutResolved { seq, by }) = decide(&ledger, seqs[1], false) else { panic!("decided twice") };
    assert_eq!((seq, by.seq, by.confirmed), (seqs[1], dismissed.seq, false));
    assert!(decide(&ledger, seqs[0], false).is_err());
    decide(&ledger, seqs[1], true).unwrap();
    assert_eq!(may(&ledger, &of(1)), Permission::Nothing);
}

#[test]
fn an_opt_in_given_after_the_message_outlives_its_confirmation() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let message = put(&ledger, 100, says(&[CONTACT], SAID));
    put(&ledger, 200, opts_in(CONTACT));
    assert_eq!(decide(&ledger, message.seq, true).unwrap().effect, Effect::Applied);
    assert_eq!(answer(&ledger, CONTACT, None).decision.reasons, [Reason::WindowOpen, Reason::OptedIn]);
    assert_eq!(answer(&ledger, CONTACT, Some(150)).decision.reasons[0], Reason::RecipientOptedOut);
}

#[test]
fn a_decision_has_the_effect_of_the_opt_out_it_records() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let message = put(&ledger, 100, says(&[CONTACT], SAID));
    let What::OptOut { contact, categories, method, evidence, .. } = opts_out(CONTACT) else { unreachable!() };
    put(&ledger, 200, What::OptOut { contact, categories, method, evidence, sender: Some("1".parse().unwrap()) });
    let confirmed = decide(&ledger, message.seq, true).unwrap();
    assert_eq!(confirmed.effect, Effect::HistoricalOnly, "a later opt-out outranks it");
    let entries = ledger.entries(&Filter { from: Some(confirmed.seq), ..Filter::default() }, 2).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.clear.effect).collect::<Vec<_>>(), [2, 2]);
}

/// Decisions about every category at several times, without the entries they rest on.
fn decisions(ledger: &Ledger, contacts: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for contact in contacts {
        for category in Category::ALL {
            for seconds in [Some(90), Some(100), Some(101), Some(160), Some(260), None] {
                let d = ledger.check(&question(contact, *category, seconds)).unwrap().decision;
                all.push(format!(
                    "{contact} {category} {seconds:?} {:?} {:?} {:?} {:?}",
                    d.permission, d.reasons, d.allowed, d.valid_until
                ));
            }
        }
    }
    all
}

#[test]
fn a_confirmation_decides_as_an_opt_out_recorded_when_the_message_came_whoever_is_who_by_then() {
    let (new, id) = ("+447400123457", "GB.1");
    let histories: [&[(i64, What)]; 5] = [
        &[],
        &[(150, link(CONTACT, id))],
        &[(150, moves(CONTACT, new)), (250, opts_in(new))],
        // A recycled number: the message is of whoever had it then.
        &[(150, moves(CONTACT, new)), (250, opts_in(CONTACT))],
        // Heard of late: the number had moved before the message.
        &[(50, moves(CONTACT, new)), (60, opts_in(CONTACT)), (70, link(new, id))],
    ];
    for (number, history) in histories.iter().enumerate() {
        let mut seen = Vec::new();
        for by_decision in [true, false] {
            let dir = tempfile::tempdir().unwrap();
            let ledger = open(dir.path());
            put(&ledger, 10, opts_in(CONTACT));
            let message = put(&ledger, 100, says(&[CONTACT], SAID));
            for (seconds, what) in *history {
                put(&ledger, *seconds, what.clone());
            }
            if by_decision {
                decide(&ledger, message.seq, true).unwrap();
            } else {
                let What::OptOut { contact, categories, method, evidence, .. } = opts_out(CONTACT) else { unreachable!() };
                put(&ledger, 100, What::OptOut { contact, categories, method, evidence, sender: Some("1".parse().unwrap()) });
            }
            seen.push(decisions(&ledger, &[CONTACT, new, id]));
            ledger.close();
            drop(ledger);
            as_after_a_crash(dir.path());
            seen.push(decisions(&open(dir.path()), &[CONTACT, new, id]));
        }
        assert!(seen.iter().all(|decisions| *decisions == seen[0]), "history {number}: {seen:#?}");
        let opted_out = seen[0].iter().any(|decision| decision.contains("Some(101)") && decision.contains("RecipientOptedOut"));
        assert!(opted_out, "history {number} {:#?}", seen[0]);
    }
}

#[test]
fn a_decision_about_a_former_owner_is_not_shown_to_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let message = put(&ledger, 100, says(&[CONTACT], SAID));
    put(&ledger, 150, moves(CONTACT, "+447400123457"));
    put(&ledger, 200, opts_in(CONTACT));
    let decision = decide(&ledger, message.seq, true).unwrap();
    let shown = |contact: &str| {
        let filter = Filter { from: None, account: Some(Account::default_account()), contact: Some(who(contact)) };
        ledger.entries(&filter, 100).unwrap().into_iter().map(|entry| entry.seq).collect::<Vec<_>>()
    };
    assert!(!shown(CONTACT).contains(&decision.seq), "the new owner's");
    assert!(shown("+447400123457").contains(&message.seq) == shown("+447400123457").contains(&decision.seq));
}

#[test]
fn the_policy_says_how_far_it_reaches_and_a_later_message_lifts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let mut policy = Policy::meta();
    policy.keyword_scope = Scope::Account;
    policy.inbound_after_opt_out = InboundAfterOptOut::Lifts;
    policy.keep_message_text = true;
    put(&ledger, 1, adopts(policy));
    put(&ledger, 10, opts_in(CONTACT));
    let message = put(&ledger, 100, says(&[CONTACT], SAID));
    let kept = ledger.possible_opt_outs(&Account::default_account(), Seq::NONE, 9).unwrap().remove(0);
    assert_eq!((kept.text.as_str(), kept.occurred_at, kept.contact), (SAID, at(100), vec![who(CONTACT)]));
    let decision = decide(&ledger, message.seq, true).unwrap();
    put(&ledger, 200, says(&[CONTACT], "what time do you open?"));
    assert_eq!(may(&ledger, CONTACT), Permission::Nothing);
    let elsewhere = Question { sender: "2".parse().unwrap(), ..question(CONTACT, Category::Marketing, None) };
    let answer = ledger.check(&elsewhere).unwrap().decision;
    assert_eq!((answer.permission, answer.deciding_seqs.contains(&decision.caused.unwrap())), (Permission::Nothing, true));
}

#[test]
fn a_decision_prepared_before_another_is_refused_when_it_comes() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let message = put(&ledger, 100, says(&[CONTACT], SAID));
    let account = Account::default_account();
    let prepared = |confirmed| Record { occurred_at: None, ..event(0, ledger.resolution(&account, message.seq, confirmed).unwrap()) };
    // One commit, as far as it can be: the second sees the first although it is not yet in the state.
    let records = vec![prepared(false), prepared(true), prepared(true), named("again", prepared(false))];
    let answers = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(ledger.record_all(records));
    let done: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(done, [true, true, false, false], "{answers:?}");
    assert_eq!(waiting(&ledger), Vec::<u64>::new());
}

#[test]
fn a_message_whose_key_is_damaged_is_listed_without_its_contact_and_the_others_with_theirs() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let damaged = put(&ledger, 100, says(&[CONTACT], SAID));
    let whole = put(&ledger, 100, says(&["+447400123457"], SAID));
    let trail = ledger.entries(&Filter { from: Some(damaged.seq), ..Filter::default() }, 1).unwrap()[0].trail;
    ledger.close();
    drop(ledger);
    for file in ["a", "b"] {
        flip(&dir.path().join("keyring").join(file), 64 * trail + 20);
    }
    // A start that reads the whole log would refuse.
    let ledger = open_from_the_snapshot(dir.path());
    let messages = ledger.possible_opt_outs(&Account::default_account(), Seq::NONE, 9).unwrap();
    let contacts: Vec<_> = messages.iter().map(|message| (message.seq, message.contact.len())).collect();
    assert_eq!(contacts, [(damaged.seq, 0), (whole.seq, 1)]);
    assert!(matches!(decide(&ledger, damaged.seq, true), Err(RecordError::Unavailable { .. })));
    decide(&ledger, whole.seq, true).unwrap();
}

fn flip(path: &Path, place: u64) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[usize::try_from(place).unwrap()] ^= 1;
    std::fs::write(path, bytes).unwrap();
}
