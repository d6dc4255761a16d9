//! Checkpoints: a C2SP `tlog-checkpoint`, signed by the ledger, with a cosignature of the same key that tells when.
//!
//! ```text
//! example.com/ledger                                the origin
//! 12                                                how many entries
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=      the root over them
//!
//! — example.com/ledger Az3grlgtzPICa5OS8npVmf…      Ed25519 over the three lines
//! — example.com/ledger jWbPPwAAAABkGFDLEZMHwS…      8 bytes of time, Ed25519 over "cosignature/v1", the time and the lines
//! ```

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signer, SigningKey};

use super::merkle::Hash;
use super::note::{COSIGNATURE, ED25519, Note, NoteError, NoteSignature, VerifierKey, key_id, sign};

/// How many entries a ledger had, and the root over them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The name of the ledger, a schema-less URL.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// Signs it, and cosigns it with the time, in seconds since 1970.
    #[must_use]
    pub fn sign(&self, key: &SigningKey, seconds: u64) -> Note {
        let text = self.to_string();
        let key_id = key_id(&self.origin, COSIGNATURE, key.verifying_key().as_bytes());
        let signature = key.sign(cosigned(seconds, &text).as_bytes()).to_bytes();
        let signature = [seconds.to_be_bytes().as_slice(), &signature].concat();
        let cosignature = NoteSignature { name: self.origin.clone(), key_id, signature };
        Note { signatures: vec![sign(key, &self.origin, &text), cosignature], text }
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let malformed = || CheckpointError::Malformed;
        let mut lines = text.strip_suffix('\n').ok_or_else(malformed)?.split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next()) else {
            return Err(malformed());
        };
        let read = Self {
            origin: origin.to_owned(),
            size: size.parse().map_err(|_| malformed())?,
            root: BASE64.decode(root).ok().and_then(|root| root.try_into().ok()).ok_or_else(malformed)?,
        };
        // One spelling only: no leading zeros, no other base64.
        if read.to_string() == text && !origin.is_empty() { Ok(read) } else { Err(malformed()) }
    }
}

/// A checkpoint that was held against a pinned key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// When it was cosigned, in seconds since 1970.
    pub cosigned_at: u64,
}

/// Holds a signed checkpoint against the key that the verifier pinned, whose name is the origin.
///
/// # Errors
/// Where it is not one, is another ledger's, or a signature does not hold.
pub fn verify(note: &str, key: &VerifierKey) -> Result<Verified, CheckpointError> {
    let note: Note = note.parse()?;
    let checkpoint: Checkpoint = note.text.parse()?;
    if checkpoint.origin != key.name() {
        return Err(CheckpointError::OtherOrigin { origin: checkpoint.origin, pinned: key.name().to_owned() });
    }
    // Nobody signs for nothing.
    if checkpoint.size == 0 {
        return Err(CheckpointError::Malformed);
    }
    if note.of(key, ED25519).next().is_none() {
        return Err(CheckpointError::OtherKey);
    }
    if note.of(key, COSIGNATURE).next().is_none() {
        return Err(CheckpointError::NotCosigned);
    }
    if !note.of(key, ED25519).all(|signature| key.verifies(note.text.as_bytes(), signature)) {
        return Err(CheckpointError::Signature);
    }
    let cosignatures = note.of(key, COSIGNATURE).map(|line| {
        let (seconds, signature) = line.split_first_chunk::<8>()?;
        let seconds = u64::from_be_bytes(*seconds);
        key.verifies(cosigned(seconds, &note.text).as_bytes(), signature).then_some(seconds)
    });
    let times = cosignatures.collect::<Option<Vec<u64>>>().ok_or(CheckpointError::Signature)?;
    let cosigned_at = times.into_iter().max().ok_or(CheckpointError::NotCosigned)?;
    Ok(Verified { checkpoint, cosigned_at })
}

fn cosigned(seconds: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

/// Not a checkpoint of this ledger.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum CheckpointError {
    /// Not a signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not three lines.
    #[error("not a checkpoint: origin, size and root are expected, each on its line")]
    Malformed,
    /// Another ledger's.
    #[error("the checkpoint is of {origin:?}, the key is pinned for {pinned:?}")]
    OtherOrigin {
        /// Whose it is.
        origin: String,
        /// Whose it should be.
        pinned: String,
    },
    /// Signed with another key.
    #[error("the checkpoint is not signed with the pinned key")]
    OtherKey,
    /// The signature is wrong.
    #[error("a signature of the checkpoint does not hold")]
    Signature,
    /// No time.
    #[error("the checkpoint has no cosignature that tells when it was signed")]
    NotCosigned,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed() -> (String, VerifierKey) {
        let key = SigningKey::from_bytes(&[7; 32]);
        let checkpoint = Checkpoint { origin: "example.com/ledger".into(), size: 12, root: [9; 32] };
        let verifier = VerifierKey::new("example.com/ledger", key.verifying_key().as_bytes()).unwrap();
        (checkpoint.sign(&key, 1_772_323_200).to_string(), verifier)
    }

    #[test]
    fn a_signed_checkpoint_verifies_with_its_time() {
        let (note, key) = signed();
        let verified = verify(&note, &key).unwrap();
        assert_eq!((verified.checkpoint.size, verified.checkpoint.root, verified.cosigned_at), (12, [9; 32], 1_772_323_200));
    }

    #[test]
    fn a_changed_checkpoint_does_not() {
        let (note, key) = signed();
        assert_eq!(verify(&note.replace("\n12\n", "\n13\n"), &key), Err(CheckpointError::Signature));
        assert_eq!(verify(&note.replace("\n12\n", "\n012\n"), &key), Err(CheckpointError::Malformed));
        assert!(matches!(verify(&note.replacen("example", "examples", 1), &key), Err(CheckpointError::OtherOrigin { .. })));
        let other = VerifierKey::new("example.com/ledger", SigningKey::from_bytes(&[8; 32]).verifying_key().as_bytes()).unwrap();
        assert_eq!(verify(&note, &other), Err(CheckpointError::OtherKey));
        let lines: Vec<&str> = note.lines().collect();
        let alone = format!("{}\n", lines[..5].join("\n"));
        assert_eq!(verify(&alone, &key), Err(CheckpointError::NotCosigned));
    }
}
