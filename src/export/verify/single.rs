//! Files of one piece: checkpoints, proofs, receipts; and what an older checkpoint says about any file.

use super::first::of_checkpoint;
use super::problem::{Code, Problem, require};
use super::shown::Shown;
use super::{About, Against, Report, VerifyError};
use crate::export::json;
use crate::export::receipt::ReceiptError;
use crate::export::receipt_file::ReceiptFile;
use crate::proof::checkpoint::{self, Checkpoint, Verified};
use crate::proof::consistency::ConsistencyProof;
use crate::proof::merkle::{Hash, is_consistent, root_of_inclusion};
use crate::proof::note::VerifierKey;
use crate::proof::tlog_proof::TlogProof;
use crate::proto::SigningKeyUse;
use crate::proto::clear_part::Fact;

/// The kind of an entry that names a signing key.
const SIGNING_KEY_CHANGED: u16 = 17;

/// What receipts' formats begin with.
const RECEIPT_FORMATS: &str = "consent-ledger/receipt/";

/// Whether a file that begins with this line is an export, or a broken one: JSON on one line, and no receipt's.
pub(super) fn is_export(first: &[u8]) -> bool {
    if !first.starts_with(b"{") || first.trim_ascii() == b"{" {
        return false;
    }
    let named = json::value(first).ok().and_then(|value| Some(value.get("format")?.as_str()?.starts_with(RECEIPT_FORMATS)));
    named != Some(true)
}

/// Verifies a file of one piece.
pub(super) fn verify(file: &[u8], key: &VerifierKey, against: &Against<'_>) -> Result<Report, VerifyError> {
    let text = std::str::from_utf8(file).map_err(|_| Problem::new(Code::CheckpointMalformed, "this is no text"));
    if file.trim_ascii_start().starts_with(b"{") {
        return receipt(text.map_err(|_| Problem::new(Code::Unreadable, "this is no text"))?, key, against);
    }
    let text = text?;
    let verified = match text.lines().next() {
        Some("c2sp.org/tlog-proof@v1") => return inclusion(text, key, against),
        Some("consent-ledger/consistency-proof@v1") => return consistency(text, key, against),
        _ => held(text, key)?,
    };
    report(Vec::new(), verified, key, against)
}

fn report(mut holds: Vec<String>, verified: Verified, key: &VerifierKey, against: &Against<'_>) -> Result<Report, VerifyError> {
    holds.extend(follows(&verified.checkpoint, key, against, None)?);
    Ok(Report { holds, verified, receipt: None })
}

fn held(note: &str, key: &VerifierKey) -> Result<Verified, Problem> {
    checkpoint::verify(note, key).map_err(|error| of_checkpoint(&error))
}

fn inclusion(text: &str, key: &VerifierKey, against: &Against<'_>) -> Result<Report, VerifyError> {
    let proof: TlogProof = text.parse().map_err(|error| Problem::new(Code::Unreadable, format!("{error}")))?;
    let verified = held(&proof.checkpoint, key)?;
    let seq = proof.index.saturating_add(1);
    let mut entry = None;
    let hash = match against.entry {
        Some(About::Hash(hash)) => hash,
        Some(About::Bytes(bytes)) => {
            let shown = Shown::read(bytes.to_vec())?;
            let said = shown.header.seq.number();
            require(said == seq, Code::NotIncluded, || format!("the entry says that it stands at {said}, the proof is of {seq}"))?;
            entry.insert(shown).hash
        }
        None => {
            let words = "a proof of inclusion is about an entry: its bytes or its hash must stand beside it";
            return Err(VerifyError::CannotTell(Problem::new(Code::EntryNeeded, words)));
        }
    };
    let root = root_of_inclusion(&hash, proof.index, verified.checkpoint.size, &proof.path);
    let leads = root == Some(verified.checkpoint.root);
    require(leads, Code::NotIncluded, || format!("the path does not lead from this entry, as entry {seq}, to the checkpoint's root"))?;
    let mut holds = vec![format!("entry {seq} is included")];
    if let Some(mut shown) = entry {
        holds.extend(names_key(&mut shown, key)?);
    }
    report(holds, verified, key, against)
}

