//! PostgreSQL: a consent table and an event table, written in one transaction.

use consent_ledger::bench::BenchError;
use consent_ledger::bench::closed_loop::Lane;
use consent_ledger::bench::people::{Dice, People, SENDER, opt_in};
use tokio_postgres::{Client, NoTls, Statement};

use crate::{CLIENTS, wrong};

const TABLES: &str = "
    DROP TABLE IF EXISTS consent, event;
    CREATE TABLE event (
        seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        account text NOT NULL,
        event_id text NOT NULL,
        contact text NOT NULL,
        sender text NOT NULL,
        kind smallint NOT NULL,
        marketing smallint NOT NULL,
        utility smallint NOT NULL,
        method smallint NOT NULL,
        evidence_text text NOT NULL,
        evidence_url text NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (account, event_id)
    );
    CREATE TABLE consent (
        account text NOT NULL,
        contact text NOT NULL,
        sender text NOT NULL,
        marketing smallint NOT NULL,
        utility smallint NOT NULL,
        seq bigint NOT NULL,
        changed_at timestamptz NOT NULL,
        PRIMARY KEY (account, contact, sender)
    );";

/// One statement is one transaction: the best that a client can do, since it takes one round trip.
const RECORD: &str = "
    WITH recorded AS (
        INSERT INTO event (account, event_id, contact, sender, kind, marketing, utility, method, evidence_text, evidence_url)
        VALUES ('default', $1, $2, $3, 1, 1, 1, 1, $4, $5)
        RETURNING seq, recorded_at
    )
    INSERT INTO consent (account, contact, sender, marketing, utility, seq, changed_at)
    SELECT 'default', $2, $3, 1, 1, seq, recorded_at FROM recorded
    ON CONFLICT (account, contact, sender)
    DO UPDATE SET marketing = excluded.marketing, utility = excluded.utility, seq = excluded.seq, changed_at = excluded.changed_at";

const CHECK: &str = "
    SELECT marketing, utility, seq, changed_at::text FROM consent WHERE account = 'default' AND contact = $1 AND sender = $2";

fn error(error: tokio_postgres::Error) -> BenchError {
    wrong("PostgreSQL", error)
}

async fn connect(config: &str) -> Result<Client, BenchError> {
    let (client, connection) = tokio_postgres::connect(config, NoTls).await.map_err(error)?;
    // What goes wrong on it is told by whoever waits for an answer.
    tokio::spawn(connection);
    Ok(client)
}

/// Makes the tables, and every contact known with an opt-in.
pub async fn load(config: &str, people: People) -> Result<(), BenchError> {
    let client = connect(config).await?;
    client.batch_execute(TABLES).await.map_err(error)?;
    let last = i64::try_from(people.count()).unwrap_or(i64::MAX) - 1;
    let number = "'+4915' || lpad(n::text, 9, '0')";
    let load = format!(
        "INSERT INTO event (account, event_id, contact, sender, kind, marketing, utility, method, evidence_text, evidence_url)
         SELECT 'default', 'load:' || n, {number}, '{SENDER}', 1, 1, 1, 1, 'Yes, send me offers and news by WhatsApp.', 'https://shop.example/checkout'
         FROM generate_series(0, {last}) AS n;
         INSERT INTO consent (account, contact, sender, marketing, utility, seq, changed_at)
         SELECT account, contact, sender, 1, 1, seq, recorded_at FROM event;
         ANALYZE;"
    );
    client.batch_execute(&load).await.map_err(error)
}

/// Asks for what is known of a contact.
pub struct Check {
    client: Client,
    statement: Statement,
    people: People,
    dice: Dice,
}

/// 128 callers that ask, each over a connection of its own.
pub async fn checks(config: &str, people: People) -> Result<Vec<Check>, BenchError> {
    let mut callers = Vec::new();
    for seed in 0..CLIENTS as u64 {
        let client = connect(config).await?;
        let statement = client.prepare(CHECK).await.map_err(error)?;
        callers.push(Check { client, statement, people, dice: Dice::new(seed) });
    }
    Ok(callers)
}

impl Lane for Check {
    async fn call(&mut self) -> Result<u64, BenchError> {
        let contact = People::phone(self.people.any(&mut self.dice));
        let row = self.client.query_one(&self.statement, &[&contact, &SENDER]).await.map_err(error)?;
        if row.try_get::<_, i16>(0).map_err(error)? == 1 { Ok(1) } else { Err(wrong("PostgreSQL", "no opt-in")) }
    }
}

/// Records an opt-in.
pub struct Record {
    client: Client,
    statement: Statement,
    people: People,
    dice: Dice,
    event_ids: String,
    recorded: u64,
}

/// So many callers that record, each over a connection of its own.
pub async fn records(config: &str, people: People, callers: usize, event_ids: &str) -> Result<Vec<Record>, BenchError> {
    let mut lanes = Vec::new();
    for seed in 0..callers as u64 {
        let client = connect(config).await?;
        let statement = client.prepare(RECORD).await.map_err(error)?;
        lanes.push(Record { client, statement, people, dice: Dice::new(seed), event_ids: format!("{event_ids}-{seed}"), recorded: 0 });
    }
    Ok(lanes)
}

impl Lane for Record {
    async fn call(&mut self) -> Result<u64, BenchError> {
        self.recorded += 1;
        let opt_in = opt_in(self.people.any(&mut self.dice), format!("{}-{}", self.event_ids, self.recorded));
        let evidence = opt_in.evidence.unwrap_or_default();
        let written = self
            .client
            .execute(&self.statement, &[&opt_in.event_id, &opt_in.contact, &opt_in.sender, &evidence.text, &evidence.url])
            .await
            .map_err(error)?;
        if written == 1 { Ok(1) } else { Err(wrong("PostgreSQL", format!("{written} rows were written"))) }
    }
}
