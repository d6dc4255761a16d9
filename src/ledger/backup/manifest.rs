//! The manifest: what a backup is of, and every file of it. A backup without one is none.
//!
//! ```text
//! {"format":"consent-ledger/backup/v1","ledger_id":"…","origin":"…","made_at":"…","head":{"seq":12,"hash":"…"},"checkpoint":"…"}
//! {"path":"journal/00000000000000000001.journal","stored":"log/journal/00000000000000000001.journal","bytes":5120,"sha256":"…"}
//! …
//! {"files":7,"sha256":"…"}        SHA-256 of all bytes before this line
//! ```

use std::path::{Component, Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::Position;
use crate::ledger::keys::secrets::LedgerId;

/// What the first line says of itself.
const FORMAT: &str = "consent-ledger/backup/v1";

/// The name of its file.
pub const NAME: &str = "manifest";

/// What a backup holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manifest {
    /// Whose it is.
    pub ledger_id: LedgerId,
    /// The ledger's name.
    pub origin: String,
    /// When it was begun.
    pub made_at: Time,
    /// The last entry in it.
    pub head: Position,
    /// The last signed checkpoint in it, against which its log was held; none: none was signed yet.
    pub checkpoint: Option<String>,
    /// Its files, by path.
    pub files: Vec<Stored>,
}

/// One file of a backup.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    /// Where it lies in a data directory.
    pub path: String,
    /// Where it lies in the backup's directory.
    pub stored: String,
    /// How many of its bytes belong to this backup: a later one may have added to it.
    pub bytes: u64,
    /// SHA-256 of these bytes.
    pub sha256: [u8; 32],
}

/// Why a manifest does not read.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum ManifestError {
    /// Its checksum does not match, or it is cut short.
    #[error("it is damaged: its checksum does not match")]
    Checksum,
    /// Of another version.
    #[error("its format is {format:?}, this program knows {FORMAT}")]
    Format {
        /// What it says.
        format: String,
    },
    /// A line is not what it should be.
    #[error("line {line} does not read: {reason}")]
    Line {
        /// Which, counting from 1.
        line: usize,
        /// Why.
        reason: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    format: String,
    ledger_id: String,
    origin: String,
    made_at: String,
    head: Head,
    checkpoint: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    seq: u64,
    hash: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    path: String,
    stored: String,
    bytes: u64,
    sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Last {
    files: usize,
    sha256: String,
}

/// What is read first: a manifest of another version has other members.
#[derive(Deserialize)]
struct Format {
    format: String,
}

impl Manifest {
    /// The text of its file.
    #[must_use]
    pub fn encode(&self) -> String {
        let first = First {
            format: FORMAT.into(),
            ledger_id: self.ledger_id.to_string(),
            origin: self.origin.clone(),
            made_at: self.made_at.to_string(),
            head: Head { seq: self.head.seq.number(), hash: hex::encode(self.head.hash) },
            checkpoint: self.checkpoint.clone(),
        };
        let mut text = line(&first);
        for file in &self.files {
            let Stored { path, stored, bytes, sha256 } = file.clone();
            text.push_str(&line(&File { path, stored, bytes, sha256: hex::encode(sha256) }));
        }
        let sha256 = hex::encode(Sha256::digest(text.as_bytes()));
        text + &line(&Last { files: self.files.len(), sha256 })
    }

    /// Reads it.
    ///
    /// # Errors
    /// Where the checksum does not match, or it is not as specified.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let body = text.strip_suffix('\n').and_then(|text| text.rfind('\n')).map_or(0, |place| place + 1);
        let (body, last) = text.split_at_checked(body).ok_or(ManifestError::Checksum)?;
        let last: Last = serde_json::from_str(last).map_err(|_| ManifestError::Checksum)?;
        if last.sha256 != hex::encode(Sha256::digest(body.as_bytes())) {
            return Err(ManifestError::Checksum);
        }
        let mut lines = (1..).zip(body.lines());
        let (_, first) = lines.next().ok_or(ManifestError::Checksum)?;
        let Format { format } = serde_json::from_str(first).map_err(|error| at(1, &error))?;
        if format != FORMAT {
            return Err(ManifestError::Format { format });
        }
        let first: First = serde_json::from_str(first).map_err(|error| at(1, &error))?;
        let files: Vec<Stored> = lines.map(|(number, text)| file(text).map_err(|reason| at(number, &reason))).collect::<Result<_, _>>()?;
        if files.len() != last.files {
            return Err(ManifestError::Checksum);
        }
        Ok(Self {
            ledger_id: LedgerId(bytes(&first.ledger_id).ok_or_else(|| at(1, "ledger_id is not 32 hex digits"))?),
            origin: first.origin,
            made_at: first.made_at.parse().map_err(|error| at(1, &error))?,
            head: Position {
                seq: Seq::new(first.head.seq),
                hash: bytes(&first.head.hash).ok_or_else(|| at(1, "the hash is not 64 hex digits"))?,
            },
            checkpoint: first.checkpoint,
            files,
        })
    }

    /// The file that lies at this path of a data directory.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&Stored> {
        self.files.iter().find(|file| file.path == path)
    }

    /// How many bytes its files have.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

