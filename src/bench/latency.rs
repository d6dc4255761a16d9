//! What a round of calls took.

use hdrhistogram::Histogram;

/// Three digits are kept of every latency.
const DIGITS: u8 = 3;

/// The calls of one round.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sample {
    /// How much was done a second.
    pub per_s: f64,
    /// Half of the calls took no longer, in microseconds.
    pub p50_us: f64,
    /// 99 of 100.
    pub p99_us: f64,
    /// 999 of 1,000.
    pub p999_us: f64,
}

impl Sample {
    /// Of `done` things in so many seconds, and how long each call took, in nanoseconds.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "figures are for people")]
    pub fn of(done: u64, seconds: f64, nanos: impl IntoIterator<Item = u64>) -> Self {
        // Three digits are within what a histogram may keep.
        let Ok(mut histogram) = Histogram::<u64>::new(DIGITS) else { return Self { per_s: 0.0, p50_us: 0.0, p99_us: 0.0, p999_us: 0.0 } };
        for nanos in nanos {
            // It grows with what it is given.
            let _ = histogram.record(nanos);
        }
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1_000.0;
        Self { per_s: done as f64 / seconds, p50_us: at(0.5), p99_us: at(0.99), p999_us: at(0.999) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_calls() {
        let sample = Sample::of(1_000, 2.0, (1..=1_000).map(|micros| micros * 1_000));
        let near = |got: f64, want: f64| (got - want).abs() / want < 0.01;
        assert!(
            near(sample.per_s, 500.0) && near(sample.p50_us, 500.0) && near(sample.p99_us, 990.0) && near(sample.p999_us, 999.0),
            "{sample:?}"
        );
    }
}
