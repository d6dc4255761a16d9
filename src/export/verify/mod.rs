//! Verifies an export or an evidence bundle against nothing but a pinned key and, where there is one, an older checkpoint.
//! The order of work is that of `docs/ledger-format.md`, "How a file is verified".
//!
//! ```text
//! pinned key ── checkpoint ── root ◀── entries and what was left out ── HeadsCommitted ── heads ── complete trails
//! ```
//!
//! It reads line by line and keeps what it needs of the claimed trails, however long the file is.

mod end;
mod first;
mod json;
mod line;
mod problem;
mod receipts;
mod shown;
mod verifier;

use std::io::{BufRead, Read};

use serde_json::Value;

use crate::proof::checkpoint::{Checkpoint, Verified};
use crate::proof::merkle::Hash;
use crate::proof::note::VerifierKey;
use first::Begun;
pub use first::FORMAT;
use problem::require;
pub use problem::{Code, Problem};
use verifier::Verifier;

/// The longest line that is read, in bytes.
const LINE_MAX_BYTES: u64 = 64 << 20;

/// What holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// In words, a line each.
    pub holds: Vec<String>,
    /// The checkpoint that it rests on.
    pub verified: Verified,
    /// The root that the file shows at the size of the older checkpoint; none where no line ends there.
    pub root_at_older: Option<Hash>,
}

/// Why a file was not verified to the end.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It does not hold.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// It could not be read.
    #[error("the file could not be read: {0}")]
    Io(#[from] std::io::Error),
}

/// Verifies a file; `older` is an older checkpoint that was verified already. `seen` is told how many entries of how many
/// were told so far.
///
/// # Errors
/// The first thing that does not hold, or that the file could not be read.
pub fn verify(
    file: impl BufRead,
    key: &VerifierKey,
    older: Option<&Checkpoint>,
    seen: impl FnMut(u64, u64),
) -> Result<Report, VerifyError> {
    let mut lines = Lines { file, line: 0 };
    run(&mut lines, key, older, seen).map_err(|error| match error {
        VerifyError::Problem(problem) if problem.line == 0 => Problem { line: lines.line, ..problem }.into(),
        error => error,
    })
}

fn run<R: BufRead>(
    lines: &mut Lines<R>,
    key: &VerifierKey,
    older: Option<&Checkpoint>,
    mut seen: impl FnMut(u64, u64),
) -> Result<Report, VerifyError> {
    let begun = Begun::read(lines.next_line()?, key)?;
    let size = begun.verified.checkpoint.size;
    let mut verifier = Verifier::new(begun);
    let mut root_at_older = None;
    while verifier.told.size() < size {
        let line = lines.next_line()?;
        verifier.further(line, lines.line)?;
        let told = verifier.told.size();
        seen(told, size);
        if older.is_some_and(|older| older.size == told) {
            root_at_older = Some(verifier.told.root());
        }
    }
    verifier.last(lines.next_line()?)?;
    if !lines.is_at_end()? {
        lines.line += 1;
        return Err(Problem::new(Code::OutOfOrder, "something stands behind the last line").into());
    }
    verifier.at_the_end(key)?;
    if let Some(older) = older {
        let newer = || format!("the older checkpoint covers {} entries, the file {size}: it is stale, or the log was put back", older.size);
        require(older.size <= size, Code::OlderIsNewer, newer)?;
        let rewritten = || format!("the first {} entries are not those of the older checkpoint: the log was rewritten", older.size);
        require(root_at_older.is_none_or(|root| root == older.root), Code::OlderContradicted, rewritten)?;
    }
    let holds = verifier.report();
    Ok(Report { holds, verified: verifier.begun.verified, root_at_older })
}

struct Lines<R> {
    file: R,
    line: u64,
}

impl<R: BufRead> Lines<R> {
    fn next_line(&mut self) -> Result<Value, VerifyError> {
        self.line += 1;
        let mut line = Vec::new();
        self.file.by_ref().take(LINE_MAX_BYTES + 1).read_until(b'\n', &mut line)?;
        require(line.len() as u64 <= LINE_MAX_BYTES, Code::Unreadable, || "the line is longer than 64 MiB".to_owned())?;
        require(line.ends_with(b"\n"), Code::CutShort, || "the file ends where a line is due".to_owned())?;
        let value = json::value(&line).map_err(|error| Problem::new(Code::Unreadable, error.to_string()))?;
        require(value.is_object(), Code::Unreadable, || "the line is no JSON object".to_owned())?;
        Ok(value)
    }

    fn is_at_end(&mut self) -> std::io::Result<bool> {
        Ok(self.file.fill_buf()?.is_empty())
    }
}
