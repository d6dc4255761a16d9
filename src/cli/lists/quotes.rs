//! Whether quotes stand where RFC 4180 has them. A parser that makes the best of a stray quote gives one person's cells to another;
//! nobody can tell afterwards, so such a file is refused whole.
//!
//! ```text
//! "a, b","c ""d""",e      a quote opens a cell at its beginning, ends it before a delimiter, and is doubled inside
//! ="+447400123456"        the one other form that is read: what keeps a spreadsheet from reading a number
//! "Ann" Lee,e             refused: text after a closing quote
//! Ann "Lee",e             refused: a quote inside a cell that none opened
//! "Ann,e                  refused: never closed; and where it swallows rows up to the next quote, refused too
//! ```

use super::csv_rows::ROW_MAX_BYTES;
use crate::cli::phone::looks_like_a_contact;

/// What a `"` is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub enum Quote {
    /// It surrounds cells, as RFC 4180 has it
    #[default]
    Double,
    /// A sign like any other: dumps of databases and tab-separated files know no quotes
    None,
}

/// A list whose quotes leave in doubt which cells are whose.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Misquoted {
    /// The end of the file came first.
    #[error("a quote that opens a cell at line {0} is never closed")]
    Open(u64),
    /// The row became longer than any may be.
    #[error("a quote in the row at line {0} is closed after more than a row may hold, if at all")]
    Endless(u64),
    /// Something stands between the closing quote and the delimiter.
    #[error("text follows the quote that closes a cell; the cell begins at line {0}")]
    After(u64),
    /// A quote in a cell that does not begin with one.
    #[error("a quote stands inside a cell that does not begin with one, at line {0}")]
    Inside(u64),
    /// Whole rows stand between two quotes.
    #[error("the lines {first} to {last} read as rows of their own, and stand inside quotes of the row that begins at line {row}")]
    Swallowed {
        /// The line at which the row begins.
        row: u64,
        /// The first of those lines.
        first: u64,
        /// The last of them.
        last: u64,
    },
}

/// What to do about it.
pub const ADVICE: &str = "a quote inside a quoted cell is written twice; where the list knows no quotes, say --quote none";

/// What the rows of a list look like, by its header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Looks {
    /// How many cells each has.
    pub width: usize,
    /// Which of them holds the contact.
    pub contact: usize,
}

/// Watches the bytes of one row after the other.
#[derive(Debug)]
pub struct Watch {
    delimiter: u8,
    quote: Quote,
    looks: Option<Looks>,
    at: At,
    row: Vec<u8>,
    line: u64,
    /// The line at which the cell begins.
    cell: u64,
    now: u64,
    broken: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum At {
    /// The beginning of a cell.
    Beginning,
    /// A cell without quotes.
    Plain,
    /// Between quotes.
    Quoted,
    /// After a quote between quotes: it closes the cell, or is doubled.
    Closing,
    /// After the `=` that a cell begins with.
    Equals,
    /// Between the quotes of `="…"`.
    Formula,
    /// After them.
    FormulaEnd,
}

impl Watch {
    /// Over rows with this delimiter.
    #[must_use]
    pub const fn new(delimiter: u8, quote: Quote) -> Self {
        Self { delimiter, quote, looks: None, at: At::Beginning, row: Vec::new(), line: 1, cell: 1, now: 1, broken: false }
    }

    /// Rows look like this: one inside quotes is told.
    pub const fn expect(&mut self, looks: Looks) {
        self.looks = Some(looks);
    }

    /// A row begins at this line.
    pub fn begin(&mut self, line: u64) {
        self.row.clear();
        (self.at, self.line, self.cell, self.now, self.broken) = (At::Beginning, line, line, line, false);
    }

    /// More of the row, up to and with its end.
    ///
    /// # Errors
    /// Where a quote stands where none may.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), Misquoted> {
        if self.quote == Quote::None {
            return Ok(());
        }
        self.row.extend_from_slice(bytes.get(..ROW_MAX_BYTES.saturating_sub(self.row.len())).unwrap_or(bytes));
        for byte in bytes {
            self.at = self.after(*byte)?;
        }
        Ok(())
    }

    fn after(&mut self, byte: u8) -> Result<At, Misquoted> {
        let ends = byte == self.delimiter || matches!(byte, b'\n' | b'\r');
        let inside = Misquoted::Inside(self.cell);
        if matches!(byte, b'\n' | b'\r') && self.at == At::Quoted {
            self.broken = true;
            self.now += u64::from(byte == b'\n');
        }
        match (self.at, byte) {
            (At::Quoted, b'"') => Ok(At::Closing),
            (At::Closing, b'"') | (At::Quoted, _) => Ok(At::Quoted),
            (At::Formula, b'"') => Ok(At::FormulaEnd),
            (At::Formula, _) if ends => Err(inside),
            (At::Formula, _) => Ok(At::Formula),
            _ if ends => {
                self.cell = self.now;
                Ok(At::Beginning)
            }
            (At::Closing, _) => Err(Misquoted::After(self.cell)),
            (At::FormulaEnd, _) | (At::Plain, b'"') => Err(inside),
            (At::Beginning, b'"') => Ok(At::Quoted),
            (At::Beginning, b'=') => Ok(At::Equals),
            (At::Equals, b'"') => Ok(At::Formula),
            (At::Beginning | At::Equals | At::Plain, _) => Ok(At::Plain),
        }
    }

    /// The file ended.
    ///
    /// # Errors
    /// Where it ended between quotes.
    pub const fn end(&self) -> Result<(), Misquoted> {
        match self.at {
            At::Quoted | At::Formula => Err(Misquoted::Open(self.cell)),
            _ => Ok(()),
        }
    }

