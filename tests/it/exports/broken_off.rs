//! Exports that break off: exit code 2, and no file, whole or half.

use std::io::BufRead as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use consent_ledger::proto::ExportPiece;
use rustix::process::{Pid, Signal, kill_process};
use tonic::Status;

use super::fake_server::FakeServer;
use super::made::{entry, opted_in, pieces, sealed};
use super::{CONTACT, export, names};

fn whole() -> Vec<ExportPiece> {
    pieces((1..=300).map(|seq| entry(seq, 0, opted_in("1001", &[1]), sealed())).collect())
}

#[test]
fn a_stream_that_ends_early_or_breaks_leaves_no_file_in_any_form() {
    let without_end = FakeServer::start(|| Box::new(whole().into_iter().take(302).map(Ok)));
    let broken = FakeServer::start(|| Box::new(whole().into_iter().take(150).map(Ok).chain([Err(Status::data_loss("gone"))])));
    let empty = FakeServer::start(|| Box::new(std::iter::empty()));
    for (server, why) in [(without_end, "cut short"), (broken, "gone"), (empty, "cut short")] {
        for format in ["jsonl", "csv", "html", "consent-record"] {
            let dir = tempfile::tempdir().unwrap();
            let said = export(&server.url, &dir.path().join("out"), &["--contact", CONTACT, "--format", format]);
            assert_eq!((said.code, said.out.as_str()), (2, ""), "{format}: {said:?}");
            assert!(said.err.contains(why) && said.err.contains("no file was written"), "{format}: {}", said.err);
            assert_eq!(names(dir.path()), Vec::<String>::new(), "{format}");
        }
    }
}

#[test]
fn a_broken_export_does_not_replace_the_file_that_is_there() {
    let server = FakeServer::start(|| Box::new(whole().into_iter().take(200).map(Ok)));
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    std::fs::write(&out, "older").unwrap();
    assert_eq!(export(&server.url, &out, &["--force"]).code, 2);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "older");
    assert_eq!(names(dir.path()), ["out"]);
}

/// An export that is under way and will never end: its first entries have come, and no more do.
fn under_way(dir: &std::path::Path, url: &str) -> std::process::Child {
    let child = Command::new(env!("CARGO_BIN_EXE_consent-ledger"))
        .args(["export", "--server", url, "--format", "jsonl", "--out"])
        .arg(dir.join("out"))
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It begins to write once the server has answered.
    while names(dir).is_empty() {
        std::thread::yield_now();
    }
    child
}

/// A server whose export stands still until it goes away.
fn standing_still() -> (FakeServer, std::sync::mpsc::Sender<()>) {
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
    let server = FakeServer::start(move || {
        let wait = std::sync::Arc::clone(&wait);
        let still = std::iter::once_with(move || {
            let _ = wait.lock().unwrap().recv_timeout(Duration::from_secs(60));
            Err(Status::unavailable("going away"))
        });
        Box::new(whole().into_iter().take(100).map(Ok).chain(still))
    });
    (server, release)
}

#[test]
fn an_export_that_is_interrupted_leaves_nothing_behind() {
    for signal in [Signal::INT, Signal::TERM] {
        let (server, release) = standing_still();
        let dir = tempfile::tempdir().unwrap();
        let child = under_way(dir.path(), &server.url);
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{signal:?}: {output:?}");
        assert!(output.stderr.lines().next().unwrap().unwrap().contains("interrupted"), "{output:?}");
        assert_eq!(names(dir.path()), Vec::<String>::new());
        drop(release);
    }
}

#[test]
fn a_server_that_is_killed_leaves_no_file() {
    let (dir, server) = super::with_people();
    let url = server.url();
    let out = tempfile::tempdir().unwrap();
    server.kill();
    let said = export(&url, &out.path().join("out"), &[]);
    assert_eq!(said.code, 2, "{said:?}");
    assert_eq!(names(out.path()), Vec::<String>::new());
    drop(dir);
}
