//! What stands between two cells: the sign that the header has most of, outside of quotes.

use std::str::FromStr;

use super::quotes::Quote;

/// The signs that are tried, the likelier before the others.
const TRIED: [u8; 4] = *b",;\t|";

/// What stands between two cells: one ASCII sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delimiter(u8);

impl Delimiter {
    /// Its byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self.0
    }

    /// Sniffs it from the beginning of a file; says too how many bytes a first line `sep=;` takes, which spreadsheets write to name it.
    #[must_use]
    pub fn of(beginning: &str, quote: Quote) -> (Self, usize) {
        let line = beginning.split_inclusive('\n').next().unwrap_or_default();
        if let Some(named) = line.trim_end().strip_prefix("sep=").filter(|named| named.len() <= 1) {
            return (Self(named.bytes().next().filter(u8::is_ascii).unwrap_or(b'\t')), line.len());
        }
        let mut counts = [0_usize; TRIED.len()];
        let mut quoted = false;
        for byte in beginning.trim_start_matches(['\r', '\n']).bytes() {
            match byte {
                b'"' if quote == Quote::Double => quoted = !quoted,
                b'\n' | b'\r' if !quoted => break,
                _ if quoted => {}
                _ => TRIED.iter().zip(&mut counts).filter(|(sign, _)| **sign == byte).for_each(|(_, count)| *count += 1),
            }
        }
        let most = counts.iter().max().copied().unwrap_or_default();
        let found = TRIED.iter().zip(&counts).find(|(_, count)| **count == most).map(|(sign, _)| *sign);
        (Self(found.unwrap_or(b',')), 0)
    }
}

impl FromStr for Delimiter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "tab" | "\\t" => Ok(Self(b'\t')),
            _ => match text.as_bytes() {
                [sign] if sign.is_ascii() && !matches!(sign, b'"' | b'\r' | b'\n' | 0) => Ok(Self(*sign)),
                _ => Err("give one sign, as in --delimiter ';', or tab".to_owned()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniffed(text: &str) -> char {
        char::from(Delimiter::of(text, Quote::Double).0.byte())
    }

    #[test]
    fn the_header_tells_and_quotes_are_respected() {
        assert_eq!(sniffed("phone,action,at\n1;2;3;4;5\n"), ',');
        assert_eq!(sniffed("phone;action;\"a,b,c,d\"\r\n"), ';');
        assert_eq!(sniffed("phone\taction"), '\t');
        assert_eq!(sniffed("phone|action|at"), '|');
        assert_eq!(sniffed("\"a\nb,c\";x;y\n"), ';');
        assert_eq!(sniffed("phone\n"), ',');
        assert_eq!(sniffed(""), ',');
    }

    #[test]
    fn a_first_line_may_name_it() {
        assert_eq!(Delimiter::of("sep=;\r\nphone;action", Quote::Double), (Delimiter(b';'), 7));
        assert_eq!(Delimiter::of("separator,action", Quote::Double).1, 0);
    }

    #[test]
    fn one_sign_is_taken_and_no_other() {
        assert_eq!("tab".parse(), Ok(Delimiter(b'\t')));
        assert_eq!(";".parse(), Ok(Delimiter(b';')));
        for text in ["", ";;", "\"", "§"] {
            assert!(text.parse::<Delimiter>().is_err(), "{text}");
        }
    }
}
