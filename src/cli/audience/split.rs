//! Where rows go: those that may be written to into one file, the rest into another, both whole or not at all.
//!
//! ```text
//! name,phone,permission,reason,other_reasons,allowed_templates,window_closes_at,valid_until,checked_at,position,problem
//! Ann,+447400123456,TEMPLATE_ONLY,OPTED_IN,OUTSIDE_ALLOWED_SENDING_WINDOW,marketing,,,2026-03-01T10:00:00Z,12,
//! ```
//!
//! The list's own cells are written as they were: they go to programs, which compare them with what they have. What the check
//! adds is harmless in a spreadsheet.

use std::io::Write;
use std::path::{Path, PathBuf};

use csv::ByteRecord;
use serde_json::{Map, Value};

use super::json;
use super::list::{Form, Table};
use super::rows::{Cells, Row};
use super::tally::Verdict;
use super::{ADDED, NO_FILE};
use crate::cli::error::CliError;
use crate::cli::export::out::{Destination, Target, Writing};
use crate::cli::lists::quotes::Quote;
use crate::consent::time::Time;
use crate::consent::words::Category;
use crate::export::defuse::cell;

/// Both files while they are written.
pub struct Split {
    form: Form,
    allowed: Option<File>,
    refused: Option<File>,
}

/// One of the two.
struct File {
    out: Rows,
}

enum Rows {
    Csv(Box<csv::Writer<Writing>>),
    Json(Writing),
}

/// Where the two are written.
pub struct Destinations {
    allowed: Destination,
    refused: Destination,
}

impl Destinations {
    /// Looks whether both may be written there, before anybody is asked about.
    ///
    /// # Errors
    /// Where something is there already, or the two are one.
    pub fn new(out: Target, refused: Option<Target>, force: bool) -> Result<Self, CliError> {
        let refused = match (refused, &out) {
            (Some(refused), _) => refused,
            (None, Target::File(path)) => Target::File(beside(path)),
            (None, Target::Stdout) => {
                return Err(CliError::usage("`--out -` needs --refused").hint("name a file for the rows that may not be written to"));
            }
        };
        if out == refused {
            return Err(CliError::usage("--out and --refused are the same"));
        }
        Ok(Self { allowed: Destination::new(out, force)?, refused: Destination::new(refused, force)? })
    }
}

/// `allowed.csv`: `allowed.refused.csv`.
fn beside(path: &Path) -> PathBuf {
    match path.extension() {
        Some(extension) => path.with_extension(format!("refused.{}", extension.to_string_lossy())),
        None => path.with_extension("refused"),
    }
}

impl Split {
    /// Begins to write; without destinations nothing is.
    ///
    /// # Errors
    /// Where a file cannot be made.
    pub fn open(form: Form, destinations: Option<Destinations>) -> Result<Self, CliError> {
        let Some(Destinations { allowed, refused }) = destinations else { return Ok(Self { form, allowed: None, refused: None }) };
        let allowed = Some(File::open(allowed.open()?, &form)?);
        let refused = Some(File::open(refused.open()?, &form)?);
        Ok(Self { form, allowed, refused })
    }

    /// Writes a row where it belongs.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn put(&mut self, row: &Row, verdict: &Verdict) -> Result<(), CliError> {
        let file = if verdict.is_allowed() { &mut self.allowed } else { &mut self.refused };
        file.as_mut().map_or(Ok(()), |file| file.put(&self.form, row, verdict))
    }

    /// Gives both their names: the one that may be written to comes last, so that it is never there without the other.
    ///
    /// # Errors
    /// Where one cannot be written, or something has come to be there meanwhile.
    pub fn keep(self) -> Result<Option<(Target, Target)>, CliError> {
        let (Some(allowed), Some(refused)) = (self.allowed, self.refused) else { return Ok(None) };
        let (allowed, refused) = (allowed.done()?, refused.done()?);
        let refused = refused.keep()?;
        let kept = allowed.keep().map_err(|error| error.hint(format!("only {refused} was written")))?;
        Ok(Some((kept, refused)))
    }
}

