//! Messages that lie about their length, are too large, or are compressed.

use consent_ledger::proto::BatchCheckSendRequest;
use tonic_types::StatusExt;

use super::World;
use super::small_frames::Raw;
use crate::support::client::{Client, question, runtime};

/// What a check is told that ends after this body: the code, and the reason where one is named.
fn told(world: &World, more: &[(&'static str, &'static str)], body: &[u8]) -> (String, String) {
    runtime().block_on(async {
        let mut raw = Raw::connect(world.grpc()).await;
        let (response, mut send) = raw.call(super::http2::CHECK, more);
        send.send_data(body.to_vec().into(), true).unwrap();
        let trailers = super::small_frames::trailers(response).await;
        let text = |name: &str| trailers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let status = tonic::Status::from_header_map(&trailers);
        let reason = status.and_then(|status| status.get_error_details().error_info().map(|info| info.reason.clone()));
        (text("grpc-status"), reason.unwrap_or_default())
    })
}

#[test]
fn lengths_that_are_lies_are_answered_with_errors() {
    let world = World::new(&[]);
    // Less than was announced, nothing at all, half a prefix, and more than anything may have.
    for body in [&[0, 0, 0, 1, 0, 7, 7][..], &[], &[0, 0, 0]] {
        assert_ne!(told(&world, &[], body).0, "0");
    }
    assert_eq!(told(&world, &[], &[0, 0xff, 0xff, 0xff, 0xff, 7]), ("3".into(), "MESSAGE_TOO_LARGE".into()));
    world.held(64);
}

#[test]
fn a_message_that_is_too_large_is_told_its_limit() {
    let world = World::new(&[]);
    runtime().block_on(async {
        let client = Client::connect(&world.server.url()).await;
        let contacts = vec!["+447400123456".repeat(100); 4_000];
        let batch = BatchCheckSendRequest { contacts, sender: "1".into(), ..Default::default() };
        let refused = client.decision.clone().batch_check_send(batch).await.unwrap_err();
        assert_eq!(refused.get_error_details().error_info().unwrap().reason, "MESSAGE_TOO_LARGE", "{refused:?}");
        assert!(refused.message().contains("4194304"), "{refused:?}");
        client.check(question("+447400123456", "1")).await.unwrap();
    });
    world.held(64);
}

#[test]
fn compressed_messages_are_refused_and_not_opened() {
    let world = World::new(&[]);
    // A few bytes that would be a gigabyte of zeroes, were they opened.
    let bomb = [1, 0, 0, 0, 10, 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    assert_eq!(told(&world, &[], &bomb), ("12".into(), "COMPRESSION_UNSUPPORTED".into()));
    for encoding in ["gzip", "deflate", "zstd", "bomb"] {
        assert_eq!(told(&world, &[("grpc-encoding", encoding)], &bomb).0, "12", "{encoding}");
    }
    world.held(64);
}
