//! A closed loop: so many calls in flight, each followed by the next.

use std::time::Duration;

use tokio::task::JoinSet;

use super::clock::Stopwatch;
use super::error::BenchError;
use super::latency::Sample;

/// One call in flight, then the next.
pub trait Lane: Send + 'static {
    /// Makes a call, looks at its answer, and says how many things it did.
    ///
    /// # Errors
    /// Where it fails or the answer is wrong: then nothing is measured.
    fn call(&mut self) -> impl Future<Output = Result<u64, BenchError>> + Send;
}

/// Runs all lanes at once for so long; every lane makes one call at least.
///
/// # Errors
/// Where a call fails. The lanes are gone then.
pub async fn run<L: Lane>(lanes: &mut Vec<L>, lasting: Duration) -> Result<Sample, BenchError> {
    let (watch, mut running) = (Stopwatch::start(), JoinSet::new());
    for mut lane in lanes.drain(..) {
        running.spawn(async move {
            let (mut done, mut nanos) = (0, Vec::new());
            while nanos.is_empty() || watch.elapsed() < lasting {
                let call = Stopwatch::start();
                done += lane.call().await?;
                nanos.push(call.nanos());
            }
            Ok::<_, BenchError>((lane, done, nanos))
        });
    }
    let (mut done, mut nanos) = (0, Vec::new());
    while let Some(ended) = running.join_next().await {
        let (lane, did, took) = ended??;
        lanes.push(lane);
        done += did;
        nanos.push(took);
    }
    Ok(Sample::of(done, watch.seconds(), nanos.into_iter().flatten()))
}

/// Makes so many calls of one lane, one after the other. Gives how long each took, in nanoseconds.
///
/// # Errors
/// Where a call fails.
pub async fn one_at_a_time<L: Lane>(lane: &mut L, calls: u32) -> Result<Vec<u64>, BenchError> {
    let mut nanos = Vec::new();
    for _ in 0..calls {
        let call = Stopwatch::start();
        lane.call().await?;
        nanos.push(call.nanos());
    }
    Ok(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counts(u64);

    impl Lane for Counts {
        async fn call(&mut self) -> Result<u64, BenchError> {
            if self.0 == 0 {
                return Err(BenchError::wrong_answer("none is left"));
            }
            self.0 -= 1;
            tokio::task::yield_now().await;
            Ok(2)
        }
    }

    #[tokio::test]
    async fn every_lane_calls_at_least_once_and_comes_back() {
        let mut lanes = vec![Counts(u64::MAX), Counts(u64::MAX)];
        let sample = run(&mut lanes, Duration::ZERO).await.unwrap();
        assert_eq!(lanes.iter().map(|lane| u64::MAX - lane.0).collect::<Vec<_>>(), [1, 1]);
        assert!(sample.per_s > 0.0 && sample.p50_us >= 0.0);
    }

    #[tokio::test]
    async fn a_call_that_fails_ends_the_round() {
        assert!(run(&mut vec![Counts(3)], Duration::from_secs(60)).await.is_err());
        assert_eq!(one_at_a_time(&mut Counts(3), 3).await.unwrap().len(), 3);
        assert!(one_at_a_time(&mut Counts(3), 4).await.is_err());
    }
}
