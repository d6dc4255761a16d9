//! Decision receipts: question and answer as they are stored, and the bytes that are digested and signed.
//! Specified in `docs/ledger-format.md`, "Decision receipts".
//!
//! ```text
//! question, answer ── DecisionReceiptIssued ── signature ── entry ── handed out, with what shows whose key it is
//! ```

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use prost::Message;

use crate::consent::decide::{Asked, Decision};
use crate::consent::identifier::Identifier;
use crate::consent::template::{TemplateAsked, TemplateKey};
use crate::consent::time::Time;
use crate::consent::words::{Category, Permission, Reason, Sender, Seq};
use crate::ledger::bytes::entry::EntryHash;
use crate::ledger::bytes::seal::Key;
use crate::ledger::keys::keyed::Keyed;
use crate::ledger::keys::secrets::{LedgerId, Secrets};
use crate::ledger::memory::fold::{categories, category_numbers};
use crate::ledger::reading::answer::{Answer, Question};
use crate::proto::DecisionReceiptIssued;

/// What every digest and every signature begins with.
const CONTEXT: &[u8] = b"consent-ledger/v1 receipt";

/// A signed answer as it is handed out.
#[derive(Clone, PartialEq, Debug)]
pub struct Receipt {
    /// Whose it is.
    pub ledger_id: LedgerId,
    /// The name under which that ledger publishes.
    pub origin: String,
    /// The account, by trail number.
    pub account: u64,
    /// The trail of the entry.
    pub trail: u64,
    /// The entry that records it.
    pub seq: Seq,
    /// That entry's hash.
    pub entry_hash: EntryHash,
    /// Question, answer and signature.
    pub issued: DecisionReceiptIssued,
    /// The stored bytes of entry 1.
    pub ledger_created: Vec<u8>,
    /// A C2SP `tlog-proof` of entry 1.
    pub inclusion: String,
    /// What names the receipt key, where that is not entry 1.
    pub key_changed: Option<KeyChanged>,
}

/// The entry that names a receipt key after the first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyChanged {
    /// Its stored bytes.
    pub entry: Vec<u8>,
    /// A C2SP `tlog-proof` of it.
    pub inclusion: String,
}

/// What a receipt's answer was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiptQuestion {
    /// The sender.
    pub sender: Sender,
    /// What it wanted to do.
    pub asked: Asked,
    /// The template it named.
    pub template: Option<TemplateAsked>,
    /// The instant.
    pub at: Time,
}

impl ReceiptQuestion {
    /// The question in a stored fact; none where it is not one.
    #[must_use]
    pub fn of(issued: &DecisionReceiptIssued) -> Option<Self> {
        let asked = match (issued.opt_out_confirmation, issued.category) {
            (true, 0) => Asked::OptOutConfirmation,
            (true, _) => return None,
            (false, 0) => Asked::Anything,
            (false, number) => Asked::For(Category::from_number(number)?),
        };
        let parameters = issued.template_parameters;
        let template = match (issued.template_name.as_str(), issued.template_language.as_str()) {
            ("", "") if parameters == 0 => None,
            _ if issued.opt_out_confirmation => return None,
            (name, language) => Some(TemplateAsked { key: TemplateKey::new(name, language).ok()?, parameters }),
        };
        Some(Self { sender: issued.sender.parse().ok()?, asked, template, at: Time::from_micros(issued.asked_at) })
    }
}

/// Whether the answer in a stored fact is written as one is: known words, lists in order.
#[must_use]
pub fn is_answer(issued: &DecisionReceiptIssued) -> bool {
    let known =
        Permission::from_number(issued.permission).is_some() && issued.reasons.iter().all(|number| Reason::from_number(*number).is_some());
    let allowed = &issued.allowed_template_categories;
    known && category_numbers(categories(allowed)) == *allowed && issued.deciding_seqs.is_sorted_by(|a, b| a < b)
}

/// Question and answer as they are stored, but for digest and signature.
#[must_use]
pub fn store(question: &Question, answer: &Answer) -> DecisionReceiptIssued {
    let (category, opt_out_confirmation) = match question.asked {
        Asked::Anything => (0, false),
        Asked::For(category) => (category.number().into(), false),
        Asked::OptOutConfirmation => (0, true),
    };
    let template = question.template.as_ref();
    let mut issued = DecisionReceiptIssued {
        sender: question.sender.to_string(),
        category,
        opt_out_confirmation,
        template_name: template.map(|template| template.key.name().to_owned()).unwrap_or_default(),
        template_language: template.map(|template| template.key.language().to_owned()).unwrap_or_default(),
        template_parameters: template.map(|template| template.parameters).unwrap_or_default(),
        asked_at: answer.at.micros(),
        position_seq: answer.position.seq.number(),
        position_hash: answer.position.hash.to_vec(),
        ..DecisionReceiptIssued::default()
    };
    store_answer(&mut issued, &answer.decision, answer.policy_version);
    issued
}