fn line(value: &impl Serialize) -> String {
    // What is written here are texts and numbers, which always are JSON.
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

fn file(text: &str) -> Result<Stored, String> {
    let File { path, stored, bytes: length, sha256 } = serde_json::from_str(text).map_err(|error| error.to_string())?;
    for path in [&path, &stored] {
        // It may say where in a directory a file lies, and never outside it.
        if path.is_empty() || !Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(format!("{path:?} does not lie in a directory"));
        }
    }
    let sha256 = bytes(&sha256).ok_or("sha256 is not 64 hex digits")?;
    Ok(Stored { path, stored, bytes: length, sha256 })
}

fn bytes<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).ok().map(|()| bytes)
}

fn at(line: usize, reason: &(impl ToString + ?Sized)) -> ManifestError {
    ManifestError::Line { line, reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let file = |path: &str| Stored {
            path: path.into(),
            stored: format!("log/{path}"),
            bytes: 7,
            sha256: [path.len().try_into().unwrap(); 32],
        };
        Manifest {
            ledger_id: LedgerId([0xab; 16]),
            origin: "example.com/ledger".into(),
            made_at: Time::from_micros(1_772_323_200_000_000),
            head: Position { seq: Seq::new(12), hash: [0xcd; 32] },
            checkpoint: Some("a note\n".into()),
            files: vec![file("journal/1.journal"), file("keyring/a")],
        }
    }

    #[test]
    fn a_manifest_reads_as_it_was_written() {
        assert_eq!(Manifest::parse(&manifest().encode()), Ok(manifest()));
        assert_eq!(manifest().bytes(), 14);
        assert_eq!(manifest().file("keyring/a").map(|file| file.stored.as_str()), Some("log/keyring/a"));
    }

    #[test]
    fn one_byte_changed_anywhere_or_one_cut_off_is_found() {
        let text = manifest().encode();
        for place in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[place] ^= 1;
            let changed = String::from_utf8_lossy(&changed).into_owned();
            assert!(Manifest::parse(&changed).is_err(), "byte {place}");
            assert!(Manifest::parse(&text[..place]).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn another_version_and_a_path_out_of_the_directory_are_refused_by_name() {
        let resealed = |from: &str, to: &str| {
            let text = manifest().encode().replace(from, to);
            let body = &text[..=text.trim_end().rfind('\n').unwrap()];
            Manifest::parse(&format!("{body}{}", line(&Last { files: 2, sha256: hex::encode(Sha256::digest(body)) })))
        };
        assert_eq!(resealed("nothing", "else"), Ok(manifest()));
        assert_eq!(resealed("backup/v1", "backup/v2"), Err(ManifestError::Format { format: "consent-ledger/backup/v2".into() }));
        for bad in ["../keyring/a", "/etc/keyring", "keyring/../../a", ""] {
            let refused = resealed("\"keyring/a\"", &format!("{bad:?}")).unwrap_err().to_string();
            assert!(refused.starts_with("line 3 does not read") && refused.ends_with("does not lie in a directory"), "{refused}");
        }
    }
}
