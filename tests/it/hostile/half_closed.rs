//! Streams and connections of which one side has said its last, and the other has not.

use std::io::{Read, Write};
use std::net::Shutdown;

use consent_ledger::proto::{CheckSendRequest, StreamCheckSendRequest};
use prost::Message;
use tokio::time::timeout;

use super::http2::{CHECK, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, RESET, call, frame, hello, message, until};
use super::small_frames::{Raw, trailers};
use super::{IN_TIME, World, connect};
use crate::support::client::{question, runtime};

const CHECKS: &str = "/consent.v1.DecisionService/StreamCheckSend";
const RECORDS: &str = "/consent.v1.RecordingService/RecordStream";
const REHEARSAL: &str = "/consent.v1.RecordingService/RehearseStream";
const EXPORT: &str = "/consent.v1.AuditService/ExportEntries";
const WATCH: &str = "/consent.v1.WatchService/WatchEntries";
const HEALTH: &str = "/grpc.health.v1.Health/Watch";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

/// A call of each kind: one message, a stream either way, and both.
const KINDS: [&str; 8] = [CHECK, CHECKS, RECORDS, REHEARSAL, EXPORT, WATCH, HEALTH, REFLECTION];

/// Those that take a stream, which may be empty.
const STREAMS: [&str; 4] = [CHECKS, RECORDS, REHEARSAL, REFLECTION];

fn asked() -> CheckSendRequest {
    question("+447400123456", "1001")
}

#[test]
fn a_call_whose_client_ends_in_the_middle_is_answered_with_an_error_whatever_its_kind() {
    let world = World::new(&[]);
    runtime().block_on(async {
        let mut raw = Raw::connect(world.grpc()).await;
        let whole = message(&asked().encode_to_vec());
        for path in KINDS {
            for sent in [0, 3, 5, whole.len() - 1] {
                let (response, mut send) = raw.call(path, &[("grpc-timeout", "5S")]);
                send.send_data(whole[..sent].to_vec().into(), true).unwrap();
                let trailers = timeout(IN_TIME, trailers(response)).await.unwrap_or_else(|_| panic!("{path} after {sent} bytes"));
                let status = trailers.get("grpc-status").expect("a status").to_str().unwrap().to_owned();
                let is_empty_stream = sent == 0 && STREAMS.contains(&path);
                // Reflection ends its answers well, whatever ended its questions.
                assert!((status == "0") == is_empty_stream || path == REFLECTION, "{path} after {sent} bytes: {status}");
                // Not that its deadline was over.
                assert_ne!(status, "4", "{path} after {sent} bytes");
            }
        }
    });
    world.held(64);
}

#[test]
fn who_goes_on_after_the_server_has_ended_the_call_takes_nothing_and_disturbs_nobody() {
    let world = World::new(&[]);
    for path in KINDS {
        let mut stream = hello(world.grpc(), &[]);
        // A message that is too large is refused by its first bytes: the server's half is closed, the client's is not.
        let refused = [frame(HEADERS, END_HEADERS, 1, &call(path, &[])), frame(DATA, 0, 1, &[0, 0xff, 0xff, 0xff, 0xff])].concat();
        stream.write_all(&refused).unwrap();
        let ended = until(&mut stream, |kind, id, _| id == 1 && (kind == HEADERS || kind == RESET));
        assert!(ended.is_some(), "{path}: no answer");
        // What it may still send is taken by nobody.
        for _ in 0..3 {
            let _ = stream.write_all(&frame(DATA, 0, 1, &[7; 8_000]));
        }
        let question = message(&asked().encode_to_vec());
        stream.write_all(&[frame(HEADERS, END_HEADERS, 3, &call(CHECK, &[])), frame(DATA, END_STREAM, 3, &question)].concat()).unwrap();
        let next = until(&mut stream, |kind, id, _| id == 3 && kind == HEADERS || kind == GOAWAY).map(|(kind, _)| kind);
        assert_eq!(next, Some(HEADERS), "{path}: the connection does not go on");
    }
    world.held(64);
}

#[test]
fn who_goes_on_after_its_own_end_is_told_that_its_stream_is_closed() {
    let world = World::new(&[]);
    let question = message(&asked().encode_to_vec());
    let item = message(&StreamCheckSendRequest { check: Some(asked()) }.encode_to_vec());
    for path in KINDS {
        let sent = if path == CHECKS { &item } else { &question };
        for more in [frame(DATA, 0, 1, &[7; 100]), frame(HEADERS, END_HEADERS | END_STREAM, 1, &call(path, &[]))] {
            let mut stream = hello(world.grpc(), &[]);
            let ended = [frame(HEADERS, END_HEADERS, 1, &call(path, &[])), frame(DATA, END_STREAM, 1, sent), more].concat();
            stream.write_all(&ended).unwrap();
            let told = until(&mut stream, |kind, id, _| id == 1 && (kind == HEADERS || kind == RESET) || kind == GOAWAY);
            assert!(told.is_some(), "{path}: silence");
        }
    }
    world.held(64);
}

#[test]
fn connections_whose_client_has_closed_its_half_end() {
    let world = World::new(&[]);
    let question = message(&asked().encode_to_vec());
    let asks = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let begins = b"POST /consent.v1.DecisionService/CheckSend HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
    for path in KINDS {
        for end in [0, END_STREAM] {
            let mut stream = hello(world.grpc(), &[]);
            let call = [frame(HEADERS, END_HEADERS, 1, &call(path, &[])), frame(DATA, end, 1, &question)].concat();
            stream.write_all(&call).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            assert!(stream.read_to_end(&mut Vec::new()).is_ok(), "{path}: it stays open");
        }
    }
    for said in [&asks[..], &asks[..20], &begins[..]] {
        let mut stream = connect(world.server.http);
        stream.write_all(said).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert!(stream.read_to_end(&mut Vec::new()).is_ok(), "it stays open");
    }
    world.held(64);
}
