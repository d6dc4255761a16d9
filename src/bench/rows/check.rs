//! `CheckSend`, one contact a call, against the same calls to a service that does nothing.
//!
//! Every call asks about a contact drawn from all of them. What remains between the two is the work of the ledger: a digest, two
//! look-ups, the rules.

use crate::bench::error::BenchError;
use crate::bench::figures::{Figure, Row};
use crate::bench::lanes::{CONNECTIONS, Check, connect};
use crate::bench::rounds::turns;
use crate::bench::stage::{Stage, Which};

pub(super) async fn measure(stage: &mut Stage, row: Row) -> Result<Row, BenchError> {
    let people = stage.people(Which::All);
    let real = connect(&stage.url(Which::All).await?, CONNECTIONS).await?;
    let noop = connect(&stage.noop().await?, CONNECTIONS).await?;
    let turns = turns(&stage.effort(), Check::lanes(&noop, people), Check::lanes(&real, people)).await?;
    Ok(row
        .with_rate("", &turns.real)
        .with_latency("", &turns.real)
        .with_rate("noop_", &turns.floor)
        .with_latency("noop_", &turns.floor)
        .with(Figure::ratio("to_noop_ratio", turns.ratio(|round| round.per_s)).at_least(0.90))
        .with(Figure::ratio("p99_to_noop_ratio", turns.ratio(|round| round.p99_us)).at_most(1.25)))
}
