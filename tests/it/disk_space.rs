//! A disk that is almost full: what can wait is refused before a write fails, what takes something back is not, and all of it
//! goes on by itself once there is room.

use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use consent_ledger::consent::words::{Permission, PlatformPreference};
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::erasure::step::{Delay, Step};
use consent_ledger::ledger::storage::disk::{Disk, DiskFile, RealDisk};
use consent_ledger::ledger::storage::space::{Free, MinFree, Room};
use consent_ledger::ledger::writing::record::{RecordError, What};
use consent_ledger::ledger::{Ledger, Options};
use consent_ledger::proto::ErrorReason;
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::bench::{adopts, at, event, link, may, moves, named, opt_in, opt_out, says, who};
use crate::support::cli::cli;
use crate::support::client::{Client, question, runtime, text};
use crate::support::server::Server;

/// What must be free, and below what nothing is recorded.
const MIN_FREE: u64 = 1 << 20;
const LAST: u64 = MIN_FREE / 4;

/// A disk with as much room as it is told.
#[derive(Clone)]
struct Roomy {
    free: Arc<AtomicU64>,
}

impl Disk for Roomy {
    fn open(&self, path: &Path, create: bool) -> io::Result<Box<dyn DiskFile>> {
        RealDisk.open(path, create)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(dir)
    }
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        RealDisk.create_dir(dir)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }
    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        RealDisk.sync_dir(dir)
    }
    fn free(&self, _: &Path) -> io::Result<Free> {
        Ok(Free { free: self.free.load(Ordering::SeqCst), of: 1 << 40 })
    }
}

struct Place {
    dir: tempfile::TempDir,
    free: Arc<AtomicU64>,
    ledger: Ledger,
}

impl Place {
    fn new(min_free: MinFree) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let free = Arc::new(AtomicU64::new(1 << 39));
        let clock = ManualClock::default();
        clock.set(at(3600));
        let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(Roomy { free: free.clone() }), Arc::new(clock));
        let options = Options { keys_ahead: 8, min_free, ..Options::new(dir.path().join("data")) };
        let ledger = Ledger::open_with(&options, &disk, &clock).unwrap();
        Self { dir, free, ledger }
    }

    fn has(&self, free: u64) {
        self.free.store(free, Ordering::SeqCst);
        self.ledger.measure_space();
    }

    fn record(&self, what: What) -> Result<(), RecordError> {
        self.ledger.record_blocking(event(10, what)).map(drop)
    }
}

fn request(contact: &str) -> What {
    What::Erasure(Step::Request { contact: who(contact), delay: Delay::DEFAULT, keep_suppression: true })
}

fn preference(preference: PlatformPreference) -> What {
    What::Preference { contact: vec![who("+447400120005")], sender: "1".parse().unwrap(), preference }
}

fn failed(code: u32) -> What {
    What::SendFailed { contact: vec![who("+447400120006")], sender: "1".parse().unwrap(), code, message_id: None }
}

#[test]
fn what_takes_something_back_is_recorded_for_longer_than_what_does_not() {
    let place = Place::new(MinFree::Bytes(MIN_FREE));
    let takes_back = |round: usize| {
        let contact = |number: usize| format!("+44740012{round}{number:03}");
        [
            opt_out(&contact(1)),
            says(&[&contact(2)], "STOP"),
            says(&[&contact(3)], "Stop. Thank you"),
            moves(&contact(4), &contact(44)),
            preference(PlatformPreference::Stop),
            failed(131_050),
            request(&contact(7)),
            What::Erase { contact: who(&contact(8)), keep_suppression: true },
        ]
    };
    let waits = || {
        [
            opt_in("+447400120011"),
            says(&["+447400120012"], "hello"),
            link("+447400120013", "GB.13"),
            preference(PlatformPreference::Resume),
            failed(1),
            adopts(consent_ledger::consent::policy::Policy::meta()),
        ]
    };
    let refused = |what: What, needed: u64| match place.record(what.clone()) {
        Err(RecordError::DiskAlmostFull { needed: told, .. }) => assert_eq!(told, needed, "{what:?}"),
        other => panic!("{what:?}: {other:?}"),
    };
    place.record(opt_in("+447400120001")).unwrap();
    place.record(opt_out("+447400120001")).unwrap();
    for (round, (free, room)) in
        [(MIN_FREE, Room::Plenty), (MIN_FREE - 1, Room::AlmostFull), (LAST - 1, Room::Last), (u64::MAX, Room::Plenty)]
            .into_iter()
            .enumerate()
    {
        place.has(free);
        assert_eq!(place.ledger.space().room, room, "{free} free");
        for what in takes_back(round) {
            place.has(free);
            match room {
                Room::Last => refused(what, LAST),
                _ => place.record(what.clone()).unwrap_or_else(|error| panic!("{what:?}: {error}")),
            }
        }
        for what in waits() {
            place.has(free);
            match room {
                Room::Plenty => place.record(what).unwrap(),
                Room::AlmostFull => refused(what, MIN_FREE),
                Room::Last => refused(what, LAST),
            }
        }
        assert_eq!(may(&place.ledger, "+447400120001"), Permission::Nothing, "checks go on");
    }
    assert!(place.ledger.poisoned().is_none());
    place.ledger.close();
}

