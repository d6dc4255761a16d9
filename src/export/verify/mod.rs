//! Verifies what was handed out against nothing but a pinned key and, where there is one, an older checkpoint.
//! The order of work is that of `docs/ledger-format.md`, "How a file is verified".
//!
//! ```text
//! pinned key ── checkpoint ── root ◀── entries and what was left out ── HeadsCommitted ── heads ── complete trails
//! ```
//!
//! It reads line by line and keeps what it needs of the claimed trails, however long the file is.

mod bundle;
mod end;
mod first;
mod line;
mod problem;
mod receipts;
mod shown;
mod single;
mod verifier;

use std::io::{BufRead, Read};

use serde_json::Value;

use crate::export::json;

use crate::export::receipt_file::ReceiptFile;
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
#[derive(Clone, PartialEq, Debug)]
pub struct Report {
    /// In words, a line each.
    pub holds: Vec<String>,
    /// The checkpoint that it rests on.
    pub verified: Verified,
    /// The receipt, where the file is one.
    pub receipt: Option<Box<ReceiptFile>>,
}

/// Why a file was not verified to the end.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It does not hold.
    #[error(transparent)]
    DoesNotHold(#[from] Problem),
    /// Something that belongs beside it is missing, or is itself not right.
    #[error(transparent)]
    CannotTell(Problem),
    /// It could not be read.
    #[error("the file could not be read: {0}")]
    Io(#[from] std::io::Error),
}

/// What a file is held against beside the pinned key.
#[derive(Clone, Copy, Default, Debug)]
pub struct Against<'a> {
    /// An older checkpoint that was verified already.
    pub older: Option<&'a Checkpoint>,
    /// A proof of consistency that leads from it to the file's checkpoint, as text.
    pub consistency: Option<&'a str>,
    /// The entry that a proof of inclusion is about.
    pub entry: Option<About<'a>>,
}

/// An entry, by what is known of it.
#[derive(Clone, Copy, Debug)]
pub enum About<'a> {
    /// Its stored bytes.
    Bytes(&'a [u8]),
    /// Its hash.
    Hash(Hash),
}

/// Verifies whatever the ledger handed out, told apart by its first line: an export, an evidence bundle, a decision receipt, a
/// proof, a checkpoint. `seen` is told how many entries of how many of an export were read so far.
///
/// # Errors
/// The first thing that does not hold, or why nothing can be told.
pub fn verify(mut file: impl BufRead, key: &VerifierKey, against: &Against<'_>, seen: impl FnMut(u64, u64)) -> Result<Report, VerifyError> {
    let mut first = Vec::new();
    file.by_ref().take(LINE_MAX_BYTES + 1).read_until(b'\n', &mut first)?;
    if single::is_export(&first) {
        let file = first.as_slice().chain(file);
        let mut lines = Lines { file, line: 0 };
        let older = against.older.map(|older| older.size);
        let (mut report, root) = export(&mut lines, key, older, seen).map_err(|error| match error {
            VerifyError::DoesNotHold(problem) if problem.line == 0 => Problem { line: lines.line, ..problem }.into(),
            error => error,
        })?;
        report.holds.extend(single::follows(&report.verified.checkpoint, key, against, root)?);
        return Ok(report);
    }
    file.take(LINE_MAX_BYTES).read_to_end(&mut first)?;
    single::verify(&first, key, against)
}

/// Verifies an export; also gives the root at an older size, where a line ends there.
fn export<R: BufRead>(
    lines: &mut Lines<R>,
    key: &VerifierKey,
    older: Option<u64>,
    mut seen: impl FnMut(u64, u64),
) -> Result<(Report, Option<Hash>), VerifyError> {
    let begun = Begun::read(lines.next_line()?, key)?;
    let size = begun.verified.checkpoint.size;
    let mut verifier = Verifier::new(begun);
    let mut root_at_older = None;
    while verifier.told.size() < size {
        let line = lines.next_line()?;
        verifier.further(line, lines.line)?;
        let told = verifier.told.size();
        seen(told, size);
        if older == Some(told) {
            root_at_older = Some(verifier.told.root());
        }
    }
    verifier.last(lines.next_line()?)?;
    if !lines.is_at_end()? {
        lines.line += 1;
        return Err(Problem::new(Code::OutOfOrder, "something stands behind the last line").into());
    }
    verifier.at_the_end(key)?;
    let holds = verifier.report();
    Ok((Report { holds, verified: verifier.begun.verified, receipt: None }, root_at_older))
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
