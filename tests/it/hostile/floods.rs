//! Frames without end.

use std::io::Write;

use super::World;
use super::http2::{CHECK, CONTINUATION, END_HEADERS, HEADERS, PING, RESET, SETTINGS, call, frame, hello, is_ended, pour};

#[test]
fn streams_that_are_reset_as_soon_as_they_are_opened_end_their_connection() {
    let world = World::new(&[]);
    let mut stream = hello(world.grpc(), &[]);
    let block = call(CHECK, &[]);
    pour(
        &mut stream,
        (0..50_000_u32).map(|number| {
            let id = number * 2 + 1;
            [frame(HEADERS, END_HEADERS, id, &block), frame(RESET, 0, id, &8_u32.to_be_bytes())].concat()
        }),
    );
    assert!(is_ended(&mut stream));
    world.held(64);
}

#[test]
fn headers_that_never_end_end_their_connection() {
    let world = World::new(&[]);
    let mut stream = hello(world.grpc(), &[]);
    stream.write_all(&frame(HEADERS, 0, 1, &call(CHECK, &[]))).unwrap();
    let more: Vec<u8> = std::iter::repeat_n([0, 1, b'x', 1, b'y'], 3_000).flatten().collect();
    pour(&mut stream, (0..5_000).map(|_| frame(CONTINUATION, 0, 1, &more)));
    assert!(is_ended(&mut stream));
    // Empty ones too.
    let mut stream = hello(world.grpc(), &[]);
    stream.write_all(&frame(HEADERS, 0, 1, &call(CHECK, &[]))).unwrap();
    pour(&mut stream, (0..5_000).map(|_| frame(CONTINUATION, 0, 1, &[])));
    assert!(is_ended(&mut stream));
    world.held(64);
}

#[test]
fn pings_and_settings_whose_answers_nobody_reads_fill_no_memory() {
    let world = World::new(&[]);
    for flood in [frame(PING, 0, 0, &[7; 8]), frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100])] {
        let mut stream = hello(world.grpc(), &[]);
        let many = flood.repeat(1_000);
        // 100 MB, or what is taken of them before the server stops to read.
        pour(&mut stream, (0..6_000).map(|_| many.clone()));
        world.goes_on();
    }
    world.held(64);
}

#[test]
fn more_streams_than_a_connection_may_have_are_refused_and_the_connection_goes_on() {
    let world = World::new(&[]);
    let mut stream = hello(world.grpc(), &[]);
    let block = call(CHECK, &[]);
    pour(&mut stream, (0..6_000_u32).map(|number| frame(HEADERS, END_HEADERS, number * 2 + 1, &block)));
    let refused = super::http2::until(&mut stream, |kind, _, payload| kind == RESET && payload == 7_u32.to_be_bytes());
    assert!(refused.is_some(), "REFUSED_STREAM");
    world.held(160);
}

#[test]
fn empty_data_without_end_ends_its_connection() {
    let world = World::new(&[]);
    let mut stream = hello(world.grpc(), &[]);
    stream.write_all(&frame(HEADERS, END_HEADERS, 1, &call("/consent.v1.DecisionService/StreamCheckSend", &[]))).unwrap();
    let many = frame(super::http2::DATA, 0, 1, &[]).repeat(1_000);
    pour(&mut stream, (0..200).map(|_| many.clone()));
    assert!(is_ended(&mut stream));
    world.held(64);
}
