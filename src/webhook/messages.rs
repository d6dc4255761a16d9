//! `messages`: what a person wrote, pressed, sent or undid.
//!
//! ```text
//! {"from": "16505551234", "id": "wamid.HBg…", "timestamp": "1749416383", "type": "text", "text": {"body": "Stop"}}
//! ```

use super::change::{Change, Said};
use super::contact::FROM;
use super::json::{Object, object, text, timestamp, words};
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
    let content = Content::read(&kind, message)?;
    // A message in a group is no message to this sender alone.
    let in_group = text(message, "group_id").is_some() || text(message, "recipient_type").is_some_and(|to| to == "group");
    let what = What::Inbound {
        sender: change.sender()?.clone(),
        contact: change.contact(message, &FROM)?,
        kind: if in_group { InboundKind::Group } else { content.kind },
        text: short("the message's text", content.text)?,
        payload: short("the button's payload", content.payload)?,
        message_id: message_id(message)?,
    };
    Ok(vec![Said { occurred_at: timestamp(message)?, what }])
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

/// A kind, and the words in which a keyword may stand.
struct Content {
    kind: InboundKind,
    text: Option<String>,
    payload: Option<String>,
}

impl Content {
    const fn wordless(kind: InboundKind) -> Self {
        Self { kind, text: None, payload: None }
    }

    fn read(kind: &str, message: &Object) -> Result<Self, Unplaceable> {
        let captioned = |kind| Self { kind, text: object(message, kind.as_str()).and_then(|media| words(media, "caption")), payload: None };
        Ok(match kind {
            "text" => {
                let body = object(message, "text").and_then(|text| words(text, "body"));
                Self { kind: InboundKind::Text, text: Some(body.ok_or(Unplaceable::Missing { what: "text.body" })?), payload: None }
            }
            "image" => captioned(InboundKind::Image),
            "video" => captioned(InboundKind::Video),
            "document" => captioned(InboundKind::Document),
            "audio" | "voice" => Self::wordless(InboundKind::Audio),
            "sticker" => Self::wordless(InboundKind::Sticker),
            "location" => Self::wordless(InboundKind::Location),
            "contacts" => Self::wordless(InboundKind::Contacts),
            "order" => Self::wordless(InboundKind::Order),
            "button" => {
                let button = object(message, "button").ok_or(Unplaceable::Missing { what: "the button" })?;
                Self { kind: InboundKind::Button, text: words(button, "text"), payload: words(button, "payload") }
            }
            "interactive" => interactive(message)?,
            "reaction" => Self::wordless(InboundKind::Reaction),
            "unsupported" | "unknown" => Self::wordless(InboundKind::Unsupported),
            // An edit is an act of its own: what it now says was not said to us when the window counted.
            "edit" => Self::wordless(InboundKind::Edit),
            "revoke" => Self::wordless(InboundKind::Revoke),
            "request_welcome" => Self::wordless(InboundKind::Welcome),
            other => return Err(Unplaceable::word("message type", other)),
        })
    }
}

/// Replies to buttons, lists, flows and call requests. The platform sometimes leaves the object out.
fn interactive(message: &Object) -> Result<Content, Unplaceable> {
    let Some(reply) = object(message, "interactive") else { return Ok(Content::wordless(InboundKind::Interactive)) };
    let kind = text(reply, "type").ok_or(Unplaceable::Missing { what: "interactive.type" })?;
    match kind.as_str() {
        "button_reply" | "list_reply" => {
            let chosen = object(reply, &kind).ok_or(Unplaceable::Missing { what: "the interactive reply" })?;
            Ok(Content { kind: InboundKind::Interactive, text: words(chosen, "title"), payload: words(chosen, "id") })
        }
        "nfm_reply" => Ok(Content::wordless(InboundKind::Interactive)),
        "call_permission_reply" => Ok(Content::wordless(InboundKind::CallPermissionReply)),
        other => Err(Unplaceable::word("interactive type", other)),
    }
}
