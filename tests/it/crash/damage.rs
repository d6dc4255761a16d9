//! Damaged copies of the log: each rebuilds the other, and what neither has is named.

use std::fs;
use std::path::{Path, PathBuf};

use consent_ledger::proto::BatchCheckSendRequest;
use consent_ledger::proto::batch_check_send_item::Outcome;

use crate::support::cli::verify;
use crate::support::client::{Client, opt_in, runtime, seconds, text};
use crate::support::server::Server;

/// Contacts in every ledger here, and acts: so many at once, so many times.
const CONTACTS: usize = 40;
const ACTS: usize = 60;
const WAVES: usize = 10;

/// A cleanly stopped ledger, and what it answers.
pub struct Stopped {
    dir: tempfile::TempDir,
    answers: Vec<String>,
    head: serde_json::Value,
}

fn contact(number: usize) -> String {
    format!("+4474001{:05}", number % CONTACTS)
}

/// What the server answers about every contact, as of one instant, with what decided and the head.
fn answers(server: &Server) -> Vec<String> {
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        let contacts = (0..CONTACTS).map(contact).collect();
        let request = BatchCheckSendRequest { contacts, sender: "100".into(), at: Some(seconds(1_900_000_000)), ..Default::default() };
        let batch = client.decision.clone().batch_check_send(request).await.unwrap().into_inner();
        let answer = |outcome| match outcome {
            Some(Outcome::Decision(decision)) => format!("{decision:?}"),
            other => panic!("{other:?}"),
        };
        let mut answers: Vec<String> = batch.items.into_iter().map(|item| answer(item.outcome)).collect();
        answers.extend(client.log().await.iter().map(|entry| hex::encode(&entry.raw)));
        answers
    })
}

/// All of these acts at once, to the last acknowledgement: the next ones come in later commits, which vouch for them.
async fn act(client: &Client, numbers: std::ops::Range<usize>) {
    let mut acts = tokio::task::JoinSet::new();
    for number in numbers {
        let (client, contact) = (client.clone(), contact(number * 7));
        acts.spawn(async move {
            match number % 3 {
                0 => client.inbound(text(&contact, "100", if number % 2 == 0 { "STOP" } else { "hello" })).await,
                _ => client.opt_in(opt_in(&contact, &format!("act-{number}"))).await,
            }
        });
    }
    while let Some(done) = acts.join_next().await {
        done.unwrap().unwrap();
    }
}

impl Stopped {
    /// A ledger of several commits that fill many blocks.
    fn new() -> Self {
        Self::with_waves(WAVES, ACTS)
    }

    /// A ledger whose journal is smaller than a block.
    pub fn small() -> Self {
        Self::with_waves(1, 4)
    }

    fn with_waves(waves: usize, acts: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let server = Server::start(&data, &[]);
        runtime().block_on(async {
            let client = Client::connect(&server.url()).await;
            for wave in 0..waves {
                act(&client, wave * acts..(wave + 1) * acts).await;
            }
        });
        let answers = answers(&server);
        assert_eq!(server.terminate().code(), Some(0));
        let head = verify(&data, 0)["head"].clone();
        Self { dir, answers, head }
    }

    /// A copy of its data directory.
    pub fn copy(&self, name: &str) -> PathBuf {
        let copy = self.dir.path().join(name);
        copy_dir(&self.dir.path().join("data"), &copy);
        copy
    }

    /// It serves, answers as before, and both copies are whole after a clean stop.
    pub fn assert_whole(&self, data: &Path, how: &str) {
        let server = Server::start(data, &[]);
        assert!(answers(&server) == self.answers, "{how}: other answers than before");
        assert_eq!(server.terminate().code(), Some(0), "{how}");
        let report = verify(data, 0);
        assert_eq!((&report["store_ok"], &report["head"]), (&true.into(), &self.head), "{how}");
    }
}

pub fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() { copy_dir(&entry.path(), &target) } else { assert!(fs::copy(entry.path(), target).is_ok()) }
    }
}

