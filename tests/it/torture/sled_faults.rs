//! sled's own writes, syncs, renames and reads fail under the real binary, by a small library that is loaded before C's
//! (`tests/torture/sled_faults.c`, compiled here). Whatever comes of it, the journal has every acknowledged record, a failed
//! sync is not tried again, and nothing hangs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::book::{Book, Sent};
use super::campaign::{Campaign, Counts};
use crate::support::bench::copy;
use crate::support::cli::verify;
use crate::support::client::{Client, opt_in, runtime, text};
use crate::support::preload::compiled;
use crate::support::server::Server;

/// How many faults go with the other tests.
const SAMPLE: usize = 15;

/// What comes of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Nobody notices.
    GoesOn,
    /// The server ends with exit code 2; the next start has everything.
    Stops,
    /// It does not start, once; the next start has everything.
    Refuses,
}

use Outcome::{GoesOn, Refuses, Stops};

/// A call of sled's, how it fails, and what may come of it: that depends on whether it starts, serves or closes.
struct Row {
    call: &'static str,
    how: &'static [&'static str],
    outcomes: &'static [Outcome],
    why: &'static str,
}

const ROWS: [Row; 6] = [
    Row {
        call: "pwrite",
        how: &["eio", "enospc", "short", "done"],
        outcomes: &[GoesOn, Stops],
        why: "while it serves, it stops; while it starts, sled is put aside and rebuilt; while it closes, the journal has everything",
    },
    Row { call: "sync_file_range", how: &["eio", "done"], outcomes: &[GoesOn, Stops], why: "the same" },
    Row {
        call: "fdatasync",
        how: &["eio", "done"],
        outcomes: &[GoesOn, Stops, Refuses],
        why: "our own sync of sled's file, never tried again",
    },
    Row { call: "fsync", how: &["eio", "done"], outcomes: &[GoesOn], why: "of sled's snapshots, and as it closes" },
    Row { call: "rename", how: &["eio", "done"], outcomes: &[GoesOn], why: "of sled's snapshots" },
    Row {
        call: "pread",
        how: &["eio", "wrong"],
        outcomes: &[GoesOn],
        why: "while it starts, sled is put aside or healed block by block; while it serves, the journal answers",
    },
];

/// One fault.
struct Fault<'a> {
    library: &'a Path,
    call: &'a str,
    at: usize,
    how: &'a str,
}

impl Fault<'_> {
    fn start(&self, data: &Path) -> Result<Server, String> {
        let (at, told) = (self.at.to_string(), told_in(data));
        let variables = [
            ("LD_PRELOAD", self.library.to_str().unwrap()),
            ("SLED_FAULT_CALL", self.call),
            ("SLED_FAULT_AT", &at),
            ("SLED_FAULT_HOW", self.how),
            ("SLED_FAULT_TOLD", told.to_str().unwrap()),
        ];
        Server::try_start_with(data, &[], &variables)
    }
}

fn told_in(data: &Path) -> PathBuf {
    data.with_extension("told")
}

/// How often the call was made, and whether it failed.
fn told(data: &Path) -> (usize, bool) {
    let told = std::fs::read_to_string(told_in(data)).unwrap_or_default();
    (told.lines().filter(|line| *line == "called").count(), told.lines().any(|line| line == "failed"))
}

/// Records until the server refuses; what was acknowledged stands in the book.
async fn record(client: &Client, book: &Book, name: &str) {
    for number in 0..60 {
        let who = format!("+4474003{:05}", number % 12);
        let event_id = format!("{name}-{number}");
        let sent = if number % 4 == 3 {
            Sent::Inbound(consent_ledger::proto::RecordInboundMessageRequest { event_id, ..text(&who, "100", "STOP") })
        } else {
            Sent::OptIn(opt_in(&who, &event_id))
        };
        let Ok(acknowledgement) = sent.send(client).await else { return };
        book.acknowledged(&acknowledgement);
    }
}

/// How often a call was made until the server was ready, and until it had ended; whether it failed.
#[derive(Clone, Copy)]
struct Calls {
    starting: usize,
    all: usize,
    failed: bool,
}

/// A run with a fault: what came of it.
fn run(fault: &Fault<'_>, prepared: &Path) -> (Outcome, Calls) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    copy(prepared, &data);
    let book = Arc::new(Book::default());
    let mut starting = 0;
    let outcome = match fault.start(&data) {
        Err(said) => {
            assert!(said.contains("exit status: 2") && said.contains("error: "), "it does not start and does not say why: {said}");
            Refuses
        }
        Ok(server) => {
            starting = told(&data).0;
            runtime().block_on(async { record(&Client::connect(&server.url()).await, &book, "faulty").await });
            // A write or sync that failed while it served ends it; nothing else does.
            let ends = fault.at > starting && told(&data).1 && ["pwrite", "sync_file_range", "fdatasync"].contains(&fault.call);
            let status = if ends { server.ended() } else { server.terminate() };
            match status.code() {
                Some(0) => GoesOn,
                Some(2) => Stops,
                _ => panic!("it hangs or crashes: {status}"),
            }
        }
    };
    let server = Server::start(&data, &[]);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        book.examine(&client, true).await.unwrap();
        record(&client, &book, "after").await;
        book.examine(&client, true).await.unwrap();
    });
    assert_eq!(server.terminate().code(), Some(0));
    let report = verify(&data, 0);
    assert_eq!((&report["ok"], &report["store_ok"]), (&true.into(), &true.into()), "{report}");
    let (all, failed) = told(&data);
    (outcome, Calls { starting, all, failed })
}

