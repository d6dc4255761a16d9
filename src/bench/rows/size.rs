//! Cost against size: the same checks, and the same records, with a tenth of contacts and events and with all of them.
//!
//! Both servers run; they take turns.

use crate::bench::error::BenchError;
use crate::bench::figures::{Figure, Row, Unit};
use crate::bench::lanes::{CONNECTIONS, Check, Record, connect};
use crate::bench::rounds::turns;
use crate::bench::stage::{Stage, Which};

pub(super) async fn measure(stage: &mut Stage, row: Row) -> Result<Row, BenchError> {
    let (few, many) = (stage.people(Which::Tenth), stage.people(Which::All));
    let tenth = connect(&stage.url(Which::Tenth).await?, CONNECTIONS).await?;
    let all = connect(&stage.url(Which::All).await?, CONNECTIONS).await?;
    let event_ids = stage.event_ids();
    let effort = stage.effort();
    let checks = turns(&effort, Check::lanes(&tenth, few), Check::lanes(&all, many)).await?;
    let records = turns(&effort, Record::lanes(&tenth, few, &event_ids), Record::lanes(&all, many, &event_ids)).await?;
    Ok(row
        .with(Figure::count("tenth_contacts", Unit::Count, few.count()))
        .with(Figure::count("all_contacts", Unit::Count, many.count()))
        .with_rate("tenth_checks_", &checks.floor)
        .with_rate("all_checks_", &checks.real)
        .with_rate("tenth_records_", &records.floor)
        .with_rate("all_records_", &records.real)
        .with(Figure::ratio("checks_all_to_tenth_ratio", checks.ratio(|round| round.per_s)).at_least(0.9))
        .with(Figure::ratio("records_all_to_tenth_ratio", records.ratio(|round| round.per_s)).at_least(0.9)))
}
