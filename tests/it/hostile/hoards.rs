//! Clients that keep what they opened and let it lie.

use std::io::Write;

use bytes::Bytes;
use consent_ledger::proto::BatchCheckSendRequest;
use h2::SendStream;
use h2::client::ResponseFuture;
use prost::Message;
use tonic::Status;
use tonic_types::StatusExt;

use super::http2::{CHECK, DATA, END_HEADERS, END_STREAM, HEADERS, WINDOW_UPDATE, call, frame, hello, message, next, pour, until};
use super::small_frames::{Raw, trailers};
use super::{IN_TIME, World};
use crate::support::client::runtime;

/// What a hoard is sent in, in bytes.
const PIECE: usize = 16 << 10;

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

/// What became of a hoard.
#[derive(PartialEq, Eq, Debug)]
enum Hoard {
    /// All of it was taken, and is kept.
    Kept,
    /// The server refused it for this reason.
    Refused(String),
}

/// Sends so much of a message of 4 MiB and never its end, as fast as it is taken.
async fn hoard(response: ResponseFuture, mut send: SendStream<Bytes>, bytes: usize) -> (Hoard, SendStream<Bytes>) {
    let mut refused = Box::pin(trailers(response));
    let pouring = async {
        send.send_data(Bytes::from_static(&[0, 0, 0x40, 0, 0]), false).ok()?;
        let mut left = bytes;
        while left > 0 {
            send.reserve_capacity(left.min(PIECE));
            let room = std::future::poll_fn(|cx| send.poll_capacity(cx)).await?.ok()?.min(left);
            send.send_data(Bytes::from_static(&[7; PIECE]).slice(..room.min(PIECE)), false).ok()?;
            left -= room.min(PIECE);
        }
        Some(())
    };
    let reason = tokio::select! {
        biased;
        refused = &mut refused => Some(refused),
        poured = pouring => if poured.is_some() { None } else { Some(refused.await) },
    };
    let kept = reason.map_or(Hoard::Kept, |trailers| {
        let status = Status::from_header_map(&trailers).unwrap();
        Hoard::Refused(status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default())
    });
    (kept, send)
}

#[test]
fn messages_of_which_the_last_byte_never_comes_take_no_more_room_than_there_is() {
    // 200 times three quarters of what a message may have: 600 MiB, if they were taken.
    const HOARDS: usize = 200;
    const EACH: usize = 3 << 20;
    let world = World::new(&[]);
    runtime().block_on(async {
        let mut pouring = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let mut raw = Raw::connect(world.grpc()).await;
            for _ in 0..HOARDS / 4 {
                let (response, send) = raw.call("/consent.v1.DecisionService/BatchCheckSend", &[]);
                pouring.spawn(hoard(response, send, EACH));
            }
        }
        let (mut kept, mut refused) = (Vec::new(), 0);
        while let Some(ended) = pouring.join_next().await {
            match ended.unwrap() {
                (Hoard::Kept, send) => kept.push(send),
                (Hoard::Refused(reason), _) => {
                    assert_eq!(reason, "OVERLOADED");
                    refused += 1;
                }
            }
        }
        println!("{} of {HOARDS} are kept, {refused} were refused", kept.len());
        // The room is 32 MiB.
        assert!(kept.len() * EACH <= 32 << 20, "{} are kept", kept.len());
        tokio::task::spawn_blocking(move || world.held_between(8, 192)).await.unwrap();
        drop(kept);
    });
}

#[test]
fn large_answers_that_nobody_reads_take_no_more_room_than_there_is() {
    const CALLS: usize = 240;
    let world = World::new(&[]);
    let block = call("/consent.v1.DecisionService/BatchCheckSend", &[]);
    // No contact is one: each is told so, which takes longer to say than to find out.
    let contacts = vec!["x".to_owned(); 1_500];
    let batch = message(&BatchCheckSendRequest { contacts, sender: "1001".into(), ..Default::default() }.encode_to_vec());
    let mut refused = 0;
    let mut hoards = Vec::new();
    for _ in 0..2 {
        // No window at all: nothing of an answer may be sent, but for a refusal, which has no body.
        let mut stream = hello(world.grpc(), &[(4, 0)]);
        // Before the server has said how much it takes, a client that sends more is cut off.
        until(&mut stream, |kind, id, _| kind == WINDOW_UPDATE && id == 0).expect("the window of the connection");
        // An answer takes long to make in a debug build on a busy machine, and the next request waits.
        stream.set_write_timeout(Some(IN_TIME * 6)).unwrap();
        stream.set_read_timeout(Some(IN_TIME * 6)).unwrap();
        let mut reader = stream.try_clone().unwrap();
        let answers = std::thread::spawn(move || {
            let (mut refused, mut answered) = (0, 0);
            while let Some(frame) = next(&mut reader) {
                answered += usize::from(frame.kind == HEADERS);
                refused += usize::from(frame.kind == HEADERS && frame.flags & END_STREAM != 0);
                if answered == CALLS / 2 {
                    break;
                }
            }
            (answered, refused)
        });
        let calls = (0..u32::try_from(CALLS / 2).unwrap()).map(|number| {
            let id = number * 2 + 1;
            // The end comes with the last piece: a hundred empty frames end a connection.
            let pieces = batch.chunks(16_000).enumerate();
            let data =
                pieces.flat_map(|(place, piece)| frame(DATA, if (place + 1) * 16_000 >= batch.len() { END_STREAM } else { 0 }, id, piece));
            [frame(HEADERS, END_HEADERS, id, &block), data.collect()].concat()
        });
        assert!(pour(&mut stream, calls));
        let (answered, own) = answers.join().unwrap();
        assert_eq!(answered, CALLS / 2, "each is answered or refused");
        refused += own;
        hoards.push(stream);
    }
    println!("{refused} of {CALLS} answers were refused for want of room");
    assert!(refused > 0 && refused < CALLS, "the bound was not reached: {refused}");
    world.held_between(8, 128);
    drop(hoards);
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
