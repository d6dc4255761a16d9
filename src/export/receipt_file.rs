//! The file of a receipt: one JSON object, with a copy of the signed answer that people can read.
//!
//! ```text
//! {"format": "consent-ledger/receipt/v1", "ledger_id": "0b1e…", "origin": "example.com/ledger", "account": 1, "trail": 2,
//!  "seq": 13, "entry_hash": "9c…", "receipt": "CiD…", "ledger_created": "Q0xF…", "inclusion": "c2sp.org/tlog-proof@v1\n…",
//!  "decision": {"sender": "1001", "category": "marketing", …, "permission": "TEMPLATE_ONLY", "reasons": ["OPTED_IN"], …}}
//! ```

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use prost::Message;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::json;
use super::receipt::{FORMAT, ReceiptError, from_message, verify};
use super::time;
use crate::consent::time::Time;
use crate::consent::words::{Category, Permission, Reason};
use crate::ledger::evidence::receipt::Receipt;
use crate::proof::checkpoint::Verified;
use crate::proof::note::VerifierKey;
use crate::proto::{self, DecisionReceiptIssued};

/// A receipt as a file holds it: with what it says for people, which nobody signed.
#[derive(Clone, PartialEq, Debug)]
pub struct ReceiptFile {
    /// The receipt.
    pub receipt: Receipt,
    stated: Stated,
}

impl ReceiptFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it is not one, or its signed bytes are not canonical.
    pub fn parse(text: &str) -> Result<Self, ReceiptError> {
        let unreadable = |why: String| ReceiptError::Unreadable { why };
        let stands: Value = json::value(text.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
        if let Some(format) = stands.get("format").and_then(Value::as_str)
            && format != FORMAT
        {
            return Err(ReceiptError::FormatUnknown { found: format.to_owned() });
        }
        let read: Document = serde_json::from_value(stands.clone()).map_err(|error| unreadable(error.to_string()))?;
        // What serde takes for the same and this format does not, as a list in the place of an object.
        if serde_json::to_value(&read).ok() != Some(stands) {
            return Err(unreadable("a member is of another type".to_owned()));
        }
        let base64 = |field: &str, text: &str| BASE64.decode(text).map_err(|_| unreadable(format!("{field}: not base64")));
        let message = proto::Receipt {
            ledger_id: hex_bytes("ledger_id", &read.ledger_id)?,
            origin: read.origin,
            account: read.account,
            trail: read.trail,
            seq: read.seq,
            entry_hash: hex_bytes("entry_hash", &read.entry_hash)?,
            receipt: base64("receipt", &read.receipt)?,
            ledger_created: base64("ledger_created", &read.ledger_created)?,
            inclusion: read.inclusion,
            signing_key_changed: base64("signing_key_changed", &read.signing_key_changed.unwrap_or_default())?,
            signing_key_inclusion: read.signing_key_inclusion.unwrap_or_default(),
        };
        Ok(Self { receipt: from_message(&message)?, stated: read.decision })
    }

    /// Holds the file against the pinned key, and what it says for people against what was signed.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn verify(&self, key: &VerifierKey) -> Result<Verified, ReceiptError> {
        let verified = verify(&self.receipt, key)?;
        self.says_what_was_signed()?;
        Ok(verified)
    }

    /// Holds what the file says for people against what was signed.
    ///
    /// # Errors
    /// The first member that says something else.
    pub fn says_what_was_signed(&self) -> Result<(), ReceiptError> {
        let issued = &self.receipt.issued;
        let (stated, signed) = (&self.stated, Stated::of(issued));
        let is_written = |micros: i64| time::is_written(Time::from_micros(micros));
        let members = [
            ("sender", stated.sender == signed.sender),
            ("category", stated.category == signed.category),
            ("opt_out_confirmation", stated.opt_out_confirmation == signed.opt_out_confirmation),
            ("template", stated.template == signed.template),
            ("at", stated.at == signed.at && is_written(issued.asked_at)),
            ("permission", stated.permission == signed.permission),
            ("reasons", stated.reasons == signed.reasons),
            ("allowed_template_categories", stated.allowed_template_categories == signed.allowed_template_categories),
            ("window_closes_at", stated.window_closes_at == signed.window_closes_at && is_written(issued.window_closes_at)),
            ("valid_until", stated.valid_until == signed.valid_until && is_written(issued.valid_until)),
            ("deciding_seqs", stated.deciding_seqs == signed.deciding_seqs),
            ("policy_version", stated.policy_version == signed.policy_version),
            ("position", stated.position == signed.position),
        ];
        members.into_iter().find(|(_, same)| !same).map_or(Ok(()), |(field, _)| Err(ReceiptError::StatedDiffers { field }))
    }
}

