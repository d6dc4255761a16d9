//! Files that were handed out once and must be accepted for ever: `tests/data/evidence`.

use std::path::{Path, PathBuf};

use super::judged;
use crate::support::forger::goods::GOODS;
use crate::support::forger::judges::Case;

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/evidence")
}

#[test]
fn files_that_were_handed_out_once_are_accepted_for_ever() {
    let read = |name: &str| std::fs::read(dir().join(name)).unwrap();
    let key = String::from_utf8(read("ledger.key")).unwrap();
    let case = |name: &str| Case::new(read(name), key.trim());
    let (older, grown, entry) = (read("older.checkpoint"), read("grown.proof"), read("entry.bin"));
    judged(&[
        ("the whole log", "HOLDS", case("whole.jsonl").with_older(&older)),
        ("a contact's entries", "HOLDS", case("contact.jsonl").with_older(&older).with_consistency(&grown)),
        ("a bundle", "HOLDS", case("bundle.jsonl").with_older(&older)),
        ("a bundle with a shared trail", "HOLDS", case("shared.jsonl")),
        ("a receipt", "HOLDS", case("receipt.json")),
        ("a proof of inclusion", "HOLDS", case("entry.proof").about(&entry).with_older(&older).with_consistency(&grown)),
        ("a proof of consistency", "HOLDS", case("grown.proof").with_older(&older)),
        ("a checkpoint", "HOLDS", case("latest.checkpoint")),
    ]);
}

/// Run once, by hand: files of a format are written when it is new, never again.
#[test]
#[ignore = "writes tests/data/evidence anew, which belongs to a new version of the format"]
fn the_files_are_written() {
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir().join(name), bytes).unwrap();
    std::fs::create_dir_all(dir()).unwrap();
    write("ledger.key", format!("{}\n", GOODS.key).as_bytes());
    write("whole.jsonl", &GOODS.whole.handed_out);
    write("contact.jsonl", &GOODS.contact.handed_out);
    write("bundle.jsonl", &GOODS.bundle.handed_out);
    write("shared.jsonl", &GOODS.shared.handed_out);
    write("receipt.json", &GOODS.receipt);
    write("entry.proof", &GOODS.inclusion);
    write("entry.bin", &GOODS.entry);
    write("grown.proof", &GOODS.consistency);
    write("older.checkpoint", &GOODS.older);
    write("latest.checkpoint", &GOODS.checkpoint);
}
