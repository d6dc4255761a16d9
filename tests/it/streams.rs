//! Streams of records: a real server, a real client, and answers in order.

mod ends;
mod items;
mod readers;
mod rehearsal;

use consent_ledger::proto::record_stream_request::Event;
use consent_ledger::proto::record_stream_response::Outcome;
use consent_ledger::proto::{Acknowledgement, ItemError, RecordStreamRequest, RecordStreamResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use crate::support::client::Client;

/// An item.
pub fn item(event: Event) -> RecordStreamRequest {
    RecordStreamRequest { event: Some(event) }
}

/// What was answered to an item.
pub fn answer(response: RecordStreamResponse) -> Result<Acknowledgement, ItemError> {
    match response.outcome.expect("an outcome") {
        Outcome::Acknowledgement(acknowledgement) => Ok(acknowledgement),
        Outcome::Error(error) => Err(error),
    }
}

/// An open stream: items go in, answers come out. At most `waiting` items wait to be sent.
pub async fn open(client: &Client, waiting: usize) -> Result<(mpsc::Sender<RecordStreamRequest>, Streaming<RecordStreamResponse>), Status> {
    let (items, sent) = mpsc::channel(waiting);
    let answers = client.recording.clone().record_stream(ReceiverStream::new(sent)).await?.into_inner();
    Ok((items, answers))
}

/// Sends everything and reads every answer.
pub async fn record(client: &Client, items: Vec<RecordStreamRequest>) -> Vec<Result<Acknowledgement, ItemError>> {
    let mut answers = client.recording.clone().record_stream(tokio_stream::iter(items)).await.unwrap().into_inner();
    let mut answered = Vec::new();
    while let Some(response) = answers.message().await.unwrap() {
        answered.push(answer(response));
    }
    answered
}
