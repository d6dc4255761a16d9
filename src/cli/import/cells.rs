//! One row as its reader found it: cells by place, or values by name.

use super::mapping::Source;
use super::refused::{Reason, Refused};
use crate::cli::lists::csv_rows::CsvCells;

/// One row.
#[derive(Clone, Copy, Debug)]
pub enum Cells<'a> {
    /// Cells by place.
    Places(CsvCells<'a>),
    /// Values under their names in small letters, nested ones under dotted names; none where a value is no text.
    Names(&'a [(String, Option<String>)]),
}

impl Cells<'_> {
    /// What stands there, without white space around it; empty where nothing does.
    ///
    /// # Errors
    /// Where it is no text.
    pub fn text<'b>(&'b self, source: &'b Source) -> Result<&'b str, Refused> {
        match (self, source) {
            (_, Source::Constant(constant)) => Ok(constant),
            (Self::Places(cells), Source::Cell(place)) => {
                let text = std::str::from_utf8(cells.at(*place)).map_err(|_| {
                    Refused::row(Reason::NotText, "not text in the file's encoding: give --encoding, as in --encoding windows-1252")
                })?;
                clean(text)
            }
            (Self::Names(values), Source::Names(names)) => {
                let found = names.iter().find_map(|name| values.iter().find(|(known, _)| known == name));
                match found {
                    None => Ok(""),
                    Some((_, Some(text))) => clean(text),
                    Some((_, None)) => Err(Refused::row(Reason::NotText, "an object or a list where a text is needed")),
                }
            }
            _ => Ok(""),
        }
    }
}

/// Without white space around it; no NUL and nothing that could not be decoded in it.
fn clean(text: &str) -> Result<&str, Refused> {
    if text.contains(['\0', '\u{fffd}']) {
        return Err(Refused::row(Reason::NotText, "a NUL byte, or a character that could not be read, in a cell that is needed"));
    }
    Ok(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_found_by_its_place_and_a_value_by_the_first_of_its_names() {
        let row = Cells::Places(CsvCells::new(b"ab c\xff", &[1, 4, 5]));
        assert_eq!([row.text(&Source::Cell(0)), row.text(&Source::Cell(1)), row.text(&Source::Cell(7))], [Ok("a"), Ok("b c"), Ok("")]);
        assert_eq!(row.text(&Source::Cell(2)).unwrap_err().reason, "NOT_TEXT");
        let values = [("b".to_owned(), Some(" 2 ".to_owned())), ("c".to_owned(), None)];
        let row = Cells::Names(&values);
        let names = |names: &[&str]| Source::Names(names.iter().map(|&name| name.to_owned()).collect());
        assert_eq!(row.text(&names(&["a", "b"])), Ok("2"));
        assert_eq!(row.text(&names(&["a"])), Ok(""));
        assert!(row.text(&names(&["c"])).is_err());
        assert_eq!(row.text(&Source::Constant("x".into())), Ok("x"));
    }

    #[test]
    fn a_nul_byte_is_no_text() {
        assert!(Cells::Places(CsvCells::new(b"a\0b", &[3])).text(&Source::Cell(0)).is_err());
    }
}
