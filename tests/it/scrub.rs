//! Damage under a ledger that serves: the scrub finds it, says where, heals what it can, and the rest is an alarm.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use consent_ledger::consent::words::Seq;
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::keys::secrets::LedgerId;
use consent_ledger::ledger::proving::verify::verify_data_dir;
use consent_ledger::ledger::scrubbing::ScrubReport;
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::storage::store::Store;
use consent_ledger::ledger::{Ledger, Options};

use crate::support::bench::{at, opt_in, put};
use crate::support::client::{self, Client, runtime};
use crate::support::server::Server;

/// How long a pass takes here, and how often it is looked whether something was found: for 20 seconds.
const EVERY: Duration = Duration::from_millis(100);
const LOOKS: u32 = 2_000;

/// The sled of a ledger that is closed.
fn store(dir: &Path) -> Store {
    let id = std::fs::read_to_string(dir.join("lock")).unwrap();
    let id = hex::decode(id.trim()).unwrap().try_into().unwrap();
    Store::open(&dir.join("sled"), LedgerId(id)).unwrap()
}

/// A ledger that scrubs itself all the time.
fn open(dir: &Path, small_bytes: u64) -> Ledger {
    let clock = ManualClock::default();
    clock.set(at(3600));
    let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), Arc::new(clock));
    let options = Options { keys_ahead: 8, segment_bytes: 10_000, scrub_every: Some(EVERY), small_bytes, ..Options::new(dir) };
    Ledger::open_with(&options, &disk, &clock).unwrap()
}

fn fill(ledger: &Ledger) {
    for number in 0..60 {
        put(ledger, number, opt_in(&format!("+4474001{number:05}")));
    }
}

fn until(ledger: &Ledger, wanted: impl Fn(&ScrubReport) -> bool) -> ScrubReport {
    for _ in 0..LOOKS {
        let report = ledger.scrub().unwrap();
        if wanted(&report) {
            return report;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("in time nothing of the kind: {:?}", ledger.scrub())
}

/// Two passes from now on nothing more was found.
fn is_quiet(ledger: &Ledger) -> ScrubReport {
    let now = ledger.scrub().unwrap();
    let later = until(ledger, |report| report.passes >= now.passes + 3);
    assert_eq!((later.faults, later.standing), (now.faults, 0), "{later:?}");
    later
}

fn segments(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let names = std::fs::read_dir(dir.join("journal")).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = names.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
    paths.sort();
    paths
}

fn closed(ledger: Ledger, dir: &Path) {
    assert_eq!(ledger.poisoned(), None);
    put(&ledger, 100, opt_in("+447400999999"));
    ledger.close();
    drop(ledger);
    let report = verify_data_dir(dir, |_, _| ()).unwrap();
    assert!(report.ok(), "{:?}", report.problems);
}

#[test]
fn a_sound_ledger_is_compared_to_its_end_again_and_again() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path(), u64::MAX);
    fill(&ledger);
    let head = ledger.head().seq;
    let report = until(&ledger, |report| report.passes > 1 && report.completed_at.is_some() && report.up_to == head);
    assert_eq!((report.faults, report.last_fault.as_ref()), (0, None));
    let report = until(&ledger, |report| report.compared_to == head && report.keys > 60);
    assert_eq!((report.began_at, report.completed_at), (Some(at(3600)), Some(at(3600))));
    closed(ledger, dir.path());
}

#[test]
fn bytes_of_a_closed_segment_that_do_not_read_are_healed_into_a_repair_segment_while_it_serves() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path(), u64::MAX);
    fill(&ledger);
    let segment = segments(dir.path(), "journal").swap_remove(0);
    assert!(segments(dir.path(), "journal").len() > 1);
    flip_in_place(&segment, usize::try_from(std::fs::metadata(&segment).unwrap().len()).unwrap() / 2);
    let report = until(&ledger, |report| report.healed == 1);
    let fault = report.last_fault.unwrap();
    assert!(fault.starts_with("entries ") && fault.contains("a repair segment was written from sled"), "{fault}");
    assert_eq!(segments(dir.path(), "repair").len(), 1);
    is_quiet(&ledger);
    closed(ledger, dir.path());
    // The journal alone is whole again.
    std::fs::remove_dir_all(dir.path().join("sled")).unwrap();
    let ledger = open(dir.path(), u64::MAX);
    closed(ledger, dir.path());
}

