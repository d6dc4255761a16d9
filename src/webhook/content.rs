//! What is in a message: its kind, and the words of the person in which a keyword may stand (rule 6).
//!
//! ```text
//! {"type": "text", "text": {"body": "Stop"}}                                                    text    "Stop"
//! {"type": "image", "image": {"id": "…", "caption": "Stop"}}                                    image   "Stop"
//! {"type": "button", "button": {"text": "No more", "payload": "STOP"}}                          button  "No more", payload "STOP"
//! {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": "{\"why\": \"Stop\"}"}}}   interactive "Stop"
//! {"type": "edit", "edit": {"message": {"type": "text", "text": {"body": "Stop"}}}}             edit    "Stop"
//! ```
//!
//! Words of the business are not read: what an advertisement says, what is answered to, a product's name.

use serde_json::Value;

use super::json::{Object, object, text, words};
use super::lenient;
use super::update::Unplaceable;
use crate::consent::words::InboundKind;

/// How deep words are looked for where the shape is not known.
const DEEPEST: usize = 8;

/// A kind, and the words in which a keyword may stand.
pub(super) struct Content {
    /// What came in.
    pub kind: InboundKind,
    /// The person's words; several answers stand in lines of their own.
    pub text: Option<String>,
    /// What stands behind a button.
    pub payload: Option<String>,
}

impl Content {
    /// What a message of type `kind` holds.
    pub(super) fn read(kind: &str, message: &Object) -> Result<Self, Unplaceable> {
        let there = |own: &str| {
            if message.get(own).is_some_and(|own| own.is_object() || own.is_array()) {
                Ok(())
            } else {
                Err(Unplaceable::Missing { what: "what is of the message's type" })
            }
        };
        let captioned = |of: InboundKind| {
            there(kind)?;
            Ok(Self { text: object(message, kind).and_then(|media| words(media, "caption")), ..Self::wordless(of) })
        };
        Ok(match kind {
            "text" | "link_preview" => {
                let body = object(message, kind).or_else(|| object(message, "text")).and_then(|text| words(text, "body"));
                let body = body.or_else(|| words(message, "text")).ok_or(Unplaceable::Missing { what: "text.body" })?;
                Self { text: Some(body), ..Self::wordless(InboundKind::Text) }
            }
            "image" => captioned(InboundKind::Image)?,
            "video" | "gif" => captioned(InboundKind::Video)?,
            "document" => captioned(InboundKind::Document)?,
            "audio" | "voice" => captioned(InboundKind::Audio)?,
            "sticker" => there(kind).map(|()| Self::wordless(InboundKind::Sticker))?,
            "location" => there(kind).map(|()| Self::wordless(InboundKind::Location))?,
            "contacts" => there(kind).map(|()| Self::wordless(InboundKind::Contacts))?,
            "order" => {
                let order = object(message, "order").ok_or(Unplaceable::Missing { what: "the order" })?;
                Self { text: words(order, "text"), ..Self::wordless(InboundKind::Order) }
            }
            "button" => {
                let button = object(message, "button").ok_or(Unplaceable::Missing { what: "the button" })?;
                Self { kind: InboundKind::Button, text: words(button, "text"), payload: words(button, "payload") }
            }
            "interactive" => interactive(message)?,
            "reaction" => Self::wordless(InboundKind::Reaction),
            "edit" => edited(message),
            "revoke" => Self::wordless(InboundKind::Revoke),
            "request_welcome" => Self::wordless(InboundKind::Welcome),
            // Types that the platform names and does not hand on, or not as a message to us.
            "unsupported" | "unknown" | "errors" | "ephemeral" | "group_invite" | "hsm" | "keep_in_chat" | "list" | "media_placeholder"
            | "pin" | "poll_creation" | "poll_update" | "product" => Self::of_no_known_shape(message),
            other => return Err(Unplaceable::word("message type", other)),
        })
    }

    /// Words, wherever `value` holds them, of a kind that opens nothing: all of them, a line each.
    fn whatever(value: Option<&Value>) -> Self {
        let mut lines = Vec::new();
        said_in(value.unwrap_or(&Value::Null), DEEPEST, &mut lines);
        Self { text: in_lines(lines), ..Self::wordless(InboundKind::Unsupported) }
    }

