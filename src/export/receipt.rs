//! Receipts, held against nothing but a pinned key. The order of work is that of `docs/ledger-format.md`, "Decision receipts".
//!
//! ```text
//! pinned key ── checkpoint ── inclusion ── LedgerCreated ── receipt key ── signature ── question, answer, position
//! ```

use prost::Message;

use crate::consent::words::Seq;
use crate::ledger::bytes::entry::{Entry, EntryHash};
use crate::ledger::evidence::receipt::{KeyChanged, Receipt, ReceiptQuestion, is_answer, is_signed};
use crate::ledger::keys::secrets::LedgerId;
use crate::proof::checkpoint::{CheckpointError, Verified};
use crate::proof::note::VerifierKey;
use crate::proof::tlog_proof::{TlogProof, TlogProofError};
use crate::proto::clear_part::Fact;
use crate::proto::{self, DecisionReceiptIssued, LedgerCreated, SigningKeyUse};

/// What a receipt's file says it is.
pub const FORMAT: &str = "consent-ledger/receipt/v1";

/// Why a receipt does not hold.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum ReceiptError {
    /// Not a receipt.
    #[error("not a receipt: {why}")]
    Unreadable {
        /// What is wrong, and where.
        why: String,
    },
    /// Another format.
    #[error("the format is {found:?}, {} is expected", FORMAT)]
    FormatUnknown {
        /// What the file says.
        found: String,
    },
    /// The signed bytes are not written as they must be.
    #[error("the signed bytes are not canonical: {why}")]
    NotCanonical {
        /// What is wrong.
        why: &'static str,
    },
    /// It rests on what came after it.
    #[error("it was answered at entry {position} and recorded as entry {seq}, which is not after it")]
    OutOfOrder {
        /// Its position.
        position: u64,
        /// The entry that records it.
        seq: Seq,
    },
    /// Another ledger's.
    #[error("it is of {origin:?}, the key is pinned for {pinned:?}")]
    WrongOrigin {
        /// Whose it is.
        origin: String,
        /// Whose it should be.
        pinned: String,
    },
    /// What should be the ledger's first entry is not.
    #[error("ledger_created is not the first entry of a ledger: {why}")]
    NotLedgerCreated {
        /// What is wrong.
        why: String,
    },
    /// What should name the receipt key does not.
    #[error("signing_key_changed does not name the key of this receipt: {why}")]
    NotKeyChanged {
        /// What is wrong.
        why: String,
    },
    /// Not a checkpoint.
    #[error("inclusion: {0}")]
    CheckpointMalformed(CheckpointError),
    /// Not signed with the pinned key.
    #[error("inclusion: {0}")]
    WrongKey(CheckpointError),
    /// A signature of the checkpoint does not verify.
    #[error("inclusion: {0}")]
    BadSignature(CheckpointError),
    /// The first entry is not in the checkpoint.
    #[error("inclusion: the path does not lead from ledger_created to the checkpoint's root")]
    NotIncluded,
    /// The ledger that the first entry creates is another.
    #[error("ledger_created names another {field} than the receipt")]
    WrongLedger {
        /// Which of its fields.
        field: &'static str,
    },
    /// The signature is not the ledger's.
    #[error("receipt: the signature is not of the receipt key that the ledger named")]
    Invalid,
    /// What people read is not what was signed.
    #[error("decision.{field} is not what was signed")]
    StatedDiffers {
        /// Which member.
        field: &'static str,
    },
}

impl ReceiptError {
    /// Its name, as in `RECEIPT_INVALID`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "UNREADABLE",
            Self::FormatUnknown { .. } => "FORMAT_UNKNOWN",
            Self::NotCanonical { .. } => "NOT_CANONICAL",
            Self::OutOfOrder { .. } => "OUT_OF_ORDER",
            Self::WrongOrigin { .. } => "WRONG_ORIGIN",
            Self::NotLedgerCreated { .. } => "NOT_LEDGER_CREATED",
            Self::CheckpointMalformed(_) => "CHECKPOINT_MALFORMED",
            Self::WrongKey(_) => "WRONG_KEY",
            Self::BadSignature(_) => "BAD_SIGNATURE",
            Self::NotIncluded => "NOT_INCLUDED",
            Self::WrongLedger { .. } => "WRONG_LEDGER",
            Self::Invalid | Self::NotKeyChanged { .. } => "RECEIPT_INVALID",
            Self::StatedDiffers { .. } => "STATED_DIFFERS",
        }
    }
}

