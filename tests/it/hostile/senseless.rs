//! Bytes and frames that mean nothing.

use std::io::Write;

use super::http2::{CHECK, DATA, END_HEADERS, HEADERS, PREFACE, call, frame, hello, is_ended};
use super::{World, connect};
use crate::support::dice::Dice;

#[test]
fn random_bytes_on_both_ports_are_survived() {
    let world = World::new(&[]);
    let mut dice = Dice::new(6);
    for round in 0..200 {
        let bytes: Vec<u8> = (0..dice.below(4_096)).map(|_| u8::try_from(dice.below(256)).unwrap()).collect();
        let mut stream = connect(if round % 2 == 0 { world.server.grpc } else { world.server.http });
        if round % 4 < 2 {
            let _ = stream.write_all(PREFACE);
        }
        let _ = stream.write_all(&bytes);
    }
    world.held(64);
}

#[test]
fn random_frames_are_survived() {
    let world = World::new(&[]);
    let mut dice = Dice::new(7);
    for _ in 0..100 {
        let mut stream = hello(world.grpc(), &[]);
        for _ in 0..50 {
            let payload: Vec<u8> = (0..dice.below(64)).map(|_| u8::try_from(dice.below(256)).unwrap()).collect();
            let (kind, flags, id) = (dice.below(12), dice.below(64), dice.below(8));
            let _ =
                stream.write_all(&frame(u8::try_from(kind).unwrap(), u8::try_from(flags).unwrap(), u32::try_from(id).unwrap(), &payload));
        }
    }
    world.held(64);
}

#[test]
fn random_messages_to_every_kind_of_call_are_survived() {
    let world = World::new(&[]);
    let mut dice = Dice::new(8);
    for path in [CHECK, "/consent.v1.DecisionService/StreamCheckSend", "/consent.v1.RecordingService/RecordStream", "/nobody/knows", "/"] {
        let mut stream = hello(world.grpc(), &[]);
        for number in 0..100_u32 {
            let bytes: Vec<u8> = (0..dice.below(512)).map(|_| u8::try_from(dice.below(256)).unwrap()).collect();
            let id = number * 2 + 1;
            let _ = stream.write_all(&[frame(HEADERS, END_HEADERS, id, &call(path, &[])), frame(DATA, 1, id, &bytes)].concat());
        }
    }
    world.held(64);
}

#[test]
fn a_frame_that_is_larger_than_was_agreed_ends_its_connection() {
    let world = World::new(&[]);
    let mut stream = hello(world.grpc(), &[]);
    // 16 MiB less one byte, announced; what the frame holds is never waited for.
    stream.write_all(&[0xff, 0xff, 0xff, DATA, 0, 0, 0, 0, 1]).unwrap();
    assert!(is_ended(&mut stream));
    world.held(64);
}

#[test]
fn headers_that_are_too_large_are_refused() {
    let world = World::new(&[]);
    let mut stream = hello(world.grpc(), &[]);
    let value = "v".repeat(2_000);
    let names: Vec<String> = (0..10).map(|number| format!("x-{number}")).collect();
    let more: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), value.as_str())).collect();
    let block = call(CHECK, &more);
    let (first, rest) = block.split_at(16_000);
    stream.write_all(&[frame(HEADERS, 0, 1, first), frame(super::http2::CONTINUATION, END_HEADERS, 1, rest)].concat()).unwrap();
    let answer = super::http2::until(&mut stream, |kind, id, _| id == 1 && kind == HEADERS);
    // :status 431, in whatever way HPACK writes it.
    assert!(answer.is_some(), "a refusal, and no silence");
    world.held(64);
}
