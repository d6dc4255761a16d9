//! Rows of a CSV file, one at a time, in constant memory: quoted line breaks, any line ends, and no row over a limit.

use std::io::{self, Read};

use csv_core::{ReadRecordResult, ReaderBuilder};

use super::delimiter::Delimiter;
use super::quotes::{Looks, Misquoted, Quote, Watch};

/// The longest row, in bytes; a longer one is most likely a quote that is never closed.
pub const ROW_MAX_BYTES: usize = 1024 * 1024;

/// The most cells of a row.
pub const CELLS_MAX: usize = 16_384;

/// How much is read at once.
const BUFFER: usize = 256 * 1024;

/// Reads rows.
pub struct CsvRows<R> {
    input: R,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    core: csv_core::Reader,
    watch: Watch,
    lines: Lines,
    cells: Vec<u8>,
    ends: Vec<usize>,
}

/// What was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CsvRow<'a> {
    /// A row.
    Cells(CsvCells<'a>),
    /// One over a limit, left out.
    TooLong,
    /// Nobody knows which cells are whose from here on: no row comes after it.
    Misquoted(Misquoted),
}

/// The cells of a row, one after the other, and where each ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CsvCells<'a> {
    bytes: &'a [u8],
    ends: &'a [usize],
}

impl<'a> CsvCells<'a> {
    /// Cells that end at these places.
    #[must_use]
    pub const fn new(bytes: &'a [u8], ends: &'a [usize]) -> Self {
        Self { bytes, ends }
    }

    /// How many there are.
    #[must_use]
    pub const fn count(self) -> usize {
        self.ends.len()
    }

    /// Whether there is nothing but white space in them.
    #[must_use]
    pub fn are_blank(self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }

    /// The one at this place; empty where there is none.
    #[must_use]
    pub fn at(self, place: usize) -> &'a [u8] {
        let start = place.checked_sub(1).map_or(0, |before| self.ends.get(before).copied().unwrap_or_default());
        self.ends.get(place).and_then(|end| self.bytes.get(start..*end)).unwrap_or_default()
    }

    /// All of them.
    pub fn all(self) -> impl Iterator<Item = &'a [u8]> {
        (0..self.count()).map(move |place| self.at(place))
    }
}

/// The names in a header, as they stand in it; none where there is none.
///
/// # Errors
/// Where its quotes leave in doubt where it ends.
pub fn header(beginning: &str, delimiter: Delimiter, quote: Quote) -> Result<Option<Vec<String>>, Misquoted> {
    let mut rows = CsvRows::new(beginning.as_bytes(), delimiter, quote);
    match rows.next() {
        Ok(Some((_, CsvRow::Cells(cells)))) => Ok(Some(cells.all().map(|name| String::from_utf8_lossy(name).into_owned()).collect())),
        Ok(Some((_, CsvRow::Misquoted(why)))) => Err(why),
        _ => Ok(None),
    }
}

impl<R: Read> CsvRows<R> {
    /// Rows of UTF-8 text, or of what is near it.
    pub fn new(input: R, delimiter: Delimiter, quote: Quote) -> Self {
        let core = ReaderBuilder::new().delimiter(delimiter.byte()).quoting(quote == Quote::Double).build();
        let watch = Watch::new(delimiter.byte(), quote);
        Self {
            input,
            buffer: vec![0; BUFFER],
            at: 0,
            filled: 0,
            core,
            watch,
            lines: Lines::default(),
            cells: vec![0; 1024],
            ends: vec![0; 64],
        }
    }

    /// Rows look like this: one that stands inside quotes of another is told.
    pub const fn expect(&mut self, looks: Looks) {
        self.watch.expect(looks);
    }

