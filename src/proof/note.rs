//! C2SP signed notes: a text, a blank line, and signature lines.
//!
//! ```text
//! example.com/ledger
//! 12
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — example.com/ledger Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+…
//! ```
//!
//! A key is pinned as a verifier key: `NAME+8 hex digits+base64(0x01 ‖ public key)`.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

/// Ed25519 over the note's text.
pub const ED25519: u8 = 1;

/// Ed25519 over the text and a time: a cosignature.
pub const COSIGNATURE: u8 = 4;

/// The longest note that is read, in bytes.
pub const NOTE_MAX_BYTES: usize = 64 * 1024;

/// The most signature lines of a note.
const SIGNATURES_MAX: usize = 64;

/// Names one key of one name and algorithm.
pub type KeyId = [u8; 4];

/// The id of a key: the first bytes of `SHA-256(name ‖ 0x0A ‖ algorithm ‖ public key)`.
#[must_use]
pub fn key_id(name: &str, algorithm: u8, public_key: &[u8; 32]) -> KeyId {
    let hash = Sha256::new().chain_update(name).chain_update([b'\n', algorithm]).chain_update(public_key).finalize();
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash);
    [a, b, c, d]
}

/// A key that signatures are held against, pinned by the verifier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifierKey {
    name: String,
    key: VerifyingKey,
}

impl VerifierKey {
    /// The key `public_key` under `name`.
    ///
    /// # Errors
    /// Where the name is none, or the bytes are no key.
    pub fn new(name: &str, public_key: &[u8; 32]) -> Result<Self, NoteError> {
        if !is_name(name) {
            return Err(NoteError::VerifierKey);
        }
        let key = VerifyingKey::from_bytes(public_key).map_err(|_| NoteError::VerifierKey)?;
        Ok(Self { name: name.to_owned(), key })
    }

    /// Its name: for a ledger its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its id among signatures of an algorithm.
    #[must_use]
    pub fn id(&self, algorithm: u8) -> KeyId {
        key_id(&self.name, algorithm, self.key.as_bytes())
    }

    /// The public key.
    #[must_use]
    pub fn public_key(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether `signature` is this key's over `message`.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let material = [[ED25519].as_slice(), self.key.as_bytes()].concat();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id(ED25519)), BASE64.encode(material))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(id), Some(material)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::VerifierKey);
        };
        let material = BASE64.decode(material).map_err(|_| NoteError::VerifierKey)?;
        let public_key = material.strip_prefix(&[ED25519]).and_then(|key| key.try_into().ok()).ok_or(NoteError::VerifierKey)?;
        let key = Self::new(name, public_key)?;
        if hex::encode(key.id(ED25519)) == id { Ok(key) } else { Err(NoteError::VerifierKey) }
    }
}

/// A signature line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoteSignature {
    /// Who signed.
    pub name: String,
    /// With which key.
    pub key_id: KeyId,
    /// The signature, as its algorithm has it.
    pub signature: Vec<u8>,
}

/// A text with signature lines. Reading one verifies nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// The text, ending with a line feed.
    pub text: String,
    /// The signature lines, in order.
    pub signatures: Vec<NoteSignature>,
}

impl Note {
    /// The signature lines of `key` under an algorithm.
    pub fn of<'a>(&'a self, key: &'a VerifierKey, algorithm: u8) -> impl Iterator<Item = &'a [u8]> {
        let id = key.id(algorithm);
        let of = move |line: &&NoteSignature| line.name == key.name && line.key_id == id;
        self.signatures.iter().filter(of).map(|line| line.signature.as_slice())
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for line in &self.signatures {
            let material = [line.key_id.as_slice(), &line.signature].concat();
            writeln!(f, "— {} {}", line.name, BASE64.encode(material))?;
        }
        Ok(())
    }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_MAX_BYTES || note.chars().any(|c| c.is_control() && c != '\n') {
            return Err(NoteError::Malformed);
        }
        let end = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
        let (text, lines) = note.split_at_checked(end + 1).ok_or(NoteError::Malformed)?;
        let lines = lines.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n')).ok_or(NoteError::Malformed)?;
        let signatures = lines.split('\n').map(signature_line).collect::<Option<Vec<_>>>().ok_or(NoteError::Malformed)?;
        if signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::Malformed);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }
}

fn signature_line(line: &str) -> Option<NoteSignature> {
    let (name, material) = line.strip_prefix("— ")?.split_once(' ')?;
    let material = BASE64.decode(material).ok()?;
    let (key_id, signature) = material.split_first_chunk::<4>()?;
    (is_name(name) && !signature.is_empty()).then(|| NoteSignature {
        name: name.to_owned(),
        key_id: *key_id,
        signature: signature.to_vec(),
    })
}

/// Signs a text under `name`.
#[must_use]
pub fn sign(key: &SigningKey, name: &str, text: &str) -> NoteSignature {
    let key_id = key_id(name, ED25519, key.verifying_key().as_bytes());
    NoteSignature { name: name.to_owned(), key_id, signature: key.sign(text.as_bytes()).to_bytes().to_vec() }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('+') && !name.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// Not a note, or not a key for one.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum NoteError {
    /// Not a signed note.
    #[error("not a signed note: a text, a blank line, and lines that begin with a dash, a name and a signature are expected")]
    Malformed,
    /// Not a verifier key.
    #[error("not a verifier key: NAME+8 hex digits+base64 is expected, as `keys public` prints it")]
    VerifierKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn verifier() -> VerifierKey {
        VerifierKey::new("example.com/ledger", key().verifying_key().as_bytes()).unwrap()
    }

    #[test]
    fn a_verifier_key_reads_back_and_a_changed_one_does_not() {
        let text = verifier().to_string();
        assert_eq!(text.parse::<VerifierKey>().unwrap(), verifier());
        assert_eq!(text.replace("example", "examples").parse::<VerifierKey>(), Err(NoteError::VerifierKey));
        assert_eq!("a b+00000000+AAAA".parse::<VerifierKey>(), Err(NoteError::VerifierKey));
        assert_eq!("".parse::<VerifierKey>(), Err(NoteError::VerifierKey));
    }

    #[test]
    fn a_note_reads_back_and_its_signature_covers_the_text() {
        let text = "one\n\ntwo\n";
        let note = Note { text: text.to_owned(), signatures: vec![sign(&key(), "example.com/ledger", text)] };
        let read: Note = note.to_string().parse().unwrap();
        assert_eq!(read, note);
        let pinned = verifier();
        let signature = read.of(&pinned, ED25519).next().unwrap();
        assert!(verifier().verifies(text.as_bytes(), signature));
        assert!(!verifier().verifies(b"one\n\ntwo", signature));
        assert_eq!(read.of(&verifier(), COSIGNATURE).count(), 0);
    }

    #[test]
    fn what_is_no_note_is_refused() {
        for text in
            ["", "a\n", "a\n\n", "a\n\n— b\n", "a\n\n— b AAAA\n", "a\n\n- b AAAAAAA=\n", "a\n\n— b AAAAAAA=", "a\r\n\n— b AAAAAAA=\n"]
        {
            assert_eq!(text.parse::<Note>(), Err(NoteError::Malformed), "{text:?}");
        }
        assert!("a\n\n— b AAAAAAA=\n".parse::<Note>().is_ok());
    }
}
