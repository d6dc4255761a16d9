//! How the real binary ends: who calls is told first, calls under way finish or are cut off, what was acknowledged is there.

use std::time::{Duration, Instant};

use consent_ledger::proto::StreamCheckSendRequest;
use rustix::process::{Pid, Signal, kill_process};
use tokio_stream::StreamExt as _;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::support::cli::cli;
use crate::support::client::{Client, opt_in, question, runtime};
use crate::support::server::Server;

fn tell(server: &Server) {
    kill_process(Pid::from_raw(i32::try_from(server.id()).unwrap()).unwrap(), Signal::TERM).unwrap();
}

async fn ready(server: &Server) -> (u16, String) {
    let response = reqwest::get(format!("{}/readyz", server.http_url())).await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// Waits until the server says that it is not ready.
#[expect(clippy::disallowed_methods, reason = "a test waits by the machine's clock")]
async fn not_ready(server: &Server) -> String {
    let begin = Instant::now();
    loop {
        match ready(server).await {
            (503, said) => return said,
            _ => assert!(begin.elapsed() < Duration::from_secs(60), "it stays ready"),
        }
        tokio::task::yield_now().await;
    }
}

/// How many entries the log of a stopped server has.
fn entries(data: &std::path::Path) -> usize {
    let server = Server::start(data, &[]);
    let log = runtime().block_on(async { Client::connect(&server.url()).await.log().await.len() });
    assert_eq!(server.terminate().code(), Some(0));
    log
}

#[test]
fn who_calls_has_the_delay_to_turn_away_and_is_answered_meanwhile_and_a_second_signal_ends_it() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data, &["--drain-delay", "1h", "--drain-timeout", "1h"]);
    let client = runtime();
    client.block_on(async {
        let client = Client::connect(&server.url()).await;
        client.opt_in(opt_in("+447400123456", "before")).await.unwrap();
        assert_eq!(ready(&server).await, (200, "ready\n".to_owned()));
        let mut health = HealthClient::new(client.channel.clone());
        let mut watched = health.watch(HealthCheckRequest { service: "consent.v1.RecordingService".into() }).await.unwrap().into_inner();
        assert_eq!(watched.message().await.unwrap().unwrap().status().as_str_name(), "SERVING");

        tell(&server);
        assert_eq!(not_ready(&server).await, "not ready: draining: the server is shutting down\n");
        assert_eq!(watched.message().await.unwrap().unwrap().status().as_str_name(), "NOT_SERVING");
        // Both connections, old and new, are answered from the whole ledger; the process lives.
        client.opt_in(opt_in("+447400123457", "meanwhile")).await.unwrap();
        let other = Client::connect(&server.url()).await;
        assert!(other.check(question("+447400123457", "1")).await.unwrap().position.unwrap().seq >= 4);
        assert_eq!(reqwest::get(format!("{}/healthz", server.http_url())).await.unwrap().status(), 200);
        let status = cli(&["status", "--json", "--server", &server.url()]);
        let said = status.json().remove(0);
        assert_eq!((status.code, said["ready"].as_bool(), said["concerns"][0]["about"].as_str()), (1, Some(false), Some("not_ready")));
    });
    let (code, logs) = server.terminate_and_read();
    assert_eq!(code, Some(0), "{logs}");
    assert!(logs.contains("told to stop again"), "{logs}");
    assert_eq!(entries(&data), 4);
}

/// Opens a stream of questions and reads no answer, until the server can take no more of them.
async fn reads_nothing(client: Client) -> impl Sized {
    let (questions, taken) = tokio::sync::mpsc::channel(1);
    let asked = tokio_stream::wrappers::ReceiverStream::new(taken);
    let answers = client.decision.clone().stream_check_send(asked).await.unwrap().into_inner();
    let one = || StreamCheckSendRequest { check: Some(question("+447400123456", "1")) };
    while tokio::time::timeout(Duration::from_millis(500), questions.send(one())).await.is_ok_and(|sent| sent.is_ok()) {}
    (questions, answers)
}

