//! Callers that must, or may, show who they are.

use consent_ledger::api::connections::{Connections, Listener};
use consent_ledger::client::{ClientError, Endpoint, MaySend, Options, Question, Tls, TlsFault, WhyNot};
use consent_ledger::tls::Port;
use consent_ledger::tls::files::{Clients, Files};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tonic::transport::server::Connected;

use super::{Callers, World, word};
use crate::support::certificates::Authority;
use crate::support::cli::cli;
use crate::support::client::{Client, question, runtime};

/// What a call to the gRPC port comes to: an answer, or what is wrong.
async fn asked(world: &World, tls: &Tls) -> Option<TlsFault> {
    let channel = match world.grpc(tls).await {
        Ok(channel) => channel,
        Err(error) => return Some(TlsFault::of(&error).unwrap_or_else(|| panic!("no fault of TLS: {error:?}"))),
    };
    match Client::over(channel).check(question("+447400123456", "1001")).await {
        Ok(_) => None,
        Err(status) => match ClientError::from(&status) {
            ClientError::Untrusted(fault) => Some(fault),
            other => panic!("{other:?} from {status:?}"),
        },
    }
}

#[test]
fn who_must_show_a_certificate_and_has_none_or_a_strangers_is_turned_away_on_both_ports() {
    let world = World::start(Callers::Known);
    let strangers = Authority::new("of strangers");
    runtime().block_on(async {
        for (tls, fault) in [
            (world.authority.trusted(), Some(TlsFault::CertificateRequired)),
            (world.authority.trusted_by(&strangers.caller("a stranger")), Some(TlsFault::CertificateRefused)),
            (world.authority.trusted_by(&world.callers.issue(&["over"], (2020, 1, 1), (2021, 1, 1))), Some(TlsFault::CertificateRefused)),
            (world.authority.trusted_by(&world.callers.caller("campaigns")), None),
        ] {
            assert_eq!(asked(&world, &tls).await, fault);
            let mut json = world.json(&tls).await;
            // hyper's client forgets why, where the server hung up between the handshake and the request.
            for _ in 0..20 {
                if json.as_ref().is_err_and(|error| TlsFault::of(error).is_none() && error.to_string().contains("Canceled")) {
                    json = world.json(&tls).await;
                }
            }
            assert_eq!(json.as_ref().err().and_then(|error| TlsFault::of(error)), fault, "{json:?}");
        }
    });
}

#[test]
fn where_it_is_optional_none_will_do_and_a_strangers_will_not() {
    let world = World::start(Callers::Either);
    let strangers = Authority::new("of strangers");
    runtime().block_on(async {
        assert_eq!(asked(&world, &world.authority.trusted()).await, None);
        assert_eq!(asked(&world, &world.authority.trusted_by(&world.callers.caller("campaigns"))).await, None);
        let stranger = world.authority.trusted_by(&strangers.caller("a stranger"));
        assert_eq!(asked(&world, &stranger).await, Some(TlsFault::CertificateRefused));
    });
}

#[test]
fn the_library_fails_closed_and_says_that_a_certificate_is_required() {
    let world = World::start(Callers::Known);
    runtime().block_on(async {
        let tls = world.authority.trusted();
        let client = consent_ledger::client::Client::connect_to(Endpoint::new(&world.url(), &tls).unwrap(), Options::default());
        match client.permission(&Question::new("+447400123456", "1001")).await {
            MaySend::No(WhyNot::Unanswered(error)) => assert_eq!(error, ClientError::Untrusted(TlsFault::CertificateRequired)),
            other => panic!("{other:?}"),
        }
        let tls = world.authority.trusted_by(&world.callers.caller("campaigns"));
        let client = consent_ledger::client::Client::connect_to(Endpoint::new(&world.url(), &tls).unwrap(), Options::default());
        let no = client.permission(&Question::new("+447400123456", "1001")).await;
        assert!(matches!(&no, MaySend::No(why) if !matches!(why, WhyNot::Unanswered(_))), "{no:?}");
    });
}

#[test]
fn a_command_shows_a_certificate_or_says_that_it_should() {
    let world = World::start(Callers::Known);
    std::fs::write(world.file("authority.pem"), world.authority.pem()).unwrap();
    world.callers.caller("campaigns").write(world.dir.path(), "caller");
    let [ca, certificate, key] = ["authority.pem", "caller.pem", "caller.key"].map(|name| word(&world.file(name)));
    let url = world.url();
    let check = ["check", "--contact", "+447400123456", "--sender", "1001", "--server", &url, "--ca", &ca];
    let refused = cli(&check);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("requires a client certificate") && refused.err.contains("--client-cert"), "{refused:?}");
    let answered = cli(&[&check[..], &["--client-cert", &certificate, "--client-key", &key]].concat());
    assert_eq!((answered.code, answered.first_word()), (1, "NOTHING"), "{answered:?}");
}

#[test]
fn every_connection_knows_the_digest_of_the_certificate_that_was_shown() {
    let (authority, callers) = (Authority::new("of servers"), Authority::new("of callers"));
    let dir = tempfile::tempdir().unwrap();
    authority.server().write(dir.path(), "server");
    std::fs::write(dir.path().join("callers.pem"), callers.pem()).unwrap();
    let clients = Some(Clients { ca: dir.path().join("callers.pem"), required: false });
    let files = Files { certificate: dir.path().join("server.pem"), key: dir.path().join("server.key"), clients };
    let tls = std::sync::Arc::new(consent_ledger::tls::Tls::open(files).unwrap());
    let caller = callers.caller("campaigns");
    runtime().block_on(async {
        for port in [Port::Grpc, Port::Http] {
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = tcp.local_addr().unwrap();
            let (listener, connections) = (Listener::over_tls(tcp, tls.clone(), port), Connections::default());
            for (shown, digest) in [(authority.trusted(), None), (authority.trusted_by(&caller), Some(caller.digest))] {
                let config = std::sync::Arc::new(shown.config().unwrap());
                let client = tokio::spawn(async move {
                    let stream = TcpStream::connect(address).await.unwrap();
                    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
                    let mut stream = tokio_rustls::TlsConnector::from(config).connect(name, stream).await.unwrap();
                    stream.write_all(b"hello").await.unwrap();
                    stream
                });
                let mut connection = connections.next(&listener).await.open().await.unwrap();
                let client = client.await.unwrap();
                let mut said = [0; 5];
                connection.read_exact(&mut said).await.unwrap();
                assert_eq!(&said, b"hello");
                let peer = connection.connect_info();
                assert_eq!(peer.certificate, digest);
                assert_eq!(peer.address, client.get_ref().0.local_addr().ok());
            }
        }
    });
}