/// Holds a receipt against the pinned key; gives the checkpoint that it rests on.
///
/// # Errors
/// The first thing that does not hold.
pub fn verify(receipt: &Receipt, key: &VerifierKey) -> Result<Verified, ReceiptError> {
    if receipt.origin != key.name() {
        return Err(ReceiptError::WrongOrigin { origin: receipt.origin.clone(), pinned: key.name().to_owned() });
    }
    let created = ledger_created(&receipt.ledger_created).map_err(|why| ReceiptError::NotLedgerCreated { why })?;
    let unreadable = |why: String| ReceiptError::Unreadable { why: format!("inclusion: {why}") };
    let proof: TlogProof = receipt.inclusion.parse().map_err(|error: TlogProofError| unreadable(error.to_string()))?;
    if proof.index != 0 {
        return Err(unreadable(format!("it is about index {}, not about the first entry", proof.index)));
    }
    let hash = EntryHash::of(&receipt.ledger_created).bytes();
    let verified = proof.verify(&hash, key).map_err(of_proof)?;
    if created.ledger_id != receipt.ledger_id.0 {
        return Err(ReceiptError::WrongLedger { field: "ledger_id" });
    }
    if created.origin != receipt.origin {
        return Err(ReceiptError::WrongLedger { field: "origin" });
    }
    let named = match &receipt.key_changed {
        Some(changed) => receipt_key(changed, receipt.seq, key)?,
        None => created.receipt_public_key,
    };
    let receipt_key = <[u8; 32]>::try_from(named.as_slice()).map_err(|_| ReceiptError::Invalid)?;
    if is_signed(receipt, &receipt_key) { Ok(verified) } else { Err(ReceiptError::Invalid) }
}

/// The receipt key that an entry before the receipt names, once it is held against the pinned key.
fn receipt_key(changed: &KeyChanged, before: Seq, key: &VerifierKey) -> Result<Vec<u8>, ReceiptError> {
    let unreadable = |why: String| ReceiptError::Unreadable { why: format!("signing_key_inclusion: {why}") };
    let not_changed = |why: String| ReceiptError::NotKeyChanged { why };
    let (entry, rest) = Entry::split(&changed.entry).map_err(|error| not_changed(error.to_string()))?;
    let (seq, is_own) = (entry.header.seq, entry.header.link.trail == 0 && entry.header.account == 0);
    if !rest.is_empty() || !is_own || seq >= before {
        return Err(not_changed(format!("it is not one entry of the ledger's own trail before entry {before}")));
    }
    let named = match entry.clear().map_err(|error| not_changed(error.to_string()))?.fact {
        Some(Fact::SigningKeyChanged(changed)) if changed.r#use() == SigningKeyUse::Receipt => changed.public_key,
        _ => return Err(not_changed("it names no receipt key".to_owned())),
    };
    let proof: TlogProof = changed.inclusion.parse().map_err(|error: TlogProofError| unreadable(error.to_string()))?;
    if proof.index.checked_add(1) != Some(seq.number()) {
        return Err(unreadable(format!("it is about index {}, the entry stands at {seq}", proof.index)));
    }
    proof.verify(&EntryHash::of(&changed.entry).bytes(), key).map_err(of_proof)?;
    Ok(named)
}

/// Reads a receipt from a message.
///
/// # Errors
/// Where a part is not what it must be.
pub fn from_message(message: &proto::Receipt) -> Result<Receipt, ReceiptError> {
    let seq = Seq::new(message.seq);
    Ok(Receipt {
        ledger_id: LedgerId(array(&message.ledger_id, "ledger_id: 16 bytes are expected")?),
        origin: message.origin.clone(),
        account: message.account,
        trail: message.trail,
        seq,
        entry_hash: EntryHash::from_bytes(array(&message.entry_hash, "entry_hash: 32 bytes are expected")?),
        issued: issued(&message.receipt, seq)?,
        ledger_created: message.ledger_created.clone(),
        inclusion: message.inclusion.clone(),
        key_changed: match (message.signing_key_changed.is_empty(), message.signing_key_inclusion.is_empty()) {
            (true, true) => None,
            (false, false) => {
                Some(KeyChanged { entry: message.signing_key_changed.clone(), inclusion: message.signing_key_inclusion.clone() })
            }
            _ => {
                let why = "signing_key_changed and signing_key_inclusion: one of them stands alone".to_owned();
                return Err(ReceiptError::Unreadable { why });
            }
        },
    })
}

