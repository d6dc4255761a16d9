//! A whole ledger that was written once and edited since: its journal, keyring, secrets, signatures and snapshot. sled is not there and
//! is made anew.

use consent_ledger::ledger::{Filter, Ledger};

use super::edits::{edited, mend_segment, mend_snapshot};
use super::ledgers::{FIRST, ROTATED, open};
use super::scratch::directory;

/// It starts or says why not. What started has a chain without gaps, and starts again with the same log, also from the snapshot.
pub fn check(bytes: &[u8]) {
    let (mode, edits) = bytes.split_first().unwrap_or((&0, &[]));
    let files = if mode & 1 == 0 { &FIRST } else { &ROTATED };
    let [mut journal, mut snapshot, a, b, secrets, checkpoints] = edited(files.parts(), edits);
    if mode & 2 != 0 {
        mend_segment(&mut journal);
        mend_snapshot(&mut snapshot);
    }
    let dir = directory();
    files.write(dir.path(), [&journal, &snapshot, &a, &b, &secrets, &checkpoints]);
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

/// The stored bytes of every entry; none where a key of one is damaged.
fn log(ledger: &Ledger) -> Option<Vec<Vec<u8>>> {
    let entries = ledger.entries(&Filter::default(), usize::MAX).ok()?;
    for (seq, entry) in (1..).zip(&entries) {
        assert_eq!(entry.seq.number(), seq);
    }
    Some(entries.into_iter().map(|entry| entry.bytes).collect())
}
