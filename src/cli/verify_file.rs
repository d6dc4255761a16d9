//! `verify FILE`: does what a ledger handed out hold? An export, an evidence bundle, a receipt, a proof, a checkpoint.
//!
//! ```text
//! ok
//! claim: complete up to entry 8: trails 2 and account 1
//! about: +447400123456 in the account default, named in a sealed part that opens here
//! as of: where trails ended was recorded as entry 9, 2026-03-01T00:00:00Z by the ledger's clock
//! not covered: what came after entry 8; the checkpoint goes on to entry 9
//! entries: 7, left out: 2
//! checkpoint: 9 entries, root 0ac5…, signed at 2026-03-01T00:00:00Z by example.com/ledger
//! ```

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::error::{CliError, Verdict};
use super::output::Output;
use super::verify_receipt;
use crate::consent::time::Time;
use crate::export::verify::{About, Against, Problem, Report, VerifyError, verify};
use crate::proof::checkpoint::Checkpoint;
use crate::proof::note::VerifierKey;

/// What stands beside a file.
#[derive(Args, Debug)]
pub struct Beside {
    /// The entry that a proof of inclusion is about: its stored bytes, in a file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["entry_hash", "data_dir"])]
    entry: Option<PathBuf>,
    /// The same by its hash, 64 hex digits
    #[arg(long, value_name = "HASH", conflicts_with = "data_dir")]
    entry_hash: Option<String>,
    /// A proof that the older checkpoint is the beginning of FILE's, as `prove consistency` writes it
    #[arg(long, value_name = "FILE", requires = "checkpoint", conflicts_with = "data_dir")]
    consistency: Option<PathBuf>,
}

impl Beside {
    /// Verifies a file and prints what holds, or the first thing that does not.
    ///
    /// # Errors
    /// Where a file cannot be read, or what it is about was not given.
    pub fn verify(&self, file: &Path, key: &VerifierKey, older: Option<&Checkpoint>, output: Output) -> Result<Verdict, CliError> {
        let reading = |path: &Path| format!("reading {}", path.display());
        let bytes = self.entry.as_ref().map(|path| std::fs::read(path).map_err(|error| CliError::local(error).context(reading(path))));
        let bytes = bytes.transpose()?;
        let hash = self.entry_hash.as_ref().map(|hash| hex::decode(hash).ok().and_then(|hash| hash.try_into().ok()));
        let hash = hash.map(|hash| hash.ok_or_else(|| CliError::usage("--entry-hash: 64 hex digits are expected"))).transpose()?;
        let entry = bytes.as_deref().map(About::Bytes).or(hash.map(About::Hash));
        let consistency = self.consistency.as_deref().map(read_text).transpose()?;
        let opened = File::open(file).map_err(|error| CliError::local(error).context(reading(file)))?;
        let progress = progress_bar();
        let against = Against { older, consistency: consistency.as_deref(), entry };
        let verified = verify(BufReader::with_capacity(1 << 20, opened), key, &against, |done, of| show(&progress, done, of));
        progress.finish_and_clear();
        match verified {
            Ok(report) => held(&report, output),
            Err(VerifyError::DoesNotHold(problem)) => does_not_hold(&problem, output),
            Err(VerifyError::CannotTell(problem)) => Err(CliError::usage(problem.words).hint(hint(older))),
            Err(VerifyError::Io(error)) => Err(CliError::local(error).context(reading(file))),
        }
    }
}

/// What to give beside a file that cannot be judged alone.
fn hint(older: Option<&Checkpoint>) -> String {
    match older {
        None => "give --entry or --entry-hash for a proof of inclusion, --checkpoint for a proof of consistency".to_owned(),
        Some(older) => format!(
            "`prove consistency` with --old and the file's size writes one, to be given as --consistency; \
             an export that was asked for with --checkpoint needs none for {} entries",
            older.size
        ),
    }
}

fn show(progress: &ProgressBar, done: u64, of: u64) {
    if done.is_multiple_of(1_024) {
        progress.set_length(of);
        progress.set_position(done);
    }
}

fn does_not_hold(problem: &Problem, output: Output) -> Result<Verdict, CliError> {
    let line = (problem.line != 0).then_some(problem.line);
    let value = || json!({ "ok": false, "code": problem.code.as_str(), "line": line, "problem": problem.words });
    output.print(value, || format!("DOES NOT HOLD\nproblem: {problem}"))?;
    Ok(Verdict::No)
}

fn held(report: &Report, output: Output) -> Result<Verdict, CliError> {
    let checkpoint = &report.verified.checkpoint;
    let holds = [report.receipt.as_deref().map(verify_receipt::held).unwrap_or_default(), report.holds.clone()].concat();
    let (size, root, origin) = (checkpoint.size, hex::encode(checkpoint.root), &checkpoint.origin);
    let at = Time::from_micros(i64::try_from(report.verified.cosigned_at).unwrap_or_default().saturating_mul(1_000_000));
    let value = || {
        let checkpoint = json!({ "origin": origin, "size": size, "root": root, "signed_at": at.to_string() });
        json!({ "ok": true, "holds": holds, "checkpoint": checkpoint })
    };
    let text = || {
        let holds = holds.iter().fold(String::from("ok"), |text, line| text + "\n" + line);
        format!("{holds}\ncheckpoint: {size} entries, root {root}, signed at {at} by {origin}")
    };
    output.print(value, text)?;
    Ok(Verdict::Yes)
}

/// Reads a file of text.
pub(super) fn read_text(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|error| CliError::local(error).context(format!("reading {}", path.display())))
}

/// Hidden where stderr is no terminal.
pub(super) fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("verifying {bar:40} {human_pos} of {human_len} ({per_sec}, {eta} left)") {
        bar.set_style(style);
    }
    bar
}
