//! Clients that keep what they opened and let it lie.

use std::io::Write;

use consent_ledger::proto::BatchCheckSendRequest;
use prost::Message;

use super::World;
use super::http2::{CHECK, DATA, END_HEADERS, END_STREAM, HEADERS, call, frame, hello, message, pour};

#[test]
fn ten_thousand_idle_streams_on_several_connections_cost_little() {
    let world = World::new(&[]);
    let block = call(CHECK, &[]);
    let idle: Vec<_> = (0..4)
        .map(|_| {
            let mut stream = hello(world.grpc(), &[]);
            assert!(pour(&mut stream, (0..2_500_u32).map(|number| frame(HEADERS, END_HEADERS, number * 2 + 1, &block))));
            stream
        })
        .collect();
    world.goes_on();
    world.held(200);
    drop(idle);
}

#[test]
fn messages_of_which_the_last_byte_never_comes_take_no_more_room_than_there_is() {
    let world = World::new(&[]);
    let block = call("/consent.v1.DecisionService/BatchCheckSend", &[]);
    // Each says that it has 4 MiB, and 600 MB of all of them are sent as far as they are taken.
    let mut begun = vec![0_u8];
    begun.extend_from_slice(&(4_u32 << 20).to_be_bytes());
    let mut hoards = Vec::new();
    for _ in 0..4 {
        let mut stream = hello(world.grpc(), &[]);
        let mut reader = stream.try_clone().unwrap();
        std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
        let ids = (0..50_u32).map(|number| number * 2 + 1);
        pour(&mut stream, ids.clone().map(|id| [frame(HEADERS, END_HEADERS, id, &block), frame(DATA, 0, id, &begun)].concat()));
        // What flow control lets through; the server gives more room only for what it took.
        pour(&mut stream, (0..4).flat_map(|_| ids.clone()).map(|id| frame(DATA, 0, id, &[7; 15_000])));
        hoards.push(stream);
    }
    world.goes_on();
    world.held(128);
}

#[test]
fn large_answers_that_nobody_reads_take_no_more_room_than_there_is() {
    let world = World::new(&[]);
    let block = call("/consent.v1.DecisionService/BatchCheckSend", &[]);
    let contacts = (0..1_000).map(|number| format!("+4474001{number:05}")).collect();
    let batch = message(&BatchCheckSendRequest { contacts, sender: "1001".into(), ..Default::default() }.encode_to_vec());
    let mut hoards = Vec::new();
    for _ in 0..2 {
        // No window at all: nothing of an answer may be sent.
        let mut stream = hello(world.grpc(), &[(4, 0)]);
        let calls = (0..200_u32).map(|number| {
            let id = number * 2 + 1;
            let data: Vec<u8> = batch.chunks(16_000).flat_map(|piece| frame(DATA, 0, id, piece)).collect();
            [frame(HEADERS, END_HEADERS, id, &block), data, frame(DATA, END_STREAM, id, &[])].concat()
        });
        pour(&mut stream, calls);
        hoards.push(stream);
    }
    world.goes_on();
    world.held(192);
}

#[test]
fn calls_that_are_never_ended_by_their_client_hold_up_nobody() {
    let world = World::new(&[]);
    let block = call(CHECK, &[]);
    let mut stream = hello(world.grpc(), &[]);
    // The whole message, and then not the end of the request.
    let calls = (0..2_000_u32).map(|number| {
        let id = number * 2 + 1;
        [frame(HEADERS, END_HEADERS, id, &block), frame(DATA, 0, id, &message(&[]))].concat()
    });
    assert!(pour(&mut stream, calls));
    stream.flush().unwrap();
    world.held(96);
}
