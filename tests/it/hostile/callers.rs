//! Limits of principals: each its own, wherever it calls from, and whatever others from there do.

use consent_ledger::client::{Endpoint, Tls};
use tonic::Status;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use crate::support::cli::cli;
use crate::support::client::{Client, question, runtime};
use crate::support::http;
use crate::support::server::Server;

async fn connect(server: &Server, key: &str) -> Client {
    let endpoint = Endpoint::new(&server.url(), &Tls::default()).unwrap().api_key(key.parse().unwrap()).unwrap();
    Client::over(endpoint.connect().await.unwrap())
}

async fn check(client: &Client) -> Result<(), Status> {
    client.check(question("+447400123456", "1001")).await.map(drop)
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().unwrap().reason.clone()
}

/// The reasons for which so many calls of a client were refused.
async fn refused(client: &Client, calls: usize) -> Vec<String> {
    let mut reasons = Vec::new();
    for _ in 0..calls {
        reasons.extend(check(client).await.err().map(|status| reason(&status)));
    }
    reasons
}

#[test]
fn guessing_is_no_faster_than_calling_and_takes_nothing_from_who_has_a_key() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let add = |name: &str, role: &str| {
        let added = cli(&["keys", "add", "--data-dir", data.to_str().unwrap(), "--name", name, "--role", role]);
        assert_eq!(added.code, 0, "{added:?}");
        added.out.trim().to_owned()
    };
    let (_, crm, shop) = (add("ops", "operator"), add("crm", "sender"), add("shop", "sender"));
    let server = Server::start(&data, &["--rate-limit", "1:5"]);
    runtime().block_on(async {
        let guesser = connect(&server, &format!("clk_256_{}", "A".repeat(43))).await;
        let reasons = refused(&guesser, 30).await;
        assert_eq!(reasons.len(), 30);
        assert!(reasons[..5].iter().all(|reason| reason == "CREDENTIALS_UNKNOWN"), "{reasons:?}");
        assert!(reasons.iter().any(|reason| reason == "RATE_LIMITED"), "{reasons:?}");
        let answer = loop {
            // What little came back meanwhile is used up first.
            let answer = http::call(&server, http::CHECK, &serde_json::json!({"contact": "+447400123456", "sender": "1001"})).await;
            if answer.status != 401 {
                break answer;
            }
        };
        assert_eq!((answer.status, answer.refused().2.as_str()), (429, "RATE_LIMITED"));

        // A probe from there shows nothing and is told.
        let mut health = HealthClient::new(Client::connect(&server.url()).await.channel);
        for _ in 0..10 {
            let answer = health.check(HealthCheckRequest::default()).await.expect("a probe is charged to nobody").into_inner();
            assert_eq!(answer.status(), ServingStatus::Serving);
        }
        assert!(check(&guesser).await.is_err());

        let (crm, shop) = (connect(&server, &crm).await, connect(&server, &shop).await);
        let reasons = refused(&crm, 30).await;
        assert!(!reasons.is_empty() && reasons.len() <= 25, "{reasons:?}");
        assert!(reasons.iter().all(|reason| reason == "RATE_LIMITED"), "{reasons:?}");
        check(&shop).await.expect("another principal has its own bucket");
    });
}
