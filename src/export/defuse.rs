//! Cells that a spreadsheet takes for text and for nothing else.
//!
//! ```text
//! =HYPERLINK("x")      '=HYPERLINK("x")       the first letter would make it a formula
//! +447400123456        '+447400123456         a phone number too: the apostrophe keeps it whole
//! yes;=1+1             yes;'=1+1              where a semicolon separates cells, a second one begins behind it
//! a<NUL>b              a<U+FFFD>b             other control characters do not survive a spreadsheet
//! ```
//!
//! The characters are those of OWASP's "CSV injection", full-width forms included. An apostrophe in front is the one change that
//! every spreadsheet shows and none executes; whoever reads the file by program takes it off again.

use std::borrow::Cow;

/// The longest cell, in UTF-16 code units: Excel's limit.
pub const CELL_MAX: usize = 32_767;

/// What begins a formula, in a cell or in what a spreadsheet may take for one.
const FORMULA: [char; 9] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\u{2212}'];

/// What spreadsheets take for the end of a cell, by where they are used.
const SEPARATORS: [char; 6] = [',', ';', '|', '\t', '\r', '\n'];

/// The text as a cell: defused, without control characters, at most [`CELL_MAX`] long.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    if text.len() <= CELL_MAX && text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    cut(defused(text)).into()
}

/// Whether the character is harmless wherever it stands.
fn is_harmless(c: char) -> bool {
    !FORMULA.contains(&c) && !SEPARATORS.contains(&c) && !c.is_control()
}

fn defused(text: &str) -> String {
    let mut cell = String::with_capacity(text.len() + 8);
    // At a cell's beginning, and as long as nothing was shown that keeps a formula from beginning.
    let mut begins = true;
    if text.starts_with(['\t', '\r', '\n']) {
        cell.push('\'');
    }
    for c in text.chars() {
        if begins && FORMULA.contains(&c) {
            cell.push('\'');
        }
        begins = SEPARATORS.contains(&c) || (begins && is_passed_over(c));
        cell.push(if c.is_control() && !matches!(c, '\t' | '\r' | '\n') { char::REPLACEMENT_CHARACTER } else { c });
    }
    cell
}

/// Whether a spreadsheet may pass over the character on its way to a formula: white space, quotes, what is not seen.
fn is_passed_over(c: char) -> bool {
    let invisible = matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    c.is_whitespace() || c.is_control() || invisible || matches!(c, '"' | '\u{201c}' | '\u{201d}')
}

/// The cell, cut where it is too long, and saying so.
fn cut(cell: String) -> String {
    let length = cell.encode_utf16().count();
    if length <= CELL_MAX {
        return cell;
    }
    let mark = format!(" [cut: {length} characters, more than a cell holds]");
    let mut room = CELL_MAX - mark.len();
    let kept: String = cell
        .chars()
        .take_while(|c| {
            let fits = c.len_utf16() <= room;
            room = room.saturating_sub(c.len_utf16());
            fits
        })
        .collect();
    kept + &mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_gets_an_apostrophe() {
        for text in [
            "=HYPERLINK(\"http://x\",\"y\")",
            "+447400123456",
            "-1",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "\nx",
            "\u{ff1d}1+1",
            "\u{ff0b}1",
            "\u{ff0d}1",
            "\u{ff20}x",
        ] {
            assert_eq!(cell(text).strip_prefix('\''), Some(text), "{text:?}");
        }
    }

    #[test]
    fn a_formula_behind_what_is_not_seen_or_behind_a_separator_is_found() {
        for (text, expected) in [
            (" =1", " '=1"),
            ("\u{200f}=1", "\u{200f}'=1"),
            ("\u{feff}\u{202e}+1", "\u{feff}\u{202e}'+1"),
            ("\"=1", "\"'=1"),
            ("yes;=1+1", "yes;'=1+1"),
            ("a, -b", "a, '-b"),
            ("a\n=b", "a\n'=b"),
            ("a\";\"=b", "a\";\"'=b"),
            ("+447400123456; +447400123457", "'+447400123456; '+447400123457"),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for text in
            ["", "a=b", "e-mail", "US.13491208655302741918", "5 + 5", "I agree.", "\u{5e9}\u{5dc}\u{5d5}\u{5dd}", "'quoted'", "a, b; c"]
        {
            assert_eq!(cell(text), text);
        }
    }

    #[test]
    fn control_characters_are_replaced_and_line_ends_are_not() {
        assert_eq!(cell("a\0b\u{1b}c\u{7f}d\r\ne\tf"), "a\u{fffd}b\u{fffd}c\u{fffd}d\r\ne\tf");
        assert_eq!(cell("\0=1"), "\u{fffd}'=1");
    }

    #[test]
    fn a_cell_is_cut_at_the_limit_of_spreadsheets_and_says_so() {
        let whole = "x".repeat(CELL_MAX);
        assert_eq!(cell(&whole), whole);
        for text in [whole + "x", "\u{1f600}".repeat(20_000)] {
            let cut = cell(&text);
            assert!(cut.ends_with("characters, more than a cell holds]"), "{cut}");
            assert!((CELL_MAX - 1..=CELL_MAX).contains(&cut.encode_utf16().count()));
        }
    }

    #[test]
    fn no_cell_of_any_text_can_begin_a_formula() {
        use proptest::prelude::*;
        proptest!(|(text in "[=+@;,\" \t\r\n\u{0}\u{200f}\u{ff1d}a-]{0,12}")| {
            let cell = cell(&text);
            for part in cell.split(SEPARATORS) {
                let first = part.chars().find(|c| !is_passed_over(*c) && *c != char::REPLACEMENT_CHARACTER);
                prop_assert!(first.is_none_or(|first| !FORMULA.contains(&first)), "{cell:?}");
            }
        });
    }
}
