//! `history`: what was written in the WhatsApp Business app before the number came to the API, both sides of it.
//!
//! ```text
//! "history": [{"metadata": {"phase": 0, …}, "threads": [
//!    {"id": "16505551234", "context": {"wa_id": "16505551234", "user_id": "US.134…"}, "messages": [
//!       {"from": "15550783881", …},                                   our number: nothing
//!       {"from": "16505551234", "type": "text", "text": {"body": "Stop"}, …}]}]}]     the person's: history, "Stop"
//! "messages": [{"from": "16505551234", "type": "image", …}]           what a picture in a thread was, told later
//! ```
//!
//! A person's message counts at its own time, as a kind of its own that opens no window: what was written before the
//! number came to the API was written to an app. It can opt out and cannot opt in.

use serde_json::{Map, Value, json};

use super::change::{Change, Said};
use super::contact::FROM;
use super::content::Content;
use super::json::{Object, many, object, text, timestamp};
use super::messages::{inbound, is_in_group};
use super::system::system;
use super::update::Unplaceable;
use crate::consent::words::InboundKind;

/// The list of what is told.
const HISTORY: &str = "history";

/// The values of a `history` change, each with the messages of one person; what has another shape stays, each piece alone.
pub(super) fn threads_apart(value: &Object) -> Vec<Object> {
    let mut whole = value.clone();
    let mut apart = Vec::new();
    if let Some(told) = value.get(HISTORY).and_then(many) {
        let mut rest = Vec::new();
        for told in told {
            let Some(threads) = told.get("threads").and_then(many) else {
                rest.push(told.clone());
                continue;
            };
            for thread in threads {
                match thread.as_object().filter(|thread| thread.get("messages").and_then(many).is_some()) {
                    Some(thread) => apart.push(of_one(value, thread)),
                    None => rest.push(json!({ "threads": [thread] })),
                }
            }
        }
        whole.insert(HISTORY.to_owned(), Value::Array(rest));
    }
    apart.insert(0, whole);
    apart
}

fn of_one(value: &Object, thread: &Object) -> Object {
    let mut one = Map::new();
    if let Some(metadata) = value.get("metadata") {
        one.insert("metadata".to_owned(), metadata.clone());
    }
    let mut card = object(thread, "context").cloned().unwrap_or_default();
    if text(&card, "wa_id").is_none() {
        card.insert("wa_id".to_owned(), thread.get("id").cloned().unwrap_or_default());
    }
    one.insert("contacts".to_owned(), json!([card]));
    one.extend(thread.get("messages").map(|messages| ("messages".to_owned(), messages.clone())));
    one
}

/// What a message of before says: nothing, where it is ours.
pub(super) fn message_of_before(change: &Change<'_>, message: &Object) -> Result<Vec<Said>, Unplaceable> {
    if change.is_echo(message) {
        return Ok(Vec::new());
    }
    if change.is_with_another(message, &FROM) && text(message, FROM.phone).or_else(|| text(message, FROM.user_id)).is_some() {
        return Err(Unplaceable::NeitherSide);
    }
    let kind = text(message, "type").unwrap_or_default();
    if kind == "system" {
        return system(change, message);
    }
    let content = Content::read(&kind, message).unwrap_or_else(|_| Content::of_no_known_shape(message));
    let kind = if is_in_group(message) { InboundKind::Group } else { InboundKind::History };
    Ok(vec![Said { occurred_at: Some(timestamp(message)?), what: inbound(change, message, content.of(kind))? }])
}

/// What a piece of history without threads says: that the business does not share it.
pub(super) fn not_shared(_: &Change<'_>, told: &Object) -> Result<Vec<Said>, Unplaceable> {
    if told.contains_key("errors") && !told.contains_key("threads") {
        Ok(Vec::new())
    } else {
        Err(Unplaceable::Missing { what: "a thread with messages" })
    }
}