pub fn flip(path: &Path, offset: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[offset] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

/// The one segment of the journal.
pub fn segment(data: &Path) -> PathBuf {
    let mut segments = with_ending(&data.join("journal"), "journal");
    assert_eq!(segments.len(), 1);
    segments.remove(0)
}

fn with_ending(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    names.filter(|path| path.extension().is_some_and(|found| found == ending)).collect()
}

fn length(path: &Path) -> usize {
    usize::try_from(fs::metadata(path).unwrap().len()).unwrap()
}

#[test]
fn a_sled_that_was_deleted_is_rebuilt_from_the_journal() {
    let ledger = Stopped::new();
    let data = ledger.copy("deleted");
    fs::remove_dir_all(data.join("sled")).unwrap();
    ledger.assert_whole(&data, "sled deleted");
}

#[test]
fn one_byte_of_sled_flipped_anywhere_changes_no_answer() {
    let ledger = Stopped::new();
    let written = ledger.dir.path().join("data/sled/db");
    let length = length(&written);
    // Deterministic, and spread over the part that was written to.
    let positions = (0..8_usize).map(|place| (place * length / 8 + 977 * (place + 1)) % length);
    for position in positions.chain([0, 20]) {
        let data = ledger.copy(&format!("sled-{position}"));
        flip(&data.join("sled/db"), position);
        ledger.assert_whole(&data, &format!("byte {position} of sled's db flipped"));
    }
    let data = ledger.copy("conf");
    flip(&data.join("sled/conf"), 5);
    ledger.assert_whole(&data, "a byte of sled's conf flipped");
}

#[test]
fn a_journal_cut_after_a_clean_stop_is_completed_from_sled() {
    let ledger = Stopped::new();
    let data = ledger.copy("cut");
    let journal = fs::OpenOptions::new().write(true).open(segment(&data)).unwrap();
    journal.set_len(journal.metadata().unwrap().len() - 4_096).unwrap();
    let report = verify(&data, 1);
    assert_eq!(report["journal_ok"], false, "the cut took entries: {report}");
    ledger.assert_whole(&data, "4 KiB cut off the journal");
    fs::remove_dir_all(data.join("sled")).unwrap();
    ledger.assert_whole(&data, "what was appended to the journal stands alone");
}

#[test]
fn one_byte_of_the_journal_flipped_is_healed_into_a_repair_segment() {
    let ledger = Stopped::new();
    let length = length(&segment(&ledger.dir.path().join("data")));
    for (how, position) in [("a block", length / 2), ("the first frame's header", 72 + 9), ("late", length - 6_000)] {
        let data = ledger.copy(&format!("journal-{position}"));
        flip(&segment(&data), position);
        let damaged = fs::read(segment(&data)).unwrap();
        ledger.assert_whole(&data, &format!("byte {position} of the journal flipped, in {how}"));
        assert_eq!(with_ending(&data.join("journal"), "repair").len(), 1, "{how}");
        assert!(fs::read(segment(&data)).unwrap().starts_with(&damaged[..damaged.len().min(position + 1)]), "the damaged original stays");
        fs::remove_dir_all(data.join("sled")).unwrap();
        ledger.assert_whole(&data, &format!("byte {position} of the journal flipped, sled deleted after it was healed"));
    }
}

/// Flips the same byte of the log in the journal and in sled.
fn flip_in_both(data: &Path, position: usize) {
    let journal = fs::read(segment(data)).unwrap();
    let around = &journal[position - 16..position + 16];
    let db = fs::read(data.join("sled/db")).unwrap();
    let copies: Vec<usize> = (0..db.len() - around.len()).filter(|at| &db[*at..*at + around.len()] == around).collect();
    assert!(!copies.is_empty(), "sled holds the same bytes");
    flip(&segment(data), position);
    for copy in copies {
        flip(&data.join("sled/db"), copy + 16);
    }
}

/// It does not serve, says which entries are lost, says so again when asked again, and verify finds it too.
fn assert_refused(data: &Path) {
    for _ in 0..2 {
        let said = Server::try_start(data, &[]).err().expect("it serves without them");
        assert!(said.contains("exit status: 2"), "{said}");
        assert!(said.contains("error: ") && said.contains("are in neither the journal nor sled, but were durable"), "{said}");
        let named = said.split("entries ").nth(1).unwrap().split_whitespace().next().unwrap();
        assert!(named.parse::<u64>().unwrap() > 1, "{said}");
    }
    assert_eq!(verify(data, 1)["journal_ok"], false);
}

#[test]
fn entries_that_both_copies_lost_are_named_and_nothing_is_served() {
    let ledger = Stopped::new();
    let data = ledger.copy("both");
    flip_in_both(&data, length(&segment(&data)) / 2);
    assert_refused(&data);
}

#[test]
fn a_last_commit_that_both_copies_lost_after_a_clean_stop_is_named_too() {
    let ledger = Stopped::new();
    let data = ledger.copy("last");
    flip_in_both(&data, length(&segment(&data)) - 2_000);
    assert_refused(&data);
}

#[test]
fn a_second_server_on_the_same_data_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let first = Server::start(&data, &[]);
    let said = Server::try_start(&data, &[]).err().expect("it is refused");
    assert!(said.contains("exit status: 2") && said.contains("is in use by another process"), "{said}");
    assert!(answers(&first).len() > CONTACTS, "the first serves on");
    assert_eq!(first.terminate().code(), Some(0));
}
