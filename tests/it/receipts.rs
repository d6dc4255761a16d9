//! Decision receipts: signed and recorded before they are handed out, verified without the server, derived again by it.

mod calls;
mod command_line;
mod erased;
mod forgeries;
mod histories;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::sender::Quality;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, Category, Permission, Reason, Seq};
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::evidence::receipt::{Receipt, store};
use consent_ledger::ledger::evidence::receipts::NoReceipt;
use consent_ledger::ledger::evidence::rederive::{Derived, Verdict};
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::{Acknowledgement, Actor, Record, RecordError, What};
use consent_ledger::ledger::{Answer, Filter, Ledger, Options, Question};

use crate::faults::{Fails, FaultyDisk};
use crate::support::bench::{answer, at, link, moves, opt_in, opt_out, put, question, says, who};
use crate::support::histories::{POLICIES, policy};

const CONTACT: &str = "+447400123456";
const OTHER: &str = "+447400123457";

/// A ledger whose clock is set from outside.
struct Bench {
    ledger: Ledger,
    clock: Arc<ManualClock>,
}

impl Bench {
    fn open(dir: &Path) -> Self {
        Self::open_on(dir, at(3600), RealDisk)
    }

    fn open_on(dir: &Path, now: Time, disk: impl Disk + 'static) -> Self {
        let clock = Arc::new(ManualClock::default());
        clock.set(now);
        let (disk, theirs): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(disk), clock.clone());
        let ledger = Ledger::open_with(&Options { keys_ahead: 8, ..Options::new(dir) }, &disk, &theirs).unwrap();
        Self { ledger, clock }
    }

    fn set(&self, now: Time) {
        self.clock.set(now);
    }

    /// An answer with its receipt.
    fn ask(&self, question: &Question) -> (Answer, Receipt) {
        let (answer, recorded) = asked(&self.ledger, question).unwrap();
        (answer, self.ledger.receipt(recorded.seq).unwrap().unwrap())
    }

    fn verdict(&self, receipt: &Receipt, contact: Option<&str>) -> Verdict {
        let contact: Option<Identifier> = contact.map(who);
        self.ledger.verify_decision(receipt, contact.as_ref()).unwrap()
    }

    /// What follows, for a receipt that follows.
    fn follows(&self, receipt: &Receipt, contact: Option<&str>) -> Derived {
        match self.verdict(receipt, contact) {
            Verdict::Follows(derived) => *derived,
            other => panic!("{other:?}"),
        }
    }
}

fn asked(ledger: &Ledger, question: &Question) -> Result<(Answer, Acknowledgement), NoReceipt> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(ledger.check_and_record(question, Actor::LOCAL))
}

fn marketing(contact: &str) -> Question {
    question(contact, Category::Marketing, None)
}

#[test]
fn an_honest_receipt_follows_and_late_events_only_change_what_hindsight_says() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::open(dir.path());
    put(&bench.ledger, 0, opt_in(CONTACT));
    let (answer, receipt) = bench.ask(&marketing(CONTACT));
    assert_eq!(answer.decision.permission, Permission::TemplateOnly);
    assert_eq!((receipt.issued.position_seq, receipt.seq.number()), (3, 4));
    let hindsight = Answer { position: bench.ledger.head(), ..answer.clone() };
    assert_eq!(bench.follows(&receipt, None), Derived { then: answer.clone(), hindsight });
    // An hour before the answer, and heard of after it.
    put(&bench.ledger, 10, opt_out(CONTACT));
    let derived = bench.follows(&receipt, Some(CONTACT));
    assert_eq!((derived.then, derived.hindsight.decision.permission), (answer, Permission::Nothing));
    assert_eq!(derived.hindsight.decision.reasons[0], Reason::RecipientOptedOut);
}

#[test]
fn a_receipt_changes_no_permission_and_is_shown_with_its_contact() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::open(dir.path());
    put(&bench.ledger, 0, says(&[CONTACT, "GB.1"], "hello"));
    put(&bench.ledger, 1, moves(CONTACT, OTHER));
    put(&bench.ledger, 2, opt_in(OTHER));
    put(&bench.ledger, 3, link(OTHER, "GB.2"));
    for contact in [CONTACT, OTHER, "GB.1", "GB.2"] {
        let before = answer(&bench.ledger, contact, None);
        let (said, receipt) = bench.ask(&marketing(contact));
        assert_eq!((&said.decision, said.position), (&before.decision, before.position));
        assert_eq!(answer(&bench.ledger, contact, None).decision, before.decision);
        assert_ne!(receipt.trail, receipt.account);
        let filter = Filter { account: Some(Account::default_account()), contact: Some(who(contact)), from: Some(receipt.seq) };
        let shown = bench.ledger.entries(&filter, 10).unwrap();
        assert_eq!((shown.len(), shown[0].seq), (1, receipt.seq), "{contact}");
        assert_eq!(bench.follows(&receipt, Some(contact)).then, said);
        assert_eq!(bench.verdict(&receipt, Some("+447400123499")), Verdict::OtherContact);
    }
    bench.ledger.close();
}

#[test]
fn somebody_unknown_is_not_named_and_must_be_given() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::open(dir.path());
    let (answer, receipt) = bench.ask(&marketing(CONTACT));
    assert_eq!(answer.decision.reasons, [Reason::RecipientNotOptedIn]);
    assert_eq!(receipt.trail, receipt.account);
    // Known later, which changes nothing about then.
    put(&bench.ledger, 3500, opt_in(CONTACT));
    assert_eq!(bench.verdict(&receipt, None), Verdict::ContactNeeded);
    assert_eq!(bench.verdict(&receipt, Some(OTHER)), Verdict::OtherContact);
    let derived = bench.follows(&receipt, Some(CONTACT));
    assert_eq!((derived.then, derived.hindsight.decision.permission), (answer, Permission::TemplateOnly));
}

