//! What became of each row: into a file where one was asked for, counted always.
//!
//! ```text
//! file,line,verdict,reason,field,message,seq
//! contacts.csv,2,applied,,,,7
//! contacts.csv,3,refused,CONTACT_MANGLED,contact,a spreadsheet took the number for a quantity: …,
//! contacts.csv,4,applied,EVIDENCE_MALFORMED,evidence_ip,not an IPv4 or IPv6 address,8
//! ```
//!
//! It names lines, never a contact.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::refused::Refused;
use crate::cli::error::CliError;
use crate::consent::words::Effect;
use crate::proto::Acknowledgement;

/// How many rows with a fault are shown where no report was asked for.
pub const SHOWN: u64 = 20;

/// What became of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// What is known of the contact changed.
    Applied,
    /// Recorded; something later or stronger outranks it.
    HistoricalOnly,
    /// Recorded; it never affects a permission.
    NoChange,
    /// It was recorded before.
    Duplicate,
    /// Nothing of it was recorded.
    Refused,
}

impl Verdict {
    /// All of them, in the order in which they are counted.
    pub const ALL: [Self; 5] = [Self::Applied, Self::HistoricalOnly, Self::NoChange, Self::Duplicate, Self::Refused];

    /// Its spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::HistoricalOnly => "historical_only",
            Self::NoChange => "no_change",
            Self::Duplicate => "duplicate",
            Self::Refused => "refused",
        }
    }

    /// What an acknowledgement comes to.
    #[must_use]
    pub fn of(acknowledgement: &Acknowledgement) -> Self {
        match Effect::from_number(acknowledgement.effect) {
            _ if acknowledgement.duplicate => Self::Duplicate,
            Some(Effect::Applied) => Self::Applied,
            Some(Effect::HistoricalOnly) => Self::HistoricalOnly,
            Some(Effect::NoChange) | None => Self::NoChange,
        }
    }
}

/// How many rows came to what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts([u64; 5]);

impl Counts {
    /// One more.
    pub fn add(&mut self, verdict: Verdict) {
        if let Some(count) = self.0.get_mut(verdict as usize) {
            *count += 1;
        }
    }

    /// How many came to this.
    #[must_use]
    pub fn of(&self, verdict: Verdict) -> u64 {
        self.0.get(verdict as usize).copied().unwrap_or_default()
    }

    /// How many there were.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.0.iter().sum()
    }

    /// A line a verdict.
    #[must_use]
    pub fn text(&self) -> String {
        Verdict::ALL.map(|verdict| format!("{:<16} {}", verdict.as_str(), self.of(verdict))).join("\n")
    }

    /// As fields of a JSON object.
    #[must_use]
    pub fn json(&self) -> Vec<(String, Value)> {
        Verdict::ALL.map(|verdict| (verdict.as_str().to_owned(), json!(self.of(verdict)))).to_vec()
    }
}

/// One row of the report.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The file's name.
    pub file: &'a str,
    /// The line at which the row begins.
    pub line: u64,
    /// What became of it.
    pub verdict: Verdict,
    /// Why it was refused; of what was recorded, what it was recorded without.
    pub fault: Option<&'a Refused>,
    /// The entry; 0 where there is none.
    pub seq: u64,
}

impl Told<'_> {
    fn json(&self) -> Value {
        let mut line = json!({ "file": self.file, "line": self.line, "verdict": self.verdict.as_str() });
        if let (Some(fault), Some(fields)) = (self.fault, line.as_object_mut()) {
            fields.insert("reason".into(), json!(fault.reason));
            fields.insert("field".into(), json!(fault.field));
            fields.insert("message".into(), json!(fault.message));
        }
        if let (true, Some(fields)) = (self.seq > 0, line.as_object_mut()) {
            fields.insert("seq".into(), json!(self.seq));
        }
        line
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let verdict = self.verdict.as_str();
        let Some(fault) = self.fault else { return format!("{} line {}: {verdict}", self.file, self.line) };
        let field = if fault.field.is_empty() { String::new() } else { format!("{}: ", fault.field) };
        let without = if self.verdict == Verdict::Refused { ": " } else { ", without what could not be read: " };
        format!("{} line {}: {verdict}{without}{field}{} ({})", self.file, self.line, fault.message, fault.reason)
    }

    /// For people, or as JSON.
    #[must_use]
    pub fn shown(&self, json: bool) -> String {
        if json { self.json().to_string() } else { self.text() }
    }
}

/// A report that is written while rows are answered, under a name of its own until it is whole: what an import that was killed
/// leaves stands in nobody's way.
pub struct Report {
    form: Form,
    path: PathBuf,
}

enum Form {
    /// None was asked for.
    Nothing,
    /// A row a row, under a header.
    Csv(Box<csv::Writer<BufWriter<File>>>),
    /// An object a row.
    Jsonl(BufWriter<File>),
}

