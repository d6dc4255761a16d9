//! `verify`: does the log hold together, in both its copies, or does what it handed out hold? Needs no server, but to ask
//! whether a receipt's answer still follows.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::client;
use super::error::{CliError, Kind, Verdict};
use super::output::Output;
use super::verify_file::{Beside, progress_bar, read_text};
use super::verify_receipt::Asked;
use crate::consent::words::Seq;
use crate::ledger::proving::verify::{VerifyReport, verify_against};
use crate::proof::checkpoint::{self, Checkpoint};
use crate::proof::note::VerifierKey;

const EXAMPLES: &str = "\
Exit code: 0 it holds, 1 it does not, 2 it could not be told.

Examples:
  consent-ledger verify --data-dir ./ledger
  consent-ledger verify --data-dir ./ledger --key example.com/ledger+… --checkpoint first.checkpoint
  consent-ledger verify entry-12.proof --entry entry-12.bin --key example.com/ledger+…
  consent-ledger verify grown.proof --checkpoint first.checkpoint --key example.com/ledger+…
  consent-ledger verify evidence.jsonl --key example.com/ledger+… --checkpoint first.checkpoint
  consent-ledger verify receipt.json --key example.com/ledger+…
  consent-ledger verify receipt.json --server http://127.0.0.1:50051";

/// Verify a ledger's whole chain, entry by entry, in both copies on disk; or a file that a ledger handed out: an export, an
/// evidence bundle, a receipt, a proof, a checkpoint.
///
/// Every entry is hashed again and compared with its successor's link. While a server runs, only the journal is read, and the
/// output says so. A chain alone does not show that its owner left it alone: hold it against a checkpoint kept elsewhere. The
/// ledger's name and key come from --key, never from what is verified.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Verify {
    /// What a ledger handed out: an export, an evidence bundle, a receipt, a proof or a checkpoint
    #[arg(value_name = "FILE", required_unless_present = "data_dir", conflicts_with = "data_dir")]
    file: Option<PathBuf>,
    /// The ledger's data directory
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The ledger's key as `keys public` prints it, from somebody you trust
    #[arg(long, value_name = "PUBKEY", required_unless_present_any = ["data_dir", "server"])]
    key: Option<VerifierKey>,
    /// An older checkpoint, kept elsewhere, to hold the ledger or the file against
    #[arg(long, value_name = "OLD", requires = "key")]
    checkpoint: Option<PathBuf>,
    /// The key that the older checkpoint was signed with, where the ledger's key was changed since
    #[arg(long, value_name = "PUBKEY", requires = "checkpoint")]
    checkpoint_key: Option<VerifierKey>,
    #[command(flatten)]
    beside: Beside,
    #[command(flatten)]
    asked: Asked,
}

impl Verify {
    /// Verifies and prints the report.
    ///
    /// # Errors
    /// Where the data directory cannot be read.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        let older = match (&self.checkpoint, &self.key) {
            (Some(path), Some(key)) => {
                let signed_with = self.checkpoint_key.as_ref().unwrap_or(key);
                if signed_with.name() != key.name() {
                    return Err(CliError::usage("--checkpoint-key is another ledger's than --key"));
                }
                Some(older(path, signed_with)?)
            }
            _ => None,
        };
        match (self.data_dir, self.file, self.key) {
            (Some(data_dir), ..) => verify_ledger(&data_dir, older, output),
            (None, Some(file), key) if self.asked.is_online() => client::run(self.asked.run(&read_text(&file)?, key.as_ref(), output)),
            (None, Some(file), Some(key)) => self.beside.verify(&file, &key, older.as_ref(), output),
            _ => Err(CliError::usage("neither a file with --key or --server nor --data-dir was given")),
        }
    }
}

/// The older checkpoint: what does not hold under the pinned key proves nothing about anything else.
fn older(path: &Path, key: &VerifierKey) -> Result<Checkpoint, CliError> {
    let verified = checkpoint::verify(&read_text(path)?, key);
    verified.map(|verified| verified.checkpoint).map_err(|error| {
        CliError::new(Kind::Usage, error).context(format!("--checkpoint {}", path.display())).hint(
            "give a checkpoint of the ledger that --key belongs to, as it published it, and --checkpoint-key where its key was another",
        )
    })
}

fn verify_ledger(data_dir: &Path, older: Option<Checkpoint>, output: Output) -> Result<Verdict, CliError> {
    let progress = progress_bar();
    let report = verify_against(data_dir, older, |done, total| {
        progress.set_length(total);
        progress.set_position(done);
    });
    progress.finish_and_clear();
    let report = report.map_err(|error| {
        CliError::local(error).context(format!("reading {}", data_dir.display())).hint("check --data-dir, and that you may read it")
    })?;
    output.print(|| value(&report), || text(&report))?;
    Ok(if is_whole(&report) { Verdict::Yes } else { Verdict::No })
}

fn is_whole(report: &VerifyReport) -> bool {
    report.journal_ok && report.store_ok != Some(false) && report.problems.is_empty()
}

fn value(report: &VerifyReport) -> Value {
    json!({
        "ok": is_whole(report),
        "ledger_id": report.ledger_id,
        "entries": report.entries,
        "head": { "seq": report.head.seq.number(), "hash": hex::encode(report.head.hash) },
        "journal_ok": report.journal_ok,
        "store_ok": report.store_ok,
        "store_last": report.store_last.map(Seq::number),
        "problems": report.problems,
        "notes": report.notes,
    })
}

fn text(report: &VerifyReport) -> String {
    let mut text = String::from(if is_whole(report) { "ok\n" } else { "BROKEN\n" });
    let store = match (report.store_ok, report.store_last) {
        (Some(true), Some(last)) if last < report.head.seq => format!("behind, it ends at entry {last}"),
        (Some(true), _) => "whole".into(),
        (Some(false), _) => "broken".into(),
        (None, _) => "not read".into(),
    };
    let _ = writeln!(text, "ledger: {}", report.ledger_id);
    let _ = writeln!(text, "entries: {}", report.entries);
    let _ = writeln!(text, "head: {} {}", report.head.seq, hex::encode(report.head.hash));
    let _ = writeln!(text, "journal: {}", if report.journal_ok { "whole" } else { "broken" });
    let _ = writeln!(text, "store: {store}");
    for problem in &report.problems {
        let _ = writeln!(text, "problem: {problem}");
    }
    for note in &report.notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    fn report(store_ok: Option<bool>) -> VerifyReport {
        let head = crate::ledger::Position { seq: Seq::new(3), hash: [0xab; 32] };
        let ledger_id = "00".repeat(16);
        let (problems, notes) = (Vec::new(), Vec::new());
        VerifyReport { ledger_id, entries: 3, head, journal_ok: true, store_ok, store_last: None, problems, notes }
    }

    #[test]
    fn a_store_that_was_not_read_breaks_nothing_and_one_that_is_broken_does() {
        assert!(text(&report(None)).starts_with("ok\n"));
        assert!(text(&report(None)).contains("store: not read\n"));
        assert!(text(&report(Some(false))).starts_with("BROKEN\n"));
    }

    #[test]
    fn a_problem_is_a_no_even_where_both_copies_read_well() {
        let report = VerifyReport { problems: vec!["seq 2: its hash differs".into()], ..report(Some(true)) };
        assert_eq!(value(&report).get("ok"), Some(&Value::Bool(false)));
    }
}
