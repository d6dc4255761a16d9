//! `consent-ledger scenarios FILE…`: plays scenario files and says which hold.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::scenarios::format::{self, ScenarioFile};
use crate::scenarios::not_built::NOT_BUILT;
use crate::scenarios::report::Report;
use crate::scenarios::{Engine, report};

/// Plays scenario files against a ledger of their own and says which hold.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Scenario files, in YAML
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
}

/// Plays the files, each scenario on a ledger that `new_engine` makes. Exit code 0: all hold; 1: one does not;
/// 2: a file could not be read.
///
/// # Errors
/// Where the output cannot be written.
pub fn run<E: Engine>(args: &Args, mut new_engine: impl FnMut() -> Result<E, String>) -> anyhow::Result<ExitCode> {
    let files: Result<Vec<ScenarioFile>, _> = args.files.iter().map(|path| format::read(path)).collect();
    let files = match files {
        Ok(files) => files,
        Err(error) => {
            writeln!(std::io::stderr(), "error: {error}")?;
            return Ok(ExitCode::from(2));
        }
    };
    let mut out = std::io::stdout().lock();
    let mut written = Ok(());
    let mut report = Report::default();
    for file in &files {
        report.play(file, NOT_BUILT, &mut new_engine, |line: &report::Line| {
            if !args.json && written.is_ok() {
                written = writeln!(out, "{line}");
            }
        });
    }
    written?;
    let last = if args.json { format!("{:#}", report.json()) } else { report.total() };
    writeln!(out, "{last}")?;
    Ok(ExitCode::from(u8::from(report.failed() > 0)))
}
