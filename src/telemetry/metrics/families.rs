//! Families of samples, written one after the other: a name, what it counts, and a value for each set of labels.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

use crate::measure::Reading;

/// Names and values of labels. All of them are known when the program is built.
pub type Labels = Vec<(&'static str, &'static str)>;

/// Where families are written.
pub struct Families<'a>(DescriptorEncoder<'a>);

impl<'a> Families<'a> {
    pub(super) const fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self(encoder)
    }

    /// A counter, whose name ends in `_total`.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn counter(&mut self, name: &'static str, help: &str, value: u64) -> fmt::Result {
        self.counters(name, help, [(Labels::new(), value)])
    }

    /// A counter for each set of labels.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn counters(&mut self, name: &'static str, help: &str, samples: impl IntoIterator<Item = (Labels, u64)>) -> fmt::Result {
        self.family(name, help, MetricType::Counter, samples, |mut sample, value| {
            sample.encode_counter::<NoLabelSet, u64, f64>(value, None)
        })
    }

    /// A counter of something that is not whole, as seconds are.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn counter_of(&mut self, name: &'static str, help: &str, value: f64) -> fmt::Result {
        let samples = [(Labels::new(), value)];
        self.family(name, help, MetricType::Counter, samples, |mut sample, value| {
            sample.encode_counter::<NoLabelSet, f64, f64>(value, None)
        })
    }

    /// A gauge.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn gauge(&mut self, name: &'static str, help: &str, value: f64) -> fmt::Result {
        self.gauges(name, help, [(Labels::new(), value)])
    }

    /// A gauge for each set of labels.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn gauges(&mut self, name: &'static str, help: &str, samples: impl IntoIterator<Item = (Labels, f64)>) -> fmt::Result {
        self.family(name, help, MetricType::Gauge, samples, |mut sample, value| sample.encode_gauge(value))
    }

    /// A gauge of a whole number: up to 2^64.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn whole(&mut self, name: &'static str, help: &str, value: u64) -> fmt::Result {
        let samples = [(Labels::new(), value)];
        self.family(name, help, MetricType::Gauge, samples, |mut sample, value| sample.encode_gauge(value))
    }

    /// A histogram.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn histogram(&mut self, name: &'static str, help: &str, reading: &Reading) -> fmt::Result {
        self.histograms(name, help, [(Labels::new(), reading.clone())])
    }

    /// A histogram for each set of labels.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn histograms(&mut self, name: &'static str, help: &str, samples: impl IntoIterator<Item = (Labels, Reading)>) -> fmt::Result {
        self.family(name, help, MetricType::Histogram, samples, |mut sample, reading| {
            sample.encode_histogram::<NoLabelSet>(reading.sum, reading.count, &reading.buckets, None)
        })
    }

    fn family<V>(
        &mut self,
        name: &'static str,
        help: &str,
        kind: MetricType,
        samples: impl IntoIterator<Item = (Labels, V)>,
        write: impl Fn(MetricEncoder<'_>, &V) -> fmt::Result,
    ) -> fmt::Result {
        // The library adds this to every counter itself.
        let name = if matches!(kind, MetricType::Counter) { name.strip_suffix("_total").unwrap_or(name) } else { name };
        let mut family = self.0.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in samples {
            write(family.encode_family(&labels)?, &value)?;
        }
        Ok(())
    }
}
