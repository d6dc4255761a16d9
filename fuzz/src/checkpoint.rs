//! Signed notes and checkpoints: as text, and signed here for whatever the bytes say.

use std::sync::LazyLock;

use consent_ledger::proof::checkpoint::{Checkpoint, Verified, verify};
use consent_ledger::proof::note::{Note, VerifierKey};
use ed25519_dalek::SigningKey;

use super::number;

const NAME: &str = "example.com/ledger";

struct Signer {
    key: SigningKey,
    pinned: VerifierKey,
}

/// A key that everybody knows.
static SIGNER: LazyLock<Signer> = LazyLock::new(|| {
    let key = SigningKey::from_bytes(&[7; 32]);
    let Ok(pinned) = VerifierKey::new(NAME, key.verifying_key().as_bytes()) else { panic!("the name is one") };
    Signer { key, pinned }
});

/// What reads has one spelling; what was signed verifies and says what was signed; what was changed since does not, or says the same.
/// Whatever we verify, another implementation of signed notes verifies.
pub fn check(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        spelled(text);
    }
    let (size, rest) = number(bytes);
    let (seconds, rest) = number(rest);
    let (root, changes) = rest.split_first_chunk::<32>().map_or(([0; 32], &[][..]), |(root, rest)| (*root, rest));
    let checkpoint = Checkpoint { origin: NAME.to_owned(), size: size.max(1), root };
    let note = checkpoint.sign(&SIGNER.key, seconds).to_string();
    let signed = Verified { checkpoint, cosigned_at: seconds };
    assert_eq!(verify(&note, &SIGNER.pinned).as_ref(), Ok(&signed));
    agrees(&note);
    let [edited] = super::edits::edited([note.as_bytes()], changes);
    let Ok(other) = String::from_utf8(edited) else { return };
    if let Ok(verified) = verify(&other, &SIGNER.pinned) {
        assert_eq!(verified, signed, "{other:?} was never signed");
        agrees(&other);
    }
}

fn spelled(text: &str) {
    if let Ok(note) = text.parse::<Note>() {
        assert_eq!(note.to_string(), text);
        if let Ok(checkpoint) = note.text.parse::<Checkpoint>() {
            assert_eq!(checkpoint.to_string(), note.text);
        }
    }
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string().parse().as_ref(), Ok(&key));
    }
    assert!(verify(text, &SIGNER.pinned).is_err() || text.contains(NAME));
}

fn agrees(note: &str) {
    let Ok(reader) = signed_note::StandardVerifier::new(&SIGNER.pinned.to_string()) else { panic!("another reader takes our keys") };
    let known = signed_note::VerifierList::new(vec![Box::new(reader)]);
    let Ok(read) = signed_note::Note::from_bytes(note.as_bytes()) else { panic!("another reader does not read {note:?}") };
    assert!(read.verify(&known).is_ok(), "another reader does not verify {note:?}");
}