#[test]
fn a_key_damaged_in_one_file_is_written_again_and_one_damaged_in_both_is_an_alarm() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path(), u64::MAX);
    fill(&ledger);
    let [a, b] = ["keyring/a", "keyring/b"].map(|name| dir.path().join(name));
    let slot = |path: &Path, trail: usize| std::fs::read(path).unwrap()[trail * 64..][..64].to_vec();
    for (trail, damaged) in [(7, &b), (9, &a), (0, &b)] {
        let before = ledger.scrub().unwrap().healed;
        flip_in_place(damaged, trail * 64 + 20);
        let report = until(&ledger, |report| report.healed > before);
        let fault = report.last_fault.unwrap();
        let named = if trail == 0 { "the header of one file".to_owned() } else { format!("the key of trail {trail} was damaged") };
        assert!(fault.contains(&named), "{fault}");
        assert_eq!(slot(&a, trail), slot(&b, trail), "trail {trail}");
    }
    is_quiet(&ledger);
    flip_in_place(&a, 11 * 64 + 20);
    flip_in_place(&b, 11 * 64 + 30);
    let report = until(&ledger, |report| report.standing > 0);
    assert!(report.last_fault.unwrap().contains("the key of trail 11 is damaged in both files"));
    // It stays, and what else there is goes on.
    let later = until(&ledger, |later| later.passes > report.passes + 2);
    assert_eq!(later.standing, 1);
    assert_eq!(ledger.poisoned(), None);
    put(&ledger, 100, opt_in("+447400999999"));
    ledger.close();
}

#[test]
fn damage_of_sled_that_a_start_of_a_large_log_does_not_look_for_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(dir.path(), u64::MAX);
    // More than a start reads for the last signature.
    for _ in 0..5 {
        fill(&ledger);
    }
    ledger.close();
    drop(ledger);
    // Another ledger's entry 30, where this one's should be.
    let other = tempfile::tempdir().unwrap();
    let stranger = open(other.path(), u64::MAX);
    fill(&stranger);
    stranger.close();
    drop(stranger);
    let foreign = store(other.path()).block_with(Seq::new(30)).unwrap().unwrap();
    let own = store(dir.path());
    own.insert([&foreign]).unwrap();
    own.sync().unwrap();
    own.close();
    drop(own);
    let ledger = open(dir.path(), 0);
    assert!(!dir.path().join("sled.damaged-1").exists(), "the start saw it");
    let report = until(&ledger, |report| report.faults > 0);
    let fault = report.last_fault.unwrap();
    assert!(fault.starts_with("entries 30 to 30 differ between journal and sled"), "{fault}");
    assert!(report.standing > 0, "nobody but a person can tell which is right");
    ledger.close();
    drop(ledger);
    // A start that looks at all of it refuses, and names both.
    let refused = Ledger::open(&Options::new(dir.path())).err().unwrap().to_string();
    assert!(refused.contains("entry 30"), "{refused}");
}

#[test]
fn the_real_server_says_what_it_found_and_that_it_healed_it() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data, &["--scrub-every", "1s"]);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        for number in 0..20 {
            client.opt_in(client::opt_in(&format!("+4474001{number:05}"), "")).await.unwrap();
        }
    });
    flip_in_place(&data.join("keyring/a"), 5 * 64 + 10);
    flip_in_place(&segments(&data, "journal")[0], 2_000);
    let said =
        |logs: &str| logs.contains("the key of trail 5 was damaged in one file") && logs.contains("a repair segment was written from sled");
    let found = (0..LOOKS).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        said(&server.logs())
    });
    assert!(found, "{}", server.logs());
    let (code, logs) = server.terminate_and_read();
    assert_eq!(code, Some(0));
    assert!(logs.contains("ERROR") && logs.contains("the scrub found damage and healed it"), "{logs}");
    assert_eq!(crate::support::cli::verify(&data, 0)["journal_ok"], true);
}

/// Flips a bit of a file without cutting it, as others write to it.
fn flip_in_place(path: &Path, offset: usize) {
    use std::os::unix::fs::FileExt;
    let file = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset as u64).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], offset as u64).unwrap();
}
