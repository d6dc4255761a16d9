//! Fast senders whose every message is a short frame of its own, which is how most gRPC clients send: not hostile, and not to be
//! taken for it. And HTTP/2 by a library, for whoever needs a call without a gRPC client.

use std::net::SocketAddr;

use bytes::Bytes;
use consent_ledger::proto::{CheckSendRequest, StreamCheckSendRequest};
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use prost::Message;
use tokio::net::TcpStream;
use tonic::codegen::http::{HeaderMap, Request};

use super::World;
use super::http2::message;
use crate::support::client::runtime;

/// A connection without a gRPC client.
pub struct Raw(SendRequest<Bytes>);

impl Raw {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (send, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        Self(send.ready().await.unwrap())
    }

    /// Begins a call.
    pub fn call(&mut self, path: &str, more: &[(&'static str, &'static str)]) -> (ResponseFuture, SendStream<Bytes>) {
        let mut request =
            Request::post(format!("http://localhost{path}")).header("content-type", "application/grpc").header("te", "trailers");
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        self.0.send_request(request.body(()).unwrap(), false).unwrap()
    }
}

/// Reads an answer to its end: its trailers, which may be its headers.
pub async fn trailers(response: ResponseFuture) -> HeaderMap {
    let (head, mut body) = response.await.unwrap().into_parts();
    while let Some(data) = body.data().await {
        let length = data.unwrap().len();
        let _ = body.flow_control().release_capacity(length);
    }
    body.trailers().await.unwrap().unwrap_or(head.headers)
}

/// Counts the messages of an answer until so many have come.
async fn count(mut body: RecvStream, all: usize) {
    let (mut counted, mut waiting) = (0, Vec::new());
    while counted < all {
        let data = body.data().await.expect("the stream goes on").expect("the connection goes on");
        let _ = body.flow_control().release_capacity(data.len());
        waiting.extend_from_slice(&data);
        while let Some(length) = waiting.get(1..5).map(|length| u32::from_be_bytes(length.try_into().unwrap()) as usize) {
            if waiting.len() < 5 + length {
                break;
            }
            waiting.drain(..5 + length);
            counted += 1;
        }
    }
}

#[test]
fn a_hundred_thousand_messages_in_frames_of_their_own_are_taken_as_fast_as_they_come() {
    const ALL: usize = 100_000;
    let world = World::new(&[]);
    runtime().block_on(async {
        let mut raw = Raw::connect(world.grpc()).await;
        let (response, mut send) = raw.call("/consent.v1.DecisionService/StreamCheckSend", &[]);
        let check = CheckSendRequest { contact: "+447400123456".into(), sender: "1".into(), ..Default::default() };
        let question: Bytes = message(&StreamCheckSendRequest { check: Some(check) }.encode_to_vec()).into();
        assert!(question.len() < 64, "a short frame");
        let sending = tokio::spawn(async move {
            for _ in 0..ALL {
                // A frame a message, for as long as the window lets it.
                send.reserve_capacity(question.len());
                while send.capacity() < question.len() {
                    std::future::poll_fn(|cx| send.poll_capacity(cx)).await.expect("the stream goes on").expect("the connection goes on");
                }
                send.send_data(question.clone(), false).expect("the connection goes on");
            }
            send
        });
        let (head, body) = response.await.unwrap().into_parts();
        assert_eq!(head.status, 200);
        count(body, ALL).await;
        drop(sending.await.unwrap());
    });
    world.held(96);
}
