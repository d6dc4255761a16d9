//! Two sides that take turns, and the median of what they took.

use super::closed_loop::{Lane, run};
use super::error::BenchError;
use super::latency::Sample;
use super::plan::Effort;

/// The median; of an even number of values the mean of the two in the middle, of none 0.
#[must_use]
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or_default();
    f64::midpoint(at(values.len().saturating_sub(1) / 2), at(values.len() / 2))
}

/// What both sides took, round by round.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    /// The side that is compared with.
    pub floor: Vec<Sample>,
    /// The side that is measured.
    pub real: Vec<Sample>,
}

impl Turns {
    /// The median over the rounds of `figure` of the measured side to that of the other.
    pub fn ratio(&self, figure: impl Fn(&Sample) -> f64) -> f64 {
        median(self.real.iter().zip(&self.floor).map(|(real, floor)| figure(real) / figure(floor)))
    }
}

/// Lets two sides run in turn, after a warm-up of each.
///
/// # Errors
/// Where a call fails.
pub async fn turns<F: Lane, R: Lane>(effort: &Effort, mut floor: Vec<F>, mut real: Vec<R>) -> Result<Turns, BenchError> {
    run(&mut floor, effort.warm_up).await?;
    run(&mut real, effort.warm_up).await?;
    let mut turns = Turns::default();
    for _ in 0..effort.rounds {
        turns.floor.push(run(&mut floor, effort.round).await?);
        turns.real.push(run(&mut real, effort.round).await?);
    }
    Ok(turns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_round_that_was_disturbed_does_not_move_the_median() {
        let is = |values: &[f64], wanted: f64| (median(values.iter().copied()) - wanted).abs() < 1e-9;
        assert!(is(&[3.0, 1.0, 1_000.0], 3.0));
        assert!(is(&[4.0, 2.0], 3.0));
        assert!(is(&[], 0.0));
    }

    #[test]
    fn a_ratio_is_that_of_rounds_beside_each_other() {
        let sample = |per_s| Sample { per_s, p50_us: 1.0, p99_us: 1.0, p999_us: 1.0 };
        // The machine was half as fast in the second round, for both.
        let turns = Turns { floor: vec![sample(100.0), sample(50.0), sample(100.0)], real: vec![sample(90.0), sample(45.0), sample(90.0)] };
        assert!((turns.ratio(|sample| sample.per_s) - 0.9).abs() < 1e-9);
    }
}
