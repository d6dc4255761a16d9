//! Both ports, to those who trust the authority of the server's certificate.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use consent_ledger::client::Tls;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::{Callers, PATIENCE, World, word};
use crate::support::certificates::{Authority, in_days};
use crate::support::cli::cli;
use crate::support::client::{Client, opt_in, question, runtime};
use crate::support::server::Server;

#[test]
fn calls_health_and_json_are_answered_over_tls() {
    let world = World::start(Callers::Anonymous);
    runtime().block_on(async {
        let tls = world.authority.trusted();
        let channel = world.grpc(&tls).await.unwrap();
        let client = Client::over(channel.clone());
        client.opt_in(opt_in("+447400123456", "")).await.unwrap();
        assert_eq!(client.check(question("+447400123456", "1001")).await.unwrap().permission().as_str_name(), "PERMISSION_TEMPLATE_ONLY");
        let health = HealthClient::new(channel).check(HealthCheckRequest::default()).await.unwrap().into_inner();
        assert_eq!(health.status(), ServingStatus::Serving);
        let (status, body) = world.json(&tls).await.unwrap();
        assert_eq!(status, 200);
        assert!(body.contains("PERMISSION_TEMPLATE_ONLY"), "{body}");
    });
    assert_eq!(world.server.terminate().code(), Some(0));
}

#[test]
fn commands_and_replayed_webhooks_go_over_tls() {
    let secret = [("CONSENT_LEDGER_APP_SECRET", "secret")];
    let authority = Authority::new("of servers");
    let pair = authority.server();
    let world = World::start_with(Callers::Anonymous, authority, &pair, &secret);
    std::fs::write(world.file("authority.pem"), world.authority.pem()).unwrap();
    let ca = word(&world.file("authority.pem"));
    let record = ["record", "opt-in", "--contact", "+447400123456", "--category", "marketing", "--method", "website"];
    let recorded = cli(&[&record[..], &["--server", &world.url(), "--ca", &ca]].concat());
    assert_eq!(recorded.code, 0, "{recorded:?}");
    let bodies = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wa_webhooks/messages__text.json");
    let bodies = if std::path::Path::new(bodies).exists() { bodies.to_owned() } else { first_body() };
    let to = format!("https://{}", world.server.http);
    let replayed = cli(&["webhook", "replay", &bodies, "--app-secret", "secret", "--server-http", &to, "--ca", &ca]);
    assert_eq!((replayed.code, replayed.first_word()), (0, "200"), "{replayed:?}");
    let untrusted = cli(&["webhook", "replay", &bodies, "--app-secret", "secret", "--server-http", &to]);
    assert_eq!((untrusted.code, untrusted.first_word()), (2, "unreachable"), "{untrusted:?}");
    assert!(untrusted.err.contains("authority that is not trusted") && untrusted.err.contains("--ca"), "{untrusted:?}");
}

/// Some recorded webhook.
fn first_body() -> String {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wa_webhooks");
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    word(&files[0])
}

/// What comes back for these bytes, to the end.
fn said(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    said
}

#[test]
fn plain_text_on_a_port_with_tls_is_ended_and_harms_nobody() {
    let authority = Authority::new("of servers");
    let pair = authority.server();
    let world = World::start_with(Callers::Anonymous, authority, &pair, &[("RUST_LOG", "debug")]);
    for address in [world.server.grpc, world.server.http] {
        for text in ["GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
            let said = said(address, text.as_bytes());
            assert!(said.is_empty() || said[0] == 21, "an alert at most: {said:?}");
        }
    }
    world.logged("a TLS handshake failed");
    runtime().block_on(async {
        assert_eq!(world.json(&world.authority.trusted()).await.unwrap().0, 200);
    });
}

#[test]
fn callers_that_open_connections_and_shake_no_hands_hold_up_nobody() {
    let world = World::start(Callers::Anonymous);
    let silent: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(world.server.grpc).unwrap()).collect();
    runtime().block_on(async {
        let channel = world.grpc(&world.authority.trusted()).await.unwrap();
        Client::over(channel).check(question("+447400123456", "1001")).await.unwrap();
    });
    drop(silent);
}

#[test]
fn a_certificate_that_is_over_or_soon_will_be_is_said_at_the_start() {
    for (to, words) in [((2021, 1, 1), "the certificate has expired"), (in_days(5), "the certificate expires soon")] {
        let authority = Authority::new("of servers");
        let pair = authority.issue(&["localhost"], (2020, 1, 1), to);
        let world = World::start_with(Callers::Anonymous, authority, &pair, &[]);
        world.logged(words);
    }
    let world = World::start(Callers::Anonymous);
    let (_, logs) = world.server.terminate_and_read();
    // That nobody has credentials yet is another matter.
    let warned = logs.lines().filter(|line| line.contains("WARN") && !line.contains("no principal was ever added")).count();
    assert!(logs.contains("both ports speak TLS") && warned == 0, "{logs}");
}

#[test]
fn files_that_do_not_do_are_refused_before_anything_is_set_up() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new("of servers");
    authority.server().write(dir.path(), "one");
    authority.server().write(dir.path(), "other");
    std::fs::write(dir.path().join("empty.pem"), "").unwrap();
    std::fs::write(dir.path().join("broken.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let file = |name: &str| word(&dir.path().join(name));
    let data = dir.path().join("data");
    for (certificate, key, words) in [
        ("missing.pem", "one.key", "missing.pem cannot be read"),
        ("empty.pem", "one.key", "empty.pem holds no certificate"),
        ("broken.pem", "one.key", "broken.pem holds a certificate that does not parse"),
        ("one.pem", "empty.pem", "empty.pem holds no private key"),
        ("one.pem", "one.pem", "one.pem holds no private key"),
        ("one.pem", "other.key", "other.key is not the key of the certificate in"),
    ] {
        let files = [("--tls-cert", file(certificate)), ("--tls-key", file(key))];
        let words_given: Vec<&str> = files.iter().flat_map(|(flag, file)| [*flag, file.as_str()]).collect();
        let Err(said) = Server::try_start(&data, &words_given) else { panic!("{certificate} {key} are served") };
        assert!(said.contains(words) && said.contains("hint:"), "{said}");
        assert!(!data.exists());
    }
    let half = cli(&["serve", "--data-dir", data.to_str().unwrap(), "--tls-cert", &file("one.pem")]);
    assert!(half.code == 2 && half.err.contains("--tls-key"), "{half:?}");
}

#[test]
fn a_client_says_at_once_that_a_file_of_its_own_does_not_do() {
    let one = Authority::new("of callers");
    let (pair, other) = (one.caller("a"), one.caller("b"));
    assert!(Tls::default().authorities(b"nothing").is_err());
    assert!(Tls::default().identity(pair.certificate.as_bytes(), other.key.as_bytes()).is_err());
    assert!(Tls::default().identity(pair.certificate.as_bytes(), b"").is_err());
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("empty.pem"), "").unwrap();
    let empty = word(&dir.path().join("empty.pem"));
    let said = cli(&["check", "--contact", "+447400123456", "--sender", "1", "--server", "https://127.0.0.1:1", "--ca", &empty]);
    assert!(said.code == 2 && said.err.contains("empty.pem") && said.err.contains("no certificate"), "{said:?}");
}