    /// Words, wherever a message holds them, but not in what it answers to, in an advertisement or in what went wrong.
    pub(super) fn of_no_known_shape(message: &Object) -> Self {
        let own = message.iter().filter(|(name, _)| !matches!(name.as_str(), "context" | "referral" | "errors"));
        Self::whatever(Some(&Value::Object(own.map(|(name, value)| (name.clone(), value.clone())).collect())))
    }

    /// The same words, of another kind.
    pub(super) fn of(self, kind: InboundKind) -> Self {
        Self { kind, ..self }
    }

    const fn wordless(kind: InboundKind) -> Self {
        Self { kind, text: None, payload: None }
    }
}

/// Replies to buttons, lists, flows, requests for an address and for calls. The platform sometimes leaves the object out.
fn interactive(message: &Object) -> Result<Content, Unplaceable> {
    let Some(reply) = object(message, "interactive") else { return Ok(Content::wordless(InboundKind::Interactive)) };
    let kind = text(reply, "type").ok_or(Unplaceable::Missing { what: "interactive.type" })?;
    match kind.as_str() {
        "button_reply" | "list_reply" => {
            let chosen = object(reply, &kind).ok_or(Unplaceable::Missing { what: "the interactive reply" })?;
            Ok(Content { kind: InboundKind::Interactive, text: words(chosen, "title"), payload: words(chosen, "id") })
        }
        "nfm_reply" | "address_message" => Ok(object(reply, &kind).map_or_else(|| Content::wordless(InboundKind::Interactive), answers)),
        "call_permission_reply" => Ok(Content::wordless(InboundKind::CallPermissionReply)),
        other => Err(Unplaceable::word("interactive type", other)),
    }
}

/// What a person filled into a form, a line an answer; the form's own token is none. A form that does not read opens nothing,
/// and whatever stands in it is read.
fn answers(reply: &Object) -> Content {
    let mut lines = Vec::new();
    let mut kind = InboundKind::Interactive;
    match reply.get("response_json") {
        Some(Value::String(json)) => {
            if let Some(form) = lenient::read(json.as_bytes()) {
                answered_in(&form, DEEPEST, &mut lines);
            } else {
                kind = InboundKind::Unsupported;
                lines.extend(json.split(['"', '{', '}', '[', ']', ',', ':', '\\']).map(str::to_owned));
            }
        }
        form => answered_in(form.unwrap_or(&Value::Null), DEEPEST, &mut lines),
    }
    Content { text: in_lines(lines), ..Content::wordless(kind) }
}

fn answered_in(form: &Value, depth: usize, lines: &mut Vec<String>) {
    match form {
        Value::String(answer) => lines.push(answer.clone()),
        Value::Array(items) if depth > 0 => items.iter().for_each(|item| answered_in(item, depth - 1, lines)),
        Value::Object(fields) if depth > 0 => {
            fields.iter().filter(|(name, _)| *name != "flow_token").for_each(|(_, answer)| answered_in(answer, depth - 1, lines));
        }
        _ => {}
    }
}

/// What a message says after it was edited. It opens nothing (rule 3), but who edits a message to STOP means it.
fn edited(message: &Object) -> Content {
    let new = object(message, "edit").and_then(|edit| object(edit, "message"));
    let known = new.and_then(|new| Content::read(&text(new, "type")?, new).ok());
    let content = known.unwrap_or_else(|| Content::whatever(message.get("edit")));
    content.of(InboundKind::Edit)
}

/// Words under the names that messages have for a person's own.
fn said_in(value: &Value, depth: usize, lines: &mut Vec<String>) {
    match value {
        Value::Object(members) if depth > 0 => {
            for (name, member) in members {
                match member.as_str() {
                    Some(said) if matches!(name.as_str(), "body" | "caption" | "text" | "title" | "payload") => lines.push(said.to_owned()),
                    _ => said_in(member, depth - 1, lines),
                }
            }
        }
        Value::Array(items) if depth > 0 => items.iter().for_each(|item| said_in(item, depth - 1, lines)),
        _ => {}
    }
}

fn in_lines(lines: Vec<String>) -> Option<String> {
    let lines: Vec<String> = lines.into_iter().filter(|line| !line.trim().is_empty()).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