/// A receipt as the text of a file.
///
/// # Errors
/// Where JSON cannot be written.
pub fn write(receipt: &Receipt) -> Result<String, serde_json::Error> {
    let document = Document {
        format: FORMAT.to_owned(),
        ledger_id: receipt.ledger_id.to_string(),
        origin: receipt.origin.clone(),
        account: receipt.account,
        trail: receipt.trail,
        seq: receipt.seq.number(),
        entry_hash: receipt.entry_hash.to_string(),
        receipt: BASE64.encode(receipt.issued.encode_to_vec()),
        ledger_created: BASE64.encode(&receipt.ledger_created),
        inclusion: receipt.inclusion.clone(),
        signing_key_changed: receipt.key_changed.as_ref().map(|changed| BASE64.encode(&changed.entry)),
        signing_key_inclusion: receipt.key_changed.as_ref().map(|changed| changed.inclusion.clone()),
        decision: Stated::of(&receipt.issued),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// Whether a text is meant to be a receipt's file: it begins with a JSON object, which is not an export's first line.
#[must_use]
pub fn is_meant(text: &str) -> bool {
    let first = serde_json::Deserializer::from_str(text).into_iter::<Named>().next();
    let is_export = matches!(first, Some(Ok(Named { format })) if format.starts_with("consent-ledger/export/"));
    text.trim_start().starts_with('{') && !is_export
}

/// The one member that says which of the others there are.
#[derive(Deserialize)]
struct Named {
    format: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    ledger_id: String,
    origin: String,
    account: u64,
    trail: u64,
    seq: u64,
    entry_hash: String,
    receipt: String,
    ledger_created: String,
    inclusion: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signing_key_changed: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signing_key_inclusion: Option<String>,
    decision: Stated,
}

/// What was signed, for people.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
struct Stated {
    sender: String,
    #[serde(deserialize_with = "present")]
    category: Option<String>,
    opt_out_confirmation: bool,
    #[serde(deserialize_with = "present")]
    template: Option<StatedTemplate>,
    at: String,
    permission: String,
    reasons: Vec<String>,
    allowed_template_categories: Vec<String>,
    #[serde(deserialize_with = "present")]
    window_closes_at: Option<String>,
    #[serde(deserialize_with = "present")]
    valid_until: Option<String>,
    deciding_seqs: Vec<u64>,
    policy_version: u32,
    position: StatedPosition,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
struct StatedTemplate {
    name: String,
    language: String,
    parameters: u32,
}

#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
struct StatedPosition {
    seq: u64,
    hash: String,
}

impl Stated {
    fn of(issued: &DecisionReceiptIssued) -> Self {
        let category = |number: &i32| Category::from_number(*number).map(|word| word.to_string());
        let time = |micros: i64| (micros != 0).then(|| Time::from_micros(micros).to_string());
        Self {
            sender: issued.sender.clone(),
            category: category(&issued.category),
            opt_out_confirmation: issued.opt_out_confirmation,
            template: (!issued.template_name.is_empty()).then(|| StatedTemplate {
                name: issued.template_name.clone(),
                language: issued.template_language.clone(),
                parameters: issued.template_parameters,
            }),
            at: Time::from_micros(issued.asked_at).to_string(),
            permission: Permission::from_number(issued.permission).map(|word| word.to_string()).unwrap_or_default(),
            reasons: issued.reasons.iter().filter_map(|number| Reason::from_number(*number)).map(|word| word.to_string()).collect(),
            allowed_template_categories: issued.allowed_template_categories.iter().filter_map(category).collect(),
            window_closes_at: time(issued.window_closes_at),
            valid_until: time(issued.valid_until),
            deciding_seqs: issued.deciding_seqs.clone(),
            policy_version: issued.policy_version,
            position: StatedPosition { seq: issued.position_seq, hash: hex::encode(&issued.position_hash) },
        }
    }
}

/// A member that may be null and must be there.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// One spelling only: lower case.
fn hex_bytes(field: &str, text: &str) -> Result<Vec<u8>, ReceiptError> {
    let bytes = hex::decode(text).ok().filter(|bytes| hex::encode(bytes) == text);
    bytes.ok_or_else(|| ReceiptError::Unreadable { why: format!("{field}: not lower-case hex") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_told_from_what_else_a_ledger_hands_out() {
        for receipt in ["{}", "{", "\n{\"format\": \"consent-ledger/receipt/v2\"}", "{\"format\": 1}"] {
            assert!(is_meant(receipt), "{receipt}");
        }
        for other in ["", "c2sp.org/tlog-proof@v1\n", "{\"format\":\"consent-ledger/export/v1\",\"keys\":[]}\n{\"seq\":1}\n"] {
            assert!(!is_meant(other), "{other}");
        }
    }
}
