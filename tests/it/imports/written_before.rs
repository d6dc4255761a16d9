//! A ledger from before imports: there the file that a row came from was part of its content.

use std::path::{Path, PathBuf};

use consent_ledger::consent::words::Method;
use consent_ledger::ledger::writing::record::{Evidence, Record, RecordError, What};

use crate::support::bench::{copy, event, named, open, opt_in};

fn stored() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ledger-before-imports")
}

/// A row of a file, under an event id.
fn row(id: &str, file_name: &str, text: &str) -> Record {
    let What::OptIn { contact, sender, categories, expires_at, .. } = opt_in("+447400123456") else { panic!("an opt-in") };
    let evidence =
        Evidence { text: text.into(), file_name: file_name.into(), file_line: 7, file_sha256: vec![9; 32], ..Evidence::default() };
    named(id, event(10, What::OptIn { contact, sender, categories, method: Method::Import, expires_at, evidence }))
}

#[test]
fn what_was_stored_with_its_file_in_its_content_is_known_again_from_that_file() {
    let dir = tempfile::tempdir().unwrap();
    copy(&stored(), dir.path());
    let ledger = open(dir.path());
    for (id, text) in [("bare", ""), ("proven", "Yes")] {
        assert!(ledger.record_blocking(row(id, "old.csv", text)).unwrap().duplicate, "{id}");
        let other = ledger.record_blocking(row(id, "old.csv", "something else"));
        assert!(matches!(other, Err(RecordError::EventIdReused { .. })), "{id}: {other:?}");
    }
    // What is stored now is known from any file.
    assert!(!ledger.record_blocking(row("new", "old.csv", "Yes")).unwrap().duplicate);
    assert!(ledger.record_blocking(row("new", "other.csv", "Yes")).unwrap().duplicate);
    ledger.close();
}

#[test]
#[ignore = "wrote the ledger, with the program from before imports"]
fn the_ledger_is_written() {
    assert!(!stored().exists(), "it is written once");
    let ledger = open(&stored());
    for (id, text) in [("bare", ""), ("proven", "Yes")] {
        ledger.record_blocking(row(id, "old.csv", text)).unwrap();
    }
    ledger.close();
    drop(ledger);
    std::fs::remove_dir_all(stored().join("sled")).unwrap();
}
