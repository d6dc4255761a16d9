//! What form a list has: a contact a line, CSV with a header, or JSON Lines.
//!
//! ```text
//! +447400123456                           a contact a line
//! name;phone;city                         CSV: the delimiter is seen, a byte order mark passed over
//! {"phone": "+447400123456", "id": 7}     JSON Lines: FILE.jsonl, or a first line that begins with a brace
//! ```

use std::io::{BufRead, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use csv::ByteRecord;

use super::ADDED;
use crate::cli::error::CliError;
use crate::consent::identifier::Identifier;

/// The longest row, in bytes. What is longer is a quote that nobody closed.
pub const ROW_MAX_BYTES: usize = 1 << 20;

/// What a column of contacts is called, in the order of preference.
pub const CONTACT_COLUMNS: [&str; 14] = [
    "contact",
    "whatsapp",
    "whatsapp_number",
    "phone",
    "phone_number",
    "mobile",
    "mobile_number",
    "mobile_phone",
    "msisdn",
    "telephone",
    "tel",
    "cell",
    "celular",
    "telefono",
];

/// The form of a list, and of the files it is split into.
#[derive(Clone, Debug)]
pub enum Form {
    /// Rows of cells.
    Csv(Table),
    /// An object a line.
    JsonLines {
        /// The member that holds the contact; none: the first known name that is there.
        member: Option<String>,
    },
}

/// How rows of cells are written.
#[derive(Clone, Debug)]
pub struct Table {
    /// The columns, as the list names them; without those that an earlier check added.
    pub header: ByteRecord,
    /// What separates cells.
    pub delimiter: u8,
    /// Whether the list began with a byte order mark.
    pub mark: bool,
    /// Which column holds the contact.
    pub contact: usize,
    /// How many cells each row of the list has.
    pub width: usize,
    /// Whether the header is a line of the list.
    pub has_header: bool,
}

/// A list that was opened: its form, and the bytes from its first row on (the header included).
pub struct Opened {
    /// The form.
    pub form: Form,
    /// The rest.
    pub rest: Box<dyn BufRead + Send>,
    /// How long the row that is read may still become.
    pub room: Room,
}

/// Looks what form a list has.
///
/// # Errors
/// Where it is none that is known, or holds no column of contacts.
pub fn open(from: impl Read + Send + 'static, named: &str, column: Option<&str>) -> Result<Opened, CliError> {
    let room = Room::default();
    let mut from = BufReader::with_capacity(64 * 1024, Bounded { from, room: room.clone() });
    let start = from.fill_buf().map_err(unreadable)?;
    let mark = match start {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Err(foreign("it is UTF-16", "save it as UTF-8")),
        [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..] => return Err(foreign("it is a spreadsheet", "save it as CSV")),
        [0xef, 0xbb, 0xbf, ..] => true,
        _ => false,
    };
    if mark {
        from.consume(3);
    }
    let mut first = Vec::new();
    from.read_until(b'\n', &mut first).map_err(unreadable)?;
    let line = std::str::from_utf8(&first).map_err(|_| foreign("its first line is no UTF-8", "save it as UTF-8"))?.trim();
    if line.is_empty() {
        return Err(
            CliError::usage("the list is empty, or its first line is").hint("give a contact a line, CSV with a header, or JSON Lines")
        );
    }
    let is_json = [".jsonl", ".ndjson"].iter().any(|ending| named.ends_with(ending)) || line.starts_with('{');
    let form = if is_json { Form::JsonLines { member: column.map(str::to_owned) } } else { Form::Csv(table(line, mark, column)?) };
    room.renew();
    Ok(Opened { form, rest: Box::new(Cursor::new(first).chain(from)), room })
}

/// The table that a first line begins.
fn table(line: &str, mark: bool, column: Option<&str>) -> Result<Table, CliError> {
    let delimiter = delimiter(line);
    let header = match delimiter {
        Some(delimiter) => cells(line, delimiter),
        None => ByteRecord::from(vec![line.trim_matches('"')]),
    };
    let names: Vec<String> = header.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect();
    let is_contact = |name: &String| name.trim_start_matches('\'').parse::<Identifier>().is_ok() || is_number(name);
    if delimiter.is_none() && column.is_none() && known(&names).is_none() {
        if !is_contact(&names.concat()) {
            return Err(no_column(&names));
        }
        return Ok(Table { header: ByteRecord::from(vec!["contact"]), delimiter: b',', mark, contact: 0, width: 1, has_header: false });
    }
    if let Some(place) = names.iter().position(is_contact) {
        return Err(CliError::usage(format!("the first line of the list holds a contact in column {}, and no header", place + 1))
            .hint("put a line with the columns' names before it"));
    }
    let contact = match column {
        Some(wanted) => names.iter().position(|name| name == wanted).or_else(|| names.iter().position(|name| same(name, wanted))),
        None => known(&names),
    };
    let contact = contact.ok_or_else(|| match column {
        Some(wanted) => CliError::usage(format!("the list has no column {wanted:?}; it has {}", names.join(", "))),
        None => no_column(&names),
    })?;
    let width = header.len();
    Ok(Table { header: own_columns(&header, &names)?, delimiter: delimiter.unwrap_or(b','), mark, contact, width, has_header: true })
}

/// The list's own columns: those that an earlier check added at its end are made anew.
fn own_columns(header: &ByteRecord, names: &[String]) -> Result<ByteRecord, CliError> {
    let own = names.len().saturating_sub(ADDED.len());
    let is_ours = names.get(own..).is_some_and(|last| last == ADDED);
    let kept = if is_ours { own } else { names.len() };
    if let Some(name) = names.iter().take(kept).find(|name| ADDED.contains(&name.as_str())) {
        return Err(CliError::usage(format!("the list has a column {name:?}, which the check adds")).hint("give that column another name"));
    }
    Ok(header.iter().take(kept).collect())
}

fn known(names: &[String]) -> Option<usize> {
    CONTACT_COLUMNS.iter().find_map(|known| names.iter().position(|name| same(name, known)))
}

fn same(name: &str, known: &str) -> bool {
    name.to_lowercase().replace([' ', '-'], "_") == known.to_lowercase().replace([' ', '-'], "_")
}

fn is_number(text: &str) -> bool {
    text.chars().filter(char::is_ascii_digit).count() >= 7 && !text.chars().any(char::is_alphabetic)
}

/// What separates the cells of a header: the sign that is in it most often outside of quotes; none where there is none.
fn delimiter(line: &str) -> Option<u8> {
    let mut quoted = false;
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    for sign in line.bytes() {
        quoted ^= sign == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(known, _)| *known == sign).filter(|_| !quoted) {
            *count += 1;
        }
    }
    // Of several that are as frequent, the first.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).filter(|(_, count)| *count > 0).map(|(sign, _)| sign)
}

