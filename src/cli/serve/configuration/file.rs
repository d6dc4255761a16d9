//! The configuration file as it is written: keys, values, and the lines they stand in.

use std::fmt;
use std::path::{Path, PathBuf};

use toml_edit::{Document, Item};

/// More bytes than this is no configuration.
const BYTES_MAX: u64 = 1 << 20;

/// What a key was given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// `true` or `false`.
    Switch(bool),
    /// Text, or a number.
    One(String),
    /// An array of such.
    Several(Vec<String>),
    /// What no flag takes: a table, a time, an array in an array.
    Other,
}

/// A key with its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// The key.
    pub key: String,
    /// The line in which it stands, from 1.
    pub line: usize,
    /// The value.
    pub value: Value,
}

/// What is wrong in a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// In which line, from 1; none: the file as a whole.
    pub line: Option<usize>,
    /// What; the key comes first where there is one.
    pub message: String,
}

/// Why a file is no configuration: all of it, not only the first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileFaults {
    /// The file.
    pub path: PathBuf,
    /// Its faults, in the order of their lines.
    pub faults: Vec<Fault>,
}

/// One a line: `serve.toml line 3: listn: no such key, did you mean listen?`.
impl fmt::Display for FileFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.faults.iter().enumerate() {
            let line = fault.line.map(|line| format!(" line {line}")).unwrap_or_default();
            let end = if place + 1 < self.faults.len() { "\n" } else { "" };
            write!(f, "{}{line}: {}{end}", self.path.display(), fault.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for FileFaults {}

/// Reads a file.
///
/// # Errors
/// Where it cannot be read, or is no TOML.
pub fn read(path: &Path) -> Result<Vec<Given>, FileFaults> {
    let fault = |line, message| FileFaults { path: path.to_owned(), faults: vec![Fault { line, message }] };
    let length = std::fs::metadata(path).map_err(|error| fault(None, error.to_string()))?.len();
    if length > BYTES_MAX {
        return Err(fault(None, format!("{length} bytes are no configuration; at most {BYTES_MAX} are read")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| fault(None, error.to_string()))?;
    parse(&text).map_err(|(line, message)| fault(line, message))
}

/// The keys of a text, or the first line that is no TOML and why.
fn parse(text: &str) -> Result<Vec<Given>, (Option<usize>, String)> {
    let line_of = |offset: usize| text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
    let document =
        Document::parse(text).map_err(|error| (error.span().map(|span| line_of(span.start)), error.message().trim().to_owned()))?;
    let table = document.as_table();
    let given = table.iter().map(|(key, item)| {
        let span = table.key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
        Given { key: key.to_owned(), line: span.map_or(1, |span| line_of(span.start)), value: value(item) }
    });
    let mut given: Vec<Given> = given.collect();
    given.sort_by_key(|given| given.line);
    Ok(given)
}

fn value(item: &Item) -> Value {
    match item.as_value() {
        Some(toml_edit::Value::Boolean(switch)) => Value::Switch(*switch.value()),
        Some(toml_edit::Value::Array(items)) => {
            let several: Option<Vec<String>> = items.iter().map(scalar).collect();
            several.map_or(Value::Other, Value::Several)
        }
        Some(value) => scalar(value).map_or(Value::Other, Value::One),
        None => Value::Other,
    }
}

/// Text, or a number as it would be typed.
fn scalar(value: &toml_edit::Value) -> Option<String> {
    match value {
        toml_edit::Value::String(text) => Some(text.value().clone()),
        toml_edit::Value::Integer(number) => Some(number.value().to_string()),
        toml_edit::Value::Float(number) => Some(number.value().to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_with_their_values_and_lines() {
        let text = "# where\ndata-dir = \"d\"\n\n\"rate\" = 5\nfirst = true\nlist = [\"a\", 2]\nwhen = 2026-01-01\n[table]\nx = 1\n";
        let one = |key: &str, line, value| Given { key: key.into(), line, value };
        assert_eq!(
            parse(text).unwrap(),
            [
                one("data-dir", 2, Value::One("d".into())),
                one("rate", 4, Value::One("5".into())),
                one("first", 5, Value::Switch(true)),
                one("list", 6, Value::Several(vec!["a".into(), "2".into()])),
                one("when", 7, Value::Other),
                one("table", 8, Value::Other),
            ]
        );
        assert_eq!(parse(""), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_toml_is_refused_with_its_line() {
        for (text, line) in [("a = 1\nb = \n", 2), ("a = 1\n\na = 2\n", 3), ("= 1", 1), ("a = 'x", 1)] {
            let (found, message) = parse(text).unwrap_err();
            assert_eq!(found, Some(line), "{text:?}: {message}");
            assert!(!message.is_empty());
        }
    }
}
