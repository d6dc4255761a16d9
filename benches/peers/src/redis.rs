//! Redis: a hash per contact and a stream of events, written in one transaction.

use std::collections::HashMap;

use consent_ledger::bench::BenchError;
use consent_ledger::bench::closed_loop::Lane;
use consent_ledger::bench::people::{Dice, People, SENDER, opt_in};
use redis::aio::MultiplexedConnection;
use redis::{Client, Pipeline, RedisError};

use crate::{CLIENTS, wrong};

/// Contacts that are loaded with one pipeline.
const TOGETHER: u64 = 5_000;

#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
fn error(error: RedisError) -> BenchError {
    wrong("Redis", error)
}

async fn connect(url: &str) -> Result<MultiplexedConnection, BenchError> {
    Client::open(url).map_err(error)?.get_multiplexed_async_connection().await.map_err(error)
}

fn key(contact: &str) -> String {
    format!("consent:default:{contact}:{SENDER}")
}

/// Writes an opt-in of contact `n` into a pipeline.
fn write(pipeline: &mut Pipeline, n: u64, event_id: String) {
    let opt_in = opt_in(n, event_id);
    let evidence = opt_in.evidence.unwrap_or_default();
    pipeline.cmd("HSET").arg(key(&opt_in.contact)).arg(&[("marketing", "1"), ("utility", "1"), ("event_id", opt_in.event_id.as_str())]);
    pipeline.cmd("XADD").arg("events").arg("*").arg(&[
        ("event_id", opt_in.event_id.as_str()),
        ("contact", &opt_in.contact),
        ("sender", &opt_in.sender),
        ("kind", "opt_in"),
        ("categories", "marketing,utility"),
        ("method", "website"),
        ("evidence_text", &evidence.text),
        ("evidence_url", &evidence.url),
    ]);
}

/// Empties it, and makes every contact known with an opt-in.
pub async fn load(url: &str, people: People) -> Result<(), BenchError> {
    let mut connection = connect(url).await?;
    redis::cmd("FLUSHALL").query_async::<()>(&mut connection).await.map_err(error)?;
    for first in (0..people.count()).step_by(usize::try_from(TOGETHER).unwrap_or(usize::MAX)) {
        let mut pipeline = redis::pipe();
        for n in first..people.count().min(first + TOGETHER) {
            write(&mut pipeline, n, format!("load:{n}"));
        }
        pipeline.query_async::<Vec<redis::Value>>(&mut connection).await.map_err(error)?;
    }
    Ok(())
}

/// Asks for what is known of a contact.
pub struct Check {
    connection: MultiplexedConnection,
    people: People,
    dice: Dice,
}

/// 128 callers that ask, each over a connection of its own.
pub async fn checks(url: &str, people: People) -> Result<Vec<Check>, BenchError> {
    let mut callers = Vec::new();
    for seed in 0..CLIENTS as u64 {
        callers.push(Check { connection: connect(url).await?, people, dice: Dice::new(seed) });
    }
    Ok(callers)
}

impl Lane for Check {
    async fn call(&mut self) -> Result<u64, BenchError> {
        let contact = People::phone(self.people.any(&mut self.dice));
        let mut asked = redis::cmd("HGETALL");
        asked.arg(key(&contact));
        let known: HashMap<String, String> = asked.query_async(&mut self.connection).await.map_err(error)?;
        if known.get("marketing").is_some_and(|given| given == "1") { Ok(1) } else { Err(wrong("Redis", "no opt-in")) }
    }
}

/// Records an opt-in.
pub struct Record {
    connection: MultiplexedConnection,
    people: People,
    dice: Dice,
    event_ids: String,
    recorded: u64,
}

/// So many callers that record, each over a connection of its own.
pub async fn records(url: &str, people: People, callers: usize, event_ids: &str) -> Result<Vec<Record>, BenchError> {
    let mut lanes = Vec::new();
    for seed in 0..callers as u64 {
        let connection = connect(url).await?;
        lanes.push(Record { connection, people, dice: Dice::new(seed), event_ids: format!("{event_ids}-{seed}"), recorded: 0 });
    }
    Ok(lanes)
}

impl Lane for Record {
    async fn call(&mut self) -> Result<u64, BenchError> {
        self.recorded += 1;
        let mut pipeline = redis::pipe();
        pipeline.atomic();
        write(&mut pipeline, self.people.any(&mut self.dice), format!("{}-{}", self.event_ids, self.recorded));
        let answers: Vec<redis::Value> = pipeline.query_async(&mut self.connection).await.map_err(error)?;
        if answers.len() == 2 { Ok(1) } else { Err(wrong("Redis", format!("{answers:?}"))) }
    }
}
