//! `consent-ledger scenarios FILE…`: plays scenario files and says which hold.

use std::path::PathBuf;

use clap::Args;

use super::error::{CliError, Verdict};
use super::output::Output;
use crate::scenarios::format::{self, ScenarioFile};
use crate::scenarios::real::RealEngine;
use crate::scenarios::report::{self, Report};

const EXAMPLES: &str = "\
One line a scenario, ok or FAIL, then the total. Exit code 0: all hold; 1: one does not; 2: a file could not be read.

Example:
  consent-ledger scenarios tests/data/scenarios/windows.yaml";

/// Play scenario files, each scenario on an empty ledger of its own, and say which hold.
///
/// A scenario says in YAML what happened and what should follow: a business writes its own to try a policy before it adopts it.
/// No server is needed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Scenarios {
    /// Scenario files, in YAML
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Scenarios {
    /// Plays the files.
    ///
    /// # Errors
    /// Where a file cannot be read or the output not written.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        let files: Result<Vec<ScenarioFile>, _> = self.files.iter().map(|path| format::read(path)).collect();
        let files = files.map_err(|error| CliError::local(error).hint("docs/scenarios.md describes the format"))?;
        let mut written = Ok(());
        let mut report = Report::default();
        for file in &files {
            report.play(file, &mut RealEngine::new, |line: &report::Line| {
                if !output.is_json() && written.is_ok() {
                    written = Output::line(&line.to_string());
                }
            });
        }
        written?;
        output.print(|| report.json(), || report.total())?;
        Ok(if report.failed() > 0 { Verdict::No } else { Verdict::Yes })
    }
}
