//! How many events a second does a stream record, durably, with the client on the same machine? A real server and client in one
//! process, then the floor: the same bytes, commit by commit, appended to a plain file with one `fdatasync` each.
//!
//! ```text
//! cargo bench --bench record_stream -- 1000000 1000000
//! {"events":1000000,"contacts":1000000,"events_per_s":…,"tenths_per_s":[…],"last_to_first_tenth_ratio":…,
//!  "duplicates_per_s":…,"commits":…,"journal_bytes":…,"floor_events_per_s":…,"to_floor_ratio":…,"rss_mib":…}
//! ```
//!
//! Each event is an opt-in with an event id and evidence, as of an import, the contacts one after the other. `tenths_per_s` is
//! the rate of each tenth of the answers. `duplicates_per_s` is the same stream sent again. The ledger lies where temporary files
//! do, or where `CONSENT_LEDGER_BENCH_DIR` says; a file system in memory syncs nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark that panics has failed")]
#![allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "figures are for people")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use consent_ledger::api;
use consent_ledger::ledger::keys::secrets::LedgerId;
use consent_ledger::ledger::storage::disk::RealDisk;
use consent_ledger::ledger::storage::journal::{FRAME_HEADER_BYTES, Piece, read_segment, segments};
use consent_ledger::ledger::{Ledger, Options};
use consent_ledger::proto::record_stream_request::Event;
use consent_ledger::proto::record_stream_response::Outcome;
use consent_ledger::proto::recording_service_client::RecordingServiceClient;
use consent_ledger::proto::{Category, Evidence, Method, RecordOptInRequest, RecordStreamRequest};
use consent_ledger::shutdown::Ending;
use consent_ledger::telemetry::calls::{Calls, Edge};
use prost_types::Timestamp;
use tokio::net::TcpListener;

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let events = numbers.first().copied().unwrap_or(200_000);
    let contacts = numbers.get(1).copied().unwrap_or(events).max(1);
    let dir = tempfile::tempdir_in(std::env::var_os("CONSENT_LEDGER_BENCH_DIR").unwrap_or_else(|| std::env::temp_dir().into())).unwrap();
    let ledger = Ledger::open(&Options::new(dir.path().join("ledger"))).unwrap();
    let id = LedgerId(ledger.id());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (tenths, again) = runtime.block_on(serve_and_record(&ledger, events, contacts));
    let rss = resident_mib();
    ledger.close();
    let commits = commits(&dir.path().join("ledger/journal"), id);
    let floor = floor(&dir.path().join("floor"), &commits);
    let per_s = |count: u64, seconds: f64| (count as f64 / seconds) as u64;
    let seconds: f64 = tenths.iter().sum();
    let rates: Vec<u64> = tenths.iter().map(|seconds| per_s(events / 10, *seconds)).collect();
    let report = serde_json::json!({
        "events": events,
        "contacts": contacts,
        "events_per_s": per_s(events, seconds),
        "tenths_per_s": rates,
        "last_to_first_tenth_ratio": rates[9] as f64 / rates[0] as f64,
        "duplicates_per_s": per_s(events, again.iter().sum()),
        "commits": commits.len(),
        "journal_bytes": commits.iter().sum::<usize>(),
        "floor_events_per_s": per_s(events, floor),
        "to_floor_ratio": floor / seconds,
        "rss_mib": rss,
    });
    println!("{report}");
}

/// Records everything, and everything again. Gives the seconds of each tenth of both.
async fn serve_and_record(ledger: &Ledger, events: u64, contacts: u64) -> (Vec<f64>, Vec<f64>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let ending = Ending::after(async { drop(stopped.await) });
    let server = tokio::spawn(api::serve(listener, ledger.clone(), None, Calls::of(Edge::Grpc), ending));
    let mut client = RecordingServiceClient::connect(url).await.unwrap();
    let first = record(&mut client, events, contacts, false).await;
    let again = record(&mut client, events, contacts, true).await;
    drop((client, stop));
    server.await.unwrap().unwrap();
    (first, again)
}

async fn record(client: &mut RecordingServiceClient<tonic::transport::Channel>, events: u64, contacts: u64, known: bool) -> Vec<f64> {
    let items = tokio_stream::iter((0..events).map(move |n| item(n, contacts)));
    let mut began = Instant::now();
    let mut answers = client.record_stream(items).await.unwrap().into_inner();
    let (mut answered, mut tenths) = (0, Vec::new());
    while let Some(answer) = answers.message().await.unwrap() {
        let Some(Outcome::Acknowledgement(acknowledgement)) = answer.outcome else { panic!("{answer:?}") };
        assert_eq!(acknowledgement.duplicate, known);
        answered += 1;
        if answered % (events / 10) == 0 {
            tenths.push(began.elapsed().as_secs_f64());
            began = Instant::now();
        }
    }
    assert_eq!(answered, events);
    tenths
}

fn item(n: u64, contacts: u64) -> RecordStreamRequest {
    let event = RecordOptInRequest {
        event_id: format!("import-2026-03:{n}"),
        contact: format!("+4915{:09}", n % contacts),
        categories: vec![Category::Marketing.into()],
        method: Method::Website.into(),
        occurred_at: Some(Timestamp { seconds: 1_700_000_000 + i64::try_from(n).unwrap(), nanos: 0 }),
        evidence: Some(Evidence {
            text: "Yes, send me offers and news by WhatsApp.".into(),
            file_name: "contacts-2026-03.csv".into(),
            file_line: n + 2,
            ..Default::default()
        }),
        ..Default::default()
    };
    RecordStreamRequest { event: Some(Event::OptIn(event)) }
}

/// How many bytes of the journal each commit took.
fn commits(dir: &Path, id: LedgerId) -> Vec<usize> {
    let mut commits: Vec<(u64, usize)> = Vec::new();
    for segment in segments(&RealDisk, dir, ".journal").unwrap() {
        for piece in read_segment(&RealDisk, &segment, id).unwrap().0 {
            let Piece::Frame(frame) = piece else { panic!("{piece:?}") };
            let (first, bytes) = (frame.commit_first.number(), FRAME_HEADER_BYTES + frame.block.bytes().len());
            match commits.last_mut() {
                Some((last, total)) if *last == first => *total += bytes,
                _ => commits.push((first, bytes)),
            }
        }
    }
    commits.into_iter().map(|(_, bytes)| bytes).collect()
}

/// The seconds it takes to append so many bytes, and sync, commit by commit.
fn floor(path: &Path, commits: &[usize]) -> f64 {
    let bytes: Vec<u8> = (0..commits.iter().copied().max().unwrap_or_default()).map(|n| (n % 251) as u8).collect();
    let mut file = std::fs::File::create(path).unwrap();
    let began = Instant::now();
    for commit in commits {
        file.write_all(&bytes[..*commit]).unwrap();
        file.sync_data().unwrap();
    }
    began.elapsed().as_secs_f64()
}

/// Resident memory of this process, in MiB.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
