//! Histories written by hand, of which it is known whether they can be: the checker must be able to say no.

use consent_ledger::proto::Permission;

use super::contact::{Act, Asked, Call, Checked, Contact, Recorded};
use super::linear::{Called, explain};

/// From tick to tick.
fn called(begun: u64, answered: impl Into<Option<u64>>, call: Call) -> Called<Call> {
    Called { begun, answered: answered.into(), call }
}

fn answered(event: usize, act: Act, seq: u64, duplicate: impl Into<Option<bool>>) -> Call {
    let caused = if act == Act::Stop { seq + 1 } else { 0 };
    let answer = Recorded::Acknowledged { seq, caused, duplicate: duplicate.into() };
    Call::Record { event, act, at: i64::try_from(seq).unwrap(), answer }
}

/// Recorded for the first time.
fn new(event: usize, act: Act, seq: u64) -> Call {
    answered(event, act, seq, false)
}

fn marketing(permission: Permission, position: u64) -> Call {
    at_least(0, permission, position)
}

fn at_least(min_position: u64, permission: Permission, position: u64) -> Call {
    Call::Check { asked: Asked::Marketing, min_position, answer: Checked::Decided { permission, window: false, position } }
}

const YES: Permission = Permission::TemplateOnly;
const NO: Permission = Permission::Nothing;

fn is_linearizable(history: &[Called<Call>]) -> bool {
    explain(Contact::default(), history).is_ok()
}

#[test]
fn a_yes_that_began_after_an_acknowledged_opt_out_is_found() {
    let ending = |check| [called(0, 1, new(1, Act::OptIn, 3)), called(2, 5, new(2, Act::OptOut, 4)), check];
    assert!(!is_linearizable(&ending(called(6, 7, marketing(YES, 3)))), "stale");
    assert!(!is_linearizable(&ending(called(6, 7, marketing(YES, 4)))), "wrong");
    assert!(is_linearizable(&ending(called(6, 7, marketing(NO, 4)))));
    assert!(is_linearizable(&ending(called(3, 7, marketing(YES, 3)))), "it may have been looked at before the opt-out");
    assert!(is_linearizable(&ending(called(3, 7, marketing(NO, 4)))));
}

#[test]
fn two_answers_that_contradict_each_other_are_found_though_each_alone_could_be() {
    let opt_in = called(0, 1, new(1, Act::OptIn, 3));
    let opt_out = called(2, 20, new(2, Act::OptOut, 4));
    let (saw_it, did_not) = (marketing(NO, 4), marketing(YES, 3));
    let order = |first, second| [opt_in.clone(), opt_out.clone(), called(3, 4, first), called(5, 6, second)];
    assert!(is_linearizable(&order(did_not, saw_it)));
    assert!(!is_linearizable(&order(saw_it, did_not)), "time goes back");
}

#[test]
fn a_duplicate_that_is_acknowledged_with_another_entry_is_found() {
    let twice = |second| [called(0, 1, new(1, Act::OptIn, 3)), called(2, 3, second)];
    assert!(is_linearizable(&twice(answered(1, Act::OptIn, 3, true))));
    assert!(!is_linearizable(&twice(answered(1, Act::OptIn, 4, true))));
    assert!(!is_linearizable(&twice(new(1, Act::OptIn, 4))), "recorded twice");
    assert!(!is_linearizable(&twice(answered(2, Act::OptIn, 3, true))), "the duplicate of another");
    // Both at the same time: one of them is the first.
    let together = |one, other| [called(0, 3, answered(1, Act::OptIn, 3, one)), called(1, 2, answered(1, Act::OptIn, 3, other))];
    assert!(is_linearizable(&together(true, false)) && is_linearizable(&together(false, true)));
    assert!(!is_linearizable(&together(true, true)) && !is_linearizable(&together(false, false)));
}

#[test]
fn an_event_id_with_two_contents_is_found() {
    let refused = Call::Record { event: 1, act: Act::OptOut, at: 0, answer: Recorded::IdReused };
    let after = |call| [called(0, 1, new(1, Act::OptIn, 3)), called(2, 3, call)];
    assert!(is_linearizable(&after(refused)));
    assert!(!is_linearizable(&after(answered(1, Act::OptOut, 3, true))), "other content");
    assert!(!is_linearizable(&after(new(1, Act::OptOut, 4))), "other content");
    assert!(!is_linearizable(&[called(0, 1, refused)]), "nothing was spent");
    let same = Call::Record { event: 1, act: Act::OptIn, at: 0, answer: Recorded::IdReused };
    assert!(!is_linearizable(&after(same)), "the same content is a duplicate");
}

