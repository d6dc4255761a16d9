//! Calls that are made over and over: each with a contact that nobody could guess, each answer looked at.

use super::closed_loop::Lane;
use super::error::BenchError;
use super::people::{Dice, People, SENDER, opt_in};
use crate::client::{Channel, Endpoint, Tls};
use crate::proto::batch_check_send_item::Outcome as ItemOutcome;
use crate::proto::decision_service_client::DecisionServiceClient;
use crate::proto::recording_service_client::RecordingServiceClient;
use crate::proto::stream_check_send_response::Outcome;
use crate::proto::{BatchCheckSendRequest, Category, Decision, Permission, StreamCheckSendRequest};

/// Connections that calls are spread over.
pub const CONNECTIONS: usize = 4;

/// Calls in flight on each.
pub const IN_FLIGHT: usize = 32;

/// Contacts of a batch.
pub const BATCH: usize = 1_000;

/// The largest answer: a batch's.
const ANSWER_MAX_BYTES: usize = 64 << 20;

/// Connections to a server.
///
/// # Errors
/// Where it cannot be reached.
pub async fn connect(url: &str, connections: usize) -> Result<Vec<Channel>, BenchError> {
    let mut channels = Vec::new();
    for _ in 0..connections {
        channels.push(Endpoint::new(url, &Tls::default())?.connect().await?);
    }
    Ok(channels)
}

/// As many lanes as calls are in flight on these connections, each with dice of its own.
fn lanes<L>(channels: &[Channel], in_flight: usize, lane: impl Fn(Channel, u64) -> L) -> Vec<L> {
    (0..).zip(channels.iter().cycle().take(channels.len() * in_flight)).map(|(seed, channel)| lane(channel.clone(), seed)).collect()
}

/// Whether it is an answer at all: a permission that is known, with what it rests on.
fn looked_at(decision: Option<&Decision>) -> Result<u64, BenchError> {
    match decision {
        Some(decision) if decision.permission() != Permission::Unspecified && !decision.reasons.is_empty() => Ok(1),
        other => Err(BenchError::wrong_answer(format!("to a question: {other:?}"))),
    }
}

/// Asks about one contact a call.
pub struct Check {
    client: DecisionServiceClient<Channel>,
    people: People,
    dice: Dice,
}

impl Check {
    /// Over one connection.
    #[must_use]
    pub fn over(channel: Channel, people: People, seed: u64) -> Self {
        Self { client: DecisionServiceClient::new(channel), people, dice: Dice::new(seed) }
    }

    /// As many as calls are in flight on these connections.
    #[must_use]
    pub fn lanes(channels: &[Channel], people: People) -> Vec<Self> {
        lanes(channels, IN_FLIGHT, |channel, seed| Self::over(channel, people, seed))
    }
}

impl Lane for Check {
    async fn call(&mut self) -> Result<u64, BenchError> {
        let question = People::question(self.people.any(&mut self.dice));
        looked_at(self.client.check_send(question).await?.into_inner().decision.as_ref())
    }
}

/// Asks about [`BATCH`] contacts a call.
pub struct Batch {
    client: DecisionServiceClient<Channel>,
    people: People,
    dice: Dice,
}

impl Batch {
    /// One in flight on each connection.
    #[must_use]
    pub fn lanes(channels: &[Channel], people: People) -> Vec<Self> {
        lanes(channels, 1, |channel, seed| Self {
            client: DecisionServiceClient::new(channel).max_decoding_message_size(ANSWER_MAX_BYTES),
            people,
            dice: Dice::new(seed),
        })
    }
}

impl Lane for Batch {
    async fn call(&mut self) -> Result<u64, BenchError> {
        let request = BatchCheckSendRequest {
            sender: SENDER.to_owned(),
            category: Category::Marketing.into(),
            contacts: (0..BATCH).map(|_| People::phone(self.people.any(&mut self.dice))).collect(),
            ..Default::default()
        };
        let items = self.client.batch_check_send(request).await?.into_inner().items;
        items.iter().try_fold(0, |done, item| match &item.outcome {
            Some(ItemOutcome::Decision(decision)) => Ok(done + looked_at(Some(decision))?),
            other => Err(BenchError::wrong_answer(format!("in a batch: {other:?}"))),
        })
    }
}

/// Asks so many questions in a stream, as fast as it takes them.
pub struct CheckStream {
    client: DecisionServiceClient<Channel>,
    people: People,
    dice: Dice,
    questions: usize,
}

impl CheckStream {
    /// One stream at a time on each connection.
    #[must_use]
    pub fn lanes(channels: &[Channel], people: People, questions: usize) -> Vec<Self> {
        lanes(channels, 1, |channel, seed| Self { client: DecisionServiceClient::new(channel), people, dice: Dice::new(seed), questions })
    }
}

impl Lane for CheckStream {
    async fn call(&mut self) -> Result<u64, BenchError> {
        let (people, mut dice) = (self.people, Dice::new(self.dice.roll()));
        let question = move |_| StreamCheckSendRequest { check: Some(People::question(people.any(&mut dice))) };
        let mut answers = self.client.stream_check_send(tokio_stream::iter((0..self.questions).map(question))).await?.into_inner();
        let mut done = 0;
        while let Some(answer) = answers.message().await? {
            done += match &answer.outcome {
                Some(Outcome::Decision(decision)) => looked_at(Some(decision))?,
                other => return Err(BenchError::wrong_answer(format!("in a stream: {other:?}"))),
            };
        }
        Ok(done)
    }
}

/// Records an opt-in a call.
pub struct Record {
    client: RecordingServiceClient<Channel>,
    people: People,
    dice: Dice,
    event_ids: String,
    recorded: u64,
}

impl Record {
    /// Over one connection, under event ids that begin like this.
    #[must_use]
    pub fn over(channel: Channel, people: People, seed: u64, event_ids: &str) -> Self {
        let event_ids = format!("{event_ids}-{seed}");
        Self { client: RecordingServiceClient::new(channel), people, dice: Dice::new(seed), event_ids, recorded: 0 }
    }

    /// As many as calls are in flight on these connections.
    #[must_use]
    pub fn lanes(channels: &[Channel], people: People, event_ids: &str) -> Vec<Self> {
        lanes(channels, IN_FLIGHT, |channel, seed| Self::over(channel, people, seed, event_ids))
    }
}

impl Lane for Record {
    async fn call(&mut self) -> Result<u64, BenchError> {
        self.recorded += 1;
        let request = opt_in(self.people.any(&mut self.dice), format!("{}-{}", self.event_ids, self.recorded));
        match self.client.record_opt_in(request).await?.into_inner().acknowledgement {
            Some(acknowledgement) if acknowledgement.seq != 0 && !acknowledgement.duplicate => Ok(1),
            other => Err(BenchError::wrong_answer(format!("to a new event: {other:?}"))),
        }
    }
}
