//! `status` and `health` on the real server: what they tell, whose exit codes say it, and that nothing in it is personal.

use consent_ledger::proto::admin_service_client::AdminServiceClient;
use consent_ledger::proto::{GetStatusRequest, StreamCheckSendRequest};

use crate::support::cli::cli;
use crate::support::client::{Client, opt_in, question, runtime, text};
use crate::support::server::Server;

const SECRET: &str = "the app secret";

#[test]
fn a_person_and_a_script_see_how_the_server_is() {
    let dir = tempfile::tempdir().unwrap();
    let (data, published) = (dir.path().join("data"), dir.path().join("published"));
    let server = Server::start(&data, &["--checkpoint-dir", published.to_str().unwrap()]);
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        client.opt_in(opt_in("+447400123456", "signup-1")).await.unwrap();
        client.inbound(text("+447400123457", "1", "hello")).await.unwrap();
        assert_eq!(cli(&["account", "create", "shop", "--server", &server.url()]).code, 0);
        assert_eq!(cli(&["checkpoint", "--fresh", "--server", &server.url()]).code, 0);
        let questions = tokio_stream::StreamExt::chain(
            tokio_stream::iter([StreamCheckSendRequest { check: Some(question("+447400123456", "1")) }]),
            tokio_stream::pending(),
        );
        let mut open = client.decision.clone().stream_check_send(questions).await.unwrap().into_inner();
        assert!(open.message().await.unwrap().is_some());

        let said = cli(&["status", "--json", "--server", &server.url()]);
        let status = said.json().remove(0);
        // A disk that is almost full on the machine of the tests is no fault of the server's.
        let concerns: Vec<&str> = status["concerns"].as_array().unwrap().iter().map(|found| found["about"].as_str().unwrap()).collect();
        assert!(concerns.iter().all(|about| *about == "disk"), "{status}");
        assert_eq!(said.code, i32::from(!concerns.is_empty()));
        assert_eq!((status["ready"].as_bool(), status["version"].as_str()), (Some(true), Some(env!("CARGO_PKG_VERSION"))));
        let log = &status["log"];
        assert_eq!((&log["head_seq"], &log["accounts"], &log["contacts"]), (&5.into(), &2.into(), &2.into()), "{status}");
        assert!(log["journal_bytes"].as_u64().unwrap() > 0 && log["sled_bytes"].as_u64().unwrap() > 0, "{status}");
        assert_eq!(log["journal_segments"], 1);
        let checkpoint = &status["checkpoint"];
        let published = (&checkpoint["size"], &checkpoint["published_size"], &checkpoint["publishes"]);
        assert_eq!(published, (&5.into(), &5.into(), &true.into()), "{status}");
        assert_eq!(status["dead_letters"]["waiting"], 0);
        let streams = status["streams"].as_array().unwrap();
        let asked = streams.iter().find(|stream| stream["kind"] == "questions").unwrap();
        assert_eq!((&asked["open"], &asked["open_max"]), (&1.into(), &256.into()));

        let person = cli(&["status", "--server", &server.url()]);
        for part in ["ready ", "log ", "entry 5, ", "2 accounts, 2 contacts", "over 5 entries, signed", "questions 1 of 256", " free\n"] {
            assert!(person.out.contains(part), "{part:?} is not in {person:?}");
        }
        for text in [&said.out, &person.out] {
            assert!(!text.contains("447400") && !text.contains("signup") && !text.contains("shop"), "{text}");
        }
    });
    assert_eq!(server.terminate().code(), Some(0));
}

#[test]
fn what_needs_a_person_is_named_on_its_line_and_in_the_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &["--app-secret", SECRET]);
    let body = dir.path().join("body.json");
    std::fs::write(&body, "not even JSON").unwrap();
    let args = ["webhook", "replay", body.to_str().unwrap(), "--app-secret", SECRET, "--server-http", &server.http_url()];
    assert_eq!(cli(&args).code, 0);
    let said = cli(&["status", "--server", &server.url()]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("\n  ! 1 wait: webhooks brought what could not be placed"), "{said:?}");
    assert!(said.out.lines().last().unwrap().starts_with("needs a person: dead letters"), "{said:?}");
    // It is ready all the same.
    assert_eq!(cli(&["health", "--server", &server.url()]).code, 0);
    assert_eq!(server.terminate().code(), Some(0));
}

#[test]
fn nobody_there_is_an_exit_code_of_its_own() {
    for args in [["status", "--server"], ["health", "--server"]] {
        let said = cli(&[args[0], args[1], "http://127.0.0.1:1"]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{said:?}");
    }
}

#[test]
fn health_is_told_for_each_service_and_an_unknown_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let health = |service: &str| cli(&["health", "--json", "--service", service, "--server", &server.url()]);
    for service in ["Decision", "Recording", "Identity", "Audit", "Admin", "Watch"] {
        let said = health(&format!("consent.v1.{service}Service"));
        assert_eq!((said.code, said.json()[0]["status"].as_str()), (0, Some("SERVING")), "{service}: {said:?}");
    }
    assert_eq!(health("consent.v1.NoService").code, 2);
    runtime().block_on(async {
        let channel = Client::connect(&server.url()).await.channel;
        let status = AdminServiceClient::new(channel).get_status(GetStatusRequest {}).await.unwrap().into_inner().status.unwrap();
        assert!(status.not_ready.is_empty() && status.snapshot.is_none() && status.disk.is_some());
    });
    assert_eq!(server.terminate().code(), Some(0));
}