impl File {
    fn open(mut out: Writing, form: &Form) -> Result<Self, CliError> {
        let Form::Csv(table) = form else { return Ok(Self { out: Rows::Json(out) }) };
        if table.mark {
            out.write_all("\u{feff}".as_bytes()).map_err(failed)?;
        }
        let style = if table.quote == Quote::None { csv::QuoteStyle::Never } else { csv::QuoteStyle::Necessary };
        let mut out = csv::WriterBuilder::new().delimiter(table.delimiter.byte()).quote_style(style).flexible(true).from_writer(out);
        let header: ByteRecord = table.header.iter().chain(ADDED.iter().map(|name| name.as_bytes())).collect();
        out.write_byte_record(&header).map_err(|error| failed(error.into()))?;
        Ok(Self { out: Rows::Csv(Box::new(out)) })
    }

    fn put(&mut self, form: &Form, row: &Row, verdict: &Verdict) -> Result<(), CliError> {
        let added = added(verdict);
        match (&mut self.out, &row.cells) {
            (Rows::Csv(out), Cells::Csv(cells)) => {
                let own = if let Form::Csv(table) = form { table.header.len() } else { cells.len() };
                let mut record: ByteRecord = cells.iter().take(own).collect();
                let plain = if let Form::Csv(Table { quote: Quote::None, delimiter, .. }) = form { Some(delimiter.byte()) } else { None };
                for text in &added {
                    let text = cell(text);
                    match plain {
                        // Nothing shows there that a delimiter is none.
                        Some(delimiter) => record.push_field(text.replace(char::from(delimiter), " ").as_bytes()),
                        None => record.push_field(text.as_bytes()),
                    }
                }
                for more in cells.iter().skip(own) {
                    record.push_field(more);
                }
                out.write_byte_record(&record).map_err(|error| failed(error.into()))
            }
            (Rows::Json(out), Cells::Json(text)) => {
                let named = ADDED.iter().zip(added).filter(|(_, text)| !text.is_empty());
                let added: Map<String, Value> = named.map(|(name, text)| ((*name).to_owned(), Value::from(text))).collect();
                writeln!(out, "{}", json::with(text, &added)).map_err(failed)
            }
            _ => Ok(()),
        }
    }

    fn done(self) -> Result<Writing, CliError> {
        match self.out {
            Rows::Csv(out) => out.into_inner().map_err(|error| failed(std::io::Error::from(error.error().kind()))),
            Rows::Json(out) => Ok(out),
        }
    }
}

/// The cells that the check adds, in the order of [`ADDED`].
fn added(verdict: &Verdict) -> [String; ADDED.len()] {
    let text = |time: Option<Time>| time.map(|time| time.to_string()).unwrap_or_default();
    let answer = verdict.answer();
    let reasons: Vec<&str> =
        answer.map(|answer| answer.reasons().iter().skip(1).map(|reason| reason.as_str()).collect()).unwrap_or_default();
    let allowed: Vec<&str> = answer.map(|answer| answer.allowed().iter().map(Category::as_str).collect()).unwrap_or_default();
    [
        verdict.permission().to_owned(),
        verdict.reason().to_owned(),
        reasons.join(" "),
        allowed.join(" "),
        text(answer.and_then(crate::client::Answer::window_closes_at)),
        text(answer.and_then(crate::client::Answer::valid_until)),
        text(answer.and_then(crate::client::Answer::at)),
        answer.map(|answer| answer.position().to_string()).unwrap_or_default(),
        verdict.problem(),
    ]
}

fn failed(error: std::io::Error) -> CliError {
    CliError::local(error).context("writing the rows").hint(NO_FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refused_lie_beside_the_allowed() {
        assert_eq!(beside(Path::new("a/allowed.csv")), Path::new("a/allowed.refused.csv"));
        assert_eq!(beside(Path::new("allowed")), Path::new("allowed.refused"));
    }
}
