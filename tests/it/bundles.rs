//! Evidence bundles of random histories: whatever happened, what the ledger hands out verifies, and opens nobody else.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use consent_ledger::api::map;
use consent_ledger::consent::account::Known;
use consent_ledger::consent::decide::Asked;
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::Account;
use consent_ledger::export::jsonl::Jsonl;
use consent_ledger::export::pieces::Pieces;
use consent_ledger::export::verify::{Against, Report, VerifyError, verify};
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::evidence::bundle::Evidence;
use consent_ledger::ledger::evidence::export::{Claim, ExportError, Piece};
use consent_ledger::ledger::evidence::receipts::NoReceipt;
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::{Actor, What};
use consent_ledger::ledger::{Ledger, Options, Question};
use consent_ledger::proto::export_begin::Claim as ClaimMessage;
use consent_ledger::proto::export_piece::Piece as Message;
use consent_ledger::proto::{
    Checkpoint, CompleteClaim, ExportBegin, ExportEnd, ExportPiece, ExportSelection, LeftOut, TrailHead, TrailKey,
};

use crate::support::bench::{at, event, moves, opt_in, opt_out, put, says, who};
use crate::support::dice::Dice;
use crate::support::forger::judges::{Case, Verdict, python};
use crate::support::histories::{Arrival, CONTACTS, history, questions, with_erasures};

const HISTORIES: Range<u64> = 9_000_000..9_000_060;
const ERASED: Range<u64> = 9_100_000..9_100_120;
const GONE: Range<u64> = 9_200_000..9_200_060;

/// A ledger whose clock is set from outside.
struct Bench {
    ledger: Ledger,
    clock: Arc<ManualClock>,
}

