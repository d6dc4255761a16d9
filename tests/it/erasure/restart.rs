//! A restart of any kind never changes an answer, and the ledger answers as the naive one does.

use std::path::Path;

use consent_ledger::consent::time::Time;
use consent_ledger::ledger::record::Record;
use consent_ledger::ledger::verify::verify_data_dir;
use consent_ledger::ledger::{Ledger, Options, Question};
use consent_ledger::scenarios::Engine;
use proptest::prelude::*;

use crate::any_order::{record, time};
use crate::erasure::{erase, forget};
use crate::restarts::{all, questions};
use crate::support::bench::{copy, try_open};
use crate::support::naive_engine::NaiveEngine;

pub type Dice = (u8, u8, u8, u8, u8, u8);

/// Events as elsewhere, and erasures.
pub fn happens(dice: Dice) -> Record {
    let contacts = ["+447400123456", "+447400123457", "GB.1", "GB.2"];
    let contact = contacts[usize::from(dice.1)];
    let what = match dice.0 {
        0..12 => return record(dice),
        14 => forget(contact),
        _ => erase(contact),
    };
    Record { what, ..record(dice) }
}

pub fn dice(kinds: u8) -> impl Strategy<Value = Dice> {
    (0u8..kinds, 0u8..4, 0u8..4, 0u8..2, 0u8..8, 0u8..8)
}

fn opened(dir: &Path, small_bytes: u64) -> Ledger {
    use consent_ledger::ledger::clock::{Clock, ManualClock};
    use consent_ledger::ledger::disk::{Disk, RealDisk};
    let clock = ManualClock::default();
    clock.set(time(20));
    let (disk, clock): (std::sync::Arc<dyn Disk>, std::sync::Arc<dyn Clock>) = (std::sync::Arc::new(RealDisk), std::sync::Arc::new(clock));
    Ledger::open_with(&Options { keys_ahead: 8, small_bytes, ..Options::new(dir) }, &disk, &clock).unwrap()
}

/// Puts the slots of erased trails back as they were in an older copy of the keyring.
pub fn put_back_erased_keys(from: &Path, to: &Path) {
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

/// Every answer but for the seqs that decided, as a line.
fn summaries(ledger: &Ledger, questions: &[Question]) -> Vec<String> {
    let summary = |question: &Question| {
        let d = ledger.check(question).unwrap().decision;
        format!("{:?} {:?} {:?} {:?} {:?}", d.permission, d.reasons, d.allowed, d.window_closes_at, d.valid_until)
    };
    questions.iter().map(summary).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_restart_of_any_kind_changes_no_answer_and_the_naive_ledger_agrees(
        dice in prop::collection::vec(dice(15), 1..14),
        restart in 0usize..14,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let first = tempfile::tempdir().unwrap();
        let mut ledger = try_open(dir.path(), time(20)).unwrap();
        let mut naive = NaiveEngine::new();
        naive.set_clock(time(20));
        for (place, dice) in dice.iter().enumerate() {
            let record = happens(*dice);
            let (real, plain) = (ledger.record_blocking(record.clone()).unwrap(), naive.record(record).unwrap());
            if place == restart {
                ledger.close();
                drop(ledger);
                copy(dir.path(), first.path());
                ledger = opened(dir.path(), 0);
            }
            let _ = (real, plain);
        }
        let times: [Time; 6] = [time(1), time(2), time(4).plus_micros(1), time(7), time(9), time(20)];
        let questions = questions(&times);
        let (before, told) = (all(&ledger, &questions), summaries(&ledger, &questions));
        for (question, told) in questions.iter().zip(&told) {
            let d = naive.check(question).unwrap().decision;
            let plain = format!("{:?} {:?} {:?} {:?} {:?}", d.permission, d.reasons, d.allowed, d.window_closes_at, d.valid_until);
            prop_assert_eq!(told, &plain, "{} {:?} at {:?}", question.contact.as_str(), question.asked, question.at);
        }
        ledger.close();
        drop(ledger);
        let data = dir.path();
        let starts: [(&str, u64, &[&str]); 5] = [
            ("from its snapshot", 0, &[]),
            ("from the whole log", u64::MAX, &[]),
            ("without sled and snapshot", u64::MAX, &["sled", "snapshot"]),
            ("from the snapshot of the restart before", 0, &["snapshot <-"]),
            ("with erased keys put back", u64::MAX, &["keyring <-"]),
        ];
        for (how, small_bytes, changes) in starts {
            for change in changes {
                match change.strip_suffix(" <-") {
                    None if data.join(change).is_dir() => std::fs::remove_dir_all(data.join(change)).unwrap(),
                    None => std::fs::remove_file(data.join(change)).unwrap(),
                    Some("snapshot") if first.path().join("snapshot").exists() => {
                        let _ = std::fs::copy(first.path().join("snapshot"), data.join("snapshot")).unwrap();
                    }
                    Some("keyring") if first.path().join("keyring").exists() => put_back_erased_keys(first.path(), data),
                    Some(_) => {}
                }
            }
            let ledger = opened(data, small_bytes);
            for (before, after) in before.iter().zip(all(&ledger, &questions)) {
                prop_assert_eq!(before, &after, "{}", how);
            }
            ledger.close();
            drop(ledger);
        }
        let report = verify_data_dir(data, |_, _| ()).unwrap();
        prop_assert!(report.ok(), "{:?}", report.problems);
    }
}