/// A ledger that was closed in order.
fn prepared(dir: &Path) -> PathBuf {
    let data = dir.join("prepared");
    let server = Server::start(&data, &[]);
    runtime().block_on(async { record(&Client::connect(&server.url()).await, &Book::default(), "before").await });
    assert_eq!(server.terminate().code(), Some(0));
    data
}

#[test]
fn faults_of_sled_lose_nothing_and_come_to_what_the_table_says() {
    let dir = tempfile::tempdir().unwrap();
    let Some(library) = compiled("sled_faults.c", dir.path()) else { return };
    let prepared = prepared(dir.path());
    let campaign = Campaign::or(SAMPLE);
    let (mut counts, mut wrong) = (Counts::default(), Vec::new());
    let calls = ROWS.each_ref().map(|row| run(&Fault { library: &library, call: row.call, at: 0, how: "eio" }, &prepared).1);
    for (row, calls) in ROWS.iter().zip(calls) {
        assert!(calls.all > 0, "sled never calls {}", row.call);
        counts.add(format!("calls of {} while it starts, and later", row.call), calls.all);
    }
    let ways: Vec<(usize, &str)> = ROWS.iter().enumerate().flat_map(|(place, row)| row.how.iter().map(move |how| (place, *how))).collect();
    for number in 0..campaign.runs {
        let mut dice = campaign.dice(number);
        let (place, how) = ways[number % ways.len()];
        let row = &ROWS[place];
        let Calls { starting, all, .. } = calls[place];
        // While it starts; soon after; at any time.
        let at = match dice.below(4) {
            0 => 1 + dice.below(starting.max(1)),
            1 | 2 => starting + 1 + dice.below(1 + (all - starting) / 3),
            _ => 1 + dice.below(all),
        };
        let (outcome, Calls { failed, .. }) = run(&Fault { library: &library, call: row.call, at, how }, &prepared);
        if !failed {
            counts.one("not reached");
            continue;
        }
        counts.one(format!("{} {how}: {outcome:?}", row.call));
        if !row.outcomes.contains(&outcome) {
            wrong.push(format!("{} number {at} {how}: {outcome:?} instead of one of {:?}", row.call, row.outcomes));
        }
    }
    counts.print("faults of sled", campaign);
    assert!(wrong.is_empty(), "seed {}\n{}", campaign.seed, wrong.join("\n"));
}

/// Runs with the long campaigns: it takes the minute after which a call into sled counts as stuck.
#[test]
fn a_sled_that_never_comes_back_ends_the_server_within_minutes_and_loses_nothing() {
    if std::env::var_os("TORTURE_RUNS").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let Some(library) = compiled("sled_faults.c", dir.path()) else { return };
    let data = dir.path().join("data");
    copy(&prepared(dir.path()), &data);
    let book = Book::default();
    let calls = run(&Fault { library: &library, call: "pwrite", at: 0, how: "eio" }, &data).1;
    let server = Fault { library: &library, call: "pwrite", at: calls.starting + 3, how: "hang" }.start(&data).unwrap();
    runtime().block_on(async { record(&Client::connect(&server.url()).await, &book, "stuck").await });
    let status = server.ended();
    assert_eq!(status.code(), Some(2), "it ends by itself");
    assert!(told(&data).1, "the call hung");
    let server = Server::start(&data, &[]);
    runtime().block_on(async { book.examine(&Client::connect(&server.url()).await, true).await.unwrap() });
    assert_eq!(server.terminate().code(), Some(0));
}

#[test]
fn the_table_of_sled_on_the_page_is_the_one_that_is_tried() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reliability.md")).unwrap();
    let section = page.split("\n## ").find(|section| section.starts_with("Faults of sled\n")).expect("a section `Faults of sled`");
    let word = |outcome: &Outcome| match outcome {
        GoesOn => "goes on",
        Stops => "stops",
        Refuses => "does not start",
    };
    let shown = |row: &Row| {
        let outcomes: Vec<&str> = row.outcomes.iter().map(word).collect();
        format!("| `{}` | {} | {} | {} |", row.call, row.how.join(", "), outcomes.join(" or "), row.why)
    };
    let found: Vec<&str> = section.lines().filter(|line| line.starts_with("| `")).collect();
    let rows: Vec<String> = ROWS.iter().map(shown).collect();
    assert!(found == rows, "the table is to be:\n{}", rows.join("\n"));
}
