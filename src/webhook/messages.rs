//! `messages`: what a person wrote, pressed, sent or undid.
//!
//! ```text
//! {"from": "16505551234", "id": "wamid.HBg…", "timestamp": "1749416383", "type": "text", "text": {"body": "Stop"}}
//! ```

use super::change::{Change, Said};
use super::contact::FROM;
use super::content::Content;
use super::json::{Object, text, timestamp};
use super::system::system;
use super::update::Unplaceable;
use crate::consent::words::InboundKind;
use crate::ledger::writing::record::{TEXT_MAX_BYTES, What};

/// The longest message id, in bytes; real ones have about 60.
const MESSAGE_ID_MAX_BYTES: usize = 512;

/// What a message says.
pub(super) fn message(change: &Change<'_>, message: &Object) -> Result<Vec<Said>, Unplaceable> {
    let kind = text(message, "type").ok_or(Unplaceable::Missing { what: "the message's type" })?;
    if kind == "system" {
        return system(change, message);
    }
    if change.is_echo(message) {
        return Ok(Vec::new());
    }
    let content = match Content::read(&kind, message)? {
        content if is_in_group(message) => content.of(InboundKind::Group),
        // Who is not named may have said STOP, and opens nothing.
        content if !change.shows_a_person(message, &FROM) => content.of(InboundKind::Unsupported),
        content => content,
    };
    Ok(vec![Said { occurred_at: Some(timestamp(message)?), what: inbound(change, message, content)? }])
}

/// Whether it was written in a group: no message to this sender alone.
pub(super) fn is_in_group(message: &Object) -> bool {
    text(message, "group_id").is_some() || text(message, "recipient_type").is_some_and(|to| to == "group")
}

/// That a message came in.
pub(super) fn inbound(change: &Change<'_>, message: &Object, content: Content) -> Result<What, Unplaceable> {
    Ok(What::Inbound {
        sender: change.sender()?.clone(),
        contact: change.contact(message, &FROM)?,
        kind: content.kind,
        text: short("the message's text", content.text)?,
        payload: short("the button's payload", content.payload)?,
        message_id: message_id(message)?,
    })
}

/// The provider's id of a message, call or status.
pub(super) fn message_id(item: &Object) -> Result<Option<String>, Unplaceable> {
    let id = text(item, "id");
    match id {
        Some(id) if id.len() > MESSAGE_ID_MAX_BYTES => Err(Unplaceable::TooLong { what: "the message's id", limit: MESSAGE_ID_MAX_BYTES }),
        id => Ok(id),
    }
}

fn short(what: &'static str, text: Option<String>) -> Result<Option<String>, Unplaceable> {
    match text {
        Some(text) if text.len() > TEXT_MAX_BYTES => Err(Unplaceable::TooLong { what, limit: TEXT_MAX_BYTES }),
        text => Ok(text),
    }
}
