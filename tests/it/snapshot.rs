//! Snapshots: a start from one answers as a start from the whole log does, and a wrong one is left out.

use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::decide::Asked;
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, Categories, Category, InboundKind, Method};
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::keys::secrets::LedgerId;
use consent_ledger::ledger::memory::packed::put_varint;
use consent_ledger::ledger::starting::snapshot;
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::{Actor, Evidence, Record, What};
use consent_ledger::ledger::{Ledger, Options, Question};

const NOON: Time = Time::from_micros(1_790_000_000_000_000);

fn open(dir: &Path, small_bytes: u64) -> Ledger {
    let clock = ManualClock::default();
    clock.set(NOON.plus_hours(1));
    let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), Arc::new(clock));
    Ledger::open_with(&Options { small_bytes, keys_ahead: 64, ..Options::new(dir) }, &disk, &clock).unwrap()
}

fn contact(n: u32) -> Identifier {
    format!("+1201555{n:04}").parse().unwrap()
}

fn record(ledger: &Ledger, event_id: &str, at: Time, what: What) {
    let event_id = Some(event_id.parse().unwrap());
    let record = Record { account: Account::default_account(), actor: Actor::LOCAL, event_id, occurred_at: Some(at), what };
    assert!(!ledger.record_blocking(record).unwrap().duplicate);
}

fn opt_in(n: u32) -> What {
    let categories = Categories::NONE.with(Category::Marketing).with(Category::Utility);
    let evidence = Evidence { text: "yes, send me offers".into(), ..Evidence::default() };
    What::OptIn { contact: contact(n), sender: None, categories, method: Method::Website, expires_at: None, evidence }
}

fn message(n: u32, text: &str) -> What {
    What::Inbound {
        contact: vec![contact(n), format!("US.{n}").parse().unwrap()],
        sender: "100".parse().unwrap(),
        kind: InboundKind::Text,
        text: Some(text.into()),
        payload: None,
        message_id: None,
    }
}

/// Opt-ins, messages, stops and moves of forty contacts.
fn history(ledger: &Ledger, from: u32) {
    for n in from..from + 40 {
        record(ledger, &format!("in-{n}"), NOON, opt_in(n));
        record(ledger, &format!("msg-{n}"), NOON.plus_micros(1), message(n, if n % 3 == 0 { "STOP" } else { "hello" }));
        if n % 5 == 0 {
            record(
                ledger,
                &format!("move-{n}"),
                NOON.plus_micros(2),
                What::Move { from: contact(n), to: contact(n + 500), message_id: None },
            );
        }
    }
}

fn answers(ledger: &Ledger) -> Vec<String> {
    let asked = [Asked::Anything, Asked::For(Category::Marketing), Asked::For(Category::Utility)];
    let ask = |(n, asked)| {
        let question = Question {
            account: Account::default_account(),
            contact: contact(n),
            sender: "100".parse().unwrap(),
            asked,
            at: None,
            min_position: None,
            template: None,
            known: consent_ledger::consent::account::Known::default(),
        };
        format!("{:?}", ledger.check(&question).unwrap())
    };
    (0..600).flat_map(|n| asked.map(|asked| (n, asked))).map(ask).collect()
}

/// A ledger that was closed with a snapshot, and its answers.
fn closed() -> (tempfile::TempDir, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path(), 0);
    history(&ledger, 0);
    let before = answers(&ledger);
    ledger.close();
    (dir, before)
}

#[test]
fn a_start_from_a_snapshot_and_one_from_the_whole_log_answer_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path(), 0);
    history(&ledger, 0);
    ledger.close();
    assert!(dir.path().join("snapshot").exists());
    let ledger = open(dir.path(), 0);
    history(&ledger, 100);
    let before = answers(&ledger);
    ledger.close();
    for small_bytes in [0, u64::MAX] {
        let ledger = open(dir.path(), small_bytes);
        assert_eq!(answers(&ledger), before, "with small_bytes {small_bytes}");
        ledger.close();
    }
    std::fs::remove_file(dir.path().join("snapshot")).unwrap();
    let ledger = open(dir.path(), 0);
    assert_eq!(answers(&ledger), before, "without a snapshot");
    let again = Record {
        account: Account::default_account(),
        actor: Actor::LOCAL,
        event_id: Some("in-7".parse().unwrap()),
        occurred_at: Some(NOON),
        what: opt_in(7),
    };
    assert!(ledger.record_blocking(again).unwrap().duplicate, "event ids outlive snapshots");
    ledger.close();
}

#[test]
fn a_tail_behind_the_snapshot_is_folded_in() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path(), 0);
    history(&ledger, 0);
    ledger.close();
    let old = std::fs::read(dir.path().join("snapshot")).unwrap();
    let ledger = open(dir.path(), 0);
    history(&ledger, 100);
    let before = answers(&ledger);
    ledger.close();
    std::fs::write(dir.path().join("snapshot"), old).unwrap();
    let ledger = open(dir.path(), 0);
    assert_eq!(answers(&ledger), before);
    ledger.close();
}

