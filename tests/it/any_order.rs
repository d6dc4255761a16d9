//! The same events in any order of arrival give the same answers, whatever they are; and an answer holds exactly until
//! the moment it names.

use std::ops::Range;

use consent_ledger::consent::account::Known;
use consent_ledger::consent::decide::Decision;
use consent_ledger::consent::time::Time;
use consent_ledger::ledger::Question;
use consent_ledger::ledger::writing::record::{Record, What};
use consent_ledger::scenarios::Engine;
use consent_ledger::scenarios::real::RealEngine;

use crate::oracle::without_seqs;
use crate::support::dice::Dice;
use crate::support::histories::{Arrival, history, questions};
use crate::support::rules_alone::RulesAlone;

const HISTORIES: Range<u64> = 2_000_000..2_002_000;
const ON_DISK: Range<u64> = 3_000_000..3_000_040;
const ORDERS: usize = 3;

/// The records of a history in another order, some of them delivered twice. Policies come first: keyword lists apply as
/// they stand at a commit.
fn shuffled(dice: &mut Dice, history: &[Arrival]) -> Vec<Record> {
    let is_policy = |record: &&Record| matches!(record.what, What::AdoptPolicy { .. });
    let records = || history.iter().map(|arrival| &arrival.record);
    let policies: Vec<Record> = records().filter(is_policy).cloned().collect();
    let mut others: Vec<Record> = records().filter(|record| !is_policy(record)).cloned().collect();
    for _ in 0..dice.below(3) {
        others.extend(others.first().cloned());
        others = dice.shuffled(&others);
    }
    policies.into_iter().chain(dice.shuffled(&others)).collect()
}

/// A random history in several orders, and what is asked after each.
fn orders(seed: u64) -> (Vec<Vec<Record>>, Vec<Question>, Time) {
    let mut dice = Dice::new(seed);
    let history = history(&mut dice);
    let clock = history.iter().map(|arrival| arrival.clock).max().unwrap();
    let mut asked = questions(&mut dice, &history, 20);
    for question in &mut asked {
        question.known = Known::default();
    }
    let orders = (0..ORDERS).map(|_| shuffled(&mut dice, &history)).collect();
    (orders, asked, clock)
}

fn rules_say(records: &[Record], clock: Time, asked: &[Question]) -> Vec<Decision> {
    let mut rules = RulesAlone::default();
    for record in records {
        rules.record(record, clock);
    }
    asked.iter().map(|question| without_seqs(rules.check(question))).collect()
}

fn ledger_says(records: &[Record], clock: Time, asked: &[Question]) -> Vec<Decision> {
    let mut ledger = RealEngine::new().unwrap();
    ledger.set_clock(clock);
    for record in records {
        ledger.record(record.clone()).unwrap();
    }
    asked.iter().map(|question| without_seqs(ledger.check(question).unwrap().decision)).collect()
}

fn same_in_every_order(seeds: Range<u64>, says: fn(&[Record], Time, &[Question]) -> Vec<Decision>) {
    for seed in seeds {
        let (orders, asked, clock) = orders(seed);
        let wanted = says(&orders[0], clock, &asked);
        for order in &orders[1..] {
            for ((question, wanted), given) in asked.iter().zip(&wanted).zip(says(order, clock, &asked)) {
                assert_eq!(given, *wanted, "seed {seed}: {} {question:?}", question.contact.as_str());
            }
        }
    }
}

#[test]
fn arrival_order_never_matters_to_the_rules() {
    same_in_every_order(HISTORIES, rules_say);
}

#[test]
fn arrival_order_never_matters_to_the_ledger() {
    same_in_every_order(ON_DISK, ledger_says);
}

#[test]
fn an_answer_holds_exactly_until_the_moment_it_names() {
    for seed in HISTORIES.step_by(4) {
        let mut dice = Dice::new(seed);
        let history = history(&mut dice);
        let mut rules = RulesAlone::default();
        for arrival in &history {
            rules.record(&arrival.record, arrival.clock);
        }
        let last = history.iter().map(|arrival| arrival.record.occurred_at.unwrap()).max().unwrap();
        for question in questions(&mut dice, &history, 6) {
            let ask = |at: Time| {
                let Decision { permission, allowed, valid_until, .. } = rules.check(&Question { at: Some(at), ..question.clone() });
                ((permission, allowed), valid_until)
            };
            let (now, until) = ask(last);
            let end = until.unwrap_or(last.plus_days(400));
            for hours in (1..24 * 20).step_by(7).filter(|hours| last.plus_hours(*hours) < end) {
                assert_eq!(ask(last.plus_hours(hours)).0, now, "seed {seed}: {question:?} changed before {until:?}");
            }
            if let Some(until) = until {
                assert_eq!(ask(until.plus_micros(-1)).0, now, "seed {seed}: {question:?} changed before {until:?}");
                assert_ne!(ask(until).0, now, "seed {seed}: {question:?} did not change at {until:?}");
            }
        }
    }
}
