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
use super::json::{Object, object, text, timestamp};
use super::messages::{inbound, is_in_group};
use super::system::system;
use super::update::Unplaceable;
use crate::consent::words::InboundKind;

/// The list of what is told.
const HISTORY: &str = "history";

/// The values of a `history` change, each with the messages of one person; what has another shape stays where it was.
pub(super) fn threads_apart(value: &Object) -> Vec<Object> {
    let mut whole = value.clone();
    let mut apart = Vec::new();
    if let Some(Value::Array(told)) = value.get(HISTORY) {
        let mut rest = Vec::new();
        for told in told {
            match threads(told) {
                Some(threads) => apart.extend(threads.into_iter().map(|thread| of_one(value, thread))),
                None => rest.push(told.clone()),
            }
        }
        whole.insert(HISTORY.to_owned(), Value::Array(rest));
    }
    apart.insert(0, whole);
    apart
}

/// The threads of one piece of history; none where it holds none.
fn threads(told: &Value) -> Option<Vec<&Object>> {
    let threads = told.get("threads")?.as_array()?.iter();
    threads.map(|thread| thread.as_object().filter(|thread| thread.get("messages").is_some_and(Value::is_array))).collect()
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
    let from_us = object(message, "history_context").and_then(|context| context.get("from_me")).and_then(Value::as_bool) == Some(true);
    if from_us || text(message, FROM.phone).is_some_and(|from| change.is_our_number(&from)) {
        return Ok(Vec::new());
    }
    if change.knows_others_than(message, &FROM) && text(message, FROM.phone).or_else(|| text(message, FROM.user_id)).is_some() {
        return Err(Unplaceable::NeitherSide);
    }
    let kind = text(message, "type").unwrap_or_default();
    if kind == "system" {
        return system(change, message);
    }
    let content = Content::read(&kind, message).unwrap_or_else(|_| Content::whatever(message.get(&kind)));
    let kind = if is_in_group(message) { InboundKind::Group } else { InboundKind::History };
    Ok(vec![Said { occurred_at: timestamp(message)?, what: inbound(change, message, content.of(kind))? }])
}

/// What a piece of history without threads says: that the business does not share it.
pub(super) fn not_shared(_: &Change<'_>, told: &Object) -> Result<Vec<Said>, Unplaceable> {
    if told.contains_key("errors") { Ok(Vec::new()) } else { Err(Unplaceable::Missing { what: "history's threads" }) }
}