#[test]
fn a_snapshot_that_is_damaged_anywhere_changes_no_answer() {
    let (dir, before) = closed();
    let path = dir.path().join("snapshot");
    let whole = std::fs::read(&path).unwrap();
    for place in [0, 5, 20, 24, 30, 40, 66, 70, whole.len() / 2, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x40;
        std::fs::write(&path, &damaged).unwrap();
        let ledger = open(dir.path(), 0);
        assert_eq!(answers(&ledger), before, "byte {place}");
        ledger.close();
    }
    std::fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    let ledger = open(dir.path(), 0);
    assert_eq!(answers(&ledger), before, "torn");
    ledger.close();
}

#[test]
fn a_trail_with_a_number_beyond_the_bytes_of_its_snapshot_is_no_trail() {
    let (dir, before) = closed();
    let path = dir.path().join("snapshot");
    let whole = std::fs::read(&path).unwrap();
    let id = LedgerId(whole[8..24].try_into().unwrap());
    let (chunks, end) = whole.split_at(whole.len() - 9);
    for (number, reads) in [(90, true), (whole.len() as u64 * 2, false), (u64::MAX, false)] {
        let mut content = Vec::new();
        put_varint(&mut content, number);
        // Account, last entry, how many, identifiers, group, facts.
        content.extend([1, 1, 1, 1, 0, 0]);
        let (length, crc) = (u32::try_from(content.len()).unwrap(), crc32c::crc32c(&content));
        let forged = [chunks, &[3], &length.to_be_bytes(), &crc.to_be_bytes(), &content, end].concat();
        std::fs::write(&path, forged).unwrap();
        assert_eq!(snapshot::read(&RealDisk, &path, id).is_some(), reads, "trail {number}");
    }
    let ledger = open(dir.path(), 0);
    assert_eq!(answers(&ledger), before);
    ledger.close();
}

#[test]
fn a_log_that_ends_before_its_snapshot_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let ledger = open(dir.path(), u64::MAX);
    history(&ledger, 0);
    ledger.close();
    let yesterday = |name: &str| {
        let status = std::process::Command::new("cp").arg("-a").arg(dir.path().join(name)).arg(copy.path()).status().unwrap();
        assert!(status.success());
    };
    yesterday("journal");
    yesterday("sled");
    let ledger = open(dir.path(), u64::MAX);
    history(&ledger, 100);
    ledger.close();
    for name in ["journal", "sled"] {
        std::fs::remove_dir_all(dir.path().join(name)).unwrap();
        std::fs::rename(copy.path().join(name), dir.path().join(name)).unwrap();
    }
    let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), Arc::new(ManualClock::default()));
    let refused = Ledger::open_with(&Options::new(dir.path()), &disk, &clock).err().unwrap().to_string();
    assert!(refused.contains("are in neither the journal nor sled"), "{refused}");
}

#[test]
fn a_keyring_of_yesterday_is_refused_from_the_snapshot_as_from_the_whole_log() {
    let dir = tempfile::tempdir().unwrap();
    let yesterday = tempfile::tempdir().unwrap();
    let ledger = open(dir.path(), 0);
    history(&ledger, 0);
    ledger.close();
    drop(ledger);
    crate::support::bench::copy(&dir.path().join("keyring"), yesterday.path());
    let ledger = open(dir.path(), 0);
    history(&ledger, 100);
    ledger.close();
    drop(ledger);
    let today = tempfile::tempdir().unwrap();
    crate::support::bench::copy(&dir.path().join("keyring"), today.path());
    // Both files, or one; as they were, or so short that some contacts have no key in them.
    let both: &[&str] = &["a", "b"];
    for (names, cut) in [(both, None), (both, Some(20)), (&["a"], None), (&["b"], None)] {
        for name in ["a", "b"] {
            std::fs::copy(today.path().join(name), dir.path().join("keyring").join(name)).unwrap();
        }
        for name in names {
            let mut bytes = std::fs::read(yesterday.path().join(name)).unwrap();
            bytes.truncate(cut.map_or(bytes.len(), |slots| slots * 64));
            std::fs::write(dir.path().join("keyring").join(name), bytes).unwrap();
        }
        for small_bytes in [0, u64::MAX] {
            let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), Arc::new(ManualClock::default()));
            let options = Options { small_bytes, keys_ahead: 64, ..Options::new(dir.path()) };
            let refused = Ledger::open_with(&options, &disk, &clock).err().expect("it starts with keys of yesterday").to_string();
            assert!(["entry ", "older than the log", "in each file"].iter().any(|named| refused.contains(named)), "{names:?}: {refused}");
        }
    }
}
