//! Which encoding a file is in, by a documented rule:
//!
//! 1. a byte order mark says UTF-8, UTF-16LE or UTF-16BE;
//! 2. else, where all of it is UTF-8, it is that;
//! 3. else, where every other byte of its beginning is zero, it is UTF-16 without a mark, and refused: which of the two, somebody must say;
//! 4. else it is windows-1252, which spreadsheets write in the west. A letter may be another then; digits, words and times are not.
//!
//! `--encoding` overrides the rule. A spreadsheet is no text in any encoding.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How much of a file's beginning the rule looks at for zeros and delimiters.
pub const SAMPLE: usize = 64 * 1024;

/// Looks at a file, piece by piece.
#[derive(Debug, Default)]
pub struct Detector {
    sample: Vec<u8>,
    carried: Vec<u8>,
    not_utf8: bool,
}

/// Why a file cannot be read as text.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoText {
    /// One of two encodings, and nobody knows which.
    #[error("it looks like UTF-16 without a byte order mark: give --encoding utf-16le or --encoding utf-16be")]
    Undecided,
    /// A spreadsheet program's own format.
    #[error("it is a spreadsheet: save it as CSV")]
    Spreadsheet,
}

/// How the files of spreadsheet programs begin: as archives, and as they did before.
const SPREADSHEETS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];

impl Detector {
    /// Looks at the next piece.
    pub fn take(&mut self, piece: &[u8]) {
        let room = SAMPLE.saturating_sub(self.sample.len());
        self.sample.extend_from_slice(piece.get(..room).unwrap_or(piece));
        if self.not_utf8 {
            return;
        }
        // A character may lie across two pieces: its beginning is carried over.
        let joined;
        let piece = if self.carried.is_empty() {
            piece
        } else {
            joined = [&self.carried, piece].concat();
            &joined
        };
        let rest = match std::str::from_utf8(piece) {
            Ok(_) => &[][..],
            Err(error) => {
                self.not_utf8 = error.error_len().is_some();
                piece.get(error.valid_up_to()..).unwrap_or_default()
            }
        };
        self.carried = if self.not_utf8 { Vec::new() } else { rest.to_vec() };
    }

    /// The encoding: what was asked for, else by the rule; after the last piece.
    ///
    /// # Errors
    /// Where it is no text, or somebody must say its encoding.
    pub fn encoding(&self, asked: Option<&'static Encoding>) -> Result<&'static Encoding, NoText> {
        if SPREADSHEETS.iter().any(|beginning| self.sample.starts_with(beginning)) {
            return Err(NoText::Spreadsheet);
        }
        if let Some(encoding) = asked.or_else(|| self.marked()) {
            return Ok(encoding);
        }
        if looks_wide(&self.sample) {
            return Err(NoText::Undecided);
        }
        Ok(if self.not_utf8 || !self.carried.is_empty() { WINDOWS_1252 } else { UTF_8 })
    }

    /// The encoding that a byte order mark says; none where there is no mark.
    #[must_use]
    pub fn marked(&self) -> Option<&'static Encoding> {
        Encoding::for_bom(&self.sample).map(|(encoding, _)| encoding)
    }

    /// The beginning of the file, decoded.
    #[must_use]
    pub fn sample(&self, encoding: &'static Encoding) -> String {
        encoding.decode(&self.sample).0.into_owned()
    }
}

/// Whether every other byte is zero, or nearly: Latin letters in UTF-16.
fn looks_wide(sample: &[u8]) -> bool {
    let zeros = |from: usize| sample.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let half = sample.len() / 2;
    half > 0 && (zeros(0) * 10 > half * 6 || zeros(1) * 10 > half * 6)
}

/// An encoding by its name, as in `windows-1252`.
///
/// # Errors
/// Where it is none that is read.
pub fn named(label: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(label.trim().as_bytes())
        .ok_or_else(|| format!("{label:?} is no encoding; known are utf-8, utf-16le, utf-16be, windows-1252 and the others of the web"))
}

/// Whether a file in this encoding is read as its bytes stand.
#[must_use]
pub fn is_utf8(encoding: &'static Encoding) -> bool {
    encoding == UTF_8
}

/// Whether it has marks of its byte order.
#[must_use]
pub fn is_wide(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(bytes: &[u8]) -> Result<&'static str, NoText> {
        let mut detector = Detector::default();
        bytes.chunks(3).for_each(|piece| detector.take(piece));
        detector.encoding(None).map(Encoding::name)
    }

    fn wide(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    #[test]
    fn a_mark_says_which() {
        assert_eq!(detected(b"\xef\xbb\xbfphone"), Ok("UTF-8"));
        assert_eq!(detected(&[&[0xff, 0xfe], &wide("phone", true)[..]].concat()), Ok("UTF-16LE"));
        assert_eq!(detected(&[&[0xfe, 0xff], &wide("phone", false)[..]].concat()), Ok("UTF-16BE"));
    }

    #[test]
    fn without_a_mark_it_is_utf_8_where_all_of_it_is() {
        assert_eq!(detected("São Paulo, ação, 東京".as_bytes()), Ok("UTF-8"));
        assert_eq!(detected(b"plain"), Ok("UTF-8"));
        assert_eq!(detected(b""), Ok("UTF-8"));
        assert_eq!(detected(b"S\xe3o Paulo"), Ok("windows-1252"));
        assert_eq!(detected("São".as_bytes().split_last().unwrap().1), Ok("UTF-8"), "cut in a letter that is whole before");
        assert_eq!(detected(b"ends in half a letter \xc3"), Ok("windows-1252"));
    }

    #[test]
    fn utf_16_without_a_mark_is_not_guessed() {
        assert_eq!(detected(&wide("phone,action\n", true)), Err(NoText::Undecided));
        assert_eq!(detected(&wide("phone,action\n", false)), Err(NoText::Undecided));
    }

    #[test]
    fn a_spreadsheet_is_no_text() {
        assert_eq!(detected(b"PK\x03\x04\x14\0"), Err(NoText::Spreadsheet));
        assert_eq!(detected(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0"), Err(NoText::Spreadsheet));
        assert_eq!(detected(b"PK,phone"), Ok("UTF-8"));
    }

    #[test]
    fn an_encoding_has_a_name() {
        assert_eq!(named(" Latin1 ").unwrap().name(), "windows-1252");
        assert!(named("klingon").is_err());
    }
}
