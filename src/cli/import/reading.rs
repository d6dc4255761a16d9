//! Reads files row by row, in a thread of its own, and hands the rows on in batches: what waits is bounded.

use std::io::{BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::mpsc;

use super::cells::Cells;
use super::field::Field;
use super::mapping::{Plan, Source, Wanted};
use super::refused::{Reason, Refused};
use super::row::{Habits, Origin, Row, RowReader};
use crate::cli::error::CliError;
use crate::cli::lists::csv_rows::{CELLS_MAX, CsvRow, CsvRows, ROW_MAX_BYTES, header};
use crate::cli::lists::delimiter::Delimiter;
use crate::cli::lists::json_rows::{JsonRow, JsonRows, first_names};
use crate::cli::lists::quotes::{ADVICE, Looks, Misquoted, Quote};
use crate::cli::lists::source::SourceFile;

/// How many rows are handed on at once.
pub const BATCH: usize = 256;

/// A row that was read.
#[derive(Debug)]
pub struct Item {
    /// Which file, by its place on the command line.
    pub file: usize,
    /// The line at which it begins.
    pub line: u64,
    /// What it says, or why it is refused.
    pub row: Result<Box<Row>, Refused>,
}

/// How the rows of a file are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Format {
    /// A header, then a row a line
    Csv,
    /// An object a line
    Jsonl,
}

/// A file whose rows can be read.
#[derive(Debug)]
pub struct Prepared {
    /// The file.
    pub source: SourceFile,
    /// What its columns are called; of JSON Lines those of the first row.
    pub columns: Vec<String>,
    plan: Plan,
    shape: Shape,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    Csv { delimiter: Delimiter, quote: Quote, skip: usize },
    Jsonl,
}

impl Prepared {
    /// Looks at a file's columns, and finds in them what was asked for.
    ///
    /// # Errors
    /// Where it has no rows, or its columns do not say what every row must say.
    pub fn new(
        source: SourceFile,
        wanted: &Wanted,
        format: Option<Format>,
        delimiter: Option<Delimiter>,
        quote: Quote,
    ) -> Result<Self, CliError> {
        let (columns, shape) = match format.unwrap_or(if source.is_json_lines() { Format::Jsonl } else { Format::Csv }) {
            Format::Jsonl => (first_names(&source.beginning), Shape::Jsonl),
            Format::Csv => {
                let (sniffed, skip) = Delimiter::of(&source.beginning, quote);
                let delimiter = delimiter.unwrap_or(sniffed);
                let header = header(source.beginning.get(skip..).unwrap_or_default(), delimiter, quote);
                let header = header.map_err(|why| misquoted(&source, why).hint("nothing was imported"))?;
                (header, Shape::Csv { delimiter, quote, skip })
            }
        };
        let columns = columns.ok_or_else(|| {
            CliError::usage(format!("{} begins with no header and no JSON object", source.name))
                .hint("nothing was imported; docs/imports.md shows what a file looks like")
        })?;
        let plan = wanted.plan(&columns, matches!(shape, Shape::Csv { .. })).map_err(|error| {
            CliError::new(crate::cli::error::Kind::Usage, error)
                .context(source.name.clone())
                .hint("nothing was imported; docs/imports.md shows what each layout takes")
        })?;
        Ok(Self { source, columns, plan, shape })
    }

    /// Reads a CSV file through for its quotes, before anything is sent. Standard input can be read once, and is not.
    ///
    /// # Errors
    /// Where they leave in doubt which cells are whose.
    pub fn look_through(&self) -> Result<(), CliError> {
        let Shape::Csv { delimiter, quote: Quote::Double, skip } = self.shape else { return Ok(()) };
        if self.source.bytes == 0 {
            return Ok(());
        }
        let nothing = "nothing was imported";
        let failed = |error: std::io::Error| CliError::local(error).context(format!("reading {}", self.source.name)).hint(nothing);
        let mut rows = self.csv_rows(self.source.open(&Arc::default()).map_err(failed)?.text, delimiter, Quote::Double);
        rows.skip_line(skip).map_err(failed)?;
        while let Some((_, row)) = rows.next().map_err(failed)? {
            if let CsvRow::Misquoted(why) = row {
                return Err(misquoted(&self.source, why).hint(nothing));
            }
        }
        Ok(())
    }