#[test]
fn what_was_recorded_before_is_answered_however_full_the_disk_and_commits_count_before_it_is_measured() {
    let place = Place::new(MinFree::Bytes(MIN_FREE));
    let record = named("once", event(5, opt_in("+447400120001")));
    let first = place.ledger.record_blocking(record.clone()).unwrap();
    place.has(0);
    let again = place.ledger.record_blocking(record).unwrap();
    assert_eq!((again.duplicate, again.seq), (true, first.seq));
    // Room for one commit or two, by the last measurement.
    place.has(MIN_FREE + 1_000);
    let long = || says(&["+447400120001"], &"x".repeat(500));
    assert!((0..3).map(|_| place.record(long())).any(|recorded| matches!(recorded, Err(RecordError::DiskAlmostFull { .. }))));
    place.ledger.close();
}

#[test]
fn no_snapshot_takes_the_room_that_is_kept_and_one_from_before_an_erasure_is_emptied() {
    let place = Place::new(MinFree::Bytes(MIN_FREE));
    place.record(opt_in("+447400120001")).unwrap();
    place.has(MIN_FREE - 1);
    place.ledger.close();
    assert!(!place.dir.path().join("data/snapshot").exists());
}

#[test]
fn usually_a_gibibyte_must_be_free_on_a_small_disk_a_twentieth() {
    let place = Place::new(MinFree::Usual);
    assert_eq!((place.ledger.space().min_free, place.ledger.space().last), (1 << 30, 1 << 28));
    place.ledger.close();
}

#[test]
fn a_real_file_system_that_fills_up_refuses_keeps_answering_and_goes_on_once_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let small = dir.path().join("small");
    std::fs::create_dir(&small).unwrap();
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=160m", "tmpfs", small.to_str().unwrap()]).output();
    if !mounted.is_ok_and(|mounted| mounted.status.success()) {
        eprintln!("skipped: this user may mount nothing");
        return;
    }
    let server = Server::start(&small.join("data"), &["--app-secret", "s", "--min-free", "64MiB"]);
    let runtime = runtime();
    let client = runtime.block_on(Client::connect(&server.url()));
    let opt_in = |contact: &str| runtime.block_on(client.opt_in(crate::support::client::opt_in(contact, "")));
    let until = |wanted: bool| {
        // It looks every second; a call takes milliseconds.
        for _ in 0..20_000 {
            match opt_in("+447400120002") {
                Err(status) if !wanted => return Some(status),
                Ok(_) if wanted => return None,
                _ => {}
            }
        }
        panic!("it does not change")
    };
    opt_in("+447400120001").unwrap();
    let ballast = small.join("ballast");
    std::fs::write(&ballast, vec![7; 110 << 20]).unwrap();
    let status = until(false).unwrap();
    assert_eq!(status.code(), Code::ResourceExhausted);
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "DISK_ALMOST_FULL");
    assert!(details.retry_info().unwrap().retry_delay.unwrap() >= Duration::from_secs(1));
    assert_eq!(ErrorReason::DiskAlmostFull as i32, 184);

    // A message waits with the provider, a STOP is recorded, and a message beside a STOP keeps the STOP alone.
    let deliver = |name: &str, texts: &[&str]| {
        let messages: Vec<_> = (0..).zip(texts).map(|(place, text)| message(&format!("{name}-{place}"), text)).collect();
        let value = serde_json::json!({ "metadata": { "phone_number_id": "100" }, "messages": messages });
        let body = serde_json::json!({ "object": "whatsapp_business_account",
            "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }] });
        let path = dir.path().join(name);
        std::fs::write(&path, body.to_string()).unwrap();
        cli(&["webhook", "replay", path.to_str().unwrap(), "--app-secret", "s", "--server-http", &server.http_url()])
    };
    let said = deliver("hello", &["hello"]);
    assert!(said.code != 0 && format!("{}{}", said.out, said.err).contains("503"), "{said:?}");
    assert_eq!(deliver("stop", &["STOP"]).code, 0);
    let both = deliver("both", &["hello", "stop"]);
    assert!(both.code != 0, "{both:?}");
    let log = runtime.block_on(client.log());
    let provided = log.iter().filter(|entry| entry.actor == 2).count();
    assert_eq!(provided, 4, "two messages, each with the opt-out that it caused");
    assert!(runtime.block_on(client.check(question("+447400120001", "100"))).is_ok(), "checks go on");
    assert!(runtime.block_on(client.inbound(text("+447400120001", "100", "STOP"))).is_ok());

    std::fs::remove_file(&ballast).unwrap();
    until(true);
    assert_eq!(deliver("both", &["hello", "stop"]).code, 0, "the redelivery records what waited");
    let (code, logged) = server.terminate_and_read();
    assert!(Command::new("umount").arg(&small).status().unwrap().success());
    assert_eq!(code, Some(0));
    assert!(logged.contains("the disk is almost full: only what takes something back is recorded"), "{logged}");
    assert!(logged.contains("there is room on the disk again"), "{logged}");
}

fn message(id: &str, text: &str) -> serde_json::Value {
    serde_json::json!({ "from": "447400120099", "id": format!("wamid.{id}"), "timestamp": "1772323200", "type": "text",
        "text": { "body": text } })
}