    /// Skips so many bytes, a line with its end.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn skip_line(&mut self, bytes: usize) -> io::Result<()> {
        for _ in 0..bytes {
            if self.rest()?.is_empty() {
                return Ok(());
            }
            self.step();
        }
        Ok(())
    }

    /// The next row, and the line at which it begins, counting from 1; none at the end. Empty lines are no rows.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn next(&mut self) -> io::Result<Option<(u64, CsvRow<'_>)>> {
        self.skip_empty_lines()?;
        let line = self.lines.ended + 1;
        let (mut written, mut cells, mut too_long) = (0, 0, false);
        self.watch.begin(line);
        loop {
            let ended = self.rest()?.is_empty();
            let input = self.buffer.get(self.at..self.filled).unwrap_or_default();
            let input = if ended { &[][..] } else { input };
            let (output, ends) = (self.cells.get_mut(written..).unwrap_or_default(), self.ends.get_mut(cells..).unwrap_or_default());
            let (result, taken, wrote, ended_cells) = self.core.read_record(input, output, ends);
            self.lines.take(input.get(..taken).unwrap_or_default());
            let watched = if ended { self.watch.end() } else { self.watch.take(input.get(..taken).unwrap_or_default()) };
            if let Err(why) = watched {
                return Ok(Some((line, CsvRow::Misquoted(why))));
            }
            self.at += taken;
            written += wrote;
            cells += ended_cells;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.cells.len() < ROW_MAX_BYTES => self.cells.resize(self.cells.len() * 4, 0),
                ReadRecordResult::OutputFull => (written, too_long) = (0, true),
                ReadRecordResult::OutputEndsFull if self.ends.len() < CELLS_MAX => self.ends.resize(self.ends.len() * 4, 0),
                ReadRecordResult::OutputEndsFull => (cells, too_long) = (0, true),
                ReadRecordResult::Record => {
                    if let Err(why) = self.watch.whole(too_long) {
                        return Ok(Some((line, CsvRow::Misquoted(why))));
                    }
                    let (bytes, ends) = (self.cells.get(..written).unwrap_or_default(), self.ends.get(..cells).unwrap_or_default());
                    return Ok(Some((line, if too_long { CsvRow::TooLong } else { CsvRow::Cells(CsvCells::new(bytes, ends)) })));
                }
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    /// What was read and not taken; more is read where all was taken. Empty at the end.
    fn rest(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.filled {
            self.at = 0;
            self.filled = loop {
                match self.input.read(&mut self.buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read?,
                }
            };
        }
        Ok(self.buffer.get(self.at..self.filled).unwrap_or_default())
    }

    /// The parser skips empty lines too, but then nobody knows at which line a row begins.
    fn skip_empty_lines(&mut self) -> io::Result<()> {
        while let Some(b'\n' | b'\r') = self.rest()?.first() {
            self.step();
        }
        Ok(())
    }

    /// Passes over a byte.
    fn step(&mut self) {
        self.lines.take(self.buffer.get(self.at..=self.at).unwrap_or_default());
        self.at += 1;
    }
}

/// Counts the lines that have ended: by a line feed, by a carriage return, or by both together.
#[derive(Default)]
struct Lines {
    ended: u64,
    returned: bool,
}

impl Lines {
    fn take(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.ended += u64::from(*byte == b'\r' || (*byte == b'\n' && !self.returned));
            self.returned = *byte == b'\r';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its text a few bytes at a time.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(into.len()).min(3);
            let (now, later) = self.0.split_at(count);
            into[..count].copy_from_slice(now);
            self.0 = later;
            Ok(count)
        }
    }

    fn rows(text: &[u8]) -> Vec<(u64, Vec<String>)> {
        let mut rows = CsvRows::new(Drops(text), ",".parse().unwrap(), Quote::Double);
        let mut read = Vec::new();
        while let Some((line, row)) = rows.next().unwrap() {
            match row {
                CsvRow::Cells(cells) => {
                    read.push((line, cells.all().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect()));
                }
                CsvRow::TooLong => read.push((line, vec!["too long".to_owned()])),
                CsvRow::Misquoted(why) => {
                    read.push((line, vec![why.to_string()]));
                    break;
                }
            }
        }
        read
    }

    fn row(line: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (line, cells.iter().map(|&cell| cell.to_owned()).collect())
    }

    #[test]
    fn a_row_is_told_with_the_line_at_which_it_begins() {
        let text = b"a,b\r\n\r\n\"one\ntwo\",\"x\"\"y\"\r\n\n\nlast,\n\n";
        assert_eq!(rows(text), [row(1, &["a", "b"]), row(3, &["one\ntwo", "x\"y"]), row(7, &["last", ""])]);
        assert_eq!(rows(b"a\r\rb\r\nc\n\rd"), [row(1, &["a"]), row(3, &["b"]), row(4, &["c"]), row(6, &["d"])], "any line ends");
    }

    #[test]
    fn the_last_row_needs_no_line_end_and_rows_may_be_ragged() {
        assert_eq!(rows(b"a,b\n1\n1,2,3"), [row(1, &["a", "b"]), row(2, &["1"]), row(3, &["1", "2", "3"])]);
        assert_eq!(rows(b""), []);
        assert_eq!(rows(b"\n\r\n"), []);
    }

    #[test]
    fn a_row_over_the_limit_is_left_out_and_the_next_is_read() {
        let text = format!("a,b\n{},\"{}\"\nc,d\n", "x".repeat(10), "y".repeat(2 * ROW_MAX_BYTES));
        assert_eq!(rows(text.as_bytes())[1..], [row(2, &["too long"]), row(3, &["c", "d"])]);
        let lines = text.replace('y', "\n");
        assert_eq!(rows(lines.as_bytes())[1], row(2, &[&Misquoted::Endless(2).to_string()]), "which rows did the quote take?");
        let cells = format!("a\n{}\nb\n", ",".repeat(CELLS_MAX * 5));
        assert_eq!(rows(cells.as_bytes())[1..], [row(2, &["too long"]), row(3, &["b"])]);
    }

    #[test]
    fn a_line_that_names_the_delimiter_is_skipped() {
        let mut rows = CsvRows::new(Drops(b"sep=,\na,b\n"), ",".parse().unwrap(), Quote::Double);
        rows.skip_line(6).unwrap();
        assert_eq!(rows.next().unwrap().unwrap().0, 2);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_rows(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
            rows(&bytes);
        }
    }
}
