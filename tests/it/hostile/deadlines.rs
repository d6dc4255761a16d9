//! Deadlines: what is past is not begun, what waits stops, and streams end.

use std::time::Duration;

use consent_ledger::proto::WatchEntriesRequest;
use prost::Message;
use tokio::time::{Instant, timeout};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::http2::{CHECK, message};
use super::small_frames::{Raw, trailers};
use crate::support::client::{Client, opt_in, question, runtime};
use crate::support::server::Server;

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// What a call with this deadline is told by the server; tonic's own client would not wait for it.
async fn told(server: &Server, path: &str, deadline: &'static str, request: &impl Message) -> (Code, String) {
    let mut raw = Raw::connect(server.grpc).await;
    let (response, mut send) = raw.call(path, &[("grpc-timeout", deadline)]);
    send.send_data(message(&request.encode_to_vec()).into(), true).unwrap();
    let status = Status::from_header_map(&trailers(response).await).unwrap();
    (status.code(), reason(&status))
}

/// A server, and a client of it.
fn on_a_server<F: Future<Output = ()>>(test: impl FnOnce(Server, Client) -> F) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        test(server, client).await;
    });
}

#[test]
fn what_is_past_its_deadline_is_not_begun() {
    on_a_server(async |server, client| {
        let before = client.log().await.len();
        let path = "/consent.v1.RecordingService/RecordOptIn";
        let told = told(&server, path, "0n", &opt_in("+447400123456", "")).await;
        assert_eq!(told, (Code::DeadlineExceeded, "DEADLINE_PASSED".into()));
        assert_eq!(client.log().await.len(), before);
    });
}

#[test]
fn waiting_for_a_position_ends_at_the_deadline() {
    on_a_server(async |server, _client| {
        let mut asked = question("+447400123456", "1001");
        asked.min_position = 1_000_000;
        let begun = Instant::now();
        let told = told(&server, CHECK, "100m", &asked).await;
        assert_eq!(told, (Code::DeadlineExceeded, "DEADLINE_PASSED".into()));
        assert!(begun.elapsed() < Duration::from_millis(1_900), "without a deadline the position is waited for for two seconds");
    });
}

#[test]
fn a_stream_ends_at_its_deadline() {
    on_a_server(async |server, _client| {
        let request = WatchEntriesRequest::default();
        let watched = told(&server, "/consent.v1.WatchService/WatchEntries", "300m", &request);
        let ended = timeout(Duration::from_secs(10), watched).await.unwrap();
        assert_eq!(ended, (Code::DeadlineExceeded, "DEADLINE_PASSED".into()));
    });
}
