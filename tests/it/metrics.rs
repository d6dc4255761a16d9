//! `GET /metrics` of the real server: what is counted, how a stream's end is seen, and that nobody is named.

#![allow(clippy::float_cmp, clippy::cast_precision_loss, reason = "counts are whole and small")]

use std::collections::{BTreeMap, BTreeSet};

use consent_ledger::consent::words::{Permission, Reason};
use consent_ledger::ledger::bytes::kind::KINDS;
use consent_ledger::proto::{StreamCheckSendRequest, WatchEntriesRequest};
use prost::Message;
use prost_types::FileDescriptorSet;
use tokio_stream::wrappers::ReceiverStream;

use crate::support::client::{Client, opt_in, question, runtime, text};
use crate::support::http::send;
use crate::support::load;
use crate::support::metrics::{Scrape, scrape};
use crate::support::server::Server;

/// How often it is looked until something has come about.
const LOOKS: usize = 2_000;

fn on_a_server<F: Future<Output = ()>>(test: impl FnOnce(Server) -> F) {
    let dir = tempfile::tempdir().unwrap();
    runtime().block_on(test(Server::start(&dir.path().join("data"), &["--app-secret", load::SECRET])));
}

/// Looks until `holds`.
async fn until(server: &Server, holds: impl Fn(&Scrape) -> bool) -> Scrape {
    for _ in 0..LOOKS {
        let scrape = scrape(server).await;
        if holds(&scrape) {
            return scrape;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never came about: {}", scrape(server).await.text)
}

fn words(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Every label there may be, with every value that it may have.
fn closed() -> BTreeMap<&'static str, BTreeSet<String>> {
    let sets = [
        consent_ledger::proto::DESCRIPTORS,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    let (mut services, mut methods) = (words(&["unknown"]), words(&["unknown"]));
    for file in sets.iter().flat_map(|set| FileDescriptorSet::decode(*set).unwrap().file) {
        for service in &file.service {
            services.insert(format!("{}.{}", file.package(), service.name()));
            methods.extend(service.method.iter().map(|method| method.name().to_owned()));
        }
    }
    let codes = words(&[
        "OK",
        "Canceled",
        "Unknown",
        "InvalidArgument",
        "DeadlineExceeded",
        "NotFound",
        "AlreadyExists",
        "PermissionDenied",
        "ResourceExhausted",
        "FailedPrecondition",
        "Aborted",
        "OutOfRange",
        "Unimplemented",
        "Internal",
        "Unavailable",
        "DataLoss",
        "Unauthenticated",
    ]);
    let json = words(&["OK", "INVALID_ARGUMENT", "NOT_FOUND", "UNIMPLEMENTED"]);
    let rpcs = methods.iter().cloned().chain(["none".to_owned()]).collect();
    let words_of = |all: Vec<&str>| words(&all);
    BTreeMap::from([
        ("grpc_type", words(&["unary", "client_stream", "server_stream", "bidi_stream"])),
        ("grpc_service", services),
        ("grpc_method", methods),
        ("grpc_code", codes),
        ("rpc", rpcs),
        ("code", json),
        ("permission", words_of(Permission::ALL.iter().map(|word| word.as_str()).collect())),
        ("reason", words_of(Reason::ALL.iter().map(|word| word.as_str()).collect())),
        ("cause", words(&["account_unknown", "behind_position", "clock_behind", "unavailable"])),
        ("kind", words_of(KINDS.iter().map(|(_, name)| *name).collect())),
        ("outcome", words(&["recorded", "duplicate", "refused", "conflict", "no_fact", "dead_letter", "exported", "dropped", "failed"])),
        ("status", words(&["200", "400", "401", "403", "404", "408", "413", "415", "503", "other"])),
        ("part", words(&["plan", "journal_write", "journal_sync", "apply"])),
        ("of", words(&["calls", "streams"])),
        ("step", words(&["sign", "publish"])),
        ("version", words(&[env!("CARGO_PKG_VERSION")])),
    ])
}

#[test]
fn every_label_is_of_a_closed_set_and_nobody_is_named() {
    on_a_server(async |server| {
        load::act(&server, None).await;
        let scrape = scrape(&server).await;
        let closed = closed();
        let mut seen = BTreeSet::new();
        for sample in &scrape.samples {
            for (label, value) in &sample.labels {
                if label == "le" {
                    assert!(value == "+Inf" || value.parse::<f64>().is_ok(), "{sample:?}");
                    continue;
                }
                let values = closed.get(label.as_str()).unwrap_or_else(|| panic!("{label} is a new label: may it be? {sample:?}"));
                assert!(values.contains(value), "{value} is none of {label}: {sample:?}");
                seen.insert(label.as_str());
            }
        }
        assert_eq!(seen, closed.keys().copied().collect(), "every label was there to be looked at");
        assert_eq!(load::needles().found_in(scrape.text.as_bytes()), Vec::<String>::new());
        // The search finds what it looks for.
        assert!(!load::needles().found_in(b"{of=\"447400123456\"}").is_empty());
    });
}

#[test]
fn calls_are_counted_by_how_they_end_and_streams_when_they_do() {
    on_a_server(async |server| {
        let client = Client::connect(&server.url()).await;
        client.check(question("+447400123456", "1")).await.unwrap();
        client.check(question("nobody", "1")).await.unwrap_err();
        let first = scrape(&server).await;
        let handled = |scrape: &Scrape, method: &str, code: &str| {
            let (name, labels) = ("grpc_server_handled_total", [("grpc_method", method), ("grpc_code", code)]);
            if code == "OK" || scrape.text.contains(&format!("{method}\",grpc_code=\"{code}\"")) {
                scrape.value(name, &labels)
            } else {
                0.0
            }
        };
        assert_eq!((handled(&first, "CheckSend", "OK"), handled(&first, "CheckSend", "InvalidArgument")), (1.0, 1.0));
        assert_eq!(first.value("grpc_server_started_total", &[("grpc_method", "CheckSend")]), 2.0);
        assert_eq!(first.value("grpc_server_handling_seconds_count", &[("grpc_method", "CheckSend")]), 2.0);
        assert_eq!(handled(&first, "WatchEntries", "OK"), 0.0, "what was never called is told, as zero");

        let open = |scrape: &Scrape, method: &str| scrape.value("consent_ledger_open_streams", &[("grpc_method", method)]);
        let watch = WatchEntriesRequest { from_seq: 1, ..Default::default() };
        let mut watch = client.watch.clone().watch_entries(watch).await.unwrap().into_inner();
        watch.message().await.unwrap();
        let (ask, questions) = tokio::sync::mpsc::channel(1);
        let mut answers = client.decision.clone().stream_check_send(ReceiverStream::new(questions)).await.unwrap().into_inner();
        ask.send(StreamCheckSendRequest { check: Some(question("+447400123456", "1")) }).await.unwrap();
        answers.message().await.unwrap();
        let during = scrape(&server).await;
        assert_eq!((open(&during, "WatchEntries"), open(&during, "StreamCheckSend")), (1.0, 1.0));
        assert_eq!((handled(&during, "WatchEntries", "Canceled"), handled(&during, "StreamCheckSend", "OK")), (0.0, 0.0));

        // One caller goes away, the other has asked everything.
        drop((watch, ask));
        assert!(answers.message().await.unwrap().is_none());
        let after = until(&server, |scrape| open(scrape, "WatchEntries") == 0.0 && open(scrape, "StreamCheckSend") == 0.0).await;
        assert_eq!((handled(&after, "WatchEntries", "Canceled"), handled(&after, "StreamCheckSend", "OK")), (1.0, 1.0));
        // A stream that ends with an error in its trailers.
        let (bad, questions) = tokio::sync::mpsc::channel(1);
        let mut answers = client.recording.clone().record_stream(ReceiverStream::new(questions)).await.unwrap().into_inner();
        drop(bad);
        assert!(answers.message().await.unwrap().is_none());
        until(&server, |scrape| handled(scrape, "RecordStream", "OK") == 1.0).await;
    });
}

#[test]
fn the_ledger_tells_how_it_stands() {
    on_a_server(async |server| {
        let client = Client::connect(&server.url()).await;
        client.opt_in(opt_in("+447400123456", "one")).await.unwrap();
        client.opt_in(opt_in("+447400123456", "one")).await.unwrap();
        client.opt_in(opt_in("+447400123457", "one")).await.unwrap_err();
        let head = client.inbound(text("+447400123456", "1", "hello")).await.unwrap().seq;
        client.check(question("+447400123456", "1")).await.unwrap();
        let told = until(&server, |scrape| scrape.value("consent_ledger_sled_lag_commits", &[]) == 0.0).await;
        let value = |name: &str, labels: &[(&str, &str)]| told.value(&format!("consent_ledger_{name}"), labels);
        assert_eq!((value("log_head_seq", &[]), value("ready", &[]), value("poisoned", &[])), (head as f64, 1.0, 0.0));
        let outcomes = ["recorded", "duplicate", "refused"].map(|outcome| value("records_total", &[("outcome", outcome)]));
        assert_eq!(outcomes, [2.0, 1.0, 1.0]);
        assert_eq!((value("entries_total", &[("kind", "opted_in")]), value("entries_total", &[("kind", "opted_out")])), (1.0, 0.0));
        assert_eq!((value("commit_seconds_count", &[]), value("commit_records_sum", &[])), (2.0, 2.0), "duplicates are no commit");
        let parts = ["plan", "journal_write", "journal_sync", "apply"].map(|part| value("commit_part_seconds_sum", &[("part", part)]));
        assert!(parts[2] > 0.0 && (parts.iter().sum::<f64>() - value("commit_seconds_sum", &[])).abs() < 1e-6, "{parts:?}");
        assert_eq!(value("check_results_total", &[("permission", "FREE_FORM"), ("reason", "WINDOW_OPEN")]), 1.0);
        assert_eq!(value("queue_records", &[("of", "calls")]), 0.0);
        assert_eq!(value("queue_capacity_records", &[("of", "streams")]), 8_192.0);
        assert_eq!((value("disk_refuses", &[]), value("scrub_faults_total", &[]), value("scrub_standing_faults", &[])), (0.0, 0.0, 0.0));
        assert_eq!(value("tls_certificate_expiry_timestamp_seconds", &[]), 0.0, "plain text");
        for name in [
            "disk_min_free_bytes",
            "scrub_interval_seconds",
            "journal_bytes",
            "sled_bytes",
            "keyring_bytes",
            "disk_free_bytes",
            "keyring_keys_ahead",
            "entry_bytes_total",
        ] {
            assert!(value(name, &[]) > 0.0, "{name}");
        }
        assert_eq!((value("journal_segments", &[]), value("accounts", &[]), value("trails", &[])), (1.0, 1.0, 2.0));
        let now = told.value("process_start_time_seconds", &[]);
        assert!((value("last_recorded_timestamp_seconds", &[]) - now).abs() < 600.0);
        assert!(told.value("process_resident_memory_bytes", &[]) > 1e6 && told.value("process_open_fds", &[]) > 3.0);
        client.audit.clone().get_checkpoint(consent_ledger::proto::GetCheckpointRequest { fresh: true }).await.unwrap();
        let signed = scrape(&server).await;
        assert_eq!(signed.value("consent_ledger_checkpoint_entries", &[]), head as f64);
    });
}

#[test]
fn what_limits_refuse_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &["--rate-limit", "1:1"]);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        let mut refused = 0.0;
        for _ in 0..10 {
            if let Err(status) = client.check(question("+447400123456", "1")).await {
                assert_eq!(status.code(), tonic::Code::ResourceExhausted);
                assert_eq!(
                    status.metadata().get("x-request-id").map(tonic::metadata::MetadataValue::len),
                    Some(16),
                    "a refusal has an id too"
                );
                refused += 1.0;
            }
        }
        assert!(refused > 0.0);
        let seen = scrape(&server).await;
        let labels = [("grpc_method", "CheckSend"), ("grpc_code", "ResourceExhausted")];
        assert_eq!(seen.value("grpc_server_handled_total", &labels), refused);
    });
}

