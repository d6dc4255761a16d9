//! Questions while facts are committed, closing while records are on their way, accounts and persons kept apart.

use std::sync::atomic::{AtomicBool, Ordering};

use consent_ledger::consent::words::{Account, Category, Effect, Permission};
use consent_ledger::ledger::writing::record::{Record, RecordError, What};
use consent_ledger::ledger::{Filter, Question};

use crate::support::bench::{answer, event, link, may, moves, open, opt_in, opt_out, put, question, says, who};

const PHONE: &str = "+447400123456";

#[test]
fn an_acknowledged_opt_out_is_obeyed_at_once_and_no_answer_rests_on_what_is_not_yet_there() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 0, opt_in("GB.1"));
    put(&ledger, 0, link("GB.1", PHONE));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for past in [None, Some(1)] {
            let (ledger, done) = (&ledger, &done);
            scope.spawn(move || {
                while !done.load(Ordering::SeqCst) {
                    let answer = answer(ledger, PHONE, past);
                    assert!(answer.decision.deciding_seqs.iter().all(|seq| *seq <= answer.position.seq));
                }
            });
        }
        for n in 1..60 {
            put(&ledger, 2 * n, opt_out(PHONE));
            assert_eq!(may(&ledger, "GB.1"), Permission::Nothing);
            put(&ledger, 2 * n + 1, opt_in(PHONE));
            assert_eq!(may(&ledger, "GB.1"), Permission::TemplateOnly);
        }
        done.store(true, Ordering::SeqCst);
    });
    ledger.close();
}

#[test]
fn what_is_acknowledged_while_the_ledger_closes_is_there_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let writer = ledger.clone();
    let done: Vec<_> = std::thread::scope(|scope| {
        let writing = scope.spawn(move || {
            let records = |n: u32| (0..50).map(move |m| event(1, opt_in(&format!("+44741{:06}", n * 50 + m)))).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            (0..40).flat_map(|n| runtime.block_on(writer.record_all(records(n)))).collect()
        });
        while ledger.head().seq.number() < 100 {
            std::thread::yield_now();
        }
        ledger.close();
        writing.join().unwrap()
    });
    assert!(done.iter().filter_map(|done| done.as_ref().err()).all(|error| matches!(error, RecordError::Unavailable { .. })));
    drop(ledger);
    let ledger = open(dir.path());
    let entries = ledger.entries(&Filter::default(), usize::MAX).unwrap();
    for done in done.iter().flatten() {
        assert_eq!(entries[usize::try_from(done.seq.number()).unwrap() - 1].entry_hash, done.entry_hash);
    }
    ledger.close();
}

#[test]
fn accounts_know_nothing_of_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let shop: Account = "shop".parse().unwrap();
    ledger.record_blocking(Record { account: shop.clone(), ..event(0, What::CreateAccount) }).unwrap();
    put(&ledger, 1, opt_in(PHONE));
    let there = Question { account: shop.clone(), ..question(PHONE, Category::Marketing, None) };
    assert_eq!(ledger.check(&there).unwrap().decision.permission, Permission::Nothing);
    ledger.record_blocking(Record { account: shop, ..event(2, opt_out(PHONE)) }).unwrap();
    assert_eq!(may(&ledger, PHONE), Permission::TemplateOnly);
    ledger.close();
}

#[test]
fn whoever_has_a_number_now_does_not_see_whoever_had_it_before() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let theirs = put(&ledger, 1, opt_in(PHONE)).seq;
    put(&ledger, 2, moves(PHONE, "+447400123457"));
    let own = put(&ledger, 3, opt_in(PHONE)).seq;
    let filter = Filter { from: None, account: Some(Account::default_account()), contact: Some(who(PHONE)) };
    let seen: Vec<_> = ledger.entries(&filter, usize::MAX).unwrap().into_iter().map(|entry| entry.seq).collect();
    ledger.close();
    assert!(seen.contains(&own) && !seen.contains(&theirs), "{seen:?} show entry {theirs} of the former owner");
}

#[test]
fn what_happens_under_an_identifier_that_was_left_says_what_it_did_to_whoever_it_is_linked_with() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 100, link("GB.2", "GB.1"));
    put(&ledger, 10, moves("GB.2", "GB.1"));
    put(&ledger, 200, says(&["GB.1"], "hello"));
    let service = || ledger.check(&question("GB.1", Category::Service, None)).unwrap().decision.permission;
    assert_eq!(service(), Permission::FreeForm);
    let closed = What::SendFailed { contact: vec![who("GB.2")], sender: "1".parse().unwrap(), code: 131_047, message_id: None };
    assert_eq!(put(&ledger, 200, closed).effect, Effect::Applied);
    assert_eq!(service(), Permission::Nothing);
    ledger.close();
}
