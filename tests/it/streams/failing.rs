//! The disk fails under a stream: what is durable keeps its answer, the rest learns why there is none.

use std::collections::BTreeSet;
use std::sync::Arc;

use consent_ledger::api;
use consent_ledger::ledger::Filter;
use consent_ledger::ledger::storage::disk::Disk;
use consent_ledger::ledger::writing::record::RecordError;
use consent_ledger::proto::record_stream_request::Event;
use consent_ledger::shutdown::Ending;
use consent_ledger::telemetry::calls::{Calls, Edge};
use tokio::net::TcpListener;
use tonic::Code;

use super::{answer, item, open};
use crate::errors::refused;
use crate::faults::{Fails, FaultyDisk};
use crate::support::bench::{at, event, link, open as open_again, open_on, opt_in as opts_in, opt_out};
use crate::support::client::{Client, opt_in, runtime};

const PHONE: &str = "+447400123456";

#[test]
fn records_that_need_several_commits_keep_the_answers_of_those_that_succeeded() {
    let records = || vec![event(100, opts_in(PHONE)), event(101, link(PHONE, "GB.1")), event(102, opt_out("+447400123457"))];
    let mut counts = BTreeSet::new();
    for fail_in in 1..12 {
        let dir = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::new(0, Fails::Undone);
        let ledger = open_on(dir.path(), at(3600), &(Arc::new(disk.clone()) as Arc<dyn Disk>)).unwrap();
        disk.fail_in(fail_in);
        let answers = runtime().block_on(async { ledger.record_in_turn(records()).await.unwrap().await.unwrap() });
        let kept = answers.iter().take_while(|answer| answer.is_ok()).count();
        assert_eq!(answers.len(), 3);
        assert!(answers.iter().skip(kept).all(|answer| matches!(answer, Err(RecordError::Unavailable { .. }))), "{answers:?}");
        assert_eq!(ledger.poisoned().is_some(), kept < 3);
        counts.insert(kept);
        ledger.close();
        drop(ledger);
        let entries = open_again(dir.path()).entries(&Filter::default(), usize::MAX).unwrap();
        for acknowledged in answers.into_iter().flatten() {
            assert!(entries.iter().any(|entry| (entry.seq, entry.entry_hash) == (acknowledged.seq, acknowledged.entry_hash)));
        }
    }
    assert_eq!(counts, BTreeSet::from([0, 1, 2, 3]));
}

#[test]
fn a_stream_ends_with_the_status_of_calls_when_the_ledger_stops_writing() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new(0, Fails::Undone);
    let ledger = open_on(dir.path(), at(3600), &(Arc::new(disk.clone()) as Arc<dyn Disk>)).unwrap();
    runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(api::serve(listener, ledger.clone(), None, Calls::of(Edge::Grpc), Ending::after(std::future::pending())));
        let client = Client::connect(&url).await;
        let (items, mut answers) = open(&client, 8).await.unwrap();
        items.send(item(Event::OptIn(opt_in(PHONE, "")))).await.unwrap();
        answer(answers.message().await.unwrap().unwrap()).unwrap();
        disk.fail_in(1);
        items.send(item(Event::OptIn(opt_in(PHONE, "")))).await.unwrap();
        let status = answers.message().await.unwrap_err();
        assert_eq!((refused(&status).0, refused(&status).1.as_str()), (Code::Unavailable, "LEDGER_UNAVAILABLE"));
        // The server ends by itself, the open stream notwithstanding.
        assert!(server.await.unwrap().is_err());
        drop(items);
    });
}
