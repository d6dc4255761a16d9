//! The stream that rows are recorded or rehearsed on: the nth answer is to the nth row.

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use crate::cli::error::CliError;
use crate::client::Channel;
use crate::proto::recording_service_client::RecordingServiceClient;
use crate::proto::{
    Acknowledgement, ItemError, RecordStreamRequest, RecordStreamResponse, RehearseStreamRequest, RehearseStreamResponse,
    record_stream_response, rehearse_stream_response,
};

/// What became of a row.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// It is recorded, or would be.
    Taken(Acknowledgement),
    /// It is refused.
    Refused(ItemError),
}

/// An open stream.
pub enum Stream {
    /// What is sent is recorded.
    Record(mpsc::Sender<RecordStreamRequest>, Streaming<RecordStreamResponse>),
    /// What is sent is tried.
    Rehearse(mpsc::Sender<RehearseStreamRequest>, Streaming<RehearseStreamResponse>),
}

/// Why no answer came.
pub enum Silence {
    /// The server said why.
    Status(tonic::Status),
    /// The stream ended before every row was answered.
    Ended,
}

impl Stream {
    /// Opens one in which so many rows may wait to be sent.
    ///
    /// # Errors
    /// What the server says.
    pub async fn open(channel: Channel, dry_run: bool, room: usize) -> Result<Self, tonic::Status> {
        let mut client = RecordingServiceClient::new(channel);
        if dry_run {
            let (to, rows) = mpsc::channel(room);
            let answers = client.rehearse_stream(ReceiverStream::new(rows)).await?.into_inner();
            return Ok(Self::Rehearse(to, answers));
        }
        let (to, rows) = mpsc::channel(room);
        let answers = client.record_stream(ReceiverStream::new(rows)).await?.into_inner();
        Ok(Self::Record(to, answers))
    }

    /// Sends a row. Where the stream broke, the next answer tells.
    pub fn send(&self, row: RecordStreamRequest) {
        let _ = match self {
            Self::Record(send, _) => send.try_send(row).is_ok(),
            Self::Rehearse(send, _) => send.try_send(RehearseStreamRequest { record: Some(row) }).is_ok(),
        };
    }

    /// The answer to the next row.
    ///
    /// # Errors
    /// Where none comes.
    pub async fn answer(&mut self) -> Result<Result<Outcome, CliError>, Silence> {
        let outcome = match self {
            Self::Record(_, answers) => {
                answers.message().await.map_err(Silence::Status)?.ok_or(Silence::Ended)?.outcome.map(|outcome| match outcome {
                    record_stream_response::Outcome::Acknowledgement(acknowledgement) => Outcome::Taken(acknowledgement),
                    record_stream_response::Outcome::Error(error) => Outcome::Refused(error),
                })
            }
            Self::Rehearse(_, answers) => {
                answers.message().await.map_err(Silence::Status)?.ok_or(Silence::Ended)?.outcome.map(|outcome| match outcome {
                    rehearse_stream_response::Outcome::Acknowledgement(acknowledgement) => Outcome::Taken(acknowledgement),
                    rehearse_stream_response::Outcome::Error(error) => Outcome::Refused(error),
                })
            }
        };
        Ok(outcome.ok_or_else(|| CliError::unexpected("the server answered a row without saying what became of it")))
    }
}
