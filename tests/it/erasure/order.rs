//! The order of arrival does not matter: the same events give the same answers, whenever the erasure came.

use consent_ledger::consent::decide::{Asked, Decision};
use consent_ledger::consent::words::{Account, Category};
use consent_ledger::ledger::Question;
use consent_ledger::ledger::record::Record;
use proptest::prelude::*;

use super::erase;
use super::restart::{Dice, happens};
use crate::any_order::{record, time};
use crate::support::bench::{try_open, who};

const CONTACTS: [&str; 4] = ["+447400123456", "+447400123457", "GB.1", "GB.2"];

/// What happens without changes of number: acts, links, and messages that show several identifiers.
fn dice() -> impl Strategy<Value = Dice> {
    let kind = prop_oneof![6 => 0u8..8, 2 => Just(8), 1 => 10u8..12];
    (kind, 0u8..4, 0u8..4, 0u8..2, 0u8..8, 0u8..8)
}

/// The answers to every question at every time of interest, but for the seqs that decided.
fn answers(records: &[Record]) -> Vec<(String, Decision)> {
    let dir = tempfile::tempdir().unwrap();
    let ledger = try_open(dir.path(), time(20)).unwrap();
    for record in records {
        ledger.record_blocking(record.clone()).unwrap();
    }
    let mut answers = Vec::new();
    let asked = Category::ALL.iter().map(|category| Asked::For(*category)).chain([Asked::Anything, Asked::OptOutConfirmation]);
    for (asked, (contact, sender)) in
        asked.flat_map(|asked| CONTACTS.iter().flat_map(|c| ["1", "2"].map(|s| (*c, s))).map(move |pair| (asked, pair)))
    {
        for at in [3, 7, 9].map(time) {
            let question = Question {
                account: Account::default_account(),
                contact: who(contact),
                sender: sender.parse().unwrap(),
                asked,
                at: Some(at),
                min_position: None,
                template: None,
                known: consent_ledger::consent::account::Known::default(),
            };
            let decision = ledger.check(&question).unwrap().decision;
            answers.push((format!("{asked:?} to {contact} from {sender} at {at}"), Decision { deciding_seqs: Vec::new(), ..decision }));
        }
    }
    ledger.close();
    answers
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, max_shrink_iters: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_erasure_gives_the_same_answers_whenever_it_arrives(
        erased in (0u8..4, 0u8..8),
        (written, shuffled) in prop::collection::vec(dice(), 1..9)
            .prop_flat_map(|dice| (Just(dice.clone()), Just(dice).prop_shuffle())),
        place in 0usize..9,
    ) {
        let erasure = Record { what: erase(CONTACTS[usize::from(erased.0)]), ..record((11, 0, 0, 0, erased.1, 0)) };
        let mut written: Vec<Record> = written.into_iter().map(happens).collect();
        written.push(erasure.clone());
        let mut shuffled: Vec<Record> = shuffled.into_iter().map(happens).collect();
        shuffled.insert(place.min(shuffled.len()), erasure);
        for (one, other) in answers(&written).into_iter().zip(answers(&shuffled)) {
            prop_assert_eq!(one, other);
        }
    }
}
