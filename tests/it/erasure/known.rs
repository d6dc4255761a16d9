//! What the ledger knew then: what an erasure records again of others was known when it was recorded first.

use consent_ledger::consent::account::Known;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, Category, Permission, Reason, Seq};
use consent_ledger::ledger::reading::drift::Period;
use consent_ledger::ledger::writing::record::What;
use consent_ledger::ledger::{Filter, Ledger, Question};
use consent_ledger::proto::clear_part::Fact;

use super::{erase, open_from_snapshot};
use crate::support::bench::{at, moves, open, opt_in, opt_out, put, question, says, who};

const PHONE: &str = "+447400123456";
const OTHER: &str = "+447400123457";
const THIRD: &str = "+447400123458";

fn knew(ledger: &Ledger, seq: u64) -> (Permission, Reason) {
    let known = Known { at: None, seq: Some(Seq::new(seq)) };
    let decision = ledger.check(&Question { known, ..question(PHONE, Category::Marketing, None) }).unwrap().decision;
    (decision.permission, decision.reasons[0])
}

/// The original's seq and time of every copy, by the seq of the copy.
fn copies(ledger: &Ledger) -> Vec<(u64, u64, Time)> {
    let all = ledger.entries(&Filter::default(), usize::MAX).unwrap();
    let copies = all.iter().filter(|entry| entry.clear.original_seq != 0);
    copies.map(|e| (e.seq.number(), e.clear.original_seq, Time::from_micros(e.clear.original_recorded_at))).collect()
}

#[test]
fn what_an_erasure_records_again_was_known_when_it_was_recorded_first() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let first = put(&ledger, 10, opt_in(PHONE)).seq.number();
    // The new owner opts in and out; the changes are heard of late, so all of it lies in the first one's trail.
    let opted_in = put(&ledger, 30, opt_in(PHONE)).seq.number();
    let opted_out = put(&ledger, 35, opt_out(PHONE)).seq.number();
    put(&ledger, 20, moves(PHONE, OTHER));
    let before = ledger.head().seq.number();
    put(&ledger, 40, erase(OTHER));
    let told = |ledger: &Ledger, when: &str| {
        assert_eq!(knew(ledger, first), (Permission::Nothing, Reason::RecipientNotOptedIn), "{when}: the erased person's is gone");
        assert_eq!(knew(ledger, opted_in), (Permission::TemplateOnly, Reason::OptedIn), "{when}");
        for seq in [opted_out, before, ledger.head().seq.number()] {
            assert_eq!(knew(ledger, seq), (Permission::Nothing, Reason::RecipientOptedOut), "{when}, {seq}");
        }
    };
    told(&ledger, "at once");
    let first_copies = copies(&ledger);
    assert_eq!(first_copies.iter().map(|copy| copy.1).collect::<Vec<_>>(), [opted_in, opted_out]);
    assert!(first_copies.iter().all(|copy| copy.2 == at(3600)), "{first_copies:?}");
    ledger.close();
    drop(ledger);
    let ledger = open_from_snapshot(dir.path());
    told(&ledger, "from the snapshot");
    // An erasure as of before they acted copies the copies: their first place stays.
    put(&ledger, 32, moves(PHONE, THIRD));
    put(&ledger, 33, erase(THIRD));
    let again: Vec<_> = copies(&ledger).into_iter().filter(|copy| copy.0 > first_copies[1].0).collect();
    assert_eq!(again.iter().map(|copy| copy.1).collect::<Vec<_>>(), [opted_out]);
    for seq in [opted_out, before] {
        assert_eq!(knew(&ledger, seq), (Permission::Nothing, Reason::RecipientOptedOut), "{seq}");
    }
    assert_eq!(knew(&ledger, opted_in), (Permission::Nothing, Reason::ContactErased), "whose opt-in that was is erased");
    ledger.close();
}

#[test]
fn an_entry_that_no_erasure_recorded_names_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    put(&ledger, 10, opt_in(PHONE));
    put(&ledger, 20, moves(PHONE, OTHER));
    put(&ledger, 25, opt_in("GB.2"));
    put(&ledger, 30, says(&[PHONE, "GB.2"], "stop"));
    put(&ledger, 40, erase(OTHER));
    // Nothing of others lay in the erased trails: their number is introduced again, by an entry of its own.
    assert_eq!(copies(&ledger), []);
    let all = ledger.entries(&Filter::default(), usize::MAX).unwrap();
    assert!(matches!(all.last().unwrap().clear.fact, Some(Fact::IdentifiersLinked(_))));
}

#[test]
fn a_refusal_that_was_recorded_again_is_held_against_what_was_known_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path());
    let refused =
        || What::SendFailed { contact: vec![who(PHONE)], sender: "1".parse().unwrap(), code: 131_047, message_id: Some("wamid.1".into()) };
    let period = Period { account: Account::default_account(), sender: None, from: at(0), to: at(100_000), from_seq: None };
    let contradictions = |ledger: &Ledger| -> Vec<(Time, u64)> {
        let found = ledger.drift(&period, 100).unwrap().contradictions;
        found.into_iter().map(|found| (found.occurred_at, found.seq.number())).collect()
    };
    put(&ledger, 10, opt_in(PHONE));
    // The new owner writes, a message to them is refused, and then a message comes in late that nobody knew of.
    put(&ledger, 30, says(&[PHONE], "hello"));
    let first = put(&ledger, 35, refused()).seq.number();
    put(&ledger, 50, refused());
    put(&ledger, 45, says(&[PHONE], "a webhook that came late"));
    put(&ledger, 20, moves(PHONE, OTHER));
    assert_eq!(contradictions(&ledger), [(at(35), first)]);
    put(&ledger, 40, erase(OTHER));
    let place = copies(&ledger).iter().find(|copy| copy.1 == first).unwrap().0;
    assert_eq!(contradictions(&ledger), [(at(35), place)]);
}