    /// The row is whole, or `too_long`.
    ///
    /// # Errors
    /// Where other rows stand in it.
    pub fn whole(&self, too_long: bool) -> Result<(), Misquoted> {
        match self.swallowed() {
            _ if !self.broken => Ok(()),
            _ if too_long => Err(Misquoted::Endless(self.line)),
            Some((first, last)) => Err(Misquoted::Swallowed { row: self.line, first, last }),
            None => Ok(()),
        }
    }

    /// The first and the last line inside the row that reads as a row of its own. A line with quotes in it does only where the row's
    /// own first line is as long as a row: else a name of two lines before the contact would look like that.
    fn swallowed(&self) -> Option<(u64, u64)> {
        let looks = self.looks.filter(|_| self.broken)?;
        let cells = |line: &[u8]| line.split(|byte| *byte == self.delimiter).count();
        let mut lines = self.row.split_inclusive(|byte| matches!(byte, b'\n' | b'\r'));
        let first = lines.next().unwrap_or_default();
        let is_whole = cells(first) >= looks.width;
        let mut now = self.line + u64::from(first.ends_with(b"\n"));
        let mut found: Option<(u64, u64)> = None;
        for line in lines {
            let cell = line.split(|byte| *byte == self.delimiter).nth(looks.contact).unwrap_or_default();
            let cell = String::from_utf8_lossy(cell).replace('"', "");
            if cells(line) >= looks.width && (is_whole || !line.contains(&b'"')) && looks_like_a_contact(&cell) {
                found = Some((found.map_or(now, |(first, _)| first), now));
            }
            now += u64::from(line.ends_with(b"\n"));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::csv_rows::{CsvRow, CsvRows};
    use super::*;

    /// What is wrong with rows of four cells, of which the first is the contact; and how many came before.
    fn read(text: &str) -> Result<usize, (usize, Misquoted)> {
        let mut rows = CsvRows::new(text.as_bytes(), ",".parse().unwrap(), Quote::Double);
        rows.expect(Looks { width: 4, contact: 0 });
        let mut count = 0;
        while let Some((_, row)) = rows.next().unwrap() {
            if let CsvRow::Misquoted(why) = row {
                return Err((count, why));
            }
            count += 1;
        }
        Ok(count)
    }

    const HEADER: &str = "phone,name,action,at\n";

    #[test]
    fn quotes_where_rfc_4180_has_them_are_read() {
        for row in [
            "+447419500001,\"Bo, B.\",opt_out,now\n",
            "\"+447419500001\",\"Bo \"\"B\"\"\",\"opt_out\",\"\"\r\n",
            "=\"+447419500001\",Bo,opt_out,=\n",
            "+447419500001,\"Bo\nB.\n\n\",opt_out,now",
            "+447419500001,\"see +447419500002,\nor\",opt_out,now",
        ] {
            assert_eq!(read(&format!("{HEADER}{row}")), Ok(2), "{row}");
        }
    }

    #[test]
    fn a_stray_quote_is_told_with_the_line_where_its_cell_begins() {
        for (rows, why) in [
            ("+447419500001,\"Bo,opt_out,now\n+447419500002,\"Cy\",opt_in,now\n", Misquoted::After(2)),
            ("+447419500001,\"Bo,opt_out,now\n+447419500002,Cy,opt_in,now\n", Misquoted::Open(2)),
            ("+447419500001,Bo \"B\",opt_out,now\n", Misquoted::Inside(2)),
            ("+447419500001, \"Bo\",opt_out,now\n", Misquoted::Inside(2)),
            ("+447419500001,\"a\nb\",\"Bo\" B,now\n", Misquoted::After(3)),
            ("=\"+447419500001,Bo,opt_out,now\n", Misquoted::Inside(2)),
            ("+447419500001,Bo,opt_out,=\"now", Misquoted::Open(2)),
        ] {
            assert_eq!(read(&format!("{HEADER}{rows}")), Err((1, why)), "{rows}");
        }
    }

    #[test]
    fn a_row_between_two_stray_quotes_is_told() {
        for rows in [
            "+447419500001,\"Bo,opt_out,now\n+447419500002,Cy\",opt_in,now\n",
            "+447419500001,\"Bo,opt_out,now\r\n+447419500002,Cy,opt_in,now\r\n\",opt_in,now\n",
            "+447419500001,Bo,opt_out,\"now\n+447419500002,Cy,opt_in,now\"\n",
            "\"+447419500001,Bo,opt_out,now\n07400 500002,Cy,opt_in,now\"\n",
        ] {
            assert_eq!(read(&format!("{HEADER}{rows}")), Err((1, Misquoted::Swallowed { row: 2, first: 3, last: 3 })), "{rows}");
        }
    }

    #[test]
    fn a_name_of_two_lines_before_the_contact_is_no_row() {
        let mut rows = CsvRows::new(&b"name,phone\n\"Ann\nLee\",+447419500001\n"[..], ",".parse().unwrap(), Quote::Double);
        rows.expect(Looks { width: 2, contact: 1 });
        let mut count = 0;
        while let Some((_, row)) = rows.next().unwrap() {
            assert!(matches!(row, CsvRow::Cells(_)));
            count += 1;
        }
        assert_eq!(count, 2);
    }

    #[test]
    fn where_there_are_no_quotes_a_quote_is_a_sign_like_any_other() {
        let mut rows = CsvRows::new(&b"+447419500001\t\"Bo\n+447419500002\t5\" pipe\"\n"[..], "tab".parse().unwrap(), Quote::None);
        let mut found = Vec::new();
        while let Some((_, row)) = rows.next().unwrap() {
            let CsvRow::Cells(cells) = row else { panic!() };
            found.push(String::from_utf8_lossy(cells.at(1)).into_owned());
        }
        assert_eq!(found, ["\"Bo", "5\" pipe\""]);
    }
}
