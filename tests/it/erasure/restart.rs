//! A restart of any kind never changes an answer, and the ledger answers as the rules without a disk do.

use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::decide::Decision;
use consent_ledger::consent::time::Time;
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::proving::verify::verify_data_dir;
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::{Ledger, Options, Question};

use crate::oracle::without_seqs;
use crate::restarts::all;
use crate::support::bench::copy;
use crate::support::dice::Dice;
use crate::support::histories::{questions, with_erasures};
use crate::support::rules_alone::RulesAlone;

const HISTORIES: std::ops::Range<u64> = 6_000_000..6_000_060;

/// In this one a late event comes from before two erasures of one number.
const ERASED_TWICE: u64 = 6_004_180;

/// How a ledger is started, from the whole log or its snapshot, and what was done to its files before.
type Start = (&'static str, u64, fn(&Path, &Path));

const STARTS: [Start; 5] = [
    ("from its snapshot", 0, |_, _| ()),
    ("from the whole log", u64::MAX, |_, _| ()),
    ("without sled and snapshot", u64::MAX, |dir, _| {
        std::fs::remove_dir_all(dir.join("sled")).unwrap();
        std::fs::remove_file(dir.join("snapshot")).unwrap();
    }),
    ("from an older snapshot", 0, |dir, older| assert!(std::fs::copy(older.join("snapshot"), dir.join("snapshot")).unwrap() > 0)),
    ("with erased keys put back", u64::MAX, |dir, older| put_back_erased_keys(older, dir)),
];

fn opened(dir: &Path, now: Time, small_bytes: u64) -> Ledger {
    let clock = ManualClock::default();
    clock.set(now);
    let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), Arc::new(clock));
    Ledger::open_with(&Options { keys_ahead: 8, small_bytes, ..Options::new(dir) }, &disk, &clock).unwrap()
}

/// Puts the slots of erased trails back as they were in an older copy of the keyring.
fn put_back_erased_keys(from: &Path, to: &Path) {
    for name in ["keyring/a", "keyring/b"] {
        let (old, mut new) = (std::fs::read(from.join(name)).unwrap(), std::fs::read(to.join(name)).unwrap());
        for (slot, was) in new.chunks_mut(64).zip(old.chunks(64)).skip(1) {
            if slot[0] == 2 && was[0] == 1 {
                slot.copy_from_slice(was);
            }
        }
        std::fs::write(to.join(name), new).unwrap();
    }
}

fn answers(ledger: &Ledger, asked: &[Question]) -> Vec<Decision> {
    asked.iter().map(|question| without_seqs(ledger.check(question).unwrap().decision)).collect()
}

#[test]
fn the_ledger_erases_as_the_rules_do_and_a_restart_of_any_kind_changes_no_answer() {
    for seed in HISTORIES.chain([ERASED_TWICE]) {
        let mut dice = Dice::new(seed);
        let history = with_erasures(&mut dice);
        let mut asked = questions(&mut dice, &history, 60);
        // The clock of this ledger stands: what it knew at a time is asked elsewhere.
        for question in &mut asked {
            question.known = consent_ledger::consent::account::Known::default();
        }
        let now = history.iter().map(|arrival| arrival.clock).max().unwrap();
        let restart = dice.below(history.len());
        let (dir, older) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut ledger = opened(dir.path(), now, u64::MAX);
        let mut rules = RulesAlone::default();
        for (place, arrival) in history.iter().enumerate() {
            ledger.record_blocking(arrival.record.clone()).unwrap();
            rules.record(&arrival.record, now);
            if place == restart {
                ledger.close();
                drop(ledger);
                copy(dir.path(), older.path());
                ledger = opened(dir.path(), now, 0);
            }
        }
        let wanted: Vec<Decision> = asked.iter().map(|question| without_seqs(rules.check(question))).collect();
        for ((question, wanted), given) in asked.iter().zip(&wanted).zip(answers(&ledger, &asked)) {
            assert_eq!(given, *wanted, "seed {seed}: {} {question:?}\n{history:#?}", question.contact.as_str());
        }
        let before = all(&ledger, &asked);
        ledger.close();
        drop(ledger);
        for (how, small_bytes, change) in STARTS {
            change(dir.path(), older.path());
            let ledger = opened(dir.path(), now, small_bytes);
            assert_eq!(before, all(&ledger, &asked), "seed {seed}, {how}");
            ledger.close();
        }
        assert!(verify_data_dir(dir.path(), |_, _| ()).unwrap().ok(), "seed {seed}");
    }
}