impl Bench {
    fn open(dir: &Path) -> Self {
        let clock = Arc::new(ManualClock::default());
        let (disk, theirs): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), clock.clone());
        let ledger = Ledger::open_with(&Options { keys_ahead: 8, ..Options::new(dir) }, &disk, &theirs).unwrap();
        Self { ledger, clock }
    }

    /// Plays a history and takes receipts in between.
    fn play(&self, dice: &mut Dice, history: &[Arrival]) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for arrival in history {
            self.clock.set(arrival.clock);
            self.ledger.record_blocking(arrival.record.clone()).unwrap();
            for asked in questions(dice, history, 2) {
                let template = asked.template.filter(|_| asked.asked != Asked::OptOutConfirmation);
                let question = Question { at: None, known: Known::default(), template, ..asked };
                match runtime.block_on(self.ledger.check_and_record(&question, Actor::LOCAL)) {
                    Ok(_) | Err(NoReceipt::Record(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    /// The evidence of a contact as a file; none where nothing is known of the contact.
    fn bundle(&self, contact: &str) -> Option<Vec<u8>> {
        let contact: Identifier = contact.parse().unwrap();
        match self.ledger.evidence(&Account::default_account(), &contact, &[]) {
            Ok(evidence) => file(&self.ledger, &contact, evidence),
            Err(ExportError::ContactUnknown | ExportError::ErasedMeanwhile) => None,
            Err(error) => panic!("{error}"),
        }
    }

    fn verified(&self, bundle: &[u8]) -> Result<Report, VerifyError> {
        verify(bundle, self.ledger.checkpoint_key(), &Against::default(), |_, _| {})
    }
}

/// What the server would hand out, as `export --evidence` writes it; none where the contact was erased on the way.
pub fn file(ledger: &Ledger, contact: &Identifier, mut evidence: Evidence) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut form = Pieces::new(Jsonl::new(&mut bytes));
    let mut take = |piece| form.take(ExportPiece { piece: Some(piece) }).unwrap();
    take(Message::Begin(begin(ledger, contact, &evidence)));
    let mut end = ExportEnd::default();
    loop {
        let piece = match evidence.export.next_piece() {
            Ok(Some(piece)) => piece,
            Ok(None) => break,
            Err(ExportError::ErasedMeanwhile) => return None,
            Err(error) => panic!("{error}"),
        };
        take(match piece {
            Piece::Entry(entry) => {
                end.entries += 1;
                Message::Entry(map::entry(*entry))
            }
            Piece::LeftOut(count, root) => {
                end.left_out += count;
                Message::LeftOut(LeftOut { count, root: root.to_vec() })
            }
        });
    }
    take(Message::End(end));
    form.finish().unwrap();
    Some(bytes)
}

fn begin(ledger: &Ledger, contact: &Identifier, evidence: &Evidence) -> ExportBegin {
    let Claim::Complete(complete) = &evidence.export.claim else { panic!("a bundle is expected") };
    let signed = evidence.export.checkpoint.clone();
    ExportBegin {
        ledger_id: ledger.id().to_vec(),
        origin: ledger.checkpoint_key().name().to_owned(),
        made_at: Some(map::timestamp(ledger.now().max(Time::from_micros(0)))),
        selection: Some(ExportSelection {
            account: Account::default_account().to_string(),
            contacts: vec![contact.as_str().to_owned()],
            ..Default::default()
        }),
        claim: Some(ClaimMessage::Complete(CompleteClaim {
            as_of: complete.as_of.number(),
            account: complete.account,
            contact_trails: complete.contact_trails.clone(),
            shared_trails: complete.shared_trails.clone(),
        })),
        checkpoint: Some(Checkpoint { note: signed.note, size: signed.size, root: signed.root.to_vec(), signed_at: None }),
        keys: evidence.keys.iter().map(|(trail, key)| TrailKey { trail: *trail, key: key.bytes().to_vec() }).collect(),
        heads: evidence.heads.iter().map(head).collect(),
    }
}

fn head(head: &consent_ledger::ledger::proving::heads::ProvedHead) -> TrailHead {
    TrailHead {
        trail: head.trail,
        trail_seq: head.trail_seq,
        last_seq: head.last.number(),
        blind: head.blind.to_vec(),
        path: head.path.iter().map(|hash| hash.to_vec()).collect(),
    }
}

/// Plays each history; every bundle of it must verify. Gives how many there were, and of what claims.
fn all_verify(seeds: Range<u64>, history: fn(&mut Dice) -> Vec<Arrival>) -> (usize, usize) {
    let (mut bundles, mut shared) = (0, 0);
    let (mut wrong, mut cases) = (Vec::new(), Vec::new());
    for seed in seeds {
        let dir = tempfile::tempdir().unwrap();
        let bench = Bench::open(dir.path());
        let mut dice = Dice::new(seed);
        let history = history(&mut dice);
        bench.play(&mut dice, &history);
        for contact in CONTACTS {
            let Some(bundle) = bench.bundle(contact) else { continue };
            cases.push(Case::new(bundle.clone(), &bench.ledger.checkpoint_key().to_string()));
            match bench.verified(&bundle) {
                Ok(report) => {
                    bundles += 1;
                    shared += usize::from(report.holds.iter().any(|line| line.starts_with("NOT complete")));
                }
                Err(error) => wrong.push(format!("seed {seed} {contact}: {error}")),
            }
        }
        bench.ledger.close();
    }
    let theirs = python(&cases.iter().collect::<Vec<_>>()).unwrap_or_default();
    wrong.extend(theirs.iter().filter(|verdict| **verdict != Verdict::Holds).map(|verdict| format!("the one in Python: {verdict}")));
    assert!(wrong.is_empty(), "{} of {bundles} and these:\n{}", wrong.len(), wrong.join("\n"));
    (bundles, shared)
}

#[test]
fn every_bundle_verifies_whoever_is_who() {
    let (bundles, shared) = all_verify(HISTORIES, history);
    assert!(bundles > 60 && shared > 5, "{bundles} {shared}");
}

#[test]
fn every_bundle_verifies_though_people_were_erased() {
    let (bundles, shared) = all_verify(ERASED, with_erasures);
    assert!(bundles > 100 && shared > 3, "{bundles} {shared}");
}

/// An opt-out that was acknowledged is in every bundle, whoever is erased beside the contact while it is made.
#[test]
fn a_bundle_made_while_a_former_owner_is_erased_holds_the_opt_out() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::open(dir.path());
    let (mut made, mut during) = (0, 0);
    for round in 0..40 {
        let (number, new) = (format!("+4474002{round:05}"), format!("+4474003{round:05}"));
        bench.clock.set(at(100_000 * (round + 1)));
        let hour = |hour: u32| 100_000 * (round + 1) - 36_000 + 3_600 * i64::from(hour);
        put(&bench.ledger, hour(1), opt_in(&number));
        put(&bench.ledger, hour(5), opt_out(&number));
        // Learned late: who opted out is somebody else than who opted in.
        put(&bench.ledger, hour(3), moves(&number, &new));
        let erased = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                put(&bench.ledger, hour(9), What::Erase { contact: who(&new), keep_suppression: true });
                erased.store(true, Ordering::SeqCst);
            });
            scope.spawn(|| {
                for n in 0..20 {
                    put(&bench.ledger, hour(7), says(&[&number], &format!("hello {n}")));
                }
            });
            loop {
                let last = erased.load(Ordering::SeqCst);
                if let Some(bundle) = bench.bundle(&number) {
                    bench.verified(&bundle).unwrap_or_else(|error| panic!("round {round}: {error}"));
                    let text = String::from_utf8(bundle).unwrap();
                    assert!(text.contains("\"kind\":\"opted_out\""), "round {round}: {text}");
                    made += 1;
                    during += usize::from(!last);
                }
                if last {
                    break;
                }
            }
        });
    }
    assert!(made >= 40 && during > 0, "{made} {during}");
}

