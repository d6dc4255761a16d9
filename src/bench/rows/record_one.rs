//! One durable record at a time: a call, and one sync.
//!
//! Beside it the two things it cannot do without: a call to a service that does nothing, and the bytes of such a commit written to a
//! plain file and synced, once over zeros that were written ahead, as the journal does, and once at the end of a file that grows.

use crate::bench::clock::Stopwatch;
use crate::bench::closed_loop::one_at_a_time;
use crate::bench::commits::Commits;
use crate::bench::error::BenchError;
use crate::bench::figures::{Figure, Row, Unit};
use crate::bench::floors::plain_file::{Ahead, PlainFile};
use crate::bench::lanes::{Record, connect};
use crate::bench::latency::Sample;
use crate::bench::rounds::median;
use crate::bench::stage::{Stage, Which};

pub(super) async fn measure(stage: &mut Stage, row: Row) -> Result<Row, BenchError> {
    let (calls, rounds, people) = (stage.effort().one_at_a_time, stage.effort().rounds, stage.people(Which::All));
    let real = connect(&stage.url(Which::All).await?, 1).await?.remove(0);
    let noop = connect(&stage.noop().await?, 1).await?.remove(0);
    let event_ids = stage.event_ids();
    let (mut real, mut noop) = (Record::over(real, people, 1, &event_ids), Record::over(noop, people, 1, &event_ids));
    one_at_a_time(&mut real, calls).await?;
    one_at_a_time(&mut noop, calls).await?;
    let data_dir = stage.data_dir(Which::All).to_owned();
    let bytes = tokio::task::spawn_blocking(move || Commits::last(&data_dir)).await??;
    let (mut filled, mut growing) = (PlainFile::create(stage.home(), Ahead::Zeros)?, PlainFile::create(stage.home(), Ahead::Nothing)?);
    let (mut records, mut noops, mut filleds, mut growings) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        noops.push(sampled(one_at_a_time(&mut noop, calls).await?));
        filleds.push(commits(&mut filled, bytes, calls)?);
        records.push(sampled(one_at_a_time(&mut real, calls).await?));
        growings.push(commits(&mut growing, bytes, calls)?);
    }
    let over_noop = records.iter().zip(&noops).zip(&filleds).map(|((record, noop), sync)| (record.p50_us - noop.p50_us) / sync.p50_us);
    Ok(row
        .with_latency("", &records)
        .with_latency("noop_", &noops)
        .with(Figure::count("bytes_per_commit", Unit::Bytes, bytes as u64))
        .with_latency("fdatasync_", &filleds)
        .with_latency("fdatasync_growing_", &growings)
        .with(Figure::ratio("p50_over_noop_to_fdatasync_ratio", median(over_noop)).at_most(1.5)))
}

fn sampled(nanos: Vec<u64>) -> Sample {
    let seconds = std::time::Duration::from_nanos(nanos.iter().sum()).as_secs_f64();
    Sample::of(nanos.len() as u64, seconds, nanos)
}

fn commits(file: &mut PlainFile, bytes: usize, count: u32) -> Result<Sample, BenchError> {
    let watch = Stopwatch::start();
    let nanos = (0..count).map(|_| file.commit(bytes)).collect::<Result<Vec<u64>, _>>()?;
    Ok(Sample::of(count.into(), watch.seconds(), nanos))
}
