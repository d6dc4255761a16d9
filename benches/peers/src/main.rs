//! The consent ledger beside what a user would pick instead, in one run on one machine.
//!
//! ```text
//! record   ledger      RecordOptIn
//!          PostgreSQL  one statement, one transaction: a row into `event`, an upsert into `consent`; synchronous_commit = on
//!          Redis       MULTI, HSET, XADD, EXEC; appendfsync always
//! check    ledger      CheckSend: the rules decide
//!          PostgreSQL  SELECT by primary key, prepared
//!          Redis       HGETALL
//! ```
//!
//! All three are driven by the ledger's own load driver, with as many calls in flight, and take turns in short rounds. `run`, beside
//! this package, starts the databases.

mod ledger;
mod postgres;
mod redis;

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use consent_ledger::bench::closed_loop::{Lane, run};
use consent_ledger::bench::figures::{Figure, Row};
use consent_ledger::bench::machine::Machine;
use consent_ledger::bench::people::People;
use consent_ledger::bench::report::{markdown, text};
use consent_ledger::bench::{BenchError, Sample, Server, median};
use serde_json::json;

/// Compare the consent ledger with PostgreSQL and Redis that run already.
#[derive(Parser, Debug)]
#[command(name = "peers", max_term_width = 110)]
struct Args {
    /// The ledger's program
    #[arg(long, value_name = "FILE")]
    program: PathBuf,
    /// Where the ledger lies; on the same disk as the databases
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// PostgreSQL, as in "host=127.0.0.1 port=5432 user=peers dbname=postgres"
    #[arg(long, value_name = "CONFIG")]
    postgres: String,
    /// Redis, as in redis://127.0.0.1:6379
    #[arg(long, value_name = "URL")]
    redis: String,
    /// Contacts that each knows before anything is measured
    #[arg(long, value_name = "N", default_value = "1000000")]
    contacts: u64,
    /// Rounds of each
    #[arg(long, value_name = "N", default_value = "5")]
    rounds: usize,
    /// How long a round takes, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "4")]
    round: f64,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print tables in Markdown
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let rows = runtime.block_on(compare(&args))?;
    let machine = Machine::here(&args.data_dir);
    if args.json {
        let rows: Vec<_> = rows.iter().map(Row::json).collect();
        println!("{}", json!({ "about": { "contacts": args.contacts, "rounds": args.rounds, "machine": machine.json() }, "rows": rows }));
        return Ok(());
    }
    let about = format!("{} contacts, {} rounds of {} s\n{machine}", text::grouped(args.contacts), args.rounds, args.round);
    if args.markdown {
        print!("{}", markdown::page(&about, &rows));
    } else {
        rows.iter().for_each(|row| println!("{}", text::row(row)));
        println!("{about}");
    }
    Ok(())
}

async fn compare(args: &Args) -> anyhow::Result<Vec<Row>> {
    let people = People::new(args.contacts);
    let program = args.program.canonicalize()?;
    let data_dir = args.data_dir.clone();
    let server = tokio::task::spawn_blocking(move || Server::serve(&program, &data_dir)).await??;
    eprintln!("loading {} contacts into each", args.contacts);
    ledger::load(server.url(), people).await?;
    postgres::load(&args.postgres, people).await?;
    redis::load(&args.redis, people).await?;

    let mut number = [0; 8];
    getrandom::fill(&mut number)?;
    let event_ids = format!("{:016x}", u64::from_be_bytes(number));
    let mut rows = Vec::new();

    eprintln!("measuring check");
    let ledger = ledger::checks(server.url(), people).await?;
    let (postgres, redis) = (postgres::checks(&args.postgres, people).await?, redis::checks(&args.redis, people).await?);
    let row = Row::new("check", "what may be sent to a contact, 128 calls in flight");
    rows.push(args.turns(ledger, postgres, redis).await?.row(row, None));

    eprintln!("measuring record-one");
    let ledger = ledger::records(server.url(), people, 1, &format!("{event_ids}-1")).await?;
    let postgres = postgres::records(&args.postgres, people, 1, &format!("{event_ids}-1")).await?;
    let redis = redis::records(&args.redis, people, 1, &format!("{event_ids}-1")).await?;
    let row = Row::new("record-one", "durable opt-ins, each after the one before");
    rows.push(args.turns(ledger, postgres, redis).await?.row(row, None));

    eprintln!("measuring record-many");
    let ledger = ledger::records(server.url(), people, CLIENTS, &format!("{event_ids}-128")).await?;
    let postgres = postgres::records(&args.postgres, people, CLIENTS, &format!("{event_ids}-128")).await?;
    let redis = redis::records(&args.redis, people, CLIENTS, &format!("{event_ids}-128")).await?;
    let row = Row::new("record-many", "durable opt-ins, 128 calls in flight");
    rows.push(args.turns(ledger, postgres, redis).await?.row(row, Some((3.0, 2.0))));

    tokio::task::spawn_blocking(move || server.stop()).await??;
    Ok(rows)
}

/// Calls in flight. The databases get as many connections, since a transaction has one for itself; the ledger 4 with 32 calls each.
const CLIENTS: usize = 128;

impl Args {
    /// Lets all three run in turn, after a warm-up of each.
    async fn turns<L: Lane, P: Lane, R: Lane>(&self, mut ledger: Vec<L>, mut postgres: Vec<P>, mut redis: Vec<R>) -> anyhow::Result<Turns> {
        let round = Duration::try_from_secs_f64(self.round)?;
        let mut turns = Turns::default();
        for turn in 0..=self.rounds {
            let samples = (run(&mut ledger, round).await?, run(&mut postgres, round).await?, run(&mut redis, round).await?);
            // The first round warms up.
            if turn > 0 {
                turns.ledger.push(samples.0);
                turns.postgres.push(samples.1);
                turns.redis.push(samples.2);
            }
        }
        Ok(turns)
    }
}

/// What all three took, round by round.
#[derive(Default)]
struct Turns {
    ledger: Vec<Sample>,
    postgres: Vec<Sample>,
    redis: Vec<Sample>,
}

impl Turns {
    /// The row, with what the ratios to PostgreSQL and to Redis should be at least.
    fn row(&self, row: Row, targets: Option<(f64, f64)>) -> Row {
        let to = |peer: &[Sample]| median(self.ledger.iter().zip(peer).map(|(ledger, peer)| ledger.per_s / peer.per_s));
        let mut to_postgres = Figure::ratio("to_postgres_ratio", to(&self.postgres));
        let mut to_redis = Figure::ratio("to_redis_ratio", to(&self.redis));
        if let Some((postgres, redis)) = targets {
            (to_postgres, to_redis) = (to_postgres.at_least(postgres), to_redis.at_least(redis));
        }
        let both = [("ledger_", &self.ledger), ("postgres_", &self.postgres), ("redis_", &self.redis)];
        let row = both.into_iter().fold(row, |row, (prefix, rounds)| row.with_rate(prefix, rounds).with_latency(prefix, rounds));
        row.with(to_postgres).with(to_redis)
    }
}

/// What a peer said that it should not have.
fn wrong(peer: &str, error: impl std::fmt::Display) -> BenchError {
    BenchError::wrong_answer(format!("of {peer}: {error}"))
}
