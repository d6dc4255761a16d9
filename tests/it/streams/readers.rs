//! Clients that read slowly, or not at all, and a server that is killed under one.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use consent_ledger::proto::record_stream_request::Event;
use consent_ledger::proto::recording_service_client::RecordingServiceClient;
use consent_ledger::proto::{Evidence, RecordOptInRequest, RecordStreamRequest, RecordStreamResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Endpoint;

use super::{answer, item, open, record};
use crate::support::client::{Client, opt_in, question, runtime};
use crate::support::server::Server;

/// Far more than a server takes for a client that reads nothing.
const ITEMS: u32 = 50_000;

/// What it takes at most: nine chunks of 512, and the answers that the transport holds at both ends, about half a megabyte of
/// at least 45 bytes each.
const TAKEN_MAX: u64 = 9 * 512 + 16_000;

/// After how many looks at a server that takes nothing more it is taken to wait.
const LOOKS: u32 = 400;

fn nth(n: u32) -> RecordStreamRequest {
    let evidence = Some(Evidence { text: "x".repeat(200), ..Default::default() });
    item(Event::OptIn(RecordOptInRequest { evidence, ..opt_in(&format!("+447400{n:06}"), &format!("event-{n}")) }))
}

/// Sends all items over a connection of its own that takes no more answers than it must.
async fn send_all(url: &str) -> (Arc<AtomicU32>, Streaming<RecordStreamResponse>) {
    let window = 64 * 1024;
    let endpoint = Endpoint::from_shared(url.to_owned()).unwrap().initial_stream_window_size(window).initial_connection_window_size(window);
    let mut client = RecordingServiceClient::new(endpoint.connect().await.unwrap());
    let (items, sent) = mpsc::channel(1);
    let count = Arc::new(AtomicU32::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        for n in 0..ITEMS {
            if items.send(nth(n)).await.is_err() {
                return;
            }
            counted.store(n + 1, Ordering::Relaxed);
        }
    });
    (count, client.record_stream(ReceiverStream::new(sent)).await.unwrap().into_inner())
}

/// The head of the log, once nothing more is sent or recorded.
async fn standstill(client: &Client, sent: &AtomicU32) -> u64 {
    let (mut known, mut looks) = ((0, 0), 0);
    loop {
        let head = client.check(question("+447400000000", "1001")).await.unwrap().position.unwrap().seq;
        let now = (head, sent.load(Ordering::Relaxed));
        looks = if now == known && head > 2 { looks + 1 } else { 0 };
        if looks == LOOKS {
            return head;
        }
        known = now;
    }
}

#[test]
fn a_client_that_reads_nothing_waits_and_costs_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    runtime().block_on(async {
        let other = Client::connect(&server.url()).await;
        let (sent, mut answers) = send_all(&server.url()).await;
        let (also_sent, also_unread) = send_all(&server.url()).await;
        let taken = standstill(&other, &sent).await - 2;
        assert!(taken <= 2 * TAKEN_MAX, "{taken} were taken");
        assert!(sent.load(Ordering::Relaxed) < ITEMS && also_sent.load(Ordering::Relaxed) < ITEMS, "the client was not held");
        // Others record meanwhile, in calls and in streams; they are the same events, so that each is there once.
        other.opt_in(opt_in("+447400999999", "call")).await.unwrap();
        assert_eq!(record(&other, (0..10_000).map(nth).collect()).await.len(), 10_000);
        // One goes away with everything unread: nothing of it is held.
        drop(also_unread);
        // The other reads on: every item is answered, in order.
        let mut known = HashMap::new();
        for n in 0..ITEMS {
            let acknowledgement = answer(answers.message().await.unwrap().unwrap()).unwrap();
            assert_eq!(known.insert(acknowledgement.seq, n), None);
        }
        assert!(answers.message().await.unwrap().is_none());
        for entry in other.opened_log().await {
            if let Some(n) = known.remove(&entry.seq) {
                assert_eq!(entry.sealed.unwrap().event_id, format!("event-{n}"));
            }
        }
        assert!(known.is_empty());
    });
    assert_eq!(server.terminate().code(), Some(0));
}

#[test]
fn a_server_killed_in_mid_stream_has_what_it_acknowledged_once() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut acknowledged = HashMap::new();
    // Killed three times, at different moments, and everything sent again each time.
    for kill_after in [1, 700, 5_000] {
        let server = Server::start(&data, &[]);
        runtime().block_on(async {
            let client = Client::connect(&server.url()).await;
            let (items, mut answers) = open(&client, 64).await.unwrap();
            tokio::spawn(async move {
                for n in 0..ITEMS {
                    if items.send(nth(n)).await.is_err() {
                        return;
                    }
                }
            });
            let (mut server, mut n) = (Some(server), 0);
            while let Ok(Some(response)) = answers.message().await {
                let acknowledgement = answer(response).unwrap();
                let known = acknowledged.insert(n, (acknowledgement.seq, acknowledgement.entry_hash.clone()));
                assert!(known.is_none_or(|known| acknowledgement.duplicate && known == (acknowledgement.seq, acknowledgement.entry_hash)));
                n += 1;
                if n >= kill_after
                    && let Some(server) = server.take()
                {
                    server.kill();
                }
            }
            assert!(n < ITEMS, "the server was not killed in mid-stream");
        });
    }
    let count = u32::try_from(acknowledged.len()).unwrap();
    let server = Server::start(&data, &[]);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        for (n, answer) in record(&client, (0..count + 1_000).map(nth).collect()).await.into_iter().enumerate() {
            let answer = answer.unwrap();
            if let Some(known) = acknowledged.get(&u32::try_from(n).unwrap()) {
                assert!(answer.duplicate);
                assert_eq!(*known, (answer.seq, answer.entry_hash));
            }
        }
        let mut ids: Vec<String> = client.opened_log().await.into_iter().filter_map(|entry| Some(entry.sealed?.event_id)).collect();
        ids.retain(|id| !id.is_empty());
        let recorded = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), recorded, "an event was recorded twice");
        assert!(recorded >= usize::try_from(count).unwrap() + 1_000);
    });
    assert_eq!(server.terminate().code(), Some(0));
}
