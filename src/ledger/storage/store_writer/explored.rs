//! What waits for sled, under many schedules: a block that was handed over is found in memory or in sled at every moment, and the
//! committer waits for ever in none.

use std::collections::BTreeSet;

use shuttle::sync::atomic::{AtomicU64, Ordering};
use shuttle::sync::{Mutex, mpsc};
use shuttle::thread;

use super::*;
use crate::sync::schedules;

const COMMITS: u64 = 4;

fn block(seq: u64) -> Arc<Block> {
    Arc::new(Block::new(Seq::new(seq), 1, &[7; 100]))
}

/// The store thread takes so many commits and then ends, as where sled fails. It puts each into sled before it no longer waits, or
/// after that, which is wrong.
fn hand_over(taken: u64, first_into_sled: bool) {
    let pending = Arc::new(Pending::default());
    let stored = Arc::new(Mutex::new(BTreeSet::new()));
    let durable = Arc::new(AtomicU64::new(0));
    let (commits, waiting) = mpsc::channel::<Arc<Block>>();
    let store = thread::spawn({
        let (over, stored) = (Over(pending.clone()), stored.clone());
        move || {
            for _ in 0..taken {
                let Ok(block) = waiting.recv() else { break };
                let seq = block.first().number();
                if !first_into_sled {
                    over.0.remove(1, std::slice::from_ref(&block));
                }
                stored.lock().unwrap().insert(seq);
                if first_into_sled {
                    over.0.remove(1, &[block]);
                }
            }
        }
    });
    let reader = thread::spawn({
        let (pending, stored, durable) = (pending.clone(), stored.clone(), durable.clone());
        move || {
            for _ in 0..COMMITS {
                let seq = durable.load(Ordering::SeqCst);
                let found = pending.block_with(Seq::new(seq)).is_some() || stored.lock().unwrap().contains(&seq);
                assert!(seq == 0 || found, "entry {seq} is nowhere");
            }
        }
    });
    for seq in 1..=COMMITS {
        pending.add(&[block(seq)]);
        let waits = pending.lag();
        assert!(waits.commits <= 1 || pending.is_over(), "{waits:?} wait where one may");
        let _ = commits.send(block(seq));
        durable.store(seq, Ordering::SeqCst);
    }
    drop(commits);
    store.join().unwrap();
    reader.join().unwrap();
    let waits = pending.lag();
    assert_eq!(waits.commits as u64, COMMITS - taken, "{waits:?}");
    assert_eq!(waits.bytes == 0, taken == COMMITS);
}

#[test]
fn what_waits_for_sled_is_found_and_nobody_waits_for_ever() {
    for taken in 0..=COMMITS {
        shuttle::check_random(move || hand_over(taken, true), schedules(2_000));
    }
}

#[test]
#[should_panic(expected = "is nowhere")]
fn a_block_that_is_nowhere_for_a_moment_is_found() {
    shuttle::check_random(|| hand_over(COMMITS, false), schedules(2_000));
}
