//! What was handed out, and what a forger makes of it: exports, evidence bundles, receipts, proofs, checkpoints.

use std::sync::LazyLock;

use consent_ledger::export::verify::{About, Against, Report, verify};
use consent_ledger::proof::checkpoint::{self, Checkpoint};
use consent_ledger::proof::note::VerifierKey;

use super::edits::edited;

macro_rules! file {
    ($name:literal) => {
        include_bytes!(concat!("../../tests/data/evidence/", $name))
    };
}

/// Files that hold. Their keys open nothing else.
const FILES: [&[u8]; 8] = [
    file!("whole.jsonl"),
    file!("contact.jsonl"),
    file!("bundle.jsonl"),
    file!("shared.jsonl"),
    file!("receipt.json"),
    file!("entry.proof"),
    file!("grown.proof"),
    file!("latest.checkpoint"),
];

/// The key that pins them, and the checkpoints that were ever signed with it.
struct Pinned {
    key: VerifierKey,
    older: Checkpoint,
    signed: Vec<Checkpoint>,
}

static PINNED: LazyLock<Pinned> = LazyLock::new(|| {
    let Some(key) = std::str::from_utf8(file!("ledger.key")).ok().and_then(|key| key.parse::<VerifierKey>().ok()) else {
        panic!("the key is one")
    };
    let of = |file: &[u8]| std::str::from_utf8(file).ok().and_then(|note| checkpoint::verify(note, &key).ok()).map(|held| held.checkpoint);
    let Some(older) = of(file!("older.checkpoint")) else { panic!("the older checkpoint holds") };
    let mut signed = vec![older.clone()];
    for file in FILES {
        match held(file, &key, Some(&older)) {
            Ok(report) => signed.push(report.verified.checkpoint),
            Err(error) => panic!("a file that was handed out once does not hold: {error}"),
        }
    }
    Pinned { key, older, signed }
});

/// Whatever a file says, it is refused, or rests on a checkpoint that was signed, with an older checkpoint and without.
pub fn check(bytes: &[u8]) {
    let pinned = &*PINNED;
    let (mode, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let edited = FILES.get(usize::from(*mode)).map_or_else(|| rest.to_vec(), |file| edited([file], rest).concat());
    for older in [None, Some(&pinned.older)] {
        if let Ok(report) = held(&edited, &pinned.key, older) {
            let rests_on = &report.verified.checkpoint;
            assert!(pinned.signed.contains(rests_on), "nobody signed {rests_on:?}");
        }
    }
}

fn held(file: &[u8], key: &VerifierKey, older: Option<&Checkpoint>) -> Result<Report, String> {
    let consistency = older.and(std::str::from_utf8(file!("grown.proof")).ok());
    let against = Against { older, consistency, entry: Some(About::Bytes(file!("entry.bin"))) };
    verify(file, key, &against, |_, _| {}).map_err(|error| error.to_string())
}
