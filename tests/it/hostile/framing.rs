//! Valid HTTP/2 in which the framing of gRPC and the messages in it are random: every call that is ended is answered with a status,
//! and its connection goes on.

use std::time::Duration;

use h2::client::ResponseFuture;
use prost_reflect::DescriptorPool;
use tokio::time::timeout;

use super::http2::CHECK;
use super::small_frames::{Raw, trailers};
use super::{IN_TIME, World};
use crate::support::client::runtime;
use crate::support::dice::Dice;

/// How often each method is called.
const TIMES: usize = 6;

/// Words that mean something here and there.
const WORDS: [&str; 6] = ["+447400123456", "GB.1", "default", "100", "meta", ""];

/// Streams that have no end by themselves end then.
const DEADLINE: (&str, &str) = ("grpc-timeout", "300m");

/// Every method that there is.
fn methods() -> Vec<String> {
    let mut pool = DescriptorPool::decode(consent_ledger::proto::DESCRIPTORS).unwrap();
    for more in [tonic_health::pb::FILE_DESCRIPTOR_SET, tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET] {
        pool.decode_file_descriptor_set(more).unwrap();
    }
    let methods = |service: prost_reflect::ServiceDescriptor| {
        service.methods().map(|method| format!("/{}/{}", service.full_name(), method.name())).collect::<Vec<_>>()
    };
    pool.services().flat_map(methods).collect()
}

fn byte(dice: &mut Dice) -> u8 {
    u8::try_from(dice.below(256)).unwrap()
}

fn bytes(dice: &mut Dice, most: usize) -> Vec<u8> {
    (0..dice.below(most)).map(|_| byte(dice)).collect()
}

/// A message of random fields, most of them well formed.
fn fields(dice: &mut Dice, depth: usize) -> Vec<u8> {
    let mut message = Vec::new();
    for _ in 0..dice.below(6) {
        let wire = if dice.one_in(12) { dice.below(8) } else { dice.pick(&[0, 2, 2, 2, 1, 5]) };
        prost::encoding::encode_varint(((dice.below(20) << 3) | wire) as u64, &mut message);
        match wire {
            0 => {
                let bits = 1 + dice.below(40);
                prost::encoding::encode_varint(dice.below(1 << bits) as u64, &mut message);
            }
            1 => message.extend([7; 8]),
            2 => {
                let held = match dice.below(4) {
                    0 if depth > 0 => fields(dice, depth - 1),
                    1 => bytes(dice, 64),
                    _ => dice.pick(&WORDS).as_bytes().to_vec(),
                };
                let length = if dice.one_in(15) { dice.below(1 << 33) } else { held.len() };
                prost::encoding::encode_varint(length as u64, &mut message);
                message.extend(held);
            }
            5 => message.extend([7; 4]),
            _ => message.extend(bytes(dice, 8)),
        }
    }
    message
}

/// Messages as gRPC frames them, now and then with a flag or a length that lies.
fn framed(dice: &mut Dice) -> Vec<u8> {
    let mut body = Vec::new();
    for _ in 0..=dice.below(3) {
        let message = fields(dice, 3);
        let flag = if dice.one_in(8) { byte(dice) } else { 0 };
        let length = match dice.below(12) {
            0 => dice.below(1 << 32),
            1 => message.len() + 1 + dice.below(20),
            2 => message.len() / 2,
            _ => message.len(),
        };
        body.push(flag);
        body.extend(u32::try_from(length).unwrap().to_be_bytes());
        body.extend(message);
    }
    body
}

/// The status that a call is answered with; none where its stream is reset instead.
async fn status(response: ResponseFuture) -> Option<String> {
    let (head, mut body) = timeout(IN_TIME, response).await.expect("an answer in time").ok()?.into_parts();
    let mut room = body.flow_control().clone();
    let rest = async {
        while let Some(data) = body.data().await {
            let _ = room.release_capacity(data.ok()?.len());
        }
        Some(body.trailers().await.ok()?.unwrap_or(head.headers))
    };
    let trailers = timeout(IN_TIME, rest).await.expect("an end in time")?;
    trailers.get("grpc-status").map(|status| status.to_str().unwrap().to_owned())
}

/// Calls with this body, in frames cut anywhere; now and then without an end.
fn call(raw: &mut Raw, path: &str, body: &[u8], dice: &mut Dice) -> Option<ResponseFuture> {
    let (response, mut send) = raw.call(path, &[DEADLINE]);
    let (first, rest) = body.split_at(dice.below(body.len() + 1));
    let _ = send.send_data(first.to_vec().into(), false);
    let ends = !dice.one_in(5);
    let _ = send.send_data(rest.to_vec().into(), ends);
    // Both halves are dropped otherwise: the stream is reset.
    ends.then_some(response)
}

#[test]
fn random_framing_and_random_messages_to_every_method_are_answered_with_a_status() {
    let (world, mut dice) = (World::new(&[]), Dice::new(9));
    let methods = methods();
    assert!(methods.len() > 40 && methods.iter().any(|method| method == CHECK), "{methods:?}");
    runtime().block_on(async {
        let (mut raw, mut answered) = (Raw::connect(world.grpc()).await, std::collections::BTreeMap::<String, usize>::new());
        for _ in 0..TIMES {
            let mut calls = tokio::task::JoinSet::new();
            for method in &methods {
                let body = framed(&mut dice);
                if let Some(response) = call(&mut raw, method, &body, &mut dice) {
                    let method = method.clone();
                    calls.spawn(async move { status(response).await.unwrap_or_else(|| panic!("{method}: no status for {body:?}")) });
                }
            }
            while let Some(status) = calls.join_next().await {
                *answered.entry(status.unwrap()).or_default() += 1;
            }
        }
        println!("statuses: {answered:?}");
        assert!(answered.len() >= 3 && answered.values().sum::<usize>() > methods.len() * TIMES / 2, "{answered:?}");
        // The same connection serves whoever keeps to the rules.
        let (response, mut send) = raw.call(CHECK, &[]);
        let question = prost::Message::encode_to_vec(&crate::support::client::question("+447400123456", "1001"));
        send.send_data(super::http2::message(&question).into(), true).unwrap();
        let trailers = timeout(Duration::from_secs(10), trailers(response)).await.unwrap();
        assert_eq!(trailers.get("grpc-status").unwrap(), "0");
    });
    world.held(64);
}
