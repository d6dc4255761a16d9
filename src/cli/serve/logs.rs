//! Logs on stderr: one JSON object a line, or lines for people.
//!
//! ```text
//! {"timestamp":"2026-03-01T09:00:00.000000Z","level":"INFO","message":"ready","grpc":"127.0.0.1:50051",…,"target":"consent_ledger::…"}
//! 2026-03-01T09:00:00.000000Z  INFO consent_ledger::…: ready grpc=127.0.0.1:50051 …
//! ```

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing::Level;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::check_config::Findings;
use crate::cli::error::CliError;
use crate::telemetry::traces::SpanLayer;

/// The variable that every program of its kind reads.
const VARIABLE: &str = "RUST_LOG";

/// What is logged where nobody says anything.
const USUAL: &str = "info";

/// In what form logs are written.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Text on a terminal, else JSON
    Auto,
    /// One JSON object a line
    Json,
    /// Lines for people
    Text,
}

/// How much is logged, and how.
#[derive(Args, Debug)]
pub struct Logs {
    /// The form of logs on stderr; --json without it means json
    #[arg(long, value_name = "FORM", value_enum, default_value = "auto", env = "CONSENT_LEDGER_LOG_FORMAT")]
    log_format: Form,
    /// How much is logged: error, warn, info, debug or trace, or directives as `RUST_LOG` takes them, which is read without it
    #[arg(long, value_name = "LEVEL", env = "CONSENT_LEDGER_LOG_LEVEL")]
    log_level: Option<String>,
}

impl Logs {
    /// Starts them, beside what makes spans.
    ///
    /// # Errors
    /// Where the level is none.
    pub fn start(&self, json: bool, spans: Option<SpanLayer>) -> Result<(), CliError> {
        let terminal = std::io::stderr().is_terminal();
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines: SpanLayer = if is_json(self.log_format, json, terminal) {
            // No spans: their fields are those of the exporter.
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
        } else {
            lines.with_ansi(terminal).boxed()
        };
        let own = filter_fn(|line| is_ours_or_harmless(line.target(), *line.level()));
        let lines = lines.with_filter(own).with_filter(self.filter()?);
        let layers: Vec<SpanLayer> = std::iter::once(lines.boxed()).chain(spans).collect();
        // A second subscriber is refused; the first one goes on.
        let _ = Registry::default().with(layers).try_init();
        Ok(())
    }

    /// Looks at the level.
    pub fn look(&self, findings: &mut Findings) {
        findings.refused("log-level", self.filter());
    }

    fn filter(&self) -> Result<EnvFilter, CliError> {
        let Some(level) = &self.log_level else {
            return Ok(EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(USUAL)));
        };
        EnvFilter::try_new(level)
            .map_err(|error| CliError::usage(format!("--log-level {level}: {error}")).hint("give error, warn, info, debug or trace"))
    }
}

fn is_json(form: Form, json: bool, terminal: bool) -> bool {
    match form {
        Form::Json => true,
        Form::Text => false,
        Form::Auto => json || !terminal,
    }
}

/// What carries calls says at finer levels what it carries: headers with credentials, bytes with contacts. Only the ledger's
/// own lines are known to hold none.
fn is_ours_or_harmless(target: &str, level: Level) -> bool {
    level <= Level::INFO || target.starts_with("consent_ledger")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_text_and_anything_else_json_unless_told_otherwise() {
        assert!(!is_json(Form::Auto, false, true) && is_json(Form::Auto, false, false) && is_json(Form::Auto, true, true));
        assert!(is_json(Form::Json, false, true) && !is_json(Form::Text, true, false));
    }

    #[test]
    fn what_carries_calls_never_says_what_it_carries() {
        assert!(!is_ours_or_harmless("h2::codec", Level::DEBUG) && !is_ours_or_harmless("rustls", Level::TRACE));
        assert!(is_ours_or_harmless("h2", Level::INFO) && is_ours_or_harmless("consent_ledger::telemetry", Level::TRACE));
    }

    #[test]
    fn a_level_that_is_none_is_refused() {
        let logs = |level: &str| Logs { log_format: Form::Auto, log_level: Some(level.to_owned()) };
        assert!(logs("debug").filter().is_ok() && logs("info,consent_ledger=debug").filter().is_ok());
        assert!(logs("a=b=c").filter().is_err());
    }
}