impl Report {
    /// Makes the file, for its owner alone; JSON Lines where it is called so.
    ///
    /// # Errors
    /// Where it is there already and must not be replaced, or cannot be made.
    pub fn create(path: Option<&Path>, force: bool) -> Result<Self, CliError> {
        let Some(path) = path else { return Ok(Self { form: Form::Nothing, path: PathBuf::new() }) };
        if !force && path.symlink_metadata().is_ok() {
            return Err(CliError::usage(format!("{} is there already", path.display()))
                .hint("give the report another name, or --force to replace it; nothing was imported"));
        }
        let partial = partial(path);
        let made = File::options().write(true).create(true).truncate(true).mode(0o600).open(&partial);
        let out = BufWriter::new(
            made.map_err(|error| CliError::local(error).context(format!("making {}", partial.display())).hint("nothing was imported"))?,
        );
        let is_json =
            path.extension().is_some_and(|extension| ["jsonl", "ndjson", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known)));
        let form = if is_json {
            Form::Jsonl(out)
        } else {
            let mut csv = csv::Writer::from_writer(out);
            csv.write_record(["file", "line", "verdict", "reason", "field", "message", "seq"]).map_err(failed)?;
            Form::Csv(Box::new(csv))
        };
        Ok(Self { form, path: path.to_owned() })
    }

    /// Whether one was asked for.
    pub const fn is_asked_for(&self) -> bool {
        !matches!(self.form, Form::Nothing)
    }

    /// Writes one row.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&mut self, line: &Told<'_>) -> Result<(), CliError> {
        match &mut self.form {
            Form::Nothing => Ok(()),
            Form::Jsonl(out) => writeln!(out, "{}", line.json()).map_err(failed),
            Form::Csv(csv) => {
                let (reason, field, message) = line.fault.map_or(("", "", ""), |fault| (&fault.reason, &fault.field, &fault.message));
                let seq = if line.seq == 0 { String::new() } else { line.seq.to_string() };
                csv.write_record([line.file, &line.line.to_string(), line.verdict.as_str(), reason, field, message, &seq]).map_err(failed)
            }
        }
    }

    /// Everything reaches the file; a whole report gets its name. Where it is not whole, says where it stands.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn finish(&mut self, whole: bool) -> Result<Option<PathBuf>, CliError> {
        match &mut self.form {
            Form::Nothing => return Ok(None),
            Form::Jsonl(out) => out.flush().map_err(failed)?,
            Form::Csv(csv) => csv.flush().map_err(failed)?,
        }
        let partial = partial(&self.path);
        if !whole {
            return Ok(Some(partial));
        }
        std::fs::rename(&partial, &self.path).map_err(failed)?;
        Ok(None)
    }
}

/// What a report is called until it is whole.
fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

fn failed(error: impl Into<anyhow::Error>) -> CliError {
    CliError::local(error).context("writing the report").hint(super::reading::GO_ON)
}

#[cfg(test)]
mod tests {
    use super::super::refused::Reason;
    use super::*;

    fn written(name: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        let refused = Refused::row(Reason::CellsDiffer, "3 cells, \"so\"");
        let line = Told { file: "a,b.csv", line: 2, verdict: Verdict::Applied, fault: None, seq: 7 };
        // What was broken off stands in nobody's way.
        for (whole, left) in [(false, Some(partial(&path))), (true, None)] {
            let mut report = Report::create(Some(&path), false).unwrap();
            report.write(&line).unwrap();
            report.write(&Told { line: 3, verdict: Verdict::Refused, fault: Some(&refused), seq: 0, ..line }).unwrap();
            assert_eq!(report.finish(whole).unwrap(), left);
        }
        assert!(Report::create(Some(&path), false).is_err(), "what is there is not replaced");
        assert!(Report::create(Some(&dir.path().join("other")), true).is_ok());
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_report_is_csv_or_json_lines_by_its_name() {
        let csv = "file,line,verdict,reason,field,message,seq\n\"a,b.csv\",2,applied,,,,7\n\"a,b.csv\",3,refused,CELLS_DIFFER,,\"3 cells, \"\"so\"\"\",\n";
        assert_eq!(written("report.csv"), csv);
        let json: Vec<Value> = written("report.JSONL").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(json[0], json!({ "file": "a,b.csv", "line": 2, "verdict": "applied", "seq": 7 }));
        assert_eq!(json[1]["reason"], "CELLS_DIFFER");
    }

    #[test]
    fn counts_are_a_line_a_verdict() {
        let mut counts = Counts::default();
        Verdict::ALL.into_iter().chain([Verdict::Applied]).for_each(|verdict| counts.add(verdict));
        assert_eq!(counts.text(), "applied          2\nhistorical_only  1\nno_change        1\nduplicate        1\nrefused          1");
        assert_eq!(counts.rows(), 6);
    }
}
