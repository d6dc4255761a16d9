//! Durable records in one `RecordStream`, into an empty ledger, for as long as it takes: does it slow down?
//!
//! Each event has an event id, opt-ins have evidence. The floor is the same bytes, commit by commit, appended to a plain file with one
//! `fdatasync` each. The floor comes after: what the commits are is known only then. `duplicates_per_s`: the first tenth sent again.

use crate::bench::commits::Commits;
use crate::bench::error::BenchError;
use crate::bench::figures::{Figure, Row, Unit};
use crate::bench::floors::plain_file::seconds_of;
use crate::bench::loading::{Known, stream};
use crate::bench::rounds::median;
use crate::bench::stage::{Stage, Which};

/// How often the floor is measured.
const FLOORS: usize = 3;

#[expect(clippy::cast_precision_loss, reason = "figures are for people")]
pub(super) async fn measure(stage: &mut Stage, row: Row) -> Result<Row, BenchError> {
    let (people, events) = (stage.people(Which::All), stage.sizes(Which::All).events() / 3);
    let dir = tempfile::tempdir_in(stage.home()).map_err(BenchError::io(stage.home()))?;
    let data_dir = dir.path().join("stream");
    let server = stage.serve(&data_dir).await?;
    let tenths = stream(server.url(), people, 0..events, Known::No).await?;
    let again = stream(server.url(), people, 0..events / 10, Known::Before).await?;
    let resident = server.resident_bytes()?;
    let floor_dir = dir.path().to_owned();
    let read = move || {
        server.stop()?;
        let commits = Commits::read(&data_dir)?;
        let floors = (0..FLOORS).map(|_| seconds_of(&floor_dir, &commits.bytes)).collect::<Result<Vec<f64>, _>>()?;
        Ok::<_, BenchError>((commits, median(floors)))
    };
    let (commits, floor) = tokio::task::spawn_blocking(read).await??;
    let seconds: f64 = tenths.iter().sum();
    // The last tenth has whatever ten do not divide.
    let tenth = |place: usize| if place == 9 { events - events / 10 * 9 } else { events / 10 };
    let rates: Vec<f64> = tenths.iter().enumerate().map(|(place, seconds)| tenth(place) as f64 / seconds).collect();
    let decay = rates.last().copied().unwrap_or_default() / rates.first().copied().unwrap_or(f64::NAN);
    Ok(row
        .with(Figure::count("events", Unit::Count, events))
        .with(Figure::new("per_s", Unit::PerSecond, events as f64 / seconds).at_least(120_000.0))
        .with(Figure::several("tenths_per_s", Unit::PerSecond, rates))
        .with(Figure::new("duplicates_per_s", Unit::PerSecond, (events / 10) as f64 / again.iter().sum::<f64>()))
        .with(Figure::count("commits", Unit::Count, commits.bytes.len() as u64))
        .with(Figure::count("bytes_per_commit", Unit::Bytes, commits.journal_bytes() / commits.bytes.len().max(1) as u64))
        .with(Figure::new("file_per_s", Unit::PerSecond, events as f64 / floor))
        .with(Figure::count("resident_bytes", Unit::Bytes, resident))
        .with(Figure::ratio("last_to_first_tenth_ratio", decay).at_least(0.9))
        .with(Figure::ratio("to_file_ratio", floor / seconds)))
}
