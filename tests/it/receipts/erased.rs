//! Receipts and erasures: nobody can be found by one any more, and what is kept of others is signed anew.

use consent_ledger::consent::words::{Permission, Reason, Seq};
use consent_ledger::export::receipt::verify;
use consent_ledger::ledger::Filter;
use consent_ledger::ledger::evidence::receipt::store;
use consent_ledger::ledger::evidence::rederive::Verdict;
use consent_ledger::ledger::writing::record::{Actor, Record, RecordError, What};
use consent_ledger::proto::clear_part::Fact;

use super::{Bench, CONTACT, OTHER, marketing};
use crate::support::bench::{answer, opt_in, opt_out, put, who};

const fn erases(contact: consent_ledger::consent::identifier::Identifier, keep_suppression: bool) -> What {
    What::Erase { contact, keep_suppression }
}

#[test]
fn a_receipt_of_an_erased_contact_is_still_signed_and_recorded_and_no_longer_derivable() {
    let dir = tempfile::tempdir().unwrap();
    let mut bench = Bench::open(dir.path());
    put(&bench.ledger, 0, opt_in(CONTACT));
    put(&bench.ledger, 0, opt_in(OTHER));
    let (receipt, other) = (bench.ask(&marketing(CONTACT)).1, bench.ask(&marketing(OTHER)).1);
    put(&bench.ledger, 3600, erases(who(CONTACT), true));
    for _ in 0..2 {
        for contact in [None, Some(CONTACT), Some(OTHER)] {
            assert_eq!(bench.verdict(&receipt, contact), Verdict::Erased);
        }
        verify(&receipt, bench.ledger.checkpoint_key()).unwrap();
        bench.follows(&other, Some(OTHER));
        bench.ledger.close();
        drop(bench);
        bench = Bench::open(dir.path());
    }
}

#[test]
fn an_answer_that_an_erasure_gave_follows() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::open(dir.path());
    put(&bench.ledger, 0, opt_in(CONTACT));
    put(&bench.ledger, 10, erases(who(CONTACT), true));
    let (said, receipt) = bench.ask(&marketing(CONTACT));
    assert_eq!((said.decision.reasons[0], receipt.trail), (Reason::ContactErased, receipt.account));
    assert_eq!(bench.verdict(&receipt, None), Verdict::ContactNeeded);
    assert_eq!(bench.follows(&receipt, Some(CONTACT)).then, said);
    // They come back: what was answered before still follows.
    put(&bench.ledger, 3600, opt_in(CONTACT));
    let derived = bench.follows(&receipt, Some(CONTACT));
    assert_eq!((derived.then, derived.hindsight.decision.permission), (said, Permission::TemplateOnly));
}

#[test]
fn a_receipt_that_an_erasure_keeps_is_digested_and_signed_for_its_new_trail() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::open(dir.path());
    put(&bench.ledger, 0, opt_in(CONTACT));
    put(&bench.ledger, 3000, opt_out(CONTACT));
    let receipt = bench.ask(&marketing(CONTACT)).1;
    // As of a time before the receipt: that and the opt-out are kept.
    let erased = put(&bench.ledger, 1000, erases(who(CONTACT), true));
    let kept = bench.ledger.entries(&Filter { from: Some(erased.seq), ..Filter::default() }, 10).unwrap();
    let copies: Vec<Seq> =
        kept.iter().filter(|entry| matches!(entry.clear.fact, Some(Fact::DecisionReceiptIssued(_)))).map(|entry| entry.seq).collect();
    assert_eq!(copies.len(), 1);
    let copy = bench.ledger.receipt(copies[0]).unwrap().unwrap();
    assert!(copy.trail != receipt.trail && copy.issued.signature != receipt.issued.signature);
    assert_ne!(copy.issued.identifier_digest, receipt.issued.identifier_digest);
    verify(&copy, bench.ledger.checkpoint_key()).unwrap();
    for (contact, verdict) in [(OTHER, Verdict::OtherContact), (CONTACT, Verdict::Erased)] {
        assert_eq!(bench.verdict(&copy, Some(contact)), verdict);
    }
    assert_eq!(bench.verdict(&receipt, Some(CONTACT)), Verdict::Erased);
    let again = bench.ask(&marketing(CONTACT)).1;
    assert_eq!(again.trail, copy.trail);
    bench.follows(&again, None);
}

#[test]
fn an_answer_from_before_an_erasure_is_not_signed_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::open(dir.path());
    put(&bench.ledger, 0, opt_in(CONTACT));
    let before = answer(&bench.ledger, CONTACT, None);
    put(&bench.ledger, 10, erases(who(OTHER), false));
    let issued = store(&marketing(CONTACT), &before);
    let what = What::IssueReceipt { contact: who(CONTACT), issued: Box::new(issued) };
    let record = Record { account: marketing(CONTACT).account, actor: Actor::LOCAL, event_id: None, occurred_at: None, what };
    let head = bench.ledger.head();
    assert!(matches!(bench.ledger.record_blocking(record), Err(RecordError::Unavailable { .. })));
    assert_eq!(bench.ledger.head(), head);
    bench.ask(&marketing(CONTACT));
}