#[test]
fn a_check_that_does_not_reach_the_position_it_asked_for_is_found() {
    let after = |check| [called(0, 1, new(1, Act::OptIn, 3)), called(2, 9, new(2, Act::OptOut, 7)), called(3, 4, check)];
    assert!(!is_linearizable(&after(at_least(7, YES, 3))), "it did not wait");
    assert!(!is_linearizable(&after(at_least(7, YES, 7))), "it does not see its write");
    assert!(is_linearizable(&after(at_least(7, NO, 7))));
    let behind = |wanted| Call::Check { asked: Asked::Marketing, min_position: wanted, answer: Checked::Behind };
    assert!(!is_linearizable(&after(behind(3))), "it was there");
    assert!(is_linearizable(&after(behind(7))));
}

#[test]
fn a_log_whose_order_is_not_that_of_time_is_found() {
    assert!(!is_linearizable(&[called(0, 1, new(1, Act::OptIn, 9)), called(2, 3, new(2, Act::OptOut, 5))]));
    assert!(is_linearizable(&[called(0, 3, new(1, Act::OptIn, 9)), called(1, 2, new(2, Act::OptOut, 5))]));
    // An answer at a head knows everything before it: nothing is put in there later.
    assert!(!is_linearizable(&[called(0, 1, marketing(NO, 9)), called(2, 3, new(1, Act::OptIn, 8))]));
}

#[test]
fn half_a_stop_is_found() {
    let window = |permission, position| Call::Check {
        asked: Asked::Anything,
        min_position: 0,
        answer: Checked::Decided { permission, window: true, position },
    };
    let with = |check| [called(0, 9, new(1, Act::Stop, 3)), called(1, 2, check)];
    assert!(!is_linearizable(&with(window(Permission::FreeForm, 3))), "the message without the opt-out that it caused");
    assert!(!is_linearizable(&with(window(NO, 3))), "a head in the middle of a commit");
    assert!(is_linearizable(&with(window(NO, 4))));
}

#[test]
fn what_had_no_answer_happened_or_did_not_but_never_both() {
    let opt_out = called(2, None, answered(2, Act::OptOut, 4, None));
    let then = |checks: &[(u64, Call)]| {
        let mut history = vec![called(0, 1, new(1, Act::OptIn, 3)), opt_out.clone()];
        history.extend(checks.iter().map(|(begun, check)| called(*begun, begun + 1, *check)));
        is_linearizable(&history)
    };
    assert!(then(&[]) && then(&[(10, marketing(YES, 3))]) && then(&[(10, marketing(NO, 4))]));
    assert!(then(&[(10, marketing(YES, 3)), (20, marketing(NO, 4))]), "it took its time");
    assert!(!then(&[(10, marketing(NO, 4)), (20, marketing(YES, 4))]), "it was there");
    assert!(then(&[(10, marketing(YES, 3)), (20, answered(2, Act::OptOut, 4, true)), (30, marketing(NO, 4))]));
    assert!(!then(&[(10, answered(2, Act::OptOut, 4, true)), (20, marketing(YES, 4))]));
}

#[test]
fn acts_of_one_commit_happened_at_one_instant_and_the_one_that_permits_less_counts() {
    let at = |event, act, seq| match new(event, act, seq) {
        Call::Record { event, act, answer, .. } => Call::Record { event, act, at: 100, answer },
        other => other,
    };
    let together = |permission| {
        is_linearizable(&[called(0, 5, at(1, Act::OptOut, 3)), called(1, 6, at(2, Act::OptIn, 4)), called(7, 8, marketing(permission, 4))])
    };
    assert!(together(NO) && !together(YES));
}

#[test]
fn a_yes_after_an_erasure_is_found() {
    let opt_in = called(0, 1, new(1, Act::OptIn, 3));
    let erased = called(2, None, Call::Erased { seq: 5, at: 5 });
    let (no, yes) = (marketing(NO, 5), marketing(YES, 5));
    assert!(!is_linearizable(&[opt_in.clone(), erased.clone(), called(3, 4, no), called(5, 6, yes)]));
    assert!(is_linearizable(&[opt_in.clone(), erased.clone(), called(3, 4, marketing(YES, 4)), called(5, 6, no)]));
    // Its event ids stay spent, for whatever content.
    assert!(is_linearizable(&[opt_in.clone(), erased.clone(), called(3, 4, no), called(5, 6, answered(1, Act::Message, 3, true))]));
    assert!(!is_linearizable(&[opt_in, erased, called(3, 4, no), called(5, 6, new(1, Act::OptIn, 6))]));
}
