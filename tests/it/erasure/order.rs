//! The order of arrival does not matter: the same events give the same answers, whenever erasures came. Changes of
//! number up to their time are not part of this: an erasure forgets them, and with them who a late event was of.

use consent_ledger::consent::account::Known;
use consent_ledger::consent::decide::Decision;
use consent_ledger::consent::time::Time;
use consent_ledger::ledger::Question;
use consent_ledger::ledger::writing::record::{Record, What};
use consent_ledger::scenarios::Engine;
use consent_ledger::scenarios::real::RealEngine;

use super::erase;
use crate::oracle::without_seqs;
use crate::support::dice::Dice;
use crate::support::histories::{CONTACTS, history, questions};

const HISTORIES: std::ops::Range<u64> = 7_000_000..7_000_080;

/// In this one a late event comes from before two erasures of one number.
const ERASED_TWICE: u64 = 7_000_273;
const ORDERS: usize = 3;

/// The same records in another order: policies first, and erasures in the order of their times, as they are asked for.
fn shuffled(dice: &mut Dice, records: &[Record]) -> Vec<Record> {
    let is_policy = |record: &&Record| matches!(record.what, What::AdoptPolicy { .. });
    let is_erasure = |record: &Record| matches!(record.what, What::Erase { .. });
    let others: Vec<Record> = records.iter().filter(|record| !is_policy(record)).cloned().collect();
    let mut others = dice.shuffled(&others);
    let mut erasures: Vec<Record> = records.iter().filter(|record| is_erasure(record)).cloned().collect();
    erasures.sort_by_key(|record| record.occurred_at);
    for (place, erasure) in others.iter_mut().filter(|record| is_erasure(record)).zip(erasures) {
        *place = erasure;
    }
    records.iter().filter(is_policy).cloned().chain(others).collect()
}

fn ledger_says(records: &[Record], clock: Time, asked: &[Question]) -> Vec<Decision> {
    let mut ledger = RealEngine::new().unwrap();
    ledger.set_clock(clock);
    for record in records {
        ledger.record(record.clone()).unwrap();
    }
    asked.iter().map(|question| without_seqs(ledger.check(question).unwrap().decision)).collect()
}

#[test]
fn an_erasure_gives_the_same_answers_whenever_it_arrives() {
    for seed in HISTORIES.chain([ERASED_TWICE]) {
        let mut dice = Dice::new(seed);
        let mut history = history(&mut dice);
        let clock = history.iter().map(|arrival| arrival.clock).max().unwrap();
        let erasures: Vec<Record> = (0..=dice.below(2))
            .map(|_| Record { what: erase(dice.pick(&CONTACTS)), event_id: None, ..dice.pick(&history).record })
            .collect();
        let last = erasures.iter().map(|erasure| erasure.occurred_at).max().unwrap();
        let is_early = |record: &Record| matches!(record.what, What::Move { .. }) && record.occurred_at <= last;
        history.retain(|arrival| !is_early(&arrival.record));
        let mut asked = questions(&mut dice, &history, 40);
        for question in &mut asked {
            question.known = Known::default();
        }
        let records: Vec<Record> = history.into_iter().map(|arrival| arrival.record).chain(erasures).collect();
        let orders: Vec<Vec<Record>> = (0..ORDERS).map(|_| shuffled(&mut dice, &records)).collect();
        let wanted = ledger_says(&orders[0], clock, &asked);
        for order in &orders[1..] {
            for ((question, wanted), given) in asked.iter().zip(&wanted).zip(ledger_says(order, clock, &asked)) {
                assert_eq!(given, *wanted, "seed {seed}: {} {question:?}\n{:#?}\n{order:#?}", question.contact.as_str(), orders[0]);
            }
        }
    }
}