/// The key that an entry puts in the place of the pinned one, or of the receipt key.
fn names_key(shown: &mut Shown, key: &VerifierKey) -> Result<Option<String>, Problem> {
    let (seq, is_own) = (shown.header.seq, shown.header.link.trail == 0);
    if !is_own || shown.header.kind != SIGNING_KEY_CHANGED {
        return Ok(None);
    }
    shown.interpret()?;
    let Some(Fact::SigningKeyChanged(changed)) = shown.fact() else { return Ok(None) };
    let Ok(named) = <[u8; 32]>::try_from(changed.public_key.as_slice()) else { return Ok(None) };
    Ok(match changed.r#use() {
        SigningKeyUse::Checkpoint => {
            let named = VerifierKey::new(key.name(), &named).ok();
            named.map(|named| format!("from entry {seq} on the ledger's checkpoint key is {named}"))
        }
        SigningKeyUse::Receipt => Some(format!("from entry {seq} on the ledger's receipt key is {}", hex::encode(named))),
        SigningKeyUse::Unspecified => None,
    })
}

fn consistency(text: &str, key: &VerifierKey, against: &Against<'_>) -> Result<Report, VerifyError> {
    let proof: ConsistencyProof = text.parse().map_err(|error| Problem::new(Code::Unreadable, format!("{error}")))?;
    let verified = held(&proof.checkpoint, key)?;
    if against.older.is_none() {
        let words = "a proof of consistency starts from an older checkpoint, kept from then, which must stand beside it";
        return Err(VerifyError::CannotTell(Problem::new(Code::OlderUnproven, words)));
    }
    report(Vec::new(), verified, key, &Against { consistency: Some(text), ..*against })
}

fn receipt(text: &str, key: &VerifierKey, against: &Against<'_>) -> Result<Report, VerifyError> {
    let read = ReceiptFile::parse(text).and_then(|file| file.verify(key).map(|verified| (file, verified)));
    let (file, verified) = read.map_err(|error| of_receipt(&error))?;
    let report = report(Vec::new(), verified, key, against)?;
    Ok(Report { receipt: Some(Box::new(file)), ..report })
}

fn of_receipt(error: &ReceiptError) -> Problem {
    let code = match error {
        ReceiptError::Unreadable { .. } => Code::Unreadable,
        ReceiptError::FormatUnknown { .. } => Code::FormatUnknown,
        ReceiptError::NotCanonical { .. } => Code::NotCanonical,
        ReceiptError::OutOfOrder { .. } => Code::OutOfOrder,
        ReceiptError::WrongOrigin { .. } => Code::WrongOrigin,
        ReceiptError::NotLedgerCreated { .. } => Code::NotLedgerCreated,
        ReceiptError::CheckpointMalformed(_) => Code::CheckpointMalformed,
        ReceiptError::WrongKey(_) => Code::WrongKey,
        ReceiptError::BadSignature(_) => Code::BadSignature,
        ReceiptError::NotIncluded => Code::NotIncluded,
        ReceiptError::WrongLedger { .. } => Code::WrongLedger,
        ReceiptError::Invalid | ReceiptError::NotKeyChanged { .. } => Code::ReceiptInvalid,
        ReceiptError::StatedDiffers { .. } => Code::StatedDiffers,
    };
    Problem::new(code, error.to_string())
}

/// Holds a checkpoint against the older one, where there is one: by the root that an export shows at its size, or by the proof
/// beside the file.
pub(super) fn follows(
    newer: &Checkpoint,
    key: &VerifierKey,
    against: &Against<'_>,
    shown: Option<Hash>,
) -> Result<Option<String>, VerifyError> {
    let Some(older) = against.older else { return Ok(None) };
    let (old, size) = (older.size, newer.size);
    let stale = || format!("the older checkpoint covers {old} entries, this one {size}: it is stale, or the log was put back");
    require(old <= size, Code::OlderIsNewer, stale)?;
    let rewritten = || format!("the first {old} entries are not those of the older checkpoint: the log was rewritten");
    if let Some(root) = shown.or_else(|| (old == size).then_some(newer.root)) {
        require(root == older.root, Code::OlderContradicted, rewritten)?;
    } else {
        let path = path_between(old, newer, key, against.consistency)?;
        require(is_consistent(old, &older.root, size, &newer.root, &path), Code::OlderContradicted, rewritten)?;
    }
    Ok(Some(format!("the log only grew since the older checkpoint over {old} entries")))
}

/// The path of the proof beside the file.
fn path_between(old: u64, newer: &Checkpoint, key: &VerifierKey, proof: Option<&str>) -> Result<Vec<Hash>, VerifyError> {
    let unproven = || {
        let words = format!("a proof of consistency from {old} to {} entries is needed beside the file", newer.size);
        VerifyError::CannotTell(Problem::new(Code::OlderUnproven, words))
    };
    let proof: ConsistencyProof = proof.ok_or_else(unproven)?.parse().map_err(|_| unproven())?;
    let led_to = held(&proof.checkpoint, key).map_err(VerifyError::CannotTell)?.checkpoint;
    if proof.old == old && led_to.size == newer.size { Ok(proof.path) } else { Err(unproven()) }
}