/// The fields that a change of an answer makes differ, and the change.
type Lie = (&'static [&'static str], fn(&mut Answer));

#[test]
fn a_receipt_over_a_wrong_answer_differs_and_the_field_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::open(dir.path());
    put(&bench.ledger, 0, opt_in(CONTACT));
    put(&bench.ledger, 1, opt_out(CONTACT));
    let honest = answer(&bench.ledger, CONTACT, None);
    let lies: [Lie; 5] = [
        (&["permission"], |answer| answer.decision.permission = Permission::FreeForm),
        (&["reasons"], |answer| answer.decision.reasons = vec![Reason::OptedIn]),
        (&["deciding_seqs"], |answer| answer.decision.deciding_seqs.clear()),
        (&["policy_version", "valid_until"], |answer| {
            answer.policy_version = 7;
            answer.decision.valid_until = Some(at(9_000));
        }),
        (&["position_hash"], |answer| answer.position.hash = [7; 32]),
    ];
    for (fields, lie) in lies {
        let mut told = honest.clone();
        lie(&mut told);
        let issued = store(&marketing(CONTACT), &told);
        let what = What::IssueReceipt { contact: who(CONTACT), issued: Box::new(issued) };
        let record = Record { account: marketing(CONTACT).account, actor: Actor::LOCAL, event_id: None, occurred_at: None, what };
        let recorded = bench.ledger.record_blocking(record).unwrap();
        let receipt = bench.ledger.receipt(recorded.seq).unwrap().unwrap();
        match bench.verdict(&receipt, None) {
            Verdict::Differs(derived, differ) => assert_eq!((differ.as_slice(), &derived.then), (fields, &honest)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_the_ledger_does_not_hold_is_told_from_what_it_did_not_sign() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let benches = [Bench::open(dirs[0].path()), Bench::open(dirs[1].path())];
    let receipts = benches.each_ref().map(|bench| {
        put(&bench.ledger, 0, opt_in(CONTACT));
        put(&bench.ledger, 1, opt_in(OTHER));
        [bench.ask(&marketing(CONTACT)).1, bench.ask(&marketing(OTHER)).1]
    });
    let [bench, _] = &benches;
    let [[receipt, second], [foreign, _]] = &receipts;
    assert_eq!(bench.verdict(foreign, None), Verdict::Foreign);
    let renamed = Receipt { origin: "example.com".into(), ..receipt.clone() };
    assert_eq!(bench.verdict(&renamed, None), Verdict::Foreign);
    for changed in [
        Receipt { trail: second.trail, ..receipt.clone() },
        Receipt { account: 9, ..receipt.clone() },
        Receipt { issued: second.issued.clone(), ..receipt.clone() },
        Receipt { issued: foreign.issued.clone(), ..receipt.clone() },
    ] {
        assert_eq!(bench.verdict(&changed, None), Verdict::SignatureInvalid);
    }
    for elsewhere in [
        Receipt { seq: second.seq, ..receipt.clone() },
        Receipt { seq: Seq::new(99), ..receipt.clone() },
        Receipt { entry_hash: second.entry_hash, ..receipt.clone() },
    ] {
        assert_eq!(bench.verdict(&elsewhere, None), Verdict::NotRecorded);
    }
    bench.follows(receipt, None);
}

#[test]
fn an_answer_whose_receipt_cannot_be_recorded_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new(0, Fails::Undone);
    let bench = Bench::open_on(dir.path(), at(3600), disk.clone());
    put(&bench.ledger, 0, opt_in(CONTACT));
    disk.fail_in(1);
    let refused = asked(&bench.ledger, &marketing(CONTACT)).unwrap_err();
    assert!(matches!(refused, NoReceipt::Record(RecordError::Unavailable { .. })), "{refused:?}");
    assert!(disk.failed());
    assert!(matches!(asked(&bench.ledger, &marketing(CONTACT)), Err(NoReceipt::Check(_))));
}

/// An answer is of the position that it names, whatever is recorded at that moment.
#[test]
fn answers_given_while_others_record_follow() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&Options { keys_ahead: 8, ..Options::new(dir.path()) }).unwrap();
    let now = |what| Record { account: Account::default_account(), actor: Actor::LOCAL, event_id: None, occurred_at: None, what };
    let rates = |quality| What::ReportQuality { sender: "1".parse().unwrap(), quality };
    let adopts = |choice| What::AdoptPolicy { preset: "meta".to_owned(), policy: Box::new(policy(choice)) };
    let turns = |turn: usize| match turn % 6 {
        0 => opt_in(CONTACT),
        1 => rates(Quality::Red),
        2 => says(&[CONTACT], "stop marketing"),
        3 => rates(Quality::Green),
        4 => adopts(POLICIES[9]),
        _ => adopts(POLICIES[0]),
    };
    let done = AtomicBool::new(false);
    let receipts = std::thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0..240 {
                ledger.record_blocking(now(turns(turn))).unwrap();
            }
            done.store(true, Ordering::SeqCst);
        });
        let mut receipts = Vec::new();
        while !done.load(Ordering::SeqCst) {
            receipts.push(asked(&ledger, &marketing(CONTACT)).unwrap());
        }
        receipts
    });
    assert!(receipts.len() > 20, "{}", receipts.len());
    for (answer, recorded) in receipts {
        let receipt = ledger.receipt(recorded.seq).unwrap().unwrap();
        let verdict = ledger.verify_decision(&receipt, Some(&who(CONTACT))).unwrap();
        assert!(matches!(&verdict, Verdict::Follows(derived) if derived.then == answer), "{answer:?}\n{verdict:?}");
    }
    ledger.close();
}