    fn csv_rows(&self, text: Box<dyn Read + Send>, delimiter: Delimiter, quote: Quote) -> CsvRows<Box<dyn Read + Send>> {
        let mut rows = CsvRows::new(text, delimiter, quote);
        if let Source::Cell(contact) = self.plan.source(Field::Contact) {
            rows.expect(Looks { width: self.columns.len(), contact: *contact });
        }
        rows
    }

    /// Reads every row.
    ///
    /// # Errors
    /// Where the file cannot be read, or is another than it was.
    pub fn rows(
        &self,
        habits: &Habits,
        progress: &Arc<AtomicU64>,
        mut each: impl FnMut(u64, Result<Box<Row>, Refused>) -> bool,
    ) -> Result<(), CliError> {
        let failed = |error: std::io::Error| CliError::local(error).context(format!("reading {}", self.source.name)).hint(GO_ON);
        let opened = self.source.open(progress).map_err(failed)?;
        let origin = Origin { name: self.source.name.clone(), sha256: self.source.sha256.clone() };
        let reader = RowReader::new(habits, self.plan.clone(), origin);
        let read = match self.shape {
            Shape::Csv { delimiter, quote, skip } => self.csv(reader, self.csv_rows(opened.text, delimiter, quote), skip, &mut each),
            Shape::Jsonl => jsonl(reader, JsonRows::new(BufReader::new(opened.text)), &mut each).map(|()| None),
        };
        if let Some(why) = read.map_err(failed)? {
            return Err(misquoted(&self.source, why).hint("what stands before it is recorded, and counted above; nothing after it is"));
        }
        if self.source.has_changed(&opened.read) {
            return Err(CliError::local(anyhow::anyhow!("{} was changed while it was read", self.source.name))
                .hint("what was recorded names the file as it was; import it again: rows that are recorded count as duplicates"));
        }
        Ok(())
    }

    fn csv(
        &self,
        mut reader: RowReader<'_>,
        mut rows: CsvRows<Box<dyn Read + Send>>,
        skip: usize,
        each: &mut impl FnMut(u64, Result<Box<Row>, Refused>) -> bool,
    ) -> std::io::Result<Option<Misquoted>> {
        rows.skip_line(skip)?;
        let mut header = true;
        while let Some((line, row)) = rows.next()? {
            if std::mem::take(&mut header) {
                continue;
            }
            let row = match row {
                CsvRow::Misquoted(why) => return Ok(Some(why)),
                CsvRow::TooLong => Err(too_long("row")),
                CsvRow::Cells(cells) if cells.are_blank() => continue,
                CsvRow::Cells(cells) if cells.count() != self.columns.len() => Err(Refused::row(
                    Reason::CellsDiffer,
                    format!("{} cells, where the header has {} columns", cells.count(), self.columns.len()),
                )),
                CsvRow::Cells(cells) => reader.read(&Cells::Places(cells), line).map(Box::new),
            };
            if !each(line, row) {
                break;
            }
        }
        Ok(None)
    }
}

/// A file whose quotes leave in doubt which cells are whose.
fn misquoted(source: &SourceFile, why: Misquoted) -> CliError {
    CliError::usage(format!("{}: {why}; {ADVICE}", source.name))
}

/// What to do after rows were recorded and others were not.
pub const GO_ON: &str = "run the same command again: rows that are recorded count as duplicates";

fn jsonl(
    mut reader: RowReader<'_>,
    mut rows: JsonRows<BufReader<Box<dyn Read + Send>>>,
    each: &mut impl FnMut(u64, Result<Box<Row>, Refused>) -> bool,
) -> std::io::Result<()> {
    while let Some((line, row)) = rows.next()? {
        let row = match row {
            JsonRow::TooLong => Err(too_long("line")),
            JsonRow::Malformed(_) => Err(Refused::row(Reason::NotAnObject, "not a JSON object, or one that names something twice")),
            JsonRow::Object(_, values) => reader.read(&Cells::Names(values), line).map(Box::new),
        };
        if !each(line, row) {
            break;
        }
    }
    Ok(())
}

