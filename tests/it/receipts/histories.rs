//! Receipts taken at random moments of random histories: what was signed, what the ledger derives later and what follows
//! from the entries alone are the same.

use std::collections::BTreeSet;
use std::ops::Range;

use consent_ledger::consent::account::Known;
use consent_ledger::consent::decide::Asked;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::Seq;
use consent_ledger::export::derive::{About, Decoded, Material, derive};
use consent_ledger::export::receipt_file::{ReceiptFile, write};
use consent_ledger::ledger::bytes::entry::Entry;
use consent_ledger::ledger::evidence::receipt::{Receipt, ReceiptQuestion, differences};
use consent_ledger::ledger::evidence::rederive::Verdict;
use consent_ledger::ledger::memory::fold;
use consent_ledger::ledger::storage::disk::RealDisk;
use consent_ledger::ledger::{Answer, Filter, Ledger, Question};

use super::Bench;
use crate::support::dice::Dice;
use crate::support::histories::{Arrival, erased_in_between, history, questions};

const HISTORIES: Range<u64> = 7_000_000..7_000_120;
const ERASED: Range<u64> = 7_100_000..7_100_080;

/// A receipt, the answer it was handed out with, and whom it is about.
struct Taken {
    question: Question,
    answer: Answer,
    receipt: Receipt,
}

/// Plays a history and takes receipts in between.
fn play(bench: &Bench, dice: &mut Dice, history: &[Arrival]) -> Vec<Taken> {
    let mut taken = Vec::new();
    for arrival in history {
        bench.set(arrival.clock);
        bench.ledger.record_blocking(arrival.record.clone()).unwrap();
        for asked in questions(dice, history, 3) {
            let template = asked.template.filter(|_| asked.asked != Asked::OptOutConfirmation);
            let question = Question { at: None, known: Known::default(), template, ..asked };
            let (answer, receipt) = bench.ask(&question);
            taken.push(Taken { question, answer, receipt });
        }
    }
    taken
}

fn entries(ledger: &Ledger) -> Vec<Decoded> {
    let all = ledger.entries(&Filter::default(), usize::MAX).unwrap();
    all.into_iter().map(|entry| Decoded { header: Entry::split(&entry.bytes).unwrap().0.header, clear: entry.clear }).collect()
}

/// The trails that an entry holds together.
fn trails_of(entry: &Decoded) -> BTreeSet<u64> {
    let (own, second) = (entry.header.link.trail, entry.header.second.trail);
    let keys = [fold::keys(&entry.clear.identifiers, own), fold::keys(&entry.clear.second_identifiers, second)].concat();
    keys.iter().map(|key| key.trail).chain([own, second]).filter(|trail| *trail != 0).collect()
}

/// The entries that a bundle about a receipt's contact would have: those of the contact's trails and of the account's.
fn material(all: &[Decoded], receipt: &Receipt) -> Vec<Decoded> {
    let mut theirs = BTreeSet::from([receipt.trail]);
    loop {
        let held = all.iter().map(trails_of).filter(|trails| !trails.is_disjoint(&theirs));
        let more: BTreeSet<u64> = held.flatten().chain(theirs.iter().copied()).collect();
        if more == theirs {
            break;
        }
        theirs = more;
    }
    theirs.insert(receipt.account);
    all.iter().filter(|entry| !trails_of(entry).is_disjoint(&theirs)).cloned().collect()
}

/// The fields in which the signed answer is not what follows from the entries alone.
fn differs_from_entries(all: &[Decoded], receipt: &Receipt) -> Vec<&'static str> {
    let own = all.iter().find(|entry| entry.header.seq == receipt.seq).unwrap();
    let named = fold::keys(&own.clear.identifiers, receipt.trail).first().copied();
    let entries = material(all, receipt);
    let about = named.map_or(About::Unknown { erased: None }, About::Identifier);
    let material = Material { entries: &entries, suppressed: &[], account: receipt.account, about };
    let question = ReceiptQuestion::of(&receipt.issued).unwrap();
    let derived = derive(&material, &question, Seq::new(receipt.issued.position_seq));
    differences(&receipt.issued, &derived.decision, derived.policy_version)
}

#[test]
fn what_was_signed_follows_from_the_ledger_and_from_the_entries_alone() {
    let (mut follow, mut changed) = (0, 0);
    for seed in HISTORIES {
        let dir = tempfile::tempdir().unwrap();
        let mut bench = Bench::open_on(dir.path(), Time::default(), RealDisk);
        let mut dice = Dice::new(seed);
        let history = history(&mut dice);
        let taken = play(&bench, &mut dice, &history);
        if seed % 10 == 0 {
            bench.ledger.close();
            drop(bench);
            bench = Bench::open_on(dir.path(), history.iter().map(|arrival| arrival.clock).max().unwrap(), RealDisk);
        }
        let (all, key) = (entries(&bench.ledger), bench.ledger.checkpoint_key().clone());
        for Taken { question, answer, receipt } in &taken {
            let contact = question.contact.as_str();
            let derived = bench.follows(receipt, Some(contact));
            assert_eq!(derived.then, *answer, "seed {seed}, entry {}", receipt.seq);
            assert_eq!(differs_from_entries(&all, receipt), Vec::<&str>::new(), "seed {seed}, entry {}", receipt.seq);
            let file = write(receipt).unwrap();
            assert!(!file.contains(contact), "seed {seed}: {file}");
            ReceiptFile::parse(&file).unwrap().verify(&key).unwrap();
            follow += 1;
            changed += usize::from(derived.hindsight.decision != derived.then.decision);
        }
        bench.ledger.close();
    }
    println!("{follow} receipts follow, {changed} look different in hindsight");
    assert!(follow > 1_000 && changed > 50, "{follow} {changed}");
}

#[test]
fn where_people_are_erased_a_receipt_follows_or_cannot_be_derived() {
    let (mut follow, mut erased) = (0, 0);
    for seed in ERASED {
        let dir = tempfile::tempdir().unwrap();
        let mut bench = Bench::open_on(dir.path(), Time::default(), RealDisk);
        let mut dice = Dice::new(seed);
        let history = erased_in_between(&mut dice);
        let taken = play(&bench, &mut dice, &history);
        if seed % 10 == 0 {
            bench.ledger.close();
            drop(bench);
            bench = Bench::open_on(dir.path(), history.iter().map(|arrival| arrival.clock).max().unwrap(), RealDisk);
        }
        for Taken { question, answer, receipt } in &taken {
            match bench.verdict(receipt, Some(question.contact.as_str())) {
                Verdict::Follows(derived) => {
                    assert_eq!(derived.then, *answer, "seed {seed}, entry {}", receipt.seq);
                    follow += 1;
                }
                Verdict::Erased => erased += 1,
                other => panic!("seed {seed}, entry {}, {}: {other:?}", receipt.seq, question.contact.as_str()),
            }
        }
        bench.ledger.close();
    }
    println!("{follow} receipts follow, {erased} cannot be derived");
    assert!(follow > 500 && erased > 60, "{follow} {erased}");
}
