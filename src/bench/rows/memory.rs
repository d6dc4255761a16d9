//! What the server keeps in memory, and what a contact and an event take of it.
//!
//! What an event takes is how much the server grew while every contact already had its first one, by the events since; what a contact
//! takes, how much it grew before that, less one event each. Both as the ledger was loaded; `started_bytes` after a start from a
//! snapshot, before anybody asks.

use crate::bench::error::BenchError;
use crate::bench::figures::{Figure, Row, Unit};
use crate::bench::stage::{Stage, Which};

/// 3 GB.
const RESIDENT_MAX_BYTES: f64 = 3e9;

#[expect(clippy::cast_precision_loss, reason = "figures are for people")]
pub(super) async fn measure(stage: &mut Stage, row: Row) -> Result<Row, BenchError> {
    let loaded = stage.loaded(Which::All).await?;
    stage.stop(Which::All).await?;
    let started = stage.server(Which::All).await?.resident_bytes()?;
    let per_event = loaded.loaded_bytes.saturating_sub(loaded.introduced_bytes) as f64 / (loaded.events - loaded.contacts) as f64;
    let introduced = loaded.introduced_bytes.saturating_sub(loaded.empty_bytes) as f64 / loaded.contacts as f64;
    Ok(row
        .with(Figure::count("contacts", Unit::Count, loaded.contacts))
        .with(Figure::count("events", Unit::Count, loaded.events))
        .with(Figure::count("empty_bytes", Unit::Bytes, loaded.empty_bytes))
        .with(Figure::count("loaded_bytes", Unit::Bytes, loaded.loaded_bytes).at_most(RESIDENT_MAX_BYTES))
        .with(Figure::count("started_bytes", Unit::Bytes, started).at_most(RESIDENT_MAX_BYTES))
        .with(Figure::new("bytes_per_contact", Unit::Bytes, (introduced - per_event).max(0.0)))
        .with(Figure::new("bytes_per_event", Unit::Bytes, per_event))
        .with(Figure::ratio("started_to_loaded_ratio", started as f64 / loaded.loaded_bytes as f64)))
}