/// Puts an answer in the place of the one that is there.
pub fn store_answer(issued: &mut DecisionReceiptIssued, decision: &Decision, policy_version: u32) {
    issued.permission = decision.permission.number().into();
    issued.reasons = decision.reasons.iter().map(|reason| reason.number().into()).collect();
    issued.allowed_template_categories = category_numbers(decision.allowed);
    issued.window_closes_at = decision.window_closes_at.map(Time::micros).unwrap_or_default();
    issued.valid_until = decision.valid_until.map(Time::micros).unwrap_or_default();
    issued.deciding_seqs = decision.deciding_seqs.iter().map(|seq| seq.number()).collect();
    issued.policy_version = policy_version;
}

/// The fields in which a stored answer is not this one, by name.
#[must_use]
pub fn differences(issued: &DecisionReceiptIssued, decision: &Decision, policy_version: u32) -> Vec<&'static str> {
    let mut other = issued.clone();
    store_answer(&mut other, decision, policy_version);
    [
        ("permission", issued.permission != other.permission),
        ("reasons", issued.reasons != other.reasons),
        ("deciding_seqs", issued.deciding_seqs != other.deciding_seqs),
        ("policy_version", issued.policy_version != other.policy_version),
        ("valid_until", issued.valid_until != other.valid_until),
        ("allowed_template_categories", issued.allowed_template_categories != other.allowed_template_categories),
        ("window_closes_at", issued.window_closes_at != other.window_closes_at),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}

/// ```text
/// HMAC-SHA-256(key, "consent-ledger/v1 receipt" ‖ account (8) ‖ kind (1) ‖ canonical text)
/// ```
#[must_use]
pub fn identifier_digest(key: &Key, account: u64, identifier: &Identifier) -> [u8; 32] {
    Keyed::new(key).digest(&[CONTEXT, &account.to_be_bytes(), &[identifier.kind()], identifier.as_str().as_bytes()])
}

/// ```text
/// "consent-ledger/v1 receipt\n" ‖ ledger_id (16) ‖ account (8) ‖ trail (8) ‖ DecisionReceiptIssued without signature
/// ```
#[must_use]
pub fn signed_bytes(ledger_id: LedgerId, account: u64, trail: u64, issued: &DecisionReceiptIssued) -> Vec<u8> {
    let unsigned = DecisionReceiptIssued { signature: Vec::new(), ..issued.clone() };
    [CONTEXT, b"\n", &ledger_id.0, &account.to_be_bytes(), &trail.to_be_bytes(), &unsigned.encode_to_vec()].concat()
}

/// Whether the receipt's signature is of this key, 32 bytes.
#[must_use]
pub fn is_signed(receipt: &Receipt, key: &[u8; 32]) -> bool {
    is_signed_as(receipt.ledger_id, (receipt.account, receipt.trail), &receipt.issued, key)
}

/// Whether the key signed what is stored in an account and trail of a ledger.
#[must_use]
pub fn is_signed_as(ledger_id: LedgerId, (account, trail): (u64, u64), issued: &DecisionReceiptIssued, key: &[u8; 32]) -> bool {
    let signed = signed_bytes(ledger_id, account, trail, issued);
    let signature = Signature::from_slice(&issued.signature);
    signature.ok().zip(VerifyingKey::from_bytes(key).ok()).is_some_and(|(signature, key)| key.verify_strict(&signed, &signature).is_ok())
}

/// Digests for its trail whom the entry is about, where it names somebody, and signs.
pub fn sign(issued: &mut DecisionReceiptIssued, secrets: &Secrets, (account, trail): (u64, u64), key: &Key, contact: Option<&String>) {
    if let Some(identifier) = contact.and_then(|text| text.parse::<Identifier>().ok()) {
        issued.identifier_digest = identifier_digest(key, account, &identifier).to_vec();
    }
    let signing: SigningKey = secrets.receipt_key();
    let signed = signed_bytes(secrets.ledger_id(), account, trail, issued);
    issued.signature = signing.sign(&signed).to_bytes().to_vec();
}
