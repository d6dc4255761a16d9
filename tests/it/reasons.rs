//! Every answer says why: with a permission the first reason speaks for it, without one the first speaks against it.

use consent_ledger::consent::decide::{Asked, Decision};
use consent_ledger::consent::words::{Category, Permission, Reason};
use consent_ledger::ledger::Question;

use crate::support::dice::Dice;
use crate::support::histories::{Arrival, history, questions, with_erasures};
use crate::support::rules_alone::RulesAlone;

const HISTORIES: std::ops::Range<u64> = 8_000_000..8_004_000;
const QUESTIONS: usize = 10;

const FOR: [Reason; 4] = [Reason::WindowOpen, Reason::OptedIn, Reason::OptInRequestAllowed, Reason::OptOutConfirmationAllowed];

fn says_why(decision: &Decision) -> bool {
    let Some(first) = decision.reasons.first() else { return false };
    let speaks_for = FOR.contains(first);
    *first != Reason::SenderAtRisk && speaks_for == (decision.permission != Permission::Nothing)
}

/// The same question about everything that can be asked.
fn each(question: &Question) -> impl Iterator<Item = Question> {
    let all = Category::ALL.iter().copied().map(Asked::For).chain([Asked::Anything, Asked::OptOutConfirmation]);
    all.map(|asked| Question { asked, ..question.clone() })
}

#[test]
fn no_answer_is_without_a_reason_and_the_first_one_fits_it() {
    let mut met: Vec<Reason> = Vec::new();
    for seed in HISTORIES {
        let mut dice = Dice::new(seed);
        let history: Vec<Arrival> = if dice.one_in(4) { with_erasures(&mut dice) } else { history(&mut dice) };
        let mut rules = RulesAlone::default();
        for arrival in &history {
            rules.record(&arrival.record, arrival.clock);
        }
        for question in questions(&mut dice, &history, QUESTIONS).iter().flat_map(each) {
            let decision = rules.check(&question);
            assert!(says_why(&decision), "seed {seed}: {question:?}\n{decision:?}");
            met.extend(decision.reasons.iter().filter(|reason| !met.contains(reason)).copied().collect::<Vec<_>>());
        }
    }
    let unmet: Vec<&Reason> = Reason::ALL.iter().filter(|reason| !met.contains(reason)).collect();
    assert!(unmet.is_empty(), "never given: {unmet:?}");
}
