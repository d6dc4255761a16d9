//! Certificates that change while the server runs.

use consent_ledger::proto::{StreamCheckSendRequest, stream_check_send_response::Outcome};
use rustix::process::Signal;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{Callers, World};
use crate::support::certificates::Authority;
use crate::support::client::{Client, question, runtime};

#[test]
fn a_new_certificate_is_taken_under_an_open_stream_which_goes_on() {
    let world = World::start(Callers::Anonymous);
    let next = Authority::new("the next one");
    runtime().block_on(async {
        let client = Client::over(world.grpc(&world.authority.trusted()).await.unwrap());
        let (ask, questions) = mpsc::channel(1);
        let mut answers = client.decision.clone().stream_check_send(ReceiverStream::new(questions)).await.unwrap().into_inner();
        let asked = || StreamCheckSendRequest { check: Some(question("+447400123456", "1001")) };
        ask.send(asked()).await.unwrap();
        assert!(matches!(answers.message().await.unwrap().unwrap().outcome, Some(Outcome::Decision(_))));

        assert!(world.grpc(&next.trusted()).await.is_err(), "not yet");
        next.server().write(world.dir.path(), "server");
        world.server.signal(Signal::HUP);
        world.logged("the TLS files were taken into use");
        world.grpc(&next.trusted()).await.unwrap();
        assert_eq!(world.json(&next.trusted()).await.unwrap().0, 200);
        assert!(world.grpc(&world.authority.trusted()).await.is_err(), "the old one is shown no more");

        ask.send(asked()).await.unwrap();
        assert!(matches!(answers.message().await.unwrap().unwrap().outcome, Some(Outcome::Decision(_))));
    });
    assert_eq!(world.server.terminate().code(), Some(0));
}

#[test]
fn files_that_do_not_do_leave_the_old_certificate_in_use_and_are_said_to() {
    let world = World::start(Callers::Anonymous);
    let served = async || assert_eq!(world.json(&world.authority.trusted()).await.unwrap().0, 200);
    runtime().block_on(async {
        // Half of a renewal: the key of another certificate.
        std::fs::write(world.file("server.key"), world.authority.server().key).unwrap();
        world.server.signal(Signal::HUP);
        world.logged("is not the key of the certificate in");
        served().await;
        std::fs::write(world.file("server.pem"), "no certificate").unwrap();
        world.server.signal(Signal::HUP);
        world.logged("holds no certificate in PEM");
        served().await;
        std::fs::remove_file(world.file("server.pem")).unwrap();
        world.server.signal(Signal::HUP);
        world.logged("server.pem cannot be read");
        served().await;
        // What fits is taken without being told.
        let next = Authority::new("the next one");
        next.server().write(world.dir.path(), "server");
        world.logged("the TLS files were taken into use");
        assert_eq!(world.json(&next.trusted()).await.unwrap().0, 200);
    });
    let (code, logs) = world.server.terminate_and_read();
    assert_eq!(code, Some(0));
    assert!(logs.lines().filter(|line| line.contains("ERROR")).count() >= 3, "{logs}");
}

#[test]
#[allow(clippy::float_cmp, reason = "counts are whole and small")]
fn metrics_tell_until_when_the_certificate_is_valid_and_whether_its_files_were_refused() {
    // `date -u -d 2124-01-02 +%s`
    const END: f64 = 4_859_827_200.0;
    let authority = Authority::new("of servers");
    let pair = authority.issue(&["127.0.0.1"], (2020, 1, 1), (2124, 1, 2));
    let world = World::start_with(Callers::Anonymous, authority, &pair, &[]);
    let told = async || {
        let scrape = world.scrape(&world.authority.trusted()).await;
        ["certificate_expiry_timestamp_seconds", "certificate_refused", "reloads_total", "refusals_total"]
            .map(|name| scrape.value(&format!("consent_ledger_tls_{name}"), &[]))
    };
    runtime().block_on(async {
        assert_eq!(told().await, [END, 0.0, 0.0, 0.0]);
        std::fs::write(world.file("server.pem"), "no certificate").unwrap();
        world.server.signal(Signal::HUP);
        world.logged("holds no certificate in PEM");
        assert_eq!(told().await, [END, 1.0, 0.0, 1.0]);
        let other = world.authority.issue(&["127.0.0.1"], (2020, 1, 1), (2124, 1, 3));
        other.write(world.dir.path(), "server");
        world.server.signal(Signal::HUP);
        world.logged("the TLS files were taken into use");
        let [end, refused, reloads, refusals] = told().await;
        assert_eq!((end, refused, reloads), (END + 86_400.0, 0.0, 1.0));
        assert!(refusals >= 1.0);
    });
}

#[test]
fn another_authority_of_callers_is_taken_and_the_old_one_lets_nobody_in_any_more() {
    let world = World::start(Callers::Known);
    let next = Authority::new("of callers, the next one");
    let (old, new) = (world.authority.trusted_by(&world.callers.caller("a")), world.authority.trusted_by(&next.caller("a")));
    runtime().block_on(async {
        assert_eq!(world.json(&old).await.unwrap().0, 200);
        std::fs::write(world.file("callers.pem"), next.pem()).unwrap();
        world.server.signal(Signal::HUP);
        world.logged("the TLS files were taken into use");
        assert_eq!(world.json(&new).await.unwrap().0, 200);
        assert!(world.json(&old).await.is_err());
    });
}
