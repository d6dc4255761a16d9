//! Clients that lie about the size of what they send, on both ports.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use super::http2::{CHECK, DATA, END_HEADERS, END_STREAM, HEADERS, RESET, call, frame, hello, message, until};
use super::{IN_TIME, World, connect};
use crate::support::client::{Client, opt_in, question, runtime};
use crate::support::http::OPT_IN;
use prost::Message;

/// How long it is waited for an answer before the client says that nothing more will come.
const A_WHILE: Duration = Duration::from_millis(300);

/// What the HTTP port says to these bytes, and after a while to nothing more.
fn told(world: &World, bytes: &[u8], a_while: Duration) -> String {
    let mut stream = connect(world.server.http);
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    stream.set_read_timeout(Some(a_while)).unwrap();
    if stream.read_to_end(&mut answer).is_err() {
        let _ = stream.shutdown(Shutdown::Write);
        stream.set_read_timeout(Some(IN_TIME)).unwrap();
        stream.read_to_end(&mut answer).expect("the connection ends in time");
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// A request with these headers and this body.
fn post(path: &str, headers: &[&str], body: &str) -> Vec<u8> {
    let mut request = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n");
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    format!("{request}\r\n{body}").into_bytes()
}

const RECORD: &str = r#"{"contact":"+447400123456","categories":["CATEGORY_MARKETING"],"method":"METHOD_WEBSITE"}"#;

#[test]
fn a_length_that_is_a_lie_records_nothing_over_http() {
    let world = World::new(&[]);
    let (short, more) = (RECORD.len() - 10, RECORD.len() + 10);
    let (chunk, whole) = (format!("{:x}\r\n{RECORD}\r\n0\r\n\r\n", RECORD.len()), format!("Content-Length: {}", RECORD.len()));
    let lies: [(&str, Vec<String>, String); 14] = [
        ("shorter than the body", vec![format!("Content-Length: {short}")], RECORD.into()),
        ("longer than the body", vec![format!("Content-Length: {more}")], RECORD.into()),
        ("five gigabytes", vec!["Content-Length: 5000000000".into()], RECORD.into()),
        ("more than a number holds", vec!["Content-Length: 99999999999999999999999".into()], RECORD.into()),
        ("negative", vec!["Content-Length: -1".into()], RECORD.into()),
        ("no number", vec!["Content-Length: 0x10".into()], RECORD.into()),
        ("two lengths", vec![whole.clone(), format!("Content-Length: {short}")], RECORD.into()),
        ("a length and chunks that are none", vec![whole.clone(), "Transfer-Encoding: chunked".into()], RECORD.into()),
        ("a chunk longer than it is", vec!["Transfer-Encoding: chunked".into()], chunk.replacen(':', ":\r\n", 1)),
        ("a chunk without end", vec!["Transfer-Encoding: chunked".into()], format!("FFFFFFFFFFFFFFF\r\n{RECORD}")),
        ("a chunk longer than a number", vec!["Transfer-Encoding: chunked".into()], format!("FFFFFFFFFFFFFFFFFF\r\n{RECORD}")),
        ("no last chunk", vec!["Transfer-Encoding: chunked".into()], chunk.trim_end_matches("0\r\n\r\n").into()),
        ("chunks inside something else", vec!["Transfer-Encoding: chunked, gzip".into()], chunk.clone()),
        ("compressed, and it is not", vec![whole.clone(), "Content-Encoding: gzip".into()], RECORD.into()),
    ];
    let entries = || runtime().block_on(async { Client::connect(&world.server.url()).await.log().await.len() });
    let before = entries();
    for (lie, headers, body) in &lies {
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        for path in [OPT_IN, "/webhooks/default"] {
            let answer = told(&world, &post(path, &headers, body), A_WHILE);
            assert!(!answer.starts_with("HTTP/1.1 2"), "{lie}, {path}: {answer}");
        }
        world.goes_on();
    }
    assert_eq!(entries(), before, "something was recorded");
    // What does not lie is recorded, also in chunks.
    for (header, body) in [(whole.as_str(), RECORD), ("Transfer-Encoding: chunked", chunk.as_str())] {
        let answer = told(&world, &post(OPT_IN, &[header, "Connection: close"], body), IN_TIME);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert_eq!(entries(), before + 2);
    world.held(64);
}

#[test]
fn a_length_that_is_a_lie_ends_its_call_over_grpc_and_the_connection_goes_on() {
    let world = World::new(&[]);
    let record = message(&opt_in("+447400123456", "").encode_to_vec());
    let path = "/consent.v1.RecordingService/RecordOptIn";
    let entries = || runtime().block_on(async { Client::connect(&world.server.url()).await.log().await.len() });
    let before = entries();
    for length in ["3", "100000", "99999999999999999999999", "-1", "many"] {
        let mut stream = hello(world.grpc(), &[]);
        let lie = [frame(HEADERS, END_HEADERS, 1, &call(path, &[("content-length", length)])), frame(DATA, END_STREAM, 1, &record)];
        stream.write_all(&lie.concat()).unwrap();
        assert!(until(&mut stream, |kind, id, _| id == 1 && (kind == RESET || kind == HEADERS)).is_some(), "{length}: silence");
        let asked = message(&question("+447400123456", "1001").encode_to_vec());
        stream.write_all(&[frame(HEADERS, END_HEADERS, 3, &call(CHECK, &[])), frame(DATA, END_STREAM, 3, &asked)].concat()).unwrap();
        assert!(until(&mut stream, |kind, id, _| id == 3 && kind == HEADERS).is_some(), "{length}: the connection does not go on");
        world.goes_on();
    }
    assert_eq!(entries(), before, "something was recorded");
    world.held(64);
}

#[test]
fn a_prefix_that_announces_less_than_comes_records_nothing() {
    let world = World::new(&[]);
    let record = opt_in("+447400123456", "").encode_to_vec();
    let entries = || runtime().block_on(async { Client::connect(&world.server.url()).await.log().await.len() });
    let before = entries();
    for announced in [0, 1, record.len() / 2, record.len() - 1] {
        let lie = [&[0][..], &u32::try_from(announced).unwrap().to_be_bytes(), &record].concat();
        let mut stream = hello(world.grpc(), &[]);
        let path = "/consent.v1.RecordingService/RecordOptIn";
        stream.write_all(&[frame(HEADERS, END_HEADERS, 1, &call(path, &[])), frame(DATA, END_STREAM, 1, &lie)].concat()).unwrap();
        assert!(until(&mut stream, |kind, id, _| id == 1 && (kind == RESET || kind == HEADERS)).is_some(), "{announced}: silence");
        world.goes_on();
    }
    assert_eq!(entries(), before, "something was recorded");
    world.held(64);
}
