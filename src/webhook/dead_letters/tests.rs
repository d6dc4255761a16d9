//! The store: what survives, what is found on disk, what is gone after thirty days.

use super::*;

const PERSON: &str = "447400123456";

fn master() -> Key {
    Key::from_bytes([9; 32])
}

fn at(text: &str) -> Time {
    text.parse().unwrap()
}

fn letter(account: &str, received_at: &str, payload: &str) -> NewDeadLetter {
    NewDeadLetter {
        account: account.parse().unwrap(),
        received_at: at(received_at),
        field: "messages".into(),
        reason: "message type \"hologram\" is not known".into(),
        payload: payload.into(),
    }
}

fn open(dir: &Path, now: &str) -> DeadLetters {
    DeadLetters::open(dir, &master(), at(now)).unwrap()
}

fn payloads(letters: &DeadLetters, account: &str) -> Vec<String> {
    let account: Account = account.parse().unwrap();
    let listed = letters.list(&account).unwrap();
    listed.iter().map(|letter| String::from_utf8(letters.payload(&account, letter.id).unwrap().unwrap()).unwrap()).collect()
}

#[test]
fn letters_come_back_after_a_restart_each_to_its_account_alone() {
    let dir = tempfile::tempdir().unwrap();
    let letters = open(dir.path(), "2026-11-20T10:00:00Z");
    let new = letters.append(&[letter("default", "2026-11-20T10:00:00Z", "one"), letter("acme", "2026-11-20T10:00:01Z", "two")]).unwrap();
    assert_eq!(new, [true, true]);
    drop(letters);
    let letters = open(dir.path(), "2026-11-20T11:00:00Z");
    assert_eq!(payloads(&letters, "default"), ["one"]);
    assert_eq!(payloads(&letters, "acme"), ["two"]);
    let listed = letters.list(&"acme".parse().unwrap()).unwrap();
    assert_eq!(listed[0].reason, "message type \"hologram\" is not known");
    assert_eq!((listed[0].received_at, listed[0].payload_bytes), (at("2026-11-20T10:00:01Z"), 3));
    assert_eq!(letters.payload(&Account::default_account(), listed[0].id).unwrap(), None, "another account's letter");
}

#[test]
fn the_same_item_again_is_kept_once_also_after_a_restart_and_after_it_was_placed() {
    let dir = tempfile::tempdir().unwrap();
    let letters = open(dir.path(), "2026-11-20T10:00:00Z");
    let once = letter("default", "2026-11-20T10:00:00Z", "one");
    assert_eq!(letters.append(&[once.clone(), once.clone()]).unwrap(), [true, false]);
    drop(letters);
    let letters = open(dir.path(), "2026-11-20T11:00:00Z");
    assert_eq!(letters.append(&[letter("default", "2026-11-21T10:00:00Z", "one")]).unwrap(), [false]);
    let id = letters.list(&Account::default_account()).unwrap()[0].id;
    letters.resolve(&[id, id], at("2026-11-20T12:00:00Z")).unwrap();
    assert!(letters.list(&Account::default_account()).unwrap().is_empty());
    drop(letters);
    let letters = open(dir.path(), "2026-11-20T13:00:00Z");
    assert!(letters.list(&Account::default_account()).unwrap().is_empty());
    assert_eq!(letters.append(&[once]).unwrap(), [false]);
}

#[test]
fn a_torn_tail_is_cut_and_the_next_letter_stands_behind_the_last_whole_one() {
    let dir = tempfile::tempdir().unwrap();
    let letters = open(dir.path(), "2026-11-20T10:00:00Z");
    letters.append(&[letter("default", "2026-11-20T10:00:00Z", "one")]).unwrap();
    let log = dir.path().join("dead-letters/2026-11-20.log");
    let whole = std::fs::metadata(&log).unwrap().len();
    letters.append(&[letter("default", "2026-11-20T10:00:01Z", "two")]).unwrap();
    drop(letters);
    let bytes = std::fs::read(&log).unwrap();
    for cut in [whole + 1, whole + 11, bytes.len() as u64 - 1] {
        std::fs::write(&log, &bytes[..usize::try_from(cut).unwrap()]).unwrap();
        let letters = open(dir.path(), "2026-11-20T11:00:00Z");
        assert_eq!(payloads(&letters, "default"), ["one"], "cut at {cut}");
        assert_eq!(std::fs::metadata(&log).unwrap().len(), whole);
        letters.append(&[letter("default", "2026-11-20T11:00:00Z", "three")]).unwrap();
        drop(letters);
        assert_eq!(payloads(&open(dir.path(), "2026-11-20T12:00:00Z"), "default"), ["one", "three"]);
    }
    std::fs::write(&log, b"CLD").unwrap();
    assert!(payloads(&open(dir.path(), "2026-11-20T11:00:00Z"), "default").is_empty(), "torn while it was made");
    assert!(payloads(&open(dir.path(), "2026-11-20T11:00:00Z"), "default").is_empty(), "and again");
}

