//! A rate for each caller: calls, items of batches and items of streams.

use std::time::Duration;

use consent_ledger::proto::{BatchCheckSendRequest, StreamCheckSendRequest};
use tokio::time::Instant;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::cli::cli;
use crate::support::client::{Client, question, runtime};
use crate::support::http;
use crate::support::server::Server;

fn on_a_server<F: Future<Output = ()>>(rate: &str, test: impl FnOnce(Client, Server) -> F) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &["--rate-limit", rate]);
    runtime().block_on(async { test(Client::connect(&server.url()).await, server).await });
}

/// After what time a refusal says that the next call is taken.
fn after(status: &Status) -> Duration {
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().reason, "RATE_LIMITED");
    details.retry_info().unwrap().retry_delay.unwrap()
}

async fn check(client: &Client) -> Result<(), Status> {
    client.check(question("+447400123456", "1001")).await.map(drop)
}

#[test]
fn beyond_the_burst_calls_are_refused_and_the_time_that_is_told_is_true() {
    on_a_server("1:5", async |client, server| {
        let mut refused = None;
        for _ in 0..20 {
            if let Err(status) = check(&client).await {
                refused = Some(status);
                break;
            }
        }
        let wait = after(&refused.expect("twenty calls take less than fifteen seconds"));
        assert!(wait <= Duration::from_secs(1), "{wait:?}");
        // JSON draws from the same bucket.
        let answer = http::call(&server, http::CHECK, &serde_json::json!({"contact": "+447400123456", "sender": "1001"})).await;
        assert_eq!(answer.refused().2, "RATE_LIMITED");
        assert!(answer.headers.contains_key("retry-after"));
        tokio::time::sleep(wait).await;
        check(&client).await.expect("the time that was told has passed");
    });
}

#[test]
fn each_item_of_a_batch_counts() {
    on_a_server("10:20", async |client, _server| {
        let contacts = (0..120).map(|number| format!("+4474001230{number:02}")).collect();
        let batch = BatchCheckSendRequest { contacts, sender: "1001".into(), ..Default::default() };
        client.decision.clone().batch_check_send(batch).await.expect("a batch is let in where there is a token for the call");
        let wait = after(&check(&client).await.unwrap_err());
        assert!(wait > Duration::from_secs(8) && wait <= Duration::from_millis(10_200), "{wait:?}");
    });
}

#[test]
fn items_of_a_stream_wait_their_turn_and_are_all_answered() {
    on_a_server("20:10", async |client, _server| {
        let begun = Instant::now();
        let questions = vec![StreamCheckSendRequest { check: Some(question("+447400123456", "1001")) }; 40];
        let mut answers = client.decision.clone().stream_check_send(tokio_stream::iter(questions)).await.unwrap().into_inner();
        let mut answered = 0;
        while answers.message().await.unwrap().is_some() {
            answered += 1;
        }
        assert_eq!(answered, 40);
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(1_400), "30 items beyond the burst take a second and a half: {took:?}");
    });
}

#[test]
fn what_is_no_rate_is_said_to_be_none() {
    let dir = tempfile::tempdir().unwrap();
    let refused = cli(&["serve", "--data-dir", dir.path().join("data").to_str().unwrap(), "--rate-limit", "fast"]);
    assert!(refused.code == 2 && refused.err.contains("is no rate such as 500"), "{refused:?}");
}
