//! What form a list has: a contact a line, CSV with a header, or JSON Lines.
//!
//! ```text
//! +447400123456                           a contact a line
//! name;phone;city                         CSV: the delimiter is seen, a byte order mark passed over
//! {"phone": "+447400123456", "id": 7}     JSON Lines: FILE.jsonl, or a first line that begins with a brace
//! ```

use csv::ByteRecord;
use encoding_rs::UTF_8;

use super::{ADDED, NO_FILE};
use crate::cli::error::CliError;
use crate::cli::lists::csv_rows::header;
use crate::cli::lists::delimiter::Delimiter;
use crate::cli::lists::json_rows::first_names;
use crate::cli::lists::quotes::{ADVICE, Misquoted, Quote};
use crate::cli::lists::source::SourceFile;
use crate::cli::phone::looks_like_a_contact;

/// What a column of contacts is called. A list that has two of them is asked about only once somebody says which.
pub const CONTACT_COLUMNS: [&str; 15] = [
    "whatsapp_phone_number",
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
        /// The member that holds the contact; none: the known name that is there.
        member: Option<String>,
    },
}

/// How rows of cells are written.
#[derive(Clone, Debug)]
pub struct Table {
    /// The columns, as the list names them; without those that an earlier check added.
    pub header: ByteRecord,
    /// What separates cells.
    pub delimiter: Delimiter,
    /// What a `"` is.
    pub quote: Quote,
    /// How many bytes the line takes that names it, before the header.
    pub skip: usize,
    /// Whether what is written begins with a byte order mark.
    pub mark: bool,
    /// Which column holds the contact.
    pub contact: usize,
    /// How many cells each row of the list has.
    pub width: usize,
    /// Whether the header is a line of the list.
    pub has_header: bool,
}

/// A list, and what form it has.
#[derive(Debug)]
pub struct List {
    /// The file.
    pub source: SourceFile,
    /// The form.
    pub form: Form,
}

impl List {
    /// Looks what form a list has.
    ///
    /// # Errors
    /// Where it is none that is known, or holds no column of contacts.
    pub fn new(source: SourceFile, column: Option<&str>, quote: Quote) -> Result<Self, CliError> {
        if source.is_json_lines() {
            let names = first_names(&source.beginning).unwrap_or_default();
            if column.is_none() {
                known(&names)?;
            }
            return Ok(Self { source, form: Form::JsonLines { member: column.map(str::to_owned) } });
        }
        let form = Form::Csv(table(&source, column, quote)?);
        Ok(Self { source, form })
    }

    /// Where contacts are read from, in words; none where a line is one.
    #[must_use]
    pub fn says_its_contact(&self) -> Option<String> {
        match &self.form {
            Form::Csv(Table { has_header: false, .. }) => None,
            Form::Csv(table) => {
                let name = table.header.get(table.contact).map(String::from_utf8_lossy).unwrap_or_default();
                Some(format!("the contact is in the column {:?}", name.trim()))
            }
            Form::JsonLines { member } => {
                let names = first_names(&self.source.beginning).unwrap_or_default();
                let found = member.clone().or_else(|| known(&names).ok().flatten().and_then(|place| names.get(place).cloned()));
                found.map(|name| format!("the contact is in the member {name:?}"))
            }
        }
    }
}

/// The table that a first row begins.
fn table(source: &SourceFile, column: Option<&str>, quote: Quote) -> Result<Table, CliError> {
    let (delimiter, skip) = Delimiter::of(&source.beginning, quote);
    let header = header(source.beginning.get(skip..).unwrap_or_default(), delimiter, quote).map_err(misquoted)?.ok_or_else(|| {
        CliError::usage("the list is empty, or its first row is too long").hint("give a contact a line, CSV with a header, or JSON Lines")
    })?;
    if header.iter().any(|name| name.contains(char::REPLACEMENT_CHARACTER)) {
        return Err(
            CliError::usage("the list's first row is no text in its encoding").hint("give --encoding, as in --encoding windows-1252")
        );
    }
    // Elsewhere bytes are not kept; a mark tells the program that wrote the list what it gets back.
    let mark = source.marked || source.encoding != UTF_8;
    let names: Vec<String> = header.iter().map(|name| name.trim().to_owned()).collect();
    let is_contact = |name: &String| looks_like_a_contact(name) || name.contains('@');
    if let [only] = names.as_slice()
        && column.is_none()
        && known(&names)?.is_none()
    {
        if !is_contact(only) {
            return Err(no_column(&names));
        }
        let header = ByteRecord::from(vec!["contact"]);
        return Ok(Table { header, delimiter, quote, skip, mark, contact: 0, width: 1, has_header: false });
    }
    if let Some(place) = names.iter().position(is_contact) {
        return Err(CliError::usage(format!("the first line of the list holds a contact in column {}, and no header", place + 1))
            .hint("put a line with the columns' names before it"));
    }
    let contact = match column {
        Some(wanted) => once(&names, wanted)?,
        None => known(&names)?,
    };
    let contact = contact.ok_or_else(|| match column {
        Some(wanted) => CliError::usage(format!("the list has no column {wanted:?}; it has {}", names.join(", "))),
        None => no_column(&names),
    })?;
    let width = header.len();
    Ok(Table { header: own_columns(&header, &names)?, delimiter, quote, skip, mark, contact, width, has_header: true })
}

