//! Where `serve` sends spans to.

use clap::Args;

use super::check_config::Findings;
use crate::cli::error::CliError;
use crate::telemetry::traces::{Export, Exporter, SpanLayer};

/// The variable that every program which sends spans reads.
const VARIABLE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Spans for a collector.
#[derive(Args, Debug)]
pub struct Traces {
    /// A collector that takes spans by OTLP over gRPC, as in `http://127.0.0.1:4317`; without it, and without
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`, none are made
    #[arg(long, value_name = "URL", env = "CONSENT_LEDGER_OTLP_ENDPOINT")]
    otlp_endpoint: Option<String>,
    /// Of traces that begin here, the share that is kept, from 0 to 1; a caller's trace is kept where its caller keeps it
    #[arg(long, value_name = "SHARE", default_value = "0.01", env = "CONSENT_LEDGER_TRACE_SAMPLE", value_parser = share)]
    trace_sample: f64,
}

impl Traces {
    /// Starts sending, where there is a collector. Within a runtime.
    ///
    /// # Errors
    /// Where the endpoint is none.
    pub fn start(&self) -> Result<Option<(Exporter, SpanLayer)>, CliError> {
        let Some(endpoint) = self.endpoint()? else { return Ok(None) };
        let started = Exporter::start(&Export { endpoint, sample: self.trace_sample });
        started.map(Some).map_err(|error| CliError::usage(format!("--otlp-endpoint: {error}")))
    }

    /// Looks at the endpoint; whether somebody listens there is not asked.
    pub fn look(&self, findings: &mut Findings) {
        findings.refused("otlp-endpoint", self.endpoint());
    }

    /// Where the collector is; none where there is none.
    fn endpoint(&self) -> Result<Option<String>, CliError> {
        let named = self.otlp_endpoint.clone().or_else(|| std::env::var(VARIABLE).ok());
        let Some(endpoint) = named.map(|named| named.trim().to_owned()).filter(|named| !named.is_empty()) else { return Ok(None) };
        if !endpoint.starts_with("http://") {
            return Err(CliError::usage("--otlp-endpoint is not an address that begins with http://")
                .hint("spans go to a collector on this machine or in a network that keeps others out, as in http://127.0.0.1:4317"));
        }
        Ok(Some(endpoint))
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("not between 0 and 1".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_lies_between_none_and_all() {
        assert_eq!([share("0"), share("0.25"), share("1")], [Ok(0.0), Ok(0.25), Ok(1.0)]);
        assert!(["-0.1", "1.1", "NaN", "half", ""].iter().all(|text| share(text).is_err()));
    }
}
