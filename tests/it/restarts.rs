//! A restart never changes an answer, and the real ledger answers as the oracle does.

use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::Permission;
use consent_ledger::ledger::{Ledger, Question};
use consent_ledger::scenarios::Engine;

use crate::oracle::without_seqs;
use crate::support::bench::{answer, at, event, link, may, moves, named, open, opt_in, opt_out, put, says, try_open};
use crate::support::dice::Dice;
use crate::support::histories::{Arrival, history, questions};
use crate::support::oracle::Oracle;

pub fn all(ledger: &Ledger, questions: &[Question]) -> Vec<String> {
    let ask = |question: &Question| {
        let decision = ledger.check(question).unwrap().decision;
        format!("{} {:?} from {} at {:?}: {decision:?}", question.contact.as_str(), question.asked, question.sender, question.at)
    };
    questions.iter().map(ask).collect()
}

#[test]
fn a_restart_never_changes_an_answer_and_the_oracle_agrees() {
    for seed in 4_000_000..4_000_040 {
        let mut dice = Dice::new(seed);
        let history = history(&mut dice);
        let asked = questions(&mut dice, &history, 40);
        let (restart, again) = (dice.below(history.len()), dice.below(history.len()));
        let now = history.iter().map(|arrival| arrival.clock).max().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = try_open(dir.path(), now).unwrap();
        let mut oracle = Oracle::new();
        oracle.set_clock(now);
        for (place, Arrival { record, .. }) in history.into_iter().enumerate() {
            let done = ledger.record_blocking(record.clone()).unwrap();
            oracle.record(record.clone()).unwrap();
            if place == restart {
                ledger.close();
                drop(ledger);
                ledger = try_open(dir.path(), now).unwrap();
            }
            if place == again {
                let twice = ledger.record_blocking(record).unwrap();
                assert_eq!((twice.seq, twice.entry_hash, twice.duplicate), (done.seq, done.entry_hash, true));
            }
        }
        let before = all(&ledger, &asked);
        ledger.close();
        drop(ledger);
        let ledger = try_open(dir.path(), now).unwrap();
        assert_eq!(before, all(&ledger, &asked), "seed {seed}");
        for question in &asked {
            let (given, wanted) = (ledger.check(question).unwrap().decision, oracle.check(question).unwrap().decision);
            assert_eq!(without_seqs(given), without_seqs(wanted), "seed {seed}: {} {question:?}", question.contact.as_str());
        }
        ledger.close();
    }
}

fn reopened(dir: &std::path::Path, ledger: Ledger) -> Ledger {
    ledger.close();
    drop(ledger);
    open(dir)
}

#[test]
fn an_identifier_linked_later_is_unknown_before_the_link_after_a_restart_too() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 10, opt_in("+447400123456"));
    put(&ledger, 30, link("+447400123456", "GB.1"));
    let before = answer(&ledger, "GB.1", Some(20)).decision;
    let ledger = reopened(dir.path(), ledger);
    assert_eq!(answer(&ledger, "GB.1", Some(20)).decision, before);
    assert_eq!(before.permission, Permission::Nothing);
}

#[test]
fn a_number_that_moves_to_itself_keeps_its_answers_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 10, moves("+447400123456", "+447400123456"));
    put(&ledger, 20, opt_in("+447400123456"));
    let before = answer(&ledger, "+447400123456", None).decision;
    let ledger = reopened(dir.path(), ledger);
    assert_eq!(answer(&ledger, "+447400123456", None).decision, before);
}

#[test]
fn an_identifier_named_twice_in_one_message_keeps_its_opt_out_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let phone = "+447400123456";
    put(&ledger, 5, says(&[phone, phone], "hello"));
    put(&ledger, 10, moves(phone, "+447400123457"));
    put(&ledger, 20, opt_in(phone));
    put(&ledger, 30, opt_out(phone));
    let ledger = reopened(dir.path(), ledger);
    put(&ledger, 25, opt_in(phone));
    assert_eq!(may(&ledger, phone), Permission::Nothing);
}

#[test]
fn another_policy_under_a_spent_event_id_is_no_duplicate() {
    use consent_ledger::consent::policy::Policy;
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let adopt = |hours| {
        let mut policy = Policy::meta();
        policy.window_hours = hours;
        ledger.record_blocking(named("policy", event(1, crate::support::bench::adopts(policy))))
    };
    adopt(24).unwrap();
    assert!(adopt(24).unwrap().duplicate);
    assert!(adopt(1).is_err(), "another policy was answered as a duplicate and never adopted");
}

#[test]
fn an_opt_in_that_ends_at_the_epoch_has_ended() {
    use consent_ledger::ledger::writing::record::What;
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let What::OptIn { contact, sender, categories, method, evidence, .. } = opt_in("+447400123456") else { unreachable!() };
    put(&ledger, 1, What::OptIn { contact, sender, categories, method, evidence, expires_at: Some(Time::from_micros(0)) });
    assert_eq!(may(&ledger, "+447400123456"), Permission::Nothing);
}

#[test]
fn a_record_too_long_to_read_again_is_refused_and_takes_nothing_with_it() {
    use consent_ledger::consent::keyword::Keywords;
    use consent_ledger::consent::policy::Policy;
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 1, opt_in("+447400123456"));
    let words: Vec<String> = (0..70_000).map(|n| format!("word number {n:08}")).collect();
    let mut policy = Policy::meta();
    policy.keywords = Keywords::new(words.iter().map(String::as_str), []);
    let records =
        vec![event(2, opt_out("+447400123456")), event(2, crate::support::bench::adopts(policy)), event(2, opt_out("+447400123457"))];
    let answers = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(ledger.record_all(records));
    assert!(answers[0].is_ok());
    let head = ledger.head();
    ledger.close();
    drop(ledger);
    let ledger = try_open(dir.path(), at(3600)).expect("it opens");
    assert_eq!(ledger.head(), head, "acknowledged entries are gone");
    assert_eq!(may(&ledger, "+447400123456"), Permission::Nothing);
}
