//! `verify --data-dir`: every entry of both copies read, hashed and compared, against SHA-256 over the same entries, once, in memory.

use crate::bench::clock::Stopwatch;
use crate::bench::commits::Commits;
use crate::bench::error::BenchError;
use crate::bench::figures::{Figure, Row, Unit};
use crate::bench::rounds::median;
use crate::bench::stage::{Stage, Which};

#[expect(clippy::cast_precision_loss, reason = "figures are for people")]
pub(super) async fn measure(stage: &mut Stage, row: Row) -> Result<Row, BenchError> {
    stage.stop(Which::All).await?;
    let data_dir = stage.data_dir(Which::All).to_owned();
    let (mut verified, mut hashed, mut entries) = (Vec::new(), Vec::new(), 0);
    for _ in 0..stage.effort().repeats {
        let from = data_dir.clone();
        let commits = tokio::task::spawn_blocking(move || Commits::read(&from)).await??;
        entries = commits.entries;
        hashed.push(entries as f64 / commits.hashing_seconds);
        let watch = Stopwatch::start();
        let report = stage.verify(&data_dir).await?;
        verified.push(entries as f64 / watch.seconds());
        let said = report.get("entries").and_then(serde_json::Value::as_u64);
        if said != Some(entries) || report.get("store_ok") != Some(&true.into()) {
            return Err(BenchError::wrong_answer(format!("of verify, about {entries} entries: {report}")));
        }
    }
    let to_hashing = median(verified.iter().zip(&hashed).map(|(verified, hashed)| verified / hashed));
    Ok(row
        .with(Figure::count("entries", Unit::Count, entries))
        .with(Figure::new("entries_per_s", Unit::PerSecond, median(verified)).at_least(1_000_000.0))
        .with(Figure::new("sha256_entries_per_s", Unit::PerSecond, median(hashed)))
        .with(Figure::ratio("to_sha256_ratio", to_hashing)))
}
