//! kill -9 in the middle of ten thousand concurrent records.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use consent_ledger::proto::clear_part::Fact;
use consent_ledger::proto::{Acknowledgement, Entry, Keyword};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tonic::Status;

use super::damage::{copy_dir, flip};
use crate::support::cli::verify;
use crate::support::client::{Client, opt_in, runtime, text};
use crate::support::server::Server;

/// How many events are sent, and after how many acknowledgements the server dies.
const EVENTS: usize = 10_000;
const KILLED_AFTER: usize = 4_000;

/// Connections, and calls under way on each.
const CONNECTIONS: usize = 4;
const CALLS: usize = 32;

/// Sends the event with this number: every fourth a STOP, half of them with an event id.
async fn send(client: &Client, number: usize) -> Result<Acknowledgement, Status> {
    let contact = format!("+4474001{:05}", number % 2_500);
    let event_id = if has_event_id(number) { format!("event-{number}") } else { String::new() };
    match number % 4 {
        0 => client.inbound(with_id(text(&contact, "100", "STOP"), &event_id)).await,
        1 => client.inbound(with_id(text(&contact, "100", "where is my order"), &event_id)).await,
        _ => client.opt_in(opt_in(&contact, &event_id)).await,
    }
}

fn with_id(
    request: consent_ledger::proto::RecordInboundMessageRequest,
    event_id: &str,
) -> consent_ledger::proto::RecordInboundMessageRequest {
    consent_ledger::proto::RecordInboundMessageRequest { event_id: event_id.into(), ..request }
}

fn has_event_id(number: usize) -> bool {
    number % 8 < 4
}

/// Sends all events and gives what was acknowledged. The server is killed after so many.
async fn send_until_killed(server: Server) -> Vec<(usize, Acknowledgement)> {
    let next = Arc::new(AtomicUsize::new(0));
    let (tell, mut told) = mpsc::unbounded_channel();
    for _ in 0..CONNECTIONS {
        let client = Client::connect(&server.url()).await;
        for _ in 0..CALLS {
            let (client, next, tell) = (client.clone(), next.clone(), tell.clone());
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= EVENTS {
                        return;
                    }
                    let Ok(acknowledgement) = send(&client, number).await else { return };
                    tell.send((number, acknowledgement)).unwrap();
                }
            });
        }
    }
    drop(tell);
    let mut acknowledged = Vec::new();
    let mut server = Some(server);
    while let Some(one) = told.recv().await {
        acknowledged.push(one);
        if acknowledged.len() == KILLED_AFTER {
            server.take().unwrap().kill();
        }
    }
    acknowledged
}

/// The hash chain, computed from the stored bytes alone.
fn assert_chain(log: &[Entry]) {
    let mut previous = vec![0; 32];
    for (place, entry) in log.iter().enumerate() {
        assert_eq!(entry.seq, place as u64 + 1, "a gap");
        assert_eq!(entry.previous_hash, previous, "entry {}", entry.seq);
        assert_eq!(&entry.raw[16..48], previous, "entry {}", entry.seq);
        previous = Sha256::new().chain_update([0]).chain_update(&entry.raw).finalize().to_vec();
        assert_eq!(entry.entry_hash, previous, "entry {}", entry.seq);
    }
}

/// Every STOP stands before the opt-out it caused, and no opt-out stands alone.
fn assert_whole_commits(log: &[Entry]) -> usize {
    let fact = |place: usize| log.get(place).and_then(|entry| entry.clear.as_ref()).and_then(|clear| clear.fact.as_ref());
    let is_stop = |place| matches!(fact(place), Some(Fact::InboundMessageReceived(message)) if message.keyword() == Keyword::OptOut);
    let is_caused = |place| matches!(fact(place), Some(Fact::OptedOut(opt_out)) if opt_out.keyword_sender == "100");
    let mut stops = 0;
    for place in 0..log.len() {
        if is_stop(place) {
            stops += 1;
            assert!(is_caused(place + 1), "entry {} is a STOP without its opt-out", place + 1);
            assert_eq!(log[place].trail, log[place + 1].trail);
        } else {
            assert!(!is_caused(place + 1), "entry {} is an opt-out without its STOP", place + 2);
        }
    }
    stops
}

#[test]
fn what_was_acknowledged_before_a_kill_is_there_after_it_in_whole_commits() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let runtime = runtime();
    let acknowledged = runtime.block_on(send_until_killed(Server::start(&data, &[])));
    assert!((KILLED_AFTER..EVENTS).contains(&acknowledged.len()), "{} acknowledged", acknowledged.len());

    let damaged = dir.path().join("damaged");
    copy_dir(&data, &damaged);
    let db = damaged.join("sled/db");
    flip(&db, usize::try_from(std::fs::metadata(&db).unwrap().len()).unwrap() / 3);

    let server = Server::start(&data, &[]);
    let client = runtime.block_on(Client::connect(&server.url()));
    let log = runtime.block_on(client.log());
    assert_chain(&log);
    let opened = runtime.block_on(client.opened_log());
    for (number, acknowledgement) in &acknowledged {
        let entry = &opened[usize::try_from(acknowledgement.seq).unwrap() - 1];
        assert_eq!(entry.entry_hash, acknowledgement.entry_hash, "event {number}");
        let event_id = entry.sealed.as_ref().map_or("", |sealed| sealed.event_id.as_str());
        assert_eq!(event_id, if has_event_id(*number) { format!("event-{number}") } else { String::new() });
    }
    let stops = acknowledged.iter().filter(|(number, _)| number % 4 == 0).count();
    assert!(assert_whole_commits(&log) >= stops && stops > 0);

    let before = runtime.block_on(client.log()).len();
    let again: Vec<_> = acknowledged.iter().filter(|(number, _)| has_event_id(*number)).take(600).collect();
    assert!(again.iter().any(|(number, _)| number % 4 == 0), "a STOP is among them");
    for (number, first) in again {
        let second = runtime.block_on(send(&client, *number)).unwrap();
        assert_eq!(second, Acknowledgement { duplicate: true, ..first.clone() }, "event {number}");
    }
    assert_eq!(runtime.block_on(client.log()).len(), before, "duplicates write nothing");
    assert_eq!(server.terminate().code(), Some(0));
    let report = verify(&data, 0);
    assert_eq!((&report["ok"], &report["store_ok"], &report["entries"]), (&true.into(), &true.into(), &before.into()));

    // The same kill with a byte of sled flipped: the same log.
    let server = Server::start(&damaged, &[]);
    let rebuilt = runtime.block_on(async { Client::connect(&server.url()).await.log().await });
    assert!(rebuilt == log, "the journal alone gives the same log");
    assert_eq!(server.terminate().code(), Some(0));
    assert_eq!(verify(&damaged, 0)["store_ok"], true);
}