#[test]
fn after_thirty_whole_days_key_and_letters_are_gone() {
    let dir = tempfile::tempdir().unwrap();
    let letters = open(dir.path(), "2026-10-20T10:00:00Z");
    letters.append(&[letter("default", "2026-10-20T23:59:59Z", "old"), letter("default", "2026-10-21T00:00:00Z", "new")]).unwrap();
    assert_eq!(letters.sweep(at("2026-11-19T23:59:59Z")).unwrap(), 0);
    assert_eq!(payloads(&letters, "default"), ["old", "new"]);
    assert_eq!(letters.sweep(at("2026-11-20T00:00:00Z")).unwrap(), 1);
    assert_eq!(payloads(&letters, "default"), ["new"]);
    let mut left: Vec<_> = std::fs::read_dir(dir.path().join("dead-letters")).unwrap().map(|file| file.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["2026-10-21.key", "2026-10-21.log"]);
    drop(letters);
    assert!(payloads(&open(dir.path(), "2026-11-21T00:00:00Z"), "default").is_empty());
    assert_eq!(std::fs::read_dir(dir.path().join("dead-letters")).unwrap().count(), 0);
}

#[test]
fn nothing_of_a_letter_can_be_read_on_disk_and_only_its_owner_reads_the_key_file() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let letters = open(dir.path(), "2026-11-20T10:00:00Z");
    let payload = format!("{{\"from\":\"{PERSON}\",\"id\":\"wamid.HBgSecret\",\"text\":\"secret words\"}}");
    letters.append(&[letter("acme-account", "2026-11-20T10:00:00Z", &payload)]).unwrap();
    for file in std::fs::read_dir(dir.path().join("dead-letters")).unwrap().map(|file| file.unwrap().path()) {
        let bytes = std::fs::read(&file).unwrap();
        for word in [PERSON, "wamid.HBgSecret", "secret words", "acme-account", "hologram", "messages"] {
            assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{word} in {}", file.display());
        }
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn another_master_key_opens_nothing_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path(), "2026-11-20T10:00:00Z").append(&[letter("default", "2026-11-20T10:00:00Z", "one")]).unwrap();
    let refused = DeadLetters::open(dir.path(), &Key::from_bytes([8; 32]), at("2026-11-20T11:00:00Z"));
    assert!(matches!(refused, Err(DeadLetterError::KeyDoesNotOpen { day }) if day == "2026-11-20"));
}

#[test]
fn a_key_without_letters_is_where_a_crash_left_it_and_is_used() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path(), "2026-11-20T10:00:00Z").append(&[letter("default", "2026-11-20T10:00:00Z", "one")]).unwrap();
    std::fs::remove_file(dir.path().join("dead-letters/2026-11-20.log")).unwrap();
    let letters = open(dir.path(), "2026-11-20T10:00:00Z");
    letters.append(&[letter("default", "2026-11-20T10:00:00Z", "two")]).unwrap();
    drop(letters);
    assert_eq!(payloads(&open(dir.path(), "2026-11-20T11:00:00Z"), "default"), ["two"]);
}

#[test]
fn a_file_that_cannot_be_made_now_is_made_the_next_time() {
    let dir = tempfile::tempdir().unwrap();
    let letters = open(dir.path(), "2026-11-20T10:00:00Z");
    let one = letter("default", "2026-11-20T10:00:00Z", "one");
    // The place of the day's key, then of its log, is taken: neither can be made.
    for taken in ["2026-11-20.key.new", "2026-11-20.log.new", "2026-11-20.log"] {
        let taken = dir.path().join("dead-letters").join(taken);
        std::fs::create_dir(&taken).unwrap();
        assert!(matches!(letters.append(std::slice::from_ref(&one)), Err(DeadLetterError::Io(_))), "{}", taken.display());
        assert!(letters.keeps(), "nothing was written: it can be tried again");
        std::fs::remove_dir(&taken).unwrap();
    }
    assert_eq!(letters.append(std::slice::from_ref(&one)).unwrap(), [true]);
    drop(letters);
    assert_eq!(payloads(&open(dir.path(), "2026-11-20T11:00:00Z"), "default"), ["one"]);
}

#[test]
fn after_a_failed_write_nothing_is_kept_until_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let letters = open(dir.path(), "2026-11-20T10:00:00Z");
    letters.append(&[letter("default", "2026-11-20T10:00:00Z", "one")]).unwrap();
    let two = letter("default", "2026-11-20T10:00:01Z", "two");
    letters.break_the_disk();
    assert!(matches!(letters.append(std::slice::from_ref(&two)), Err(DeadLetterError::Io(_))));
    assert!(!letters.keeps());
    assert!(matches!(letters.append(&[letter("default", "2026-11-21T10:00:00Z", "three")]), Err(DeadLetterError::Poisoned)), "any day's");
    drop(letters);
    let letters = open(dir.path(), "2026-11-20T10:00:00Z");
    assert!(letters.keeps());
    assert_eq!(letters.append(&[two]).unwrap(), [true]);
    assert_eq!(payloads(&letters, "default"), ["one", "two"]);
}

#[test]
fn an_id_is_read_as_it_is_shown() {
    let id = LetterId([0xA7; 16]);
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_eq!("a7".parse::<LetterId>(), Err(LetterIdError));
}
