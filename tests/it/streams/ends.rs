//! How streams end: by the client, by the server, by neither.

use std::time::Duration;

use consent_ledger::proto::record_stream_request::Event;
use tonic::Code;
use tonic_types::StatusExt;

use super::{answer, item, open};
use crate::errors::refused;
use crate::support::client::{Client, on_a_server, opt_in, runtime};
use crate::support::server::Server;

/// Streams at a time.
const AT_A_TIME: usize = 32;

/// How often it is asked whether a slot is free again.
const PATIENCE: usize = 5_000;

fn nth(n: u32) -> consent_ledger::proto::RecordStreamRequest {
    item(Event::OptIn(opt_in(&format!("+4474001{n:05}"), &format!("event-{n}"))))
}

#[test]
fn an_idle_stream_ends_when_the_server_stops_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        let (items, mut answers) = open(&client, 8).await.unwrap();
        items.send(nth(0)).await.unwrap();
        answer(answers.message().await.unwrap().unwrap()).unwrap();
        let stopped = tokio::task::spawn_blocking(move || server.terminate_and_read());
        let status = answers.message().await.unwrap_err();
        assert_eq!((refused(&status).0, refused(&status).1.as_str()), (Code::Unavailable, "SHUTTING_DOWN"));
        let (code, logs) = stopped.await.unwrap();
        assert_eq!(code, Some(0));
        assert!(!logs.contains("cut off"), "the stream held up the stop: {logs}");
        drop(items);
    });
}

#[test]
fn items_that_were_taken_are_answered_before_a_stop_ends_the_stream() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data, &[]);
    let acknowledged = runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        let (items, mut answers) = open(&client, 8).await.unwrap();
        let sender = tokio::spawn(async move {
            for n in 0..1_000_000 {
                if items.send(nth(n % 100_000)).await.is_err() {
                    return;
                }
            }
        });
        let (mut acknowledged, mut server) = (Vec::new(), Some(server));
        let mut stopped = None;
        let status = loop {
            match answers.message().await {
                Ok(Some(response)) => acknowledged.push(answer(response).unwrap()),
                Ok(None) => panic!("the stream ended without saying why"),
                Err(status) => break status,
            }
            if acknowledged.len() == 500 {
                let server = server.take().unwrap();
                stopped = Some(tokio::task::spawn_blocking(move || server.terminate_and_read()));
            }
        };
        assert_eq!((refused(&status).0, refused(&status).1.as_str()), (Code::Unavailable, "SHUTTING_DOWN"));
        let (code, logs) = stopped.unwrap().await.unwrap();
        assert_eq!(code, Some(0), "{logs}");
        assert!(!logs.contains("cut off"), "the stream held up the stop: {logs}");
        sender.await.unwrap();
        acknowledged
    });
    assert!(acknowledged.len() >= 500);
    let server = Server::start(&data, &[]);
    runtime().block_on(async {
        let log = Client::connect(&server.url()).await.log().await;
        // All that was answered is there, and nothing was taken without an answer.
        assert_eq!(log.len(), acknowledged.len() + 2);
        for acknowledgement in acknowledged {
            assert_eq!(log[usize::try_from(acknowledgement.seq).unwrap() - 1].entry_hash, acknowledgement.entry_hash);
        }
    });
}

#[test]
fn streams_have_slots_and_give_them_back_however_they_end() {
    on_a_server(async |client| {
        let mut streams = Vec::new();
        for _ in 0..AT_A_TIME {
            streams.push(open(&client, 8).await.unwrap());
        }
        let status = open(&client, 8).await.unwrap_err();
        assert_eq!((refused(&status).0, refused(&status).1.as_str()), (Code::ResourceExhausted, "TOO_MANY_STREAMS"));
        let retry = status.get_error_details().retry_info().and_then(|info| info.retry_delay);
        assert_eq!(retry, Some(Duration::from_secs(5)));
        // A call of its own is not kept out.
        client.opt_in(opt_in("+447400300000", "")).await.unwrap();
        // One is finished, the next is dropped with an item in it, the next before any.
        let (items, mut answers) = streams.pop().unwrap();
        items.send(nth(0)).await.unwrap();
        drop(items);
        assert!(answers.message().await.unwrap().is_some());
        assert!(answers.message().await.unwrap().is_none());
        let (items, answers) = streams.pop().unwrap();
        items.send(nth(1)).await.unwrap();
        drop((items, answers, streams.pop()));
        let mut again = Vec::new();
        for _ in 0..PATIENCE {
            again.extend(open(&client, 8).await.ok());
            if again.len() == 3 {
                break;
            }
        }
        assert_eq!(again.len(), 3, "slots did not come back");
        assert!(open(&client, 8).await.is_err());
    });
}
