//! The registry behind `GET /metrics`. Whoever has numbers is a [`Source`] and joins it at the start.
//!
//! ```text
//! # HELP consent_ledger_log_head_seq The seq of the log's last entry.
//! # TYPE consent_ledger_log_head_seq gauge
//! consent_ledger_log_head_seq 18
//! ```
//!
//! Names of labels and their values are `&'static str`: what came in a request cannot become one.

mod build;
mod certificate;
mod families;
mod ledger;
#[cfg(target_os = "linux")]
mod process;

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, prometheus_text, text};
use prometheus_client::registry::Registry;

pub use certificate::Certificate;
pub use families::{Families, Labels};

/// Somebody who has numbers.
pub trait Source: Send + Sync + 'static {
    /// Tells them, every family once.
    ///
    /// # Errors
    /// Where they cannot be written.
    fn tell(&self, families: &mut Families<'_>) -> fmt::Result;
}

impl<S: Source> Source for std::sync::Arc<S> {
    fn tell(&self, families: &mut Families<'_>) -> fmt::Result {
        self.as_ref().tell(families)
    }
}

/// A format that scrapers ask for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Prometheus's text format 0.0.4, which everybody reads.
    Prometheus,
    /// `OpenMetrics` 1.0.
    OpenMetrics,
}

impl Format {
    /// The one that an `Accept` header asks for.
    #[must_use]
    pub fn accepted(accept: Option<&str>) -> Self {
        let asked =
            accept.is_some_and(|accept| accept.split(',').any(|kind| kind.trim_start().starts_with("application/openmetrics-text")));
        if asked { Self::OpenMetrics } else { Self::Prometheus }
    }

    /// Its content type.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => prometheus_text::CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Every number that is told.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
}

impl Default for Metrics {
    /// What is known of the program itself.
    fn default() -> Self {
        let mut metrics = Self { registry: Registry::default() };
        metrics.join(build::Build);
        #[cfg(target_os = "linux")]
        metrics.join(process::Process);
        metrics
    }
}

impl Metrics {
    /// From now on its numbers are told too.
    pub fn join(&mut self, source: impl Source) {
        self.registry.register_collector(Box::new(Joined(source)));
    }

    /// All of it as text. May read directories: blocks.
    ///
    /// # Errors
    /// Where a source cannot tell.
    pub fn text(&self, format: Format) -> Result<String, fmt::Error> {
        let mut out = String::new();
        match format {
            Format::Prometheus => prometheus_text::encode(&mut out, &self.registry)?,
            Format::OpenMetrics => text::encode(&mut out, &self.registry)?,
        }
        Ok(out)
    }
}

struct Joined<S>(S);

impl<S> fmt::Debug for Joined<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Joined")
    }
}

impl<S: Source> Collector for Joined<S> {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.tell(&mut Families::new(encoder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Histogram;

    struct Shop;

    impl Source for Shop {
        fn tell(&self, families: &mut Families<'_>) -> fmt::Result {
            families.counters("shop_sales_total", "Sales.", [(vec![("door", "left")], 3), (vec![("door", "right")], 0)])?;
            families.gauge("shop_open", "1 while it is open.", 1.0)?;
            let histogram = Histogram::of_times(&[1_000_000, 2_500_000]);
            histogram.time(std::time::Duration::from_millis(2));
            families.histogram("shop_wait_seconds", "Waiting.", &histogram.read())
        }
    }

    #[test]
    fn both_formats_tell_the_same() {
        let mut metrics = Metrics { registry: Registry::default() };
        metrics.join(Shop);
        let samples = "shop_sales_total{door=\"left\"} 3\nshop_sales_total{door=\"right\"} 0\n";
        let prometheus = metrics.text(Format::Prometheus).unwrap();
        assert!(prometheus.starts_with("# HELP shop_sales_total Sales.\n# TYPE shop_sales_total counter\n"), "{prometheus}");
        let open = metrics.text(Format::OpenMetrics).unwrap();
        assert!(open.starts_with("# HELP shop_sales Sales.\n# TYPE shop_sales counter\n") && open.ends_with("# EOF\n"), "{open}");
        for text in [prometheus, open] {
            assert!(text.contains(samples) && text.contains("shop_open 1"), "{text}");
            for line in
                ["_bucket{le=\"0.001\"} 0\n", "_bucket{le=\"0.0025\"} 1\n", "_bucket{le=\"+Inf\"} 1\n", "_sum 0.002\n", "_count 1\n"]
            {
                assert!(text.contains(line), "{line} in {text}");
            }
        }
    }

    #[test]
    fn open_metrics_is_for_those_who_ask_for_it() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        assert_eq!(Format::accepted(Some(prometheus)), Format::OpenMetrics);
        assert_eq!([None, Some("*/*"), Some("text/plain")].map(Format::accepted), [Format::Prometheus; 3]);
    }
}
