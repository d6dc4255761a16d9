//! Durable records of 128 callers at once: those that wait share a sync.

use crate::bench::commits::Commits;
use crate::bench::error::BenchError;
use crate::bench::figures::{Figure, Row, Unit};
use crate::bench::floors::plain_file::{Ahead, PlainFile};
use crate::bench::lanes::{CONNECTIONS, Record, connect};
use crate::bench::rounds::{median, turns};
use crate::bench::stage::{Stage, Which};

pub(super) async fn measure(stage: &mut Stage, row: Row) -> Result<Row, BenchError> {
    let people = stage.people(Which::All);
    let real = connect(&stage.url(Which::All).await?, CONNECTIONS).await?;
    let noop = connect(&stage.noop().await?, CONNECTIONS).await?;
    let event_ids = stage.event_ids();
    let (noop, real) = (Record::lanes(&noop, people, &event_ids), Record::lanes(&real, people, &event_ids));
    let turns = turns(&stage.effort(), noop, real).await?;
    let data_dir = stage.data_dir(Which::All).to_owned();
    let bytes = tokio::task::spawn_blocking(move || Commits::last(&data_dir)).await??;
    let mut file = PlainFile::create(stage.home(), Ahead::Zeros)?;
    let syncs = (0..stage.effort().one_at_a_time).map(|_| file.commit(bytes)).collect::<Result<Vec<u64>, _>>()?;
    let sync_seconds = median(syncs.into_iter().map(|nanos| std::time::Duration::from_nanos(nanos).as_secs_f64()));
    let records = Figure::new("per_s", Unit::PerSecond, median(turns.real.iter().map(|round| round.per_s)));
    let per_sync = median(turns.real.iter().map(|round| round.per_s * sync_seconds));
    Ok(row
        .with(records.at_least(15_000.0))
        .with_latency("", &turns.real)
        .with_rate("noop_", &turns.floor)
        .with_latency("noop_", &turns.floor)
        .with(Figure::new("fdatasync_p50_us", Unit::Microseconds, sync_seconds * 1e6))
        .with(Figure::ratio("to_noop_ratio", turns.ratio(|round| round.per_s)))
        // How many are recorded in the time of one sync.
        .with(Figure::ratio("to_fdatasync_ratio", per_sync)))
}