#[test]
fn a_server_that_drains_is_not_ready() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &["--drain-delay", "30s"]);
    runtime().block_on(async {
        assert_eq!(scrape(&server).await.value("consent_ledger_ready", &[]), 1.0);
        server.signal(rustix::process::Signal::TERM);
        until(&server, |scrape| scrape.value("consent_ledger_ready", &[]) == 0.0).await;
        assert_eq!(send(&server, "GET", "/readyz", &[], Vec::new()).await.status, 503);
    });
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.ended().code(), Some(0));
}

#[test]
fn a_scraper_gets_the_format_that_it_asks_for() {
    on_a_server(async |server| {
        let accept = [("accept", "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")];
        let open = send(&server, "GET", "/metrics", &accept, Vec::new()).await;
        assert_eq!(open.headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
        assert!(open.body.ends_with("# EOF\n"), "{}", open.body);
        assert!(!scrape(&server).await.text.contains("# EOF"));
        // Prometheus refuses a family that comes twice.
        let names: Vec<&str> = open.body.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
        let page = send(&server, "GET", "/metrics", &[("origin", "http://localhost")], Vec::new()).await;
        assert_eq!(page.status, 403);
    });
}

#[test]
fn before_there_are_principals_the_numbers_are_told_under_a_name_of_this_machine_and_through_no_proxy() {
    on_a_server(async |server| {
        for host in ["localhost", "127.0.0.1:9000", "[::1]"] {
            assert_eq!(send(&server, "GET", "/metrics", &[("host", host)], Vec::new()).await.status, 200, "{host}");
        }
        let refused = async |header| {
            let answer = send(&server, "GET", "/metrics", &[header], Vec::new()).await;
            assert_eq!((answer.status, answer.refused().2.as_str()), (403, "CALLER_REFUSED"), "{header:?}");
        };
        refused(("host", "rebound.example")).await;
        refused(("host", "ledger.example:8080")).await;
        refused(("x-forwarded-for", "203.0.113.7")).await;
    });
}
