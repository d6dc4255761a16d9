//! Looks for personal data in bytes, in every form that it is likely to take.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use sha2::{Digest, Sha256};

/// What is looked for, by first byte.
pub struct Needles {
    by_first: Vec<Vec<(String, Vec<u8>)>>,
}

impl Default for Needles {
    fn default() -> Self {
        Self { by_first: vec![Vec::new(); 256] }
    }
}

impl Needles {
    /// A text: as it is, in UTF-16, in hex.
    pub fn text(&mut self, what: &str, text: &str) {
        self.bytes(what, text.as_bytes());
        self.bytes(&format!("{what} in UTF-16"), &utf_16(text));
        self.bytes(&format!("{what} in hex"), hex::encode(text).as_bytes());
    }

    /// A phone number without plus: its digits (so also with one, and without country code) in text, base64 and as an integer,
    /// and its unkeyed SHA-256.
    pub fn number(&mut self, digits: &str) {
        let national = &digits[2..];
        self.text("a number", national);
        for pad in 0..3_usize {
            let padded = ["\0".repeat(pad).as_bytes(), national.as_bytes()].concat();
            let encoded = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&padded);
            self.bytes("a number in base64", &encoded.as_bytes()[(pad * 8).div_ceil(6)..padded.len() * 8 / 6]);
        }
        let integer: u64 = digits.parse().unwrap();
        self.bytes("a number, big-endian", &integer.to_be_bytes()[3..]);
        self.bytes("a number, little-endian", &integer.to_le_bytes()[..5]);
        for text in [digits.to_owned(), format!("+{digits}")] {
            let hash = Sha256::digest(text);
            self.bytes("a number's SHA-256", &hash[..16]);
            self.bytes("a number's SHA-256 in hex", &hex::encode(hash).as_bytes()[..32]);
        }
    }

    /// These bytes.
    pub fn bytes(&mut self, what: &str, bytes: &[u8]) {
        // Files are full of zeros, so the search passes over them: a random key may begin with one.
        let bytes = &bytes[bytes.iter().position(|byte| *byte != 0).unwrap()..];
        self.by_first[usize::from(bytes[0])].push((what.to_owned(), bytes.to_owned()));
    }

    /// What stands in these bytes, by name.
    pub fn found_in(&self, bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for (place, byte) in bytes.iter().enumerate().filter(|(_, byte)| **byte != 0) {
            for (what, needle) in &self.by_first[usize::from(*byte)] {
                if bytes[place..].starts_with(needle) && !found.contains(what) {
                    found.push(what.clone());
                }
            }
        }
        found
    }

    /// What stands in the files under `dir` and in their names, as `path: what`.
    pub fn found_under(&self, dir: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let mut here = self.found_in(path.file_name().unwrap().as_encoded_bytes());
            if path.is_dir() {
                found.extend(self.found_under(&path));
            } else {
                here.extend(self.found_in(&fs::read(&path).unwrap()));
            }
            found.extend(here.iter().map(|what| format!("{}: {what}", path.display())));
        }
        found
    }
}

/// Without the last zero: so it is found in either byte order.
fn utf_16(text: &str) -> Vec<u8> {
    let mut bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.pop();
    bytes
}

#[test]
fn what_is_planted_is_found_in_every_form() {
    let mut needles = Needles::default();
    needles.number("447400123456");
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text).into_bytes();
    let planted = [
        b"...+447400123456...".to_vec(),
        b"07400123456".to_vec(),
        base64("447400123456"),
        base64("x447400123456"),
        base64("\x1c\x18\x0c447400123456"),
        b"447400123456".iter().flat_map(|digit| [0, *digit]).collect(),
        447_400_123_456_u64.to_be_bytes().to_vec(),
        Sha256::digest("+447400123456").to_vec(),
        hex::encode("+447400123456").into_bytes(),
    ];
    for bytes in planted {
        assert!(!needles.found_in(&bytes).is_empty(), "{bytes:?}");
    }
    needles.bytes("a key that begins with zeros", &[0, 0, 7, 8, 9]);
    assert_eq!(needles.found_in(&[1, 0, 0, 7, 8, 9]), ["a key that begins with zeros"]);
    assert!(needles.found_in(b"+447400123457 and 106540352242922").is_empty());
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("deep")).unwrap();
    fs::write(dir.path().join("deep/file"), "447400123456").unwrap();
    assert_eq!(needles.found_under(dir.path()).len(), 1);
}
