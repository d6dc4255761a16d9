//! The same events in any order of arrival give the same answers, whatever they are; and an answer holds exactly until
//! the moment it names.

use consent_ledger::consent::decide::{Asked, Decision};
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::policy::{InboundAfterOptOut, Policy, Scope};
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, Categories, Category, InboundKind, Method, PlatformPreference, Sender};
use consent_ledger::ledger::Question;
use consent_ledger::ledger::record::{Actor, Evidence, Record, What};
use consent_ledger::scenarios::Engine;
use proptest::prelude::*;

use crate::support::naive_engine::NaiveEngine;

const CONTACTS: [&str; 4] = ["+447400123456", "+447400123457", "GB.1", "GB.2"];
const SENDERS: [&str; 2] = ["1", "2"];
const TEXTS: [&str; 5] = ["hello", "stop", "start", "stop marketing", "please stop it"];
const START: i64 = 1_772_323_200_000_000;
const STEP: i64 = 6 * 3_600_000_000;

fn contact(n: u8) -> Identifier {
    CONTACTS[usize::from(n) % CONTACTS.len()].parse().unwrap()
}

fn sender(n: u8) -> Sender {
    SENDERS[usize::from(n) % SENDERS.len()].parse().unwrap()
}

pub fn time(n: u8) -> Time {
    Time::from_micros(START + i64::from(n) * STEP)
}

/// A few dice become an event: its kind, two contacts, a sender, a time and a choice.
pub fn record((kind, a, b, s, at, choice): (u8, u8, u8, u8, u8, u8)) -> Record {
    let from = || vec![contact(a)];
    let everywhere = (choice & 1 == 0).then(|| sender(s));
    let categories = match choice % 3 {
        0 => Categories::ALL,
        1 => Categories::NONE.with(Category::Marketing),
        _ => Categories::NONE.with(Category::Utility).with(Category::Service),
    };
    let what = match kind {
        0 | 1 => What::OptIn {
            contact: contact(a),
            sender: everywhere,
            categories,
            method: if choice > 6 { Method::Import } else { Method::Website },
            expires_at: (choice > 3).then(|| time(at + choice)),
            evidence: Evidence::default(),
        },
        2 => What::OptOut { contact: contact(a), sender: everywhere, categories, method: Method::Website, evidence: Evidence::default() },
        3..=5 => What::Inbound {
            contact: if choice == 7 && a != b { vec![contact(a), contact(b)] } else { from() },
            sender: sender(s),
            kind: InboundKind::Text,
            text: Some(TEXTS[usize::from(choice) % TEXTS.len()].to_owned()),
            payload: None,
            message_id: None,
        },
        6 => {
            let preference = [PlatformPreference::Stop, PlatformPreference::Resume, PlatformPreference::Signup][usize::from(choice) % 3];
            What::Preference { contact: from(), sender: sender(s), preference }
        }
        7 => What::SendFailed {
            contact: from(),
            sender: sender(s),
            code: [131_050, 131_047, 131_026][usize::from(choice) % 3],
            message_id: None,
        },
        8 => What::Link { a: contact(a), b: contact(b) },
        9 => What::Move { from: contact(a), to: contact(b), message_id: None },
        10 => What::IdentityKeyChange { contact: from(), sender: sender(s), message_id: None },
        _ => What::ConfirmationSent { contact: contact(a), sender: sender(s) },
    };
    Record { account: Account::default_account(), actor: Actor::LOCAL, event_id: None, occurred_at: Some(time(at)), what }
}

fn policy(n: u8) -> Policy {
    let mut policy = Policy::meta();
    match n {
        1 => policy.inbound_after_opt_out = InboundAfterOptOut::Lifts,
        2 => {
            policy.inbound_after_opt_out = InboundAfterOptOut::Lifts;
            policy.keyword_scope = Scope::Account;
        }
        3 => policy.identity_change_carries_opt_in = true,
        4 => policy.platform_stop_scope = Scope::Sender,
        _ => {}
    }
    policy
}

/// The answers to every question at every time of interest, but for the seqs that decided.
fn answers(rules: &Policy, records: &[Record], times: &[Time]) -> Vec<(String, Decision)> {
    let mut engine = NaiveEngine::new();
    engine.set_clock(time(20));
    let account = Account::default_account();
    let adopt = What::AdoptPolicy { preset: "meta".to_owned(), policy: Box::new(rules.clone()) };
    let first =
        Record { account: account.clone(), actor: Actor::LOCAL, event_id: None, occurred_at: Some(time(0).plus_micros(-1)), what: adopt };
    engine.record(first).unwrap();
    for record in records {
        engine.record(record.clone()).unwrap();
    }
    let mut answers = Vec::new();
    let asked = Category::ALL.iter().map(|category| Asked::For(*category)).chain([Asked::Anything, Asked::OptOutConfirmation]);
    for (asked, (c, s)) in asked.flat_map(|asked| (0..4).flat_map(|c| (0..2).map(move |s| (c, s))).map(move |pair| (asked, pair))) {
        for at in times.iter().copied() {
            let question = Question {
                account: account.clone(),
                contact: contact(c),
                sender: sender(s),
                asked,
                at: Some(at),
                min_position: None,
                template: None,
                known: consent_ledger::consent::account::Known::default(),
            };
            let decision = engine.check(&question).unwrap().decision;
            let named = format!("{asked:?} to {} from {} at {at}", CONTACTS[usize::from(c)], SENDERS[usize::from(s)]);
            answers.push((named, Decision { deciding_seqs: Vec::new(), ..decision }));
        }
    }
    answers
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arrival_order_never_matters(
        rules in 0u8..5,
        (written, shuffled) in prop::collection::vec((0u8..12, 0u8..4, 0u8..4, 0u8..2, 0u8..8, 0u8..8), 1..9)
            .prop_flat_map(|dice| (Just(dice.clone()), Just(dice).prop_shuffle())),
    ) {
        let rules = policy(rules);
        let written: Vec<Record> = written.into_iter().map(record).collect();
        let shuffled: Vec<Record> = shuffled.into_iter().map(record).collect();
        let times = [time(3), time(7), time(9)];
        for (one, other) in answers(&rules, &written, &times).into_iter().zip(answers(&rules, &shuffled, &times)) {
            prop_assert_eq!(one, other);
        }
    }

    #[test]
    fn an_answer_holds_exactly_until_the_moment_it_names(
        rules in 0u8..5,
        dice in prop::collection::vec((0u8..12, 0u8..4, 0u8..4, 0u8..2, 0u8..8, 0u8..8), 1..9),
    ) {
        let rules = policy(rules);
        let records: Vec<Record> = dice.into_iter().map(record).collect();
        let times: Vec<Time> = (9..20).flat_map(|n| [time(n).plus_micros(-1), time(n)]).skip(1).collect();
        let answers = answers(&rules, &records, &times);
        for later in answers.chunks(times.len()) {
            let (first, until) = (&later[0].1, later[0].1.valid_until);
            let mut held = true;
            for ((named, decision), at) in later.iter().zip(&times) {
                held &= until.is_none_or(|until| *at < until);
                let same = (decision.permission, decision.allowed) == (first.permission, first.allowed);
                prop_assert!(same || !held, "{named}: changed before {until:?}");
                prop_assert!(!same || until != Some(*at), "{named}: did not change at {until:?}");
            }
        }
    }
}