/// The list's own columns: those that an earlier check added at its end are made anew.
fn own_columns(header: &[String], names: &[String]) -> Result<ByteRecord, CliError> {
    let own = names.len().saturating_sub(ADDED.len());
    let is_ours = names.get(own..).is_some_and(|last| last == ADDED);
    let kept = if is_ours { own } else { names.len() };
    if let Some(name) = names.iter().take(kept).find(|name| ADDED.contains(&name.as_str())) {
        return Err(CliError::usage(format!("the list has a column {name:?}, which the check adds")).hint("give that column another name"));
    }
    Ok(header.iter().take(kept).map(String::as_bytes).collect())
}

/// The one column that is called like a contact.
fn known(names: &[String]) -> Result<Option<usize>, CliError> {
    let mut found = None;
    for known in CONTACT_COLUMNS {
        let Some(place) = once(names, known)? else { continue };
        if found.replace(place).is_some() {
            let are_known: Vec<&str> = names.iter().filter(|name| is_known(name)).map(|name| name.trim()).collect();
            return Err(CliError::usage(format!("several columns of the list may hold the contact: {}", are_known.join(", ")))
                .hint("say with --column which one you will write to"));
        }
    }
    Ok(found)
}

/// Whether it is called like a contact.
#[must_use]
pub fn is_known(name: &str) -> bool {
    CONTACT_COLUMNS.iter().any(|known| same(name.trim(), known))
}

/// The column of this name, in whatever spelling; an error where there are two.
fn once(names: &[String], wanted: &str) -> Result<Option<usize>, CliError> {
    let mut places = names.iter().enumerate().filter(|(_, name)| same(name, wanted)).map(|(place, _)| place);
    let first = places.next();
    if places.next().is_some() {
        return Err(CliError::usage(format!("two columns of the list are called {wanted:?}")).hint("rename one: both may be a contact"));
    }
    Ok(first)
}

/// Whether two names are one, without regard to case, spaces and hyphens.
#[must_use]
pub fn same(name: &str, known: &str) -> bool {
    folded(name).eq(folded(known))
}

fn folded(name: &str) -> impl Iterator<Item = char> {
    name.chars().flat_map(char::to_lowercase).map(|sign| if matches!(sign, ' ' | '-') { '_' } else { sign })
}

/// Its quotes leave in doubt which cells are whose.
#[must_use]
pub fn misquoted(why: Misquoted) -> CliError {
    CliError::usage(format!("the list cannot be read: {why}")).hint(format!("{ADVICE}; {NO_FILE}"))
}

fn no_column(names: &[String]) -> CliError {
    CliError::usage(format!("no column of the list is known to hold contacts; it has {}", names.join(", ")))
        .hint("name it with --column, or call it `contact` or `phone`")
}

/// The list did not read.
#[must_use]
pub fn unreadable(error: std::io::Error) -> CliError {
    CliError::local(error).context("reading the list").hint(NO_FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(text: &str, column: Option<&str>) -> Result<Form, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let list = SourceFile::look(file.path(), None).and_then(|source| List::new(source, column, Quote::Double));
        list.map(|list| list.form).map_err(|error| error.to_string())
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
            ("name;phone;city\n", 1, ';'),
            ("\u{feff}Name,Phone Number\n", 1, ','),
            ("id\t\"WhatsApp\"\n", 1, '\t'),
            ("\"a;b;c\",contact\n", 1, ','),
            ("a|mobile\n", 1, '|'),
            ("phone\n", 0, ','),
            ("sep=;\nname;phone\n", 1, ';'),
            ("\n\"two\nlines\";phone\n", 1, ';'),
        ] {
            let table = read(text, None);
            assert_eq!((table.contact, char::from(table.delimiter.byte()), table.has_header), (contact, delimiter, true), "{text:?}");
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
            ("phone,contact\n", None, "several columns of the list may hold the contact: phone, contact\nhint: say with --column"),
            ("WhatsApp Phone Number,Phone\n", None, "several columns"),
            ("phone,name,Phone\n", None, "two columns of the list are called \"phone\""),
            ("phone,name,PHONE\n", Some("phone"), "two columns of the list are called \"phone\""),
            ("{\"phone\":\"1\",\"mobile\":\"2\"}\n", None, "several columns"),
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
