//! What a measurement comes to: figures with units, and what they should be.
//!
//! ```text
//! {"measurement":"check","what":"…","per_s":41234.0,"p50_us":2900.0,…,"to_noop_ratio":0.93,
//!  "targets":{"to_noop_ratio":{"at_least":0.9,"met":true}}}
//! ```

use serde_json::{Map, Value, json};

use super::latency::Sample;
use super::rounds::median;

/// What a figure counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// Things a second.
    PerSecond,
    /// Microseconds.
    Microseconds,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// Things.
    Count,
    /// One figure to another; such a figure's key contains `ratio`.
    Ratio,
}

/// What a figure should be, at ten million contacts and thirty million events on two cores, client included.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Target {
    /// Not less.
    AtLeast(f64),
    /// Not more.
    AtMost(f64),
}

/// A figure; several values where it was taken several times along the way.
#[derive(Clone, PartialEq, Debug)]
pub struct Figure {
    key: String,
    unit: Unit,
    values: Vec<f64>,
    target: Option<Target>,
}

impl Figure {
    /// A figure.
    pub fn new(key: impl Into<String>, unit: Unit, value: f64) -> Self {
        Self::several(key, unit, vec![value])
    }

    /// The same figure, taken several times.
    pub fn several(key: impl Into<String>, unit: Unit, values: Vec<f64>) -> Self {
        Self { key: key.into(), unit, values, target: None }
    }

    /// A count of things or bytes.
    #[expect(clippy::cast_precision_loss, reason = "figures are for people")]
    pub fn count(key: impl Into<String>, unit: Unit, count: u64) -> Self {
        Self::new(key, unit, count as f64)
    }

    /// One figure to another.
    pub fn ratio(key: impl Into<String>, value: f64) -> Self {
        Self::new(key, Unit::Ratio, value)
    }

    /// The same, which should not be less.
    #[must_use]
    pub fn at_least(self, bound: f64) -> Self {
        Self { target: Some(Target::AtLeast(bound)), ..self }
    }

    /// The same, which should not be more.
    #[must_use]
    pub fn at_most(self, bound: f64) -> Self {
        Self { target: Some(Target::AtMost(bound)), ..self }
    }

    /// Its name in JSON.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What it counts.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        self.unit
    }

    /// Its values: one, or several in order.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// What it should be.
    #[must_use]
    pub const fn target(&self) -> Option<Target> {
        self.target
    }

    /// Whether it is what it should be; none where nothing is asked of it.
    #[must_use]
    pub fn is_met(&self) -> Option<bool> {
        let target = self.target?;
        Some(self.values.iter().all(|value| match target {
            Target::AtLeast(bound) => *value >= bound,
            Target::AtMost(bound) => *value <= bound,
        }))
    }
}

/// What one measurement comes to.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    measurement: &'static str,
    what: &'static str,
    figures: Vec<Figure>,
}

impl Row {
    /// A row without figures.
    #[must_use]
    pub const fn new(measurement: &'static str, what: &'static str) -> Self {
        Self { measurement, what, figures: Vec::new() }
    }

    /// The same with a figure more.
    #[must_use]
    pub fn with(mut self, figure: Figure) -> Self {
        self.figures.push(figure);
        self
    }

    /// The same with the median rate of these rounds.
    #[must_use]
    pub fn with_rate(self, prefix: &str, rounds: &[Sample]) -> Self {
        self.with(Figure::new(format!("{prefix}per_s"), Unit::PerSecond, median(rounds.iter().map(|round| round.per_s))))
    }

    /// The same with the median of each percentile of these rounds.
    #[must_use]
    pub fn with_latency(self, prefix: &str, rounds: &[Sample]) -> Self {
        let figure =
            |key: &str, of: fn(&Sample) -> f64| Figure::new(format!("{prefix}{key}"), Unit::Microseconds, median(rounds.iter().map(of)));
        self.with(figure("p50_us", |round| round.p50_us))
            .with(figure("p99_us", |round| round.p99_us))
            .with(figure("p999_us", |round| round.p999_us))
    }

    /// Which measurement.
    #[must_use]
    pub const fn measurement(&self) -> &'static str {
        self.measurement
    }

    /// What was measured, in words.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        self.what
    }

    /// Its figures, in order.
    #[must_use]
    pub fn figures(&self) -> &[Figure] {
        &self.figures
    }

    /// As JSON: every figure under its key.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut object = Map::from_iter([("measurement".to_owned(), json!(self.measurement)), ("what".to_owned(), json!(self.what))]);
        let mut targets = Map::new();
        for figure in &self.figures {
            let value = if let [value] = figure.values.as_slice() { json!(value) } else { json!(figure.values) };
            object.insert(figure.key.clone(), value);
            if let Some(target) = figure.target {
                let (word, bound) = match target {
                    Target::AtLeast(bound) => ("at_least", bound),
                    Target::AtMost(bound) => ("at_most", bound),
                };
                targets.insert(figure.key.clone(), json!({ word: bound, "met": figure.is_met() }));
            }
        }
        if !targets.is_empty() {
            object.insert("targets".to_owned(), targets.into());
        }
        object.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_at_its_bound_and_by_every_value() {
        assert_eq!(Figure::ratio("to_noop_ratio", 0.9).at_least(0.9).is_met(), Some(true));
        assert_eq!(Figure::ratio("to_noop_ratio", 0.9).at_most(0.8).is_met(), Some(false));
        assert_eq!(Figure::several("tenths_per_s", Unit::PerSecond, vec![2.0, 1.0]).at_least(1.5).is_met(), Some(false));
        assert_eq!(Figure::ratio("to_noop_ratio", f64::NAN).at_least(0.9).is_met(), Some(false));
        assert_eq!(Figure::count("entries", Unit::Count, 3).is_met(), None);
    }

    #[test]
    fn a_row_in_json_has_every_figure_under_its_key() {
        let row = Row::new("check", "…").with(Figure::ratio("to_noop_ratio", 0.95).at_least(0.9)).with(Figure::several(
            "tenths_per_s",
            Unit::PerSecond,
            vec![1.0, 2.0],
        ));
        let json = row.json();
        assert_eq!(json["to_noop_ratio"], json!(0.95));
        assert_eq!(json["tenths_per_s"], json!([1.0, 2.0]));
        assert_eq!(json["targets"], json!({ "to_noop_ratio": { "at_least": 0.9, "met": true } }));
    }
}
