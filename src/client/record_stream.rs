//! Many records: events in a stream, each acknowledged in its turn.

use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt, adapters::Map};
use tonic::{Response, Status, Streaming};

use super::Client;
use super::channel::Channel;
use super::error::ClientError;
use super::recording::{Recorded, event_id};
use super::resuming::{Kind, Resuming};
use crate::proto::record_stream_request::Event;
use crate::proto::record_stream_response::Outcome;
use crate::proto::recording_service_client::RecordingServiceClient;
use crate::proto::{RecordStreamRequest, RecordStreamResponse};

impl Client {
    /// Records every event of a stream; each comes with whatever its answer should come with.
    ///
    /// Events are taken as fast as they are recorded, 4,096 ahead at the most. One without an event id gets one, made of a random
    /// number and its place in the stream: a broken connection is made again, what was not acknowledged is sent again, and counts
    /// once.
    ///
    /// # Errors
    /// Where the operating system gives no random numbers.
    pub fn record_stream<T, S>(&self, events: S) -> Result<Records<T, S>, ClientError>
    where
        S: Stream<Item = (T, Event)> + Unpin,
    {
        let (prefix, mut place) = (event_id()?, 0_u64);
        let named: Named<T> = Box::new(move |(of, mut event)| {
            place += 1;
            let own = own_event_id(&mut event);
            if own.is_empty() {
                *own = format!("{prefix}-{place}");
            }
            (of, RecordStreamRequest { event: Some(event) })
        });
        Ok(Records { stream: Resuming::new(self.channel.clone(), self.patience(), events.map(named)) })
    }
}

/// Gives an event its event id.
type Named<T> = Box<dyn FnMut((T, Event)) -> (T, RecordStreamRequest) + Send>;

/// What came of a stream of events, in their order.
#[must_use = "nothing is recorded until answers are taken"]
pub struct Records<T, S> {
    stream: Resuming<T, Map<S, Named<T>>, Recording>,
}

impl<T, S> Records<T, S>
where
    S: Stream<Item = (T, Event)> + Unpin,
{
    /// What came of the next event: where it stands, or why it was refused. None once every event has its answer.
    ///
    /// # Errors
    /// Where the server cannot be reached, or refuses the stream, and no more comes. What was not answered may have been recorded:
    /// sending it again under the same event ids counts once.
    pub async fn next(&mut self) -> Option<Result<(T, Result<Recorded, ClientError>), ClientError>> {
        Some(self.stream.next().await?.map(|(of, request, answer)| (of, recorded(request, answer))))
    }
}

struct Recording;

impl Kind for Recording {
    type Item = RecordStreamRequest;
    type Answer = RecordStreamResponse;

    async fn open(channel: Channel, items: ReceiverStream<Self::Item>) -> Result<Response<Streaming<Self::Answer>>, Status> {
        RecordingServiceClient::new(channel).record_stream(items).await
    }
}

fn recorded(request: RecordStreamRequest, answer: RecordStreamResponse) -> Result<Recorded, ClientError> {
    match answer.outcome {
        Some(Outcome::Acknowledgement(acknowledgement)) => {
            let event_id = request.event.map(|mut event| std::mem::take(own_event_id(&mut event))).unwrap_or_default();
            Ok(Recorded { event_id, acknowledgement })
        }
        Some(Outcome::Error(error)) => Err(ClientError::of_item(error)),
        None => Err(ClientError::garbled("it holds no acknowledgement")),
    }
}

const fn own_event_id(event: &mut Event) -> &mut String {
    match event {
        Event::OptIn(event) => &mut event.event_id,
        Event::OptOut(event) => &mut event.event_id,
        Event::InboundMessage(event) => &mut event.event_id,
        Event::ProviderFeedback(event) => &mut event.event_id,
        Event::PlatformPreference(event) => &mut event.event_id,
        Event::ConfirmationSent(event) => &mut event.event_id,
        Event::LinkIdentifiers(event) => &mut event.event_id,
        Event::ChangeNumber(event) => &mut event.event_id,
        Event::ChangeUserId(event) => &mut event.event_id,
        Event::IdentityChange(event) => &mut event.event_id,
    }
}