/// A proof reads back from where neighbouring trails end now: heads of long ago would make it slow, and say little.
#[test]
fn heads_that_are_far_behind_do_not_serve_again() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::open(dir.path());
    bench.clock.set(at(100_000));
    put(&bench.ledger, 0, opt_in("+447400123456"));
    let as_of = || {
        let evidence = bench.ledger.evidence(&Account::default_account(), &who("+447400123456"), &[]).unwrap();
        let Claim::Complete(complete) = evidence.export.claim else { panic!("a bundle is expected") };
        complete.as_of.number()
    };
    assert_eq!((as_of(), as_of()), (3, 3));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let others = |_| event(0, says(&["+447400123457"], "hello"));
    for _ in 0..10 {
        assert_eq!(as_of(), 3);
        let recorded = runtime.block_on(bench.ledger.record_all((0..1_000).map(others).collect()));
        assert!(recorded.iter().all(Result::is_ok));
    }
    assert_eq!(as_of(), bench.ledger.head().seq.number() - 1);
}

/// Nobody changes a number here: whoever is erased has their identifiers to themselves.
#[test]
fn after_an_erasure_no_bundle_shows_an_identifier_of_the_erased() {
    let mut looked_at = 0;
    for seed in GONE {
        let dir = tempfile::tempdir().unwrap();
        let bench = Bench::open(dir.path());
        let mut dice = Dice::new(seed);
        let mut history = history(&mut dice);
        history.retain(|arrival| !matches!(arrival.record.what, What::Move { .. }));
        bench.play(&mut dice, &history);
        let contact = dice.pick(&CONTACTS);
        let before: Vec<Option<Vec<u8>>> = CONTACTS.iter().map(|contact| bench.bundle(contact)).collect();
        let erase = What::Erase { contact: who(contact), keep_suppression: dice.one_in(2) };
        let last = history.iter().map(|arrival| arrival.clock).max().unwrap();
        let erased = Arrival { clock: last, record: event((last.micros() - at(0).micros()) / 1_000_000, erase) };
        bench.play(&mut dice, &[erased]);
        for (other, before) in CONTACTS.iter().zip(&before) {
            // Who was handed a bundle before still holds it, and it still verifies.
            if let Some(before) = before {
                bench.verified(before).unwrap();
            }
            let Some(bundle) = bench.bundle(other) else { continue };
            bench.verified(&bundle).unwrap_or_else(|error| panic!("seed {seed} {other}: {error}"));
            let text = String::from_utf8(bundle).unwrap();
            assert!(!text.contains(&format!("\"{contact}\"")) || *other == contact, "seed {seed}: {other} shows {contact}: {text}");
            looked_at += 1;
        }
        bench.ledger.close();
    }
    assert!(looked_at > 30, "{looked_at}");
}
