//! From the bytes of a body to what each of its items comes to. Pure: no clock, no ledger, no disk.
//!
//! ```text
//! {"object": "whatsapp_business_account", "entry": [{"id": …, "time": …, "changes": [{"field": …, "value": {…}}, …]}, …]}
//! ```
//!
//! Every entry, change and item answers for itself: what cannot be placed becomes a dead letter and its neighbours go on.

use serde_json::{Value, json};

use super::account_update::{account_update, restrictions_apart};
use super::calls::call;
use super::change::{Change, OBJECT, Said};
use super::echoes::echo;
use super::event_id::{account_event_id, event_id};
use super::json::{Object, text};
use super::messages::message;
use super::preferences::preference;
use super::quality::quality;
use super::statuses::status;
use super::templates::{template_category, template_quality, template_status};
use super::update::{Fact, Item, Unplaceable, Unplaced, Update};
use crate::ledger::writing::event_id::EventId;

/// Reads one list's items.
type Room = fn(&Change<'_>, &Object) -> Result<Vec<Said>, Unplaceable>;

/// The lists that are read.
const LISTS: [(&str, Room); 5] =
    [("messages", message), ("statuses", status), ("calls", call), ("user_preferences", preference), ("message_echoes", echo)];

/// The fields whose changes hold such lists.
const FIELDS: [&str; 6] = ["messages", "standby", "calls", "user_preferences", "smb_message_echoes", "message_echoes"];

/// The fields whose change is one item itself: it is about the account, a sender or a template, and about no contact.
const ABOUT_THE_ACCOUNT: [(&str, Room); 6] = [
    ("account_update", account_update),
    ("message_template_status_update", template_status),
    ("template_category_update", template_category),
    ("message_template_quality_update", template_quality),
    ("phone_number_quality_update", quality),
    // How many messages a day and how many numbers: no rule asks for it.
    ("business_capability_update", |_, _| Ok(Vec::new())),
];

/// Lists that only say more about the others.
const BESIDE: [&str; 2] = ["contacts", "errors"];

/// What the items of `body` come to, in order.
#[must_use]
pub fn parse(body: &[u8]) -> Vec<Update> {
    let mut updates = Vec::new();
    if let Err(reason) = read_body(body, &mut updates) {
        let field = String::new();
        updates.push(dead_letter(&reason, Item { field, payload: body.to_vec() }));
    }
    updates
}

fn read_body(body: &[u8], updates: &mut Vec<Update>) -> Result<(), Unplaceable> {
    let body: Value = serde_json::from_slice(body).map_err(|_| Unplaceable::NotJson)?;
    let body = body.as_object().ok_or_else(|| shape("the body", "an object"))?;
    if body.get("object").is_some_and(|object| object != OBJECT) {
        return Err(Unplaceable::OtherObject);
    }
    let entries = body.get("entry").ok_or(Unplaceable::Missing { what: "entry" })?;
    for entry in entries.as_array().ok_or_else(|| shape("entry", "a list"))? {
        if let Err(reason) = read_entry(entry, updates) {
            updates.push(dead_letter(&reason, piece(None, entry)));
        }
    }
    Ok(())
}

fn read_entry(entry: &Value, updates: &mut Vec<Update>) -> Result<(), Unplaceable> {
    let entry = entry.as_object().ok_or_else(|| shape("an entry", "an object"))?;
    let changes = entry.get("changes").ok_or(Unplaceable::Missing { what: "changes" })?;
    for change in changes.as_array().ok_or_else(|| shape("changes", "a list"))? {
        if let Err((reason, item)) = read_change(entry, change, updates) {
            updates.push(dead_letter(&reason, item));
        }
    }
    Ok(())
}

fn read_change(entry: &Object, change: &Value, updates: &mut Vec<Update>) -> Result<(), (Unplaceable, Item)> {
    let refused = |reason| (reason, piece(Some(entry), change));
    let object = change.as_object().ok_or_else(|| refused(shape("a change", "an object")))?;
    let field = text(object, "field").ok_or_else(|| refused(Unplaceable::Missing { what: "the change's field" }))?;
    let value = object.get("value").ok_or_else(|| refused(Unplaceable::Missing { what: "the change's value" }))?;
    let value = value.as_object().ok_or_else(|| refused(shape("the change's value", "an object")))?;
    let change = Change::read(entry, &field, value);
    if let Some((_, room)) = ABOUT_THE_ACCOUNT.iter().find(|(known, _)| *known == field) {
        updates.extend(restrictions_apart(value).iter().flat_map(|value| read_value(&change, *room, value)));
        return Ok(());
    }
    if !FIELDS.contains(&field.as_str()) {
        return Err((Unplaceable::field(&field), change.whole()));
    }
    let before = updates.len();
    let mut known = false;
    for (list, room) in LISTS {
        let Some(items) = value.get(list) else { continue };
        known = true;
        match items.as_array() {
            Some(items) => items.iter().for_each(|item| updates.extend(read_item(&change, list, room, item))),
            None => updates.push(dead_letter(&shape(list, "a list"), change.part(list, items))),
        }
    }
    // A list under a name that is not known may hold what somebody said.
    for (name, items) in value.iter().filter(|(name, _)| !is_known(name)) {
        if items.as_array().is_some_and(|items| !items.is_empty()) {
            updates.push(dead_letter(&Unplaceable::word("the list", name), change.part(name, items)));
        }
    }
    if !known && updates.len() == before {
        return Err((Unplaceable::NothingKnown, change.whole()));
    }
    Ok(())
}

fn read_value(change: &Change<'_>, room: Room, value: &Object) -> Vec<Update> {
    let read = room(change, value).and_then(|sayings| {
        let facts = sayings.into_iter().map(|said| {
            let event_id = account_event_id(&change.entry_id()?, change.field, value, said.occurred_at);
            recorded(event_id, said, change.of(value))
        });
        facts.collect::<Result<Vec<Update>, Unplaceable>>()
    });
    match read {
        Ok(facts) if facts.is_empty() => vec![Update::NoFact],
        Ok(facts) => facts,
        Err(reason) => vec![dead_letter(&reason, change.of(value))],
    }
}

fn read_item(change: &Change<'_>, list: &str, room: Room, item: &Value) -> Vec<Update> {
    let read = item.as_object().ok_or_else(|| shape(list, "a list of objects")).and_then(|object| {
        let sayings = room(change, object)?;
        let facts = sayings.into_iter().enumerate().map(|(index, said)| fact(change, list, item, object, index, said));
        facts.collect::<Result<Vec<Update>, Unplaceable>>()
    });
    match read {
        Ok(facts) if facts.is_empty() => vec![Update::NoFact],
        Ok(facts) => facts,
        Err(reason) => vec![dead_letter(&reason, change.item(list, item))],
    }
}

fn fact(change: &Change<'_>, list: &str, item: &Value, object: &Object, index: usize, said: Said) -> Result<Update, Unplaceable> {
    let event_id = event_id(change.sender()?, list, object, index, said.occurred_at, &said.what);
    recorded(event_id, said, change.item(list, item))
}

fn recorded(event_id: Option<EventId>, said: Said, item: Item) -> Result<Update, Unplaceable> {
    let event_id = event_id.ok_or(Unplaceable::Missing { what: "an event id" })?;
    let Said { occurred_at, what } = said;
    Ok(Update::Record(Box::new(Fact { event_id, occurred_at, what, item })))
}

fn dead_letter(reason: &Unplaceable, item: Item) -> Update {
    Update::DeadLetter(Unplaced { reason: reason.to_string(), item })
}

fn shape(what: &str, expected: &'static str) -> Unplaceable {
    Unplaceable::Shape { what: what.to_owned(), expected }
}

/// A body that holds an entry, or a change of it, of which not even the shape is known.
fn piece(entry: Option<&Object>, piece: &Value) -> Item {
    let entry = entry.map_or_else(
        || piece.clone(),
        |entry| {
            let mut alone = entry.clone();
            alone.insert("changes".to_owned(), Value::Array(vec![piece.clone()]));
            Value::Object(alone)
        },
    );
    let field = piece.get("field").and_then(Value::as_str).unwrap_or_default().to_owned();
    Item { field, payload: json!({ "object": OBJECT, "entry": [entry] }).to_string().into_bytes() }
}

fn is_known(name: &str) -> bool {
    BESIDE.contains(&name) || LISTS.iter().any(|(list, _)| *list == name)
}
