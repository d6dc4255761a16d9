//! The files of a day of dead letters: its key and its log, as they were written or edited since.

use std::path::Path;

use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::Account;
use consent_ledger::ledger::bytes::seal::Key;
use consent_ledger::webhook::dead_letters::{DeadLetters, NewDeadLetter};

use super::edits::mend_letters;
use super::scratch::directory;

/// Bytes of the key's file.
const KEY_BYTES: usize = 68;

/// The day that is read, and an instant of it.
const DAY: &str = "2026-03-01";
const NOW: Time = super::caller::NOW;

/// A day opens or is refused; opened, each letter that is listed has its payload or is told as damaged, a new one is kept, and all of
/// them are there when it is opened again.
pub fn check(bytes: &[u8]) {
    let Some((mode, files)) = bytes.split_first() else { return };
    let (key, log) = files.split_at(KEY_BYTES.min(files.len()));
    let mut log = log.to_vec();
    if mode & 1 != 0 {
        mend_letters(&mut log);
    }
    let dir = directory();
    write(dir.path(), key, &log);
    let Ok(letters) = open(dir.path()) else { return };
    let Ok(account) = "default".parse::<Account>() else { return };
    let before = payloads(&letters, &account);
    let letter = NewDeadLetter {
        account: account.clone(),
        received_at: NOW,
        field: "messages".to_owned(),
        reason: "the body is not JSON".to_owned(),
        payload: bytes.to_vec(),
    };
    let kept = letters.append(std::slice::from_ref(&letter));
    assert!(kept.is_ok(), "{kept:?}");
    assert!(letters.append(&[letter]).is_ok_and(|new| new == [false]), "the same letter is kept once");
    let after = payloads(&letters, &account);
    drop(letters);
    let Ok(again) = open(dir.path()) else { panic!("what opened once opens again") };
    assert_eq!(payloads(&again, &account), after);
    if let (Some(before), Some(after)) = (before, after) {
        assert!(before.iter().all(|letter| after.contains(letter)) && after.iter().any(|(_, payload)| payload.as_deref() == Some(bytes)));
    }
}

fn write(dir: &Path, key: &[u8], log: &[u8]) {
    let dir = dir.join("dead-letters");
    let path = |ending: &str| dir.join(format!("{DAY}.{ending}"));
    let written = std::fs::create_dir(&dir).and_then(|()| std::fs::write(path("key"), key)).and_then(|()| std::fs::write(path("log"), log));
    assert!(written.is_ok(), "{written:?}");
}

fn open(dir: &Path) -> Result<DeadLetters, String> {
    DeadLetters::open(dir, &Key::from_bytes([7; 32]), NOW).map_err(|error| error.to_string())
}

/// The letters of an account by id, with what they hold; none where one of them does not open.
fn payloads(letters: &DeadLetters, account: &Account) -> Option<Vec<(String, Option<Vec<u8>>)>> {
    let listed = letters.list(account).ok()?;
    let held = |id| letters.payload(account, id).ok();
    let mut found = listed.iter().map(|letter| Some((letter.id.to_string(), held(letter.id)?))).collect::<Option<Vec<_>>>()?;
    found.sort();
    Some(found)
}
