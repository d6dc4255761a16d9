//! What the ports answer before the ledger is open: that the process lives, that it is not ready, and how far it is.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use consent_ledger::proto::CheckSendRequest;
use consent_ledger::proto::decision_service_client::DecisionServiceClient;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::errors::refused;
use crate::support::cli::cli;
use crate::support::client::runtime;
use crate::support::server::{Server, Starting};

const SECRET: &str = "the app secret";

/// A data directory whose opening waits at its very end until somebody writes the key of a day's dead letters.
struct Held {
    dir: tempfile::TempDir,
    key: PathBuf,
    bytes: Vec<u8>,
}

impl Held {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let server = Server::start(&data, &["--app-secret", SECRET]);
        let body = dir.path().join("body.json");
        std::fs::write(&body, "not even JSON").unwrap();
        let args = ["webhook", "replay", body.to_str().unwrap(), "--app-secret", SECRET, "--server-http", &server.http_url()];
        assert_eq!(cli(&args).code, 0);
        assert_eq!(server.terminate().code(), Some(0));
        let letters = std::fs::read_dir(data.join("dead-letters")).unwrap().map(|entry| entry.unwrap().path());
        let key = letters.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "key")).unwrap();
        let bytes = std::fs::read(&key).unwrap();
        std::fs::remove_file(&key).unwrap();
        mknodat(CWD, &key, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        Self { dir, key, bytes }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Lets the opening go on.
    fn release(&self) {
        std::fs::File::options().write(true).open(&self.key).unwrap().write_all(&self.bytes).unwrap();
    }
}

async fn get(url: &str) -> (u16, String) {
    let response = reqwest::get(url).await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// Waits until `GET /readyz` says something that holds these words.
#[expect(clippy::disallowed_methods, reason = "a test waits by the machine's clock")]
async fn says(url: &str, words: &str) -> (u16, String) {
    let begin = Instant::now();
    loop {
        let answer = get(url).await;
        if answer.1.contains(words) || begin.elapsed() > Duration::from_secs(60) {
            assert!(answer.1.contains(words), "{answer:?}");
            return answer;
        }
        tokio::task::yield_now().await;
    }
}

#[test]
fn while_the_ledger_opens_the_server_lives_and_is_not_ready_and_then_the_same_ports_answer() {
    let held = Held::new();
    let starting = Starting::begin(&held.data());
    runtime().block_on(async {
        let http = starting.http_url();
        assert_eq!(get(&format!("{http}/healthz")).await, (200, "ok\n".to_owned()));
        let (status, said) = says(&format!("{http}/readyz"), "dead letters").await;
        assert_eq!((status, said.as_str()), (503, "not ready: starting: opening the dead letters\n"));
        // JSON: the status of the call that gRPC would refuse.
        let call = reqwest::Client::new().post(format!("{http}/consent.v1.DecisionService/CheckSend")).body("{}").send().await.unwrap();
        assert_eq!((call.status().as_u16(), call.headers()["retry-after"].to_str().unwrap()), (503, "1"));
        assert!(call.text().await.unwrap().contains("LEDGER_STARTING"));
        // A webhook comes again.
        let hook = reqwest::Client::new().post(format!("{http}/webhooks/default")).body("{}").send().await.unwrap();
        assert_eq!((hook.status().as_u16(), hook.headers().contains_key("retry-after")), (503, true));
        // gRPC: one connection, before and after.
        let channel = tonic::transport::Endpoint::from_shared(starting.url()).unwrap().connect().await.unwrap();
        let mut health = HealthClient::new(channel.clone());
        for service in ["", "consent.v1.DecisionService"] {
            let said = health.check(HealthCheckRequest { service: service.into() }).await.unwrap().into_inner();
            assert_eq!(said.status().as_str_name(), "NOT_SERVING", "{service:?}");
        }
        let mut decisions = DecisionServiceClient::new(channel);
        let question = CheckSendRequest { contact: "+447400123456".into(), sender: "1".into(), ..Default::default() };
        let status = decisions.check_send(question.clone()).await.unwrap_err();
        assert_eq!((refused(&status).0, refused(&status).1.as_str()), (Code::Unavailable, "LEDGER_STARTING"));
        assert!(status.message().contains("opening the dead letters"), "{status:?}");
        let health = cli(&["health", "--server", &starting.url()]);
        assert_eq!((health.code, health.out.as_str()), (1, "NOT_SERVING\n"));
        let status = cli(&["status", "--server", &starting.url()]);
        assert!(status.code == 2 && status.err.contains("the ledger is starting"), "{status:?}");

        held.release();
        let server = tokio::task::spawn_blocking(move || starting.ready()).await.unwrap();
        assert_eq!(get(&format!("{http}/readyz")).await, (200, "ready\n".to_owned()));
        let answered = loop {
            // The connection of before is made anew by itself, which its next call or the one after it sees.
            match decisions.check_send(question.clone()).await {
                Ok(answered) => break answered,
                Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status:?}"),
            }
        };
        assert!(answered.into_inner().decision.is_some());
        assert_eq!(cli(&["health", "--server", &server.url()]).code, 0);
        assert_eq!(server.terminate().code(), Some(0));
    });
}

#[test]
fn a_start_that_takes_long_ends_at_a_signal() {
    let held = Held::new();
    let starting = Starting::begin(&held.data());
    let logged = starting.terminate();
    assert!(logged.ends_with("exit status: 0"), "{logged}");
}
