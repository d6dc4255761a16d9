//! What fuzzers found, and what they began with, held against the same checks as there: every file of `fuzz/corpus`, and some changes of
//! them. How the targets are run for long stands in `docs/reliability.md`.

mod blind;
mod seeds;
#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::torture::campaign::Campaign;

/// A corpus stays small: it is kept for ever, and replayed with every change.
const FILES_MAX: usize = 60;
const BYTES_MAX: u64 = 200 << 10;

/// So many changes of its files go with the other tests.
const SAMPLE: usize = 30;

/// As many findings are kept of one target.
const FAILED_MAX: usize = 5;

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(path)
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// Holds every file of a target's corpus against it, then changes of them, and says what does not hold.
fn replay(target: &str) {
    let (_, check) = targets::TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    let holds = |bytes: &[u8]| catch_unwind(AssertUnwindSafe(|| check(bytes))).is_ok();
    let files = files(&folder("corpus").join(target));
    let corpus: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    let mut failed: Vec<PathBuf> = files.into_iter().zip(&corpus).filter(|(_, bytes)| !holds(bytes)).map(|(file, _)| file).collect();
    let campaign = Campaign::or(SAMPLE);
    for run in 0..campaign.runs {
        let changed = blind::changed(&mut campaign.dice(run), &corpus);
        if failed.len() < FAILED_MAX && !holds(&changed) {
            failed.push(blind::kept(target, (campaign.seed, run), &changed));
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

macro_rules! replayed {
    ($($target:ident)+) => {
        const REPLAYED: &[&str] = &[$(stringify!($target)),+];

        $(
            #[test]
            fn $target() {
                replay(stringify!($target));
            }
        )+
    };
}

mod what_was_found_in {
    use super::replay;

    replayed! {
        block checkpoint dead_letters entry export import journal json keyring keywords phones proof recovery request snapshot webhook
    }

    pub(super) const ALL: &[&str] = REPLAYED;
}

#[test]
fn every_target_has_a_program_a_small_corpus_and_a_replay() {
    let named: BTreeSet<String> = targets::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let stems = |dir: &str| files(&folder(dir)).iter().map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(named, stems("fuzz_targets"));
    assert_eq!(named, stems("corpus"));
    assert_eq!(named, what_was_found_in::ALL.iter().map(|name| (*name).to_owned()).collect());
    for target in &named {
        let files = files(&folder("corpus").join(target));
        let bytes: u64 = files.iter().map(|file| file.metadata().unwrap().len()).sum();
        assert!((1..=FILES_MAX).contains(&files.len()) && bytes <= BYTES_MAX, "{target}: {} files, {bytes} bytes", files.len());
    }
}
