//! The name of an item's fact in the ledger: equal for a redelivery, different for whatever says something else.
//!
//! ```text
//! "wa:" ‖ hex(SHA-256(canonical JSON of
//!   {"at": µs since 1970, "contact": [identifier, …], "index": n, "list": "messages",
//!    "says": the item without its timestamp, "sender": phone_number_id}))
//! ```
//!
//! What is about an account, a sender or a template has no list and no person:
//!
//! ```text
//! "wa:" ‖ hex(SHA-256(canonical JSON of
//!   {"at": µs since 1970, "entry": the provider's account, "field": "account_update", "says": the change's value}))
//! ```
//!
//! The provider's message id alone will not do: two different messages have come under one id. What wraps an item (its
//! entry, its field, a contact's profile name) is not part of it, neither is the order of keys, nor whether the time came
//! as a string or as an integer.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::json::{Object, canonical};
use crate::consent::identifier::Identifier;
use crate::consent::time::Time;
use crate::consent::words::Sender;
use crate::ledger::writing::event_id::EventId;
use crate::ledger::writing::record::What;

/// The event id of the `index`-th thing that `item` of the list `list` says.
pub(super) fn event_id(
    sender: &Sender,
    list: &str,
    item: &Object,
    index: usize,
    occurred_at: Option<Time>,
    what: &What,
) -> Option<EventId> {
    let mut says = item.clone();
    says.remove("timestamp");
    let contact: Vec<&str> = identifiers(what).into_iter().map(Identifier::as_str).collect();
    let content = json!({
        "at": occurred_at.map(Time::micros), "contact": contact, "index": index, "list": list, "says": Value::Object(says), "sender": sender.as_str(),
    });
    digest(&content)
}

/// The event id of what `value`, of a change of `field`, says of an account.
pub(super) fn account_event_id(entry: &str, field: &str, value: &Object, occurred_at: Time) -> Option<EventId> {
    digest(&json!({ "at": occurred_at.micros(), "entry": entry, "field": field, "says": Value::Object(value.clone()) }))
}

fn digest(content: &Value) -> Option<EventId> {
    format!("wa:{}", hex::encode(Sha256::digest(canonical(content)))).parse().ok()
}

fn identifiers(what: &What) -> Vec<&Identifier> {
    match what {
        What::Inbound { contact, .. }
        | What::Preference { contact, .. }
        | What::SendFailed { contact, .. }
        | What::ResolvePossibleOptOut { contact, .. }
        | What::IdentityKeyChange { contact, .. } => contact.iter().collect(),
        What::OptIn { contact, .. }
        | What::OptOut { contact, .. }
        | What::ConfirmationSent { contact, .. }
        | What::IssueReceipt { contact, .. }
        | What::Erase { contact, .. } => vec![contact],
        What::Erasure(step) => step.contact().into_iter().collect(),
        What::Link { a, b } => vec![a, b],
        What::Move { from, to, .. } => vec![from, to],
        What::AdoptPolicy { .. }
        | What::ReadData(_)
        | What::CreateAccount
        | What::DeclareSender { .. }
        | What::ReportQuality { .. }
        | What::Restrict { .. }
        | What::Lift { .. }
        | What::RegisterTemplate { .. }
        | What::ChangeTemplate { .. } => Vec::new(),
    }
}
