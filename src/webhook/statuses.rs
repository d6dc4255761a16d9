//! `statuses`: what became of our own messages and calls.
//!
//! ```text
//! {"id": "wamid.HBg…", "status": "failed", "timestamp": "1689380458", "recipient_id": "972987654321", "errors": [{"code": 131047}]}
//! {"id": "wacid.HBg…", "type": "call", "status": "ACCEPTED", "timestamp": "1671644824", "recipient_id": "972987654321"}
//! ```

use super::change::{Change, Said};
use super::contact::RECIPIENT;
use super::json::{Object, many, text, timestamp};
use super::messages::{is_in_group, message_id};
use super::update::Unplaceable;
use crate::consent::event::{CODE_MARKETING_STOPPED, CODE_WINDOW_CLOSED};
use crate::consent::words::InboundKind;
use crate::ledger::writing::record::What;

/// The codes that change an answer.
const DECISIVE: [u32; 2] = [CODE_MARKETING_STOPPED, CODE_WINDOW_CLOSED];

/// What a status says: a receipt says nothing, whoever it is for.
pub(super) fn status(change: &Change<'_>, status: &Object) -> Result<Vec<Said>, Unplaceable> {
    // Whatever it is of and whatever its word, the platform says that the person stopped marketing, or that the window is closed.
    if codes(status).iter().any(|code| DECISIVE.contains(code)) {
        return failed(change, status);
    }
    let word = text(status, "status").ok_or(Unplaceable::Missing { what: "the status" })?;
    let of = text(status, "type").unwrap_or_else(|| if change.field == "calls" { "call".to_owned() } else { "message".to_owned() });
    match (of.as_str(), word.to_ascii_lowercase().as_str()) {
        ("call", "accepted") => call_accepted(change, status),
        // A payment's status is about money.
        ("call", "ringing" | "rejected" | "failed") | ("payment", _) => Ok(Vec::new()),
        ("message", "failed") => failed(change, status),
        ("message", "accepted" | "sent" | "delivered" | "read" | "played" | "deleted" | "warning" | "held_for_quality_assessment") => {
            Ok(Vec::new())
        }
        ("call", _) => Err(Unplaceable::word("call status", &word)),
        ("message", _) => Err(Unplaceable::word("message status", &word)),
        (other, _) => Err(Unplaceable::word("status type", other)),
    }
}

fn call_accepted(change: &Change<'_>, status: &Object) -> Result<Vec<Said>, Unplaceable> {
    if is_in_group(status) {
        return Ok(Vec::new());
    }
    if !change.shows_a_person(status, &RECIPIENT) {
        return Err(Unplaceable::NotTheirs);
    }
    let what = What::Inbound {
        contact: change.contact(status, &RECIPIENT)?,
        sender: change.sender()?.clone(),
        kind: InboundKind::CallAccepted,
        text: None,
        payload: None,
        message_id: message_id(status)?,
    };
    Ok(vec![Said { occurred_at: Some(timestamp(status)?), what }])
}

/// One fact per error code.
fn failed(change: &Change<'_>, status: &Object) -> Result<Vec<Said>, Unplaceable> {
    if is_in_group(status) {
        return Err(Unplaceable::GroupFailed);
    }
    let sender = change.sender()?;
    let contact = change.contact(status, &RECIPIENT)?;
    let codes = codes(status);
    let is_decisive = codes.iter().any(|code| DECISIVE.contains(code));
    let occurred_at = if is_decisive { change.refused_at(status) } else { Some(timestamp(status)?) };
    // An id that is too long takes no refusal with it.
    let message_id = message_id(status).or_else(|error| if is_decisive { Ok(None) } else { Err(error) })?;
    if codes.is_empty() {
        return Err(Unplaceable::NoErrorCode);
    }
    let said = |code| Said {
        occurred_at,
        what: What::SendFailed { contact: contact.clone(), sender: sender.clone(), code, message_id: message_id.clone() },
    };
    Ok(codes.into_iter().map(said).collect())
}

/// The error codes, each once.
fn codes(status: &Object) -> Vec<u32> {
    let errors = status.get("errors").and_then(many).unwrap_or_default();
    let mut codes: Vec<u32> = Vec::new();
    for code in errors.iter().filter_map(|error| code(error.as_object()?)) {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    codes
}

/// A code: digits, or a number, which some write with a fraction of zero.
fn code(error: &Object) -> Option<u32> {
    let given = text(error, "code").or_else(|| Some(error.get("code")?.as_f64()?.to_string()))?;
    given.parse().ok()
}
