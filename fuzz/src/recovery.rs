//! A whole ledger that was written once and edited since: its journal, keyring, secrets, signatures and snapshot. sled is not there and
//! is made anew.

use std::path::Path;
use std::sync::Arc;

use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::{Filter, Ledger, OpenError, Options};

use super::caller::NOW;
use super::edits::{edited, mend_segment, mend_snapshot};
use super::ledgers::{FIRST, ROTATED};
use super::scratch::directory;

/// It starts or says why not. What started has a chain without gaps, and starts again with the same log, also from the snapshot.
pub fn check(bytes: &[u8]) {
    let (mode, edits) = bytes.split_first().unwrap_or((&0, &[]));
    let files = if mode & 1 == 0 { &FIRST } else { &ROTATED };
    let [a, b] = files.keyring;
    let [mut journal, mut snapshot, a, b, secrets, checkpoints] =
        edited([files.journal, files.snapshot, a, b, files.secrets, files.checkpoints], edits);
    if mode & 2 != 0 {
        mend_segment(&mut journal);
        mend_snapshot(&mut snapshot);
    }
    let dir = directory();
    let written = [
        ("lock", files.lock),
        ("secrets/master.key", files.master),
        ("secrets/ledger.secrets", &secrets),
        ("keyring/a", &a),
        ("keyring/b", &b),
        ("journal/00000000000000000001.journal", &journal),
        ("snapshot", &snapshot),
        ("checkpoints", &checkpoints),
    ];
    for (name, bytes) in written.into_iter().filter(|(name, bytes)| *name == "lock" || !bytes.is_empty()) {
        write(&dir.path().join(name), bytes);
    }
    let from_snapshot = mode & 4 != 0;
    let Ok(ledger) = open(dir.path(), from_snapshot) else { return };
    let log = log(&ledger);
    ledger.close();
    drop(ledger);
    match open(dir.path(), !from_snapshot) {
        Ok(again) => {
            let same = self::log(&again);
            again.close();
            assert!(
                log.is_none() || same.is_none() || same.as_ref().is_some_and(|same| log.as_ref().is_some_and(|log| same.starts_with(log)))
            );
        }
        // A start from the snapshot looks at less than one that reads the whole log.
        Err(error) => assert!(from_snapshot, "it started once and then no more: {error}"),
    }
}

fn write(path: &Path, bytes: &[u8]) {
    let parent = path.parent().unwrap_or(path);
    let written = std::fs::create_dir_all(parent).and_then(|()| std::fs::write(path, bytes));
    assert!(written.is_ok(), "{written:?}");
}

fn open(dir: &Path, from_snapshot: bool) -> Result<Ledger, OpenError> {
    let clock = ManualClock::default();
    clock.set(NOW);
    let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), Arc::new(clock));
    let small_bytes = if from_snapshot { 0 } else { u64::MAX };
    Ledger::open_with(&Options { small_bytes, keys_ahead: 4, ..Options::new(dir) }, &disk, &clock)
}

/// The stored bytes of every entry; none where a key of one is damaged.
fn log(ledger: &Ledger) -> Option<Vec<Vec<u8>>> {
    let entries = ledger.entries(&Filter::default(), usize::MAX).ok()?;
    for (seq, entry) in (1..).zip(&entries) {
        assert_eq!(entry.seq.number(), seq);
    }
    Some(entries.into_iter().map(|entry| entry.bytes).collect())
}
