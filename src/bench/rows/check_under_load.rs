//! `CheckSend` while records are committed: do those who ask feel those who record?
//!
//! Both are open loops: a call begins when it is due, whether the ones before have ended or not, and its time counts from then. The
//! checks are the same in both halves of a round; in one of them records are sent beside them through a `RecordStream`.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::bench::clock::Stopwatch;
use crate::bench::closed_loop::Lane;
use crate::bench::error::BenchError;
use crate::bench::figures::{Figure, Row, Unit};
use crate::bench::lanes::{CONNECTIONS, Check, connect};
use crate::bench::latency::Sample;
use crate::bench::open_loop::{Due, pace};
use crate::bench::people::{Dice, People, opt_in};
use crate::bench::rounds::Turns;
use crate::bench::stage::{Stage, Which};
use crate::client::Channel;
use crate::proto::RecordStreamRequest;
use crate::proto::record_stream_request::Event;
use crate::proto::record_stream_response::Outcome;
use crate::proto::recording_service_client::RecordingServiceClient;

/// How often a second records are sent, a few at a time.
const SENDINGS_PER_S: u32 = 500;

/// How many rounds' time a half takes: percentiles of slow arrivals need long rounds.
const LONGER: u32 = 3;

pub(super) async fn measure(stage: &mut Stage, row: Row) -> Result<Row, BenchError> {
    let (effort, people) = (stage.effort(), stage.people(Which::All));
    let url = stage.url(Which::All).await?;
    let channels = connect(&url, CONNECTIONS).await?;
    let lasting = effort.round * LONGER;
    let (mut turns, mut records) = (Turns::default(), Vec::new());
    checks(&channels, people, effort.checks_per_s, effort.warm_up).await?;
    for _ in 0..effort.rounds {
        turns.floor.push(checks(&channels, people, effort.checks_per_s, lasting).await?);
        let recording = Recording { url: url.clone(), people, event_ids: stage.event_ids(), per_s: effort.records_per_s, lasting };
        let (checked, recorded) = tokio::try_join!(checks(&channels, people, effort.checks_per_s, lasting), recording.run())?;
        turns.real.push(checked);
        records.push(recorded);
    }
    Ok(row
        .with(Figure::count("checks_due_per_s", Unit::PerSecond, effort.checks_per_s.into()))
        .with_rate("", &turns.real)
        .with_latency("", &turns.real)
        .with_rate("idle_", &turns.floor)
        .with_latency("idle_", &turns.floor)
        .with(Figure::count("records_due_per_s", Unit::PerSecond, effort.records_per_s.into()))
        .with_rate("records_", &records)
        .with_latency("records_", &records)
        .with(Figure::ratio("p99_to_idle_ratio", turns.ratio(|round| round.p99_us)).at_most(2.0)))
}

/// Asks so many questions a second.
async fn checks(channels: &[Channel], people: People, per_s: u32, lasting: Duration) -> Result<Sample, BenchError> {
    let watch = Stopwatch::start();
    let (mut moments, mut calls) = (pace(per_s, 1, lasting), JoinSet::new());
    for (seed, channel) in (0..).zip(channels.iter().cycle()) {
        let Some(due) = moments.recv().await else { break };
        let mut check = Check::over(channel.clone(), people, seed);
        calls.spawn(async move { check.call().await.map(|_| due.nanos_since()) });
    }
    let mut nanos = Vec::new();
    while let Some(ended) = calls.join_next().await {
        nanos.push(ended??);
    }
    Ok(Sample::of(nanos.len() as u64, watch.seconds(), nanos))
}

/// Records beside the checks.
struct Recording {
    url: String,
    people: People,
    event_ids: String,
    per_s: u32,
    lasting: Duration,
}

impl Recording {
    /// Records so many a second, each acknowledged once it is durable.
    async fn run(self) -> Result<Sample, BenchError> {
        let mut client = RecordingServiceClient::new(connect(&self.url, 1).await?.remove(0));
        let watch = Stopwatch::start();
        let (sent, mut waiting) = mpsc::unbounded_channel::<Due>();
        let moments = UnboundedReceiverStream::new(pace(self.per_s, (self.per_s / SENDINGS_PER_S).max(1), self.lasting));
        let (mut dice, mut count, people) = (Dice::new(1), 0_u64, self.people);
        let items = moments.map(move |due| {
            count += 1;
            let _ = sent.send(due);
            RecordStreamRequest { event: Some(Event::OptIn(opt_in(people.any(&mut dice), format!("{}-{count}", self.event_ids)))) }
        });
        let (mut answers, mut nanos) = (client.record_stream(items).await?.into_inner(), Vec::new());
        while let Some(answer) = answers.message().await? {
            match (answer.outcome, waiting.recv().await) {
                (Some(Outcome::Acknowledgement(acknowledgement)), Some(due)) if !acknowledgement.duplicate => nanos.push(due.nanos_since()),
                (other, _) => return Err(BenchError::wrong_answer(format!("to a new event: {other:?}"))),
            }
        }
        Ok(Sample::of(nanos.len() as u64, watch.seconds(), nanos))
    }
}