#[test]
fn a_client_that_reads_nothing_is_cut_off_when_the_drain_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data, &["--drain-timeout", "1s"]);
    let runtime = runtime();
    let held = runtime.block_on(async {
        let client = Client::connect(&server.url()).await;
        client.opt_in(opt_in("+447400123456", "before")).await.unwrap();
        (reads_nothing(client.clone()).await, client)
    });
    let (code, logs) = server.terminate_and_read();
    assert_eq!(code, Some(0), "{logs}");
    assert!(logs.contains("calls under way were cut off"), "nothing held up the stop: {logs}");
    drop(held);
    assert_eq!(entries(&data), 3);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test waits by the machine's clock")]
fn a_second_signal_cuts_off_what_holds_up_the_stop_and_closes_the_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data, &["--drain-timeout", "1h"]);
    let runtime = runtime();
    let held = runtime.block_on(async {
        let client = Client::connect(&server.url()).await;
        client.opt_in(opt_in("+447400123456", "before")).await.unwrap();
        let held = reads_nothing(client.clone()).await;
        tell(&server);
        let begin = Instant::now();
        // Nothing new is taken: it is past its delay, and waits.
        while reqwest::get(format!("{}/readyz", server.http_url())).await.is_ok() {
            assert!(begin.elapsed() < Duration::from_secs(60), "it goes on answering");
        }
        (held, client)
    });
    let (code, logs) = server.terminate_and_read();
    assert_eq!(code, Some(0), "{logs}");
    assert!(logs.contains("told to stop again") && logs.contains("calls under way were cut off"), "{logs}");
    drop(held);
    // Closed, not only ended: what was not signed before is signed.
    assert!(std::fs::metadata(data.join("snapshot")).is_ok());
    assert_eq!(entries(&data), 3);
}

#[test]
fn whoever_watches_or_streams_is_told_and_does_not_hold_up_the_stop() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data, &["--drain-timeout", "1h"]);
    let runtime = runtime();
    let mut answers = runtime.block_on(async {
        let client = Client::connect(&server.url()).await;
        let questions = tokio_stream::iter([StreamCheckSendRequest { check: Some(question("+447400123456", "1")) }]);
        let open = questions.chain(tokio_stream::pending());
        client.decision.clone().stream_check_send(open).await.unwrap().into_inner()
    });
    let (code, logs) = server.terminate_and_read();
    assert_eq!(code, Some(0), "{logs}");
    assert!(!logs.contains("cut off"), "{logs}");
    runtime.block_on(async {
        assert!(answers.message().await.unwrap().is_some());
        assert!(answers.message().await.unwrap_err().message().contains("shutting down"));
    });
}

#[test]
fn a_service_manager_is_told_when_it_is_ready_and_when_it_stops() {
    let dir = tempfile::tempdir().unwrap();
    let socket = std::os::unix::net::UnixDatagram::bind(dir.path().join("notify")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let heard = |what: &str| {
        let mut words = [0; 4_096];
        loop {
            let length = socket.recv(&mut words).unwrap_or_else(|error| panic!("{what} was not told: {error}"));
            let said = String::from_utf8_lossy(&words[..length]).into_owned();
            if said.lines().any(|line| line == what) {
                return said;
            }
        }
    };
    let path = dir.path().join("notify");
    let server = Server::try_start_with(&dir.path().join("data"), &[], &[("NOTIFY_SOCKET", path.to_str().unwrap())]).unwrap();
    assert!(heard("STATUS=opening the ledger").contains("EXTEND_TIMEOUT_USEC="));
    heard("READY=1");
    assert_eq!(server.terminate().code(), Some(0));
    assert!(heard("STOPPING=1").contains("EXTEND_TIMEOUT_USEC=70000000"));
}
