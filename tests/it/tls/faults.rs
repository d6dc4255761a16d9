//! What goes wrong between a client and a server, told apart, with what to do next.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::{Callers, World, word};
use crate::support::certificates::{Authority, Pair};
use crate::support::cli::cli;
use crate::support::server::Server;

fn world_with(pair: impl Fn(&Authority) -> Pair) -> World {
    let authority = Authority::new("of servers");
    let pair = pair(&authority);
    World::start_with(Callers::Anonymous, authority, &pair, &[])
}

/// What `check` says of this server when it trusts the authority in this file.
fn check(url: &str, ca: &str) -> String {
    let said = cli(&["check", "--contact", "+447400123456", "--sender", "1", "--server", url, "--ca", ca]);
    assert_eq!((said.code, said.out.as_str()), (2, ""), "{said:?}");
    said.err
}

fn ca(world: &World) -> String {
    std::fs::write(world.file("authority.pem"), world.authority.pem()).unwrap();
    word(&world.file("authority.pem"))
}

#[test]
fn a_certificate_that_cannot_be_trusted_is_told_by_what_is_wrong_with_it() {
    let days = ((2020, 1, 1), (4000, 1, 1));
    let other_name = world_with(|authority| authority.issue(&["ledger.example"], days.0, days.1));
    let said = check(&other_name.url(), &ca(&other_name));
    assert!(said.contains("is for another name") && said.contains("hint: call the server by a name"), "{said}");

    let over = world_with(|authority| authority.issue(&["127.0.0.1"], (2020, 1, 1), (2021, 1, 1)));
    let said = check(&over.url(), &ca(&over));
    assert!(said.contains("has expired") && said.contains("renewed"), "{said}");

    let early = world_with(|authority| authority.issue(&["127.0.0.1"], (3999, 1, 1), (4000, 1, 1)));
    let said = check(&early.url(), &ca(&early));
    assert!(said.contains("not valid yet") && said.contains("clocks"), "{said}");

    std::fs::write(over.file("strangers.pem"), Authority::new("of strangers").pem()).unwrap();
    let said = check(&other_name.url(), &word(&over.file("strangers.pem")));
    assert!(said.contains("authority that is not trusted here") && said.contains("--ca"), "{said}");
}

#[test]
fn a_server_without_tls_is_told_from_one_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ca.pem"), Authority::new("of nobody").pem()).unwrap();
    let ca = word(&dir.path().join("ca.pem"));
    let server = Server::start(&dir.path().join("data"), &[]);
    let said = check(&format!("https://{}", server.grpc), &ca);
    assert!(said.contains("does not speak TLS") && said.contains("http://"), "{said}");
    let said = check(&format!("https://{}", server.http), &ca);
    assert!(said.contains("TLS"), "{said}");
    let grpc = server.grpc;
    assert_eq!(server.terminate().code(), Some(0));
    let said = check(&format!("https://{grpc}"), &ca);
    assert!(said.contains("does not answer"), "{said}");
}

#[test]
fn a_server_that_hangs_up_is_said_to() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("ca.pem"), Authority::new("of nobody").pem()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let hangs_up = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.flush();
    });
    let said = check(&url, &word(&dir.path().join("ca.pem")));
    assert!(said.contains("hung up"), "{said}");
    hangs_up.join().unwrap();
}

#[test]
fn plain_text_to_a_server_with_tls_names_https() {
    let world = World::start(Callers::Anonymous);
    let said = check(&format!("http://{}", world.server.grpc), &ca(&world));
    assert!(said.contains("https://"), "{said}");
}
