//! Clients that say a little and then nothing: on both ports, in the handshake, in headers, in bodies.

use std::io::{Read, Write};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::http2::{HEADERS, call, frame, hello};
use super::{World, connect};
use crate::support::certificates::Authority;

#[test]
fn two_hundred_that_stop_in_the_middle_hold_up_nobody_on_either_port() {
    let world = World::new(&[]);
    let half_headers = frame(HEADERS, 0, 1, &call("/consent.v1.DecisionService/CheckSend", &[])[..20]);
    let begun = b"POST /consent.v1.DecisionService/CheckSend HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let [half_preface, half_head] = [b"PRI * HTTP/2".to_vec(), begun.to_vec()];
    let half_body = [&begun[..], b"Content-Length: 100\r\n\r\n{"].concat();
    let mut slow = Vec::new();
    for number in 0..200 {
        let (mut stream, said) = match number % 4 {
            0 => (connect(world.server.grpc), &half_preface),
            1 => (connect(world.server.http), &half_head),
            2 => (connect(world.server.http), &half_body),
            _ => (hello(world.server.grpc, &[]), &half_headers),
        };
        stream.write_all(said).unwrap();
        slow.push(stream);
    }
    world.goes_on();
    // Who does not finish its headers over HTTP is closed after ten seconds, who does not finish its body is told so.
    let mut said = String::new();
    slow[1].set_read_timeout(Some(super::IN_TIME * 3)).unwrap();
    let _ = slow[1].read_to_string(&mut said);
    let mut told = String::new();
    slow[2].set_read_timeout(Some(super::IN_TIME)).unwrap();
    let _ = slow[2].read_to_string(&mut told);
    assert!(told.contains("408") && told.contains("BODY_TOO_SLOW"), "{told}");
    world.held(64);
}

#[test]
fn more_silent_connections_than_there_are_places_keep_nobody_out() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    if limit.maximum.is_some_and(|most| most < 4 * 1_500) {
        println!("skipped: this machine lets a process open too few files");
        return;
    }
    let world = World::new(&[]);
    // More than a server has places.
    let silent: Vec<_> = (0..1_500).map(|_| std::net::TcpStream::connect(world.server.grpc).unwrap()).collect();
    world.goes_on();
    world.held(96);
    drop(silent);
}

#[test]
fn handshakes_that_stop_in_the_middle_hold_up_nobody() {
    let authority = Authority::new("of servers");
    let dir = tempfile::tempdir().unwrap();
    authority.server().write(dir.path(), "server");
    let [certificate, key] = ["server.pem", "server.key"].map(|name| dir.path().join(name).display().to_string());
    let server = crate::support::server::Server::start(&dir.path().join("data"), &["--tls-cert", &certificate, "--tls-key", &key]);
    let slow: Vec<_> = (0..200)
        .map(|number| {
            let mut stream = connect(if number % 2 == 0 { server.grpc } else { server.http });
            // The begin of a ClientHello that has 512 bytes.
            stream.write_all(&[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]).unwrap();
            stream
        })
        .collect();
    crate::support::client::runtime().block_on(async {
        let endpoint = consent_ledger::client::Endpoint::new(&format!("https://{}", server.grpc), &authority.trusted()).unwrap();
        let client = crate::support::client::Client::over(endpoint.connect_timeout(super::IN_TIME).connect().await.unwrap());
        client.check(crate::support::client::question("+447400123456", "1001")).await.unwrap();
    });
    drop(slow);
}
