//! Files that are gone or cut to nothing: what is left rebuilds them, and what nothing can rebuild is never begun anew.

use std::fs;

use super::damage::{Stopped, flip, segment};
use crate::support::cli::verify;
use crate::support::server::Server;

#[test]
fn a_journal_cut_to_less_than_its_header_is_completed_from_sled() {
    let ledger = Stopped::small();
    for left in [0, 40, 72, 100] {
        let data = ledger.copy(&format!("left-{left}"));
        fs::OpenOptions::new().write(true).open(segment(&data)).unwrap().set_len(left).unwrap();
        ledger.assert_whole(&data, &format!("{left} bytes left of the journal"));
        fs::remove_dir_all(data.join("sled")).unwrap();
        ledger.assert_whole(&data, &format!("{left} bytes left of the journal, sled deleted after it was completed"));
    }
}

#[test]
fn a_damaged_segment_header_is_written_again() {
    let ledger = Stopped::small();
    for position in [0, 10, 30, 40, 70] {
        let data = ledger.copy(&format!("header-{position}"));
        flip(&segment(&data), position);
        ledger.assert_whole(&data, &format!("byte {position} of the journal flipped"));
        assert_eq!(fs::read(segment(&data)).unwrap(), fs::read(segment(&ledger.copy(&format!("good-{position}")))).unwrap());
    }
}

#[test]
fn a_journal_that_is_gone_is_written_again_from_sled() {
    let ledger = Stopped::small();
    let data = ledger.copy("gone");
    fs::remove_dir_all(data.join("journal")).unwrap();
    ledger.assert_whole(&data, "journal deleted");
}

#[test]
fn a_log_that_is_gone_from_both_is_not_begun_anew_over_its_keys() {
    let ledger = Stopped::small();
    let data = ledger.copy("empty");
    fs::remove_dir_all(data.join("journal")).unwrap();
    fs::remove_dir_all(data.join("sled")).unwrap();
    let said = Server::try_start(&data, &[]).err().expect("it begins anew");
    assert!(said.contains("exit status: 2") && said.contains("entries 1 to "), "{said}");
    // Put back, it is whole: its keys were not overwritten.
    let whole = ledger.copy("whole");
    for dir in ["journal", "sled"] {
        let _ = fs::remove_dir_all(data.join(dir));
        fs::rename(whole.join(dir), data.join(dir)).unwrap();
    }
    ledger.assert_whole(&data, "put back");
    verify(&data, 0);
}

#[test]
fn secrets_that_are_gone_are_not_made_anew() {
    let ledger = Stopped::small();
    let data = ledger.copy("secrets");
    fs::remove_dir_all(data.join("secrets")).unwrap();
    let said = Server::try_start(&data, &[]).err().expect("it serves without its secrets");
    assert!(said.contains("exit status: 2") && said.contains("secrets/master.key is missing"), "{said}");
    assert!(!data.join("secrets/master.key").exists());
}

#[test]
fn one_file_of_the_keyring_is_enough_and_the_other_is_made_whole() {
    let ledger = Stopped::small();
    // A slot, the header, all of it; each once in either file.
    for (name, other) in [("a", "b"), ("b", "a")] {
        for position in [Some(64 * 2 + 20), Some(10), None] {
            let data = ledger.copy(&format!("keyring-{name}-{position:?}"));
            let path = data.join("keyring").join(name);
            match position {
                Some(position) => flip(&path, position),
                None => fs::remove_file(&path).unwrap(),
            }
            ledger.assert_whole(&data, &format!("keyring {name}, {position:?}"));
            // Now the other may go.
            fs::remove_file(data.join("keyring").join(other)).unwrap();
            ledger.assert_whole(&data, &format!("keyring {name}, {position:?}, then {other} deleted"));
        }
    }
}
