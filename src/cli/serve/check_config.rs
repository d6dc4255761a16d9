//! `serve --check-config`: would it start with this configuration? Everything that is named is looked at; no port is bound, the
//! ledger is not opened, and nothing is written.

use std::path::Path;

use rustix::fs::{Access, access};
use serde_json::{Value, json};

use super::Serve;
use crate::cli::error::{CliError, Verdict};
use crate::cli::output::Output;

/// What stands against a configuration.
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

/// One thing that does.
#[derive(Debug)]
struct Finding {
    /// The setting.
    key: &'static str,
    /// What is wrong with it.
    problem: String,
}

impl Findings {
    /// Notes a problem of a setting.
    pub fn note(&mut self, key: &'static str, problem: impl Into<String>) {
        self.0.push(Finding { key, problem: problem.into() });
    }

    /// Notes what a part of the configuration was refused for.
    pub fn refused<T>(&mut self, key: &'static str, read: Result<T, CliError>) {
        if let Err(error) = read {
            self.note(key, error.message());
        }
    }

    /// Notes where files could not be made in a directory, or the directory not be made.
    pub fn directory(&mut self, key: &'static str, dir: &Path) {
        let there = dir.ancestors().map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above });
        let Some(there) = there.into_iter().find(|above| above.exists()) else { return };
        if !there.is_dir() {
            self.note(key, format!("{} is no directory", there.display()));
        } else if let Err(error) = access(there, Access::WRITE_OK | Access::EXEC_OK) {
            self.note(key, format!("{} cannot be written to: {error}", there.display()));
        }
    }

    fn json(&self) -> Value {
        self.0.iter().map(|finding| json!({ "key": finding.key, "problem": finding.problem })).collect()
    }
}

/// Says what would be in force, and what stands against it.
///
/// # Errors
/// Where stdout cannot be written to.
pub fn run(serve: &Serve, output: Output) -> Result<Verdict, CliError> {
    let mut findings = Findings::default();
    look(serve, &mut findings);
    let ok = findings.0.is_empty();
    let text = || {
        let mut lines = vec![serve.settings.to_string()];
        lines.extend(serve.settings.warnings().iter().map(|warning| format!("warning: {warning}")));
        lines.push(if ok { "ok".to_owned() } else { format!("problems: {}", findings.0.len()) });
        lines.extend(findings.0.iter().map(|finding| format!("{}: {}", finding.key, finding.problem)));
        lines.join("\n")
    };
    output.print(
        || json!({ "ok": ok, "settings": serve.settings.json(), "problems": findings.json(), "warnings": serve.settings.warnings() }),
        text,
    )?;
    Ok(if ok { Verdict::Yes } else { Verdict::No })
}

/// Every part of the configuration looks at what it names.
fn look(serve: &Serve, findings: &mut Findings) {
    serve.transport.look(&[("listen", serve.listen), ("http", serve.http)], findings);
    if serve.listen == serve.http && serve.listen.port() != 0 {
        findings.note("http", format!("{} is where gRPC is answered already", serve.http));
    }
    findings.directory("data-dir", &serve.data_dir);
    if let Some(dir) = &serve.checkpoint_dir {
        findings.directory("checkpoint-dir", dir);
        if dir.starts_with(&serve.data_dir) {
            findings.note("checkpoint-dir", "it lies in the data directory, and whoever changes that reaches it");
        }
    }
    serve.webhooks.look(findings);
    serve.logs.look(findings);
    serve.traces.look(findings);
}