/// Writes a receipt as a message.
#[must_use]
pub fn message(receipt: &Receipt) -> proto::Receipt {
    proto::Receipt {
        ledger_id: receipt.ledger_id.0.to_vec(),
        origin: receipt.origin.clone(),
        account: receipt.account,
        trail: receipt.trail,
        seq: receipt.seq.number(),
        entry_hash: receipt.entry_hash.bytes().to_vec(),
        receipt: receipt.issued.encode_to_vec(),
        ledger_created: receipt.ledger_created.clone(),
        inclusion: receipt.inclusion.clone(),
        signing_key_changed: receipt.key_changed.as_ref().map(|changed| changed.entry.clone()).unwrap_or_default(),
        signing_key_inclusion: receipt.key_changed.as_ref().map(|changed| changed.inclusion.clone()).unwrap_or_default(),
    }
}

/// Reads the signed bytes of a receipt recorded as entry `seq`.
///
/// # Errors
/// Where they are not canonical, or no question with its answer.
pub(super) fn issued(bytes: &[u8], seq: Seq) -> Result<DecisionReceiptIssued, ReceiptError> {
    let wrong = |why| ReceiptError::NotCanonical { why };
    let issued = DecisionReceiptIssued::decode(bytes).map_err(|_| wrong("they do not decode"))?;
    if issued.encode_to_vec() != bytes {
        return Err(wrong("encoded again, they differ"));
    }
    if (issued.identifier_digest.len(), issued.position_hash.len(), issued.signature.len()) != (32, 32, 64) {
        return Err(wrong("a digest, a hash or the signature is not as long as it must be"));
    }
    if ReceiptQuestion::of(&issued).is_none() {
        return Err(wrong("they hold no question"));
    }
    if !is_answer(&issued) {
        return Err(wrong("they hold no answer"));
    }
    if issued.position_seq >= seq.number() {
        return Err(ReceiptError::OutOfOrder { position: issued.position_seq, seq });
    }
    Ok(issued)
}

/// The fact in a ledger's first entry.
fn ledger_created(bytes: &[u8]) -> Result<LedgerCreated, String> {
    let (entry, rest) = Entry::split(bytes).map_err(|error| error.to_string())?;
    if !rest.is_empty() {
        return Err("there are bytes behind the entry".to_owned());
    }
    if entry.header.seq != Seq::new(1) || entry.header.previous_hash != EntryHash::ZERO {
        return Err(format!("it stands at seq {}, or follows another", entry.header.seq));
    }
    match entry.clear().map_err(|error| error.to_string())?.fact {
        Some(Fact::LedgerCreated(created)) => Ok(created),
        _ => Err("it is of another kind".to_owned()),
    }
}

fn of_proof(error: TlogProofError) -> ReceiptError {
    match error {
        TlogProofError::Malformed => ReceiptError::Unreadable { why: format!("inclusion: {error}") },
        TlogProofError::NotIncluded { .. } => ReceiptError::NotIncluded,
        TlogProofError::Checkpoint(error) => match error {
            CheckpointError::Note(_) | CheckpointError::Malformed => ReceiptError::CheckpointMalformed(error),
            CheckpointError::OtherOrigin { origin, pinned } => ReceiptError::WrongOrigin { origin, pinned },
            CheckpointError::OtherKey | CheckpointError::NotCosigned => ReceiptError::WrongKey(error),
            CheckpointError::Signature => ReceiptError::BadSignature(error),
        },
    }
}

fn array<const N: usize>(bytes: &[u8], why: &str) -> Result<[u8; N], ReceiptError> {
    bytes.try_into().map_err(|_| ReceiptError::Unreadable { why: why.to_owned() })
}
