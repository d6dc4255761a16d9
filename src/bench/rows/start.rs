//! From the start of the process until it says that it is ready: with the snapshot that a clean stop leaves, and from the log alone.
//!
//! The floor of the second is reading the journal and hashing its entries, which a start from the log alone cannot do without.

use crate::bench::commits::Commits;
use crate::bench::error::BenchError;
use crate::bench::figures::{Figure, Row, Unit};
use crate::bench::rounds::median;
use crate::bench::stage::{Stage, Which};

pub(super) async fn measure(stage: &mut Stage, row: Row) -> Result<Row, BenchError> {
    let mut with = Vec::new();
    for _ in 0..stage.effort().repeats {
        stage.stop(Which::All).await?;
        with.push(stage.server(Which::All).await?.ready_after().as_secs_f64());
    }
    stage.stop(Which::All).await?;
    let data_dir = stage.data_dir(Which::All).to_owned();
    let snapshot = data_dir.join("snapshot");
    std::fs::remove_file(&snapshot).map_err(BenchError::io(&snapshot))?;
    let commits = tokio::task::spawn_blocking(move || Commits::read(&data_dir)).await??;
    let without = stage.server(Which::All).await?.ready_after().as_secs_f64();
    let floor = commits.reading_seconds + commits.hashing_seconds;
    Ok(row
        .with(Figure::count("entries", Unit::Count, commits.entries))
        .with(Figure::new("with_snapshot_s", Unit::Seconds, median(with)).at_most(10.0))
        .with(Figure::new("without_snapshot_s", Unit::Seconds, without).at_most(90.0))
        .with(Figure::new("read_and_sha256_s", Unit::Seconds, floor))
        .with(Figure::ratio("without_snapshot_to_read_and_sha256_ratio", without / floor)))
}
