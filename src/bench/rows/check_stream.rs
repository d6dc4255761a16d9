//! `StreamCheckSend`: one stream, questions as fast as they are taken, against a service that does nothing.

use crate::bench::error::BenchError;
use crate::bench::figures::{Figure, Row};
use crate::bench::lanes::{CheckStream, connect};
use crate::bench::rounds::turns;
use crate::bench::stage::{Stage, Which};

pub(super) async fn measure(stage: &mut Stage, row: Row) -> Result<Row, BenchError> {
    let people = stage.people(Which::All);
    let real = connect(&stage.url(Which::All).await?, 1).await?;
    let noop = connect(&stage.noop().await?, 1).await?;
    let effort = stage.effort();
    let (noop, real) = (CheckStream::lanes(&noop, people, effort.streamed), CheckStream::lanes(&real, people, effort.streamed));
    let turns = turns(&effort, noop, real).await?;
    let ratio = Figure::ratio("to_noop_ratio", turns.ratio(|round| round.per_s));
    Ok(row.with_rate("", &turns.real).with_rate("noop_", &turns.floor).with(ratio))
}