fn cells(line: &str, delimiter: u8) -> ByteRecord {
    let mut record = ByteRecord::new();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(line.as_bytes());
    let _ = reader.read_byte_record(&mut record);
    record
}

fn no_column(names: &[String]) -> CliError {
    CliError::usage(format!("no column of the list is known to hold contacts; it has {}", names.join(", ")))
        .hint("name it with --column, or call it `contact` or `phone`")
}

fn foreign(what: &str, hint: &str) -> CliError {
    CliError::usage(format!("the list cannot be read: {what}")).hint(hint)
}

/// The list did not read.
#[must_use]
pub fn unreadable(error: std::io::Error) -> CliError {
    CliError::local(error).context("reading the list").hint("no file was written")
}

/// How long the row that is read may still become.
#[derive(Clone, Debug)]
pub struct Room(Arc<AtomicUsize>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(AtomicUsize::new(ROW_MAX_BYTES)))
    }
}

impl Room {
    /// The row is read; another begins.
    pub fn renew(&self) {
        self.0.store(ROW_MAX_BYTES, Ordering::Relaxed);
    }
}

/// Ends with an error where a row does not end.
struct Bounded<R> {
    from: R,
    room: Room,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(into)?;
        let left = self.room.0.load(Ordering::Relaxed);
        let left = left.checked_sub(read).ok_or_else(|| {
            std::io::Error::other(format!("a row is longer than {ROW_MAX_BYTES} bytes: look for a quote that is not closed"))
        })?;
        self.room.0.store(left, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(text: &str, column: Option<&str>) -> Result<Form, String> {
        open(Cursor::new(text.to_owned()), "list", column).map(|opened| opened.form).map_err(|error| error.to_string())
    }

    fn read(text: &str, column: Option<&str>) -> Table {
        match opened(text, column) {
            Ok(Form::Csv(table)) => table,
            other => panic!("{text:?}: {other:?}"),
        }
    }

    #[test]
    fn a_header_is_told_from_a_contact_and_its_delimiter_is_seen() {
        for (text, contact, delimiter) in [
            ("name;phone;city\n", 1, b';'),
            ("\u{feff}Name,Phone Number\n", 1, b','),
            ("id\t\"WhatsApp\"\n", 1, b'\t'),
            ("\"a;b;c\",contact\n", 1, b','),
            ("a|mobile\n", 1, b'|'),
            ("phone,contact\n", 1, b','),
            ("phone\n", 0, b','),
        ] {
            let table = read(text, None);
            assert_eq!((table.contact, table.delimiter, table.has_header), (contact, delimiter, true), "{text:?}");
        }
        for text in ["+447400123456\n", "US.13491208655302741918", "07400 123456\n", "'+447400123456"] {
            assert!(!read(text, None).has_header, "{text:?}");
        }
        assert_eq!(read("a,b\n", Some("B")).contact, 1);
    }

    #[test]
    fn what_is_no_list_is_refused_in_words_that_help() {
        for (text, column, said) in [
            ("", None, "empty"),
            ("name;city\n", None, "name, city\nhint: name it with --column"),
            ("name,phone\n", Some("mobile"), "no column \"mobile\"; it has name, phone"),
            ("+447400123456,Ann\n", None, "column 1, and no header"),
            ("PK\u{3}\u{4}", None, "save it as CSV"),
            ("phone,permission\n", None, "\"permission\", which the check adds"),
        ] {
            let error = opened(text, column).unwrap_err();
            assert!(error.contains(said), "{text:?}: {error}");
        }
    }

    #[test]
    fn columns_of_an_earlier_check_are_made_anew() {
        let table = read(&format!("phone,name,{}\n", ADDED.join(",")), None);
        assert_eq!((table.header, table.width), (ByteRecord::from(vec!["phone", "name"]), 2 + ADDED.len()));
    }
}
