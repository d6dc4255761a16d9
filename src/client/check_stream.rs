//! Whole audiences: questions in a stream, answers in their order.

use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt, adapters::Map};
use tonic::{Response, Status, Streaming};

use super::Client;
use super::channel::Channel;
use super::error::ClientError;
use super::may_send::{MaySend, WhyNot};
use super::question::Question;
use super::resuming::{Kind, Resuming};
use crate::proto::decision_service_client::DecisionServiceClient;
use crate::proto::stream_check_send_response::Outcome;
use crate::proto::{StreamCheckSendRequest, StreamCheckSendResponse};

impl Client {
    /// Asks about everybody that the stream names; each question comes with whatever its answer should come with.
    ///
    /// Questions are taken as fast as they are answered, 4,096 ahead at the most, so that memory does not grow with the stream.
    /// A broken connection is made again, and what was not answered is asked again.
    pub fn check_stream<T, S>(&self, questions: S) -> Answers<T, S>
    where
        S: Stream<Item = (T, Question)> + Unpin,
    {
        let questions = questions.map(asked::<T> as Asked<T>);
        Answers { stream: Resuming::new(self.channel.clone(), self.patience(), questions) }
    }
}

/// Makes a question into what is sent.
type Asked<T> = fn((T, Question)) -> (T, StreamCheckSendRequest);

fn asked<T>((of, question): (T, Question)) -> (T, StreamCheckSendRequest) {
    (of, StreamCheckSendRequest { check: Some(question.into_request()) })
}

/// The answers to a stream of questions, in their order.
#[must_use = "nothing is asked until answers are taken"]
pub struct Answers<T, S> {
    stream: Resuming<T, Map<S, Asked<T>>, Checking>,
}

impl<T, S> Answers<T, S>
where
    S: Stream<Item = (T, Question)> + Unpin,
{
    /// The next answer; none once every question is answered.
    ///
    /// # Errors
    /// Where the server cannot be reached, or refuses the stream. Then whoever was not answered may not be written to, and no
    /// more comes.
    pub async fn next(&mut self) -> Option<Result<(T, MaySend), ClientError>> {
        Some(self.stream.next().await?.map(|(of, _, answer)| (of, may_send(answer))))
    }
}

struct Checking;

impl Kind for Checking {
    type Item = StreamCheckSendRequest;
    type Answer = StreamCheckSendResponse;

    async fn open(channel: Channel, items: ReceiverStream<Self::Item>) -> Result<Response<Streaming<Self::Answer>>, Status> {
        DecisionServiceClient::new(channel).stream_check_send(items).await
    }
}

fn may_send(answer: StreamCheckSendResponse) -> MaySend {
    match answer.outcome {
        Some(Outcome::Decision(decision)) => MaySend::of(Some(decision)),
        Some(Outcome::Error(error)) => MaySend::No(WhyNot::Unanswered(ClientError::of_item(error))),
        None => MaySend::of(None),
    }
}
