//! `BatchCheckSend` of 1,000 contacts: what depends on no contact is paid for once.

use crate::bench::error::BenchError;
use crate::bench::figures::{Figure, Row, Unit};
use crate::bench::lanes::{Batch, CONNECTIONS, connect};
use crate::bench::rounds::{median, turns};
use crate::bench::stage::{Stage, Which};

pub(super) async fn measure(stage: &mut Stage, row: Row) -> Result<Row, BenchError> {
    let people = stage.people(Which::All);
    let real = connect(&stage.url(Which::All).await?, CONNECTIONS).await?;
    let noop = connect(&stage.noop().await?, CONNECTIONS).await?;
    let turns = turns(&stage.effort(), Batch::lanes(&noop, people), Batch::lanes(&real, people)).await?;
    let decisions = Figure::new("decisions_per_s", Unit::PerSecond, median(turns.real.iter().map(|round| round.per_s)));
    Ok(row
        .with(decisions.at_least(1_000_000.0))
        .with_latency("", &turns.real)
        .with_rate("noop_", &turns.floor)
        .with_latency("noop_", &turns.floor)
        .with(Figure::ratio("to_noop_ratio", turns.ratio(|round| round.per_s))))
}