fn too_long(what: &str) -> Refused {
    Refused::row(
        Reason::RowTooLong,
        format!("the {what} has more than {ROW_MAX_BYTES} bytes or {CELLS_MAX} cells: is a quote in it never closed?"),
    )
}

/// Hands on the rows of all files, until nobody takes them.
///
/// # Errors
/// Where a file cannot be read, or is another than it was.
pub fn hand_on(files: &[Prepared], habits: &Habits, progress: &Arc<AtomicU64>, to: &mpsc::Sender<Vec<Item>>) -> Result<(), CliError> {
    for (file, prepared) in files.iter().enumerate() {
        let mut batch = Vec::with_capacity(BATCH);
        let mut taken = true;
        prepared.rows(habits, progress, |line, row| {
            batch.push(Item { file, line, row });
            if batch.len() == BATCH {
                taken = to.blocking_send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH))).is_ok();
            }
            taken
        })?;
        if !taken || to.blocking_send(batch).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::times::Times;
    use super::*;
    use crate::cli::phone::Phones;

    fn habits() -> Habits {
        let zone = "Europe/London".parse().unwrap();
        Habits {
            phones: Phones::new(Some("GB".parse().unwrap())),
            times: Times::new(Some(zone), None, "2026-11-01T10:00:00Z".parse().unwrap()),
            sender: None,
            account: String::new(),
        }
    }

    /// The lines of a file's rows, and whether each can be sent; none where the file itself is refused.
    fn rows(bytes: &[u8], encoding: Option<&'static encoding_rs::Encoding>) -> Option<Vec<(u64, bool)>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let source = SourceFile::look(file.path(), encoding).ok()?;
        let prepared = Prepared::new(source, &Wanted::new(&[]).unwrap(), None, None, Quote::Double).ok()?;
        prepared.look_through().ok()?;
        let mut found = Vec::new();
        let read = prepared.rows(&habits(), &Arc::default(), |line, row| {
            found.push((line, row.is_ok()));
            true
        });
        read.unwrap();
        Some(found)
    }

    #[test]
    fn a_reader_stops_where_nobody_takes_its_rows() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "phone,action,occurred_at\n1,2,3\n4,5,6\n7,8,9\n").unwrap();
        let source = SourceFile::look(file.path(), None).unwrap();
        let prepared = Prepared::new(source, &Wanted::new(&[]).unwrap(), None, None, Quote::Double).unwrap();
        let mut lines = Vec::new();
        let read = prepared.rows(&habits(), &Arc::default(), |line, _| {
            lines.push(line);
            lines.len() < 2
        });
        assert!(read.is_ok() && lines == [2, 3]);
    }

    const CSV: &[u8] = b"phone,action,categories,occurred_at,evidence_text\n";
    const JSON: &[u8] =
        b"{\"phone\":\"+447400123456\",\"action\":\"opt_in\",\"categories\":\"marketing\",\"occurred_at\":\"2026-03-01T10:00:00Z\"}\n";

    #[test]
    fn rows_of_both_forms_are_read() {
        let row = b"+447400123456,opt_in,marketing,2026-03-01T10:00:00Z,\n";
        assert_eq!(rows(&[CSV, row, b",,,,\n\n", row].concat(), None), Some(vec![(2, true), (5, true)]));
        assert_eq!(rows(&[JSON, b"\n{}\n", JSON].concat(), None), Some(vec![(1, true), (3, false), (4, true)]));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_rows_or_refused(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300), near in "[+0-9a-z,;\"\\n\\r:TZ{}.\\-]{0,200}") {
            for encoding in [None, Some(encoding_rs::UTF_8), Some(encoding_rs::UTF_16BE), Some(encoding_rs::SHIFT_JIS)] {
                rows(&bytes, encoding);
                for head in [CSV, JSON] {
                    rows(&[head, &bytes].concat(), encoding);
                    rows(&[head, near.as_bytes()].concat(), encoding);
                }
            }
        }
    }
}
