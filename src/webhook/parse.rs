//! From the bytes of a body to what each of its items comes to. Pure: no clock, no ledger, no disk.
//!
//! ```text
//! {"object": "whatsapp_business_account", "entry": [{"id": …, "time": …, "changes": [{"field": …, "value": {…}}, …]}, …]}
//! ```
//!
//! Every entry, change and item answers for itself: what cannot be placed becomes a dead letter and its neighbours go on.

use serde_json::{Value, json};

use super::account_update::restrictions_apart;
use super::change::{Change, OBJECT, Said};
use super::event_id::{account_event_id, event_id};
use super::fields::{About, Room, about, is_list};
use super::history::threads_apart;
use super::json::{Object, many, object, text};
use super::lenient;
use super::rescue::words_of;
use super::update::{Fact, Item, Unplaceable, Unplaced, Update};

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
    let body = lenient::read(body).ok_or(Unplaceable::NotJson)?;
    let body = body.as_object().ok_or_else(|| shape("the body", "an object"))?;
    if body.get("object").is_some_and(|object| object != OBJECT) {
        return Err(Unplaceable::OtherObject);
    }
    let Some(entries) = body.get("entry") else {
        return read_alone(body, updates).ok_or(Unplaceable::Missing { what: "entry" });
    };
    for entry in many(entries).ok_or_else(|| shape("entry", "a list"))? {
        if let Err(reason) = read_entry(entry, updates) {
            updates.push(dead_letter(&reason, piece(None, entry)));
        }
    }
    Ok(())
}

/// A change without anything around it, as the provider's console shows its samples.
fn read_alone(body: &Object, updates: &mut Vec<Update>) -> Option<()> {
    body.get("field").filter(|_| body.contains_key("value"))?;
    if let Err((reason, item)) = read_change(&Object::new(), &Value::Object(body.clone()), updates) {
        updates.push(dead_letter(&reason, item));
    }
    Some(())
}

fn read_entry(entry: &Value, updates: &mut Vec<Update>) -> Result<(), Unplaceable> {
    let entry = entry.as_object().ok_or_else(|| shape("an entry", "an object"))?;
    let changes = entry.get("changes").ok_or(Unplaceable::Missing { what: "changes" })?;
    for change in many(changes).ok_or_else(|| shape("changes", "a list"))? {
        if let Err((reason, item)) = read_change(entry, change, updates) {
            updates.push(dead_letter(&reason, item));
        }
    }
    Ok(())
}

fn read_change(entry: &Object, change: &Value, updates: &mut Vec<Update>) -> Result<(), (Unplaceable, Item)> {
    let refused = |reason| (reason, piece(Some(entry), change));
    let object = change.as_object().ok_or_else(|| refused(shape("a change", "an object")))?;
    // Some samples of the provider have it one level too high.
    let field = text(object, "field").or_else(|| text(entry, "field"));
    let field = field.ok_or_else(|| refused(Unplaceable::Missing { what: "the change's field" }))?;
    let value = object.get("value").ok_or_else(|| refused(Unplaceable::Missing { what: "the change's value" }))?;
    let value = value.as_object().ok_or_else(|| refused(shape("the change's value", "an object")))?;
    match about(&field) {
        About::Account(room) => {
            let change = Change::read(entry, &field, value);
            updates.extend(restrictions_apart(value).iter().flat_map(|value| read_value(&change, room, value)));
        }
        About::Nothing => updates.push(Update::NoFact),
        About::People(lists) => {
            for value in values_of(&field, value) {
                read_lists(&Change::read(entry, &field, &value), lists, updates);
            }
        }
        About::Unknown => return Err((Unplaceable::field(&field), Change::read(entry, &field, value).whole())),
    }
    Ok(())
}

/// The values that a change about people holds, each with its lists beside `metadata` and `contacts`.
fn values_of(field: &str, value: &Object) -> Vec<Object> {
    match (field, object(value, field)) {
        ("history", _) => threads_apart(value),
        ("standby", Some(inner)) => beside_and_under(value, field, inner),
        _ => vec![value.clone()],
    }
}

/// What stands beside a key of the field's own name, and what stands under it with the `metadata` and `contacts` beside it.
fn beside_and_under(value: &Object, field: &str, inner: &Object) -> Vec<Object> {
    let is_shared = |name: &str| matches!(name, "messaging_product" | "metadata" | "contacts");
    let (mut shared, mut beside) = (value.clone(), value.clone());
    shared.retain(|name, _| is_shared(name));
    beside.remove(field);
    shared.extend(inner.iter().map(|(name, part)| (name.clone(), part.clone())));
    let says_nothing = |value: &Object| value.keys().all(|name| is_shared(name));
    match (says_nothing(&beside), says_nothing(&shared)) {
        (true, _) => vec![shared],
        (false, true) => vec![beside],
        (false, false) => vec![beside, shared],
    }
}

fn read_lists(change: &Change<'_>, lists: &[(&str, Room)], updates: &mut Vec<Update>) {
    let before = updates.len();
    let mut known = false;
    for (list, room) in lists {
        let Some(items) = change.value.get(*list) else { continue };
        known = true;
        match many(items) {
            Some(items) => updates.extend(items.iter().flat_map(|item| read_item(change, list, *room, &change.without_doubt(item)))),
            None if items.is_null() => {}
            None => updates.push(dead_letter(&shape(list, "a list"), change.part(list, items))),
        }
    }
    // A list under a name that is not known may hold what somebody said.
    for (name, items) in change.value.iter().filter(|(name, _)| !is_list(name)) {
        if items.as_array().is_some_and(|items| !items.is_empty()) {
            updates.push(dead_letter(&Unplaceable::word("the list", name), change.part(name, items)));
        }
    }
    if !known && updates.len() == before && change.value.get("errors").is_some_and(Value::is_array) {
        // An error of a request of ours, about no message.
        updates.push(Update::NoFact);
    } else if !known && updates.len() == before {
        updates.push(dead_letter(&Unplaceable::NothingKnown, change.whole()));
    }
}

fn read_value(change: &Change<'_>, room: Room, value: &Object) -> Vec<Update> {
    let read = room(change, value).and_then(|sayings| {
        let facts = sayings.into_iter().map(|Said { occurred_at, what }| {
            let occurred_at = occurred_at.ok_or(Unplaceable::Time)?;
            let event_id = account_event_id(&change.entry_id()?, change.field, value, occurred_at);
            let event_id = event_id.ok_or(Unplaceable::Missing { what: "an event id" })?;
            Ok(recorded(Fact { event_id, occurred_at: Some(occurred_at), what, item: change.of(value) }))
        });
        facts.collect::<Result<Vec<Update>, Unplaceable>>()
    });
    known_or_not(read, || change.of(value))
}

fn read_item(change: &Change<'_>, list: &str, room: Room, item: &Value) -> Vec<Update> {
    let read = item.as_object().ok_or_else(|| shape(list, "a list of objects")).and_then(|object| {
        let sayings = room(change, object)?;
        let facts = sayings.into_iter().enumerate().map(|(index, said)| fact(change, list, item, object, index, said));
        facts.collect::<Result<Vec<Update>, Unplaceable>>()
    });
    let is_lost = read.is_err() && list == "messages";
    let words = item.as_object().filter(|_| is_lost).and_then(|object| words_of(change, object, change.item(list, item)));
    let words = words.map(|fact| Update::Words(Box::new(fact)));
    words.into_iter().chain(known_or_not(read, || change.item(list, item))).collect()
}

fn fact(change: &Change<'_>, list: &str, item: &Value, object: &Object, index: usize, said: Said) -> Result<Update, Unplaceable> {
    let Said { occurred_at, what } = said;
    // Live or of before, a message is another event: only one of them opens a window.
    let told_in = if change.field == "history" { "history" } else { list };
    let event_id = event_id(change.sender()?, told_in, object, index, occurred_at, &what);
    let event_id = event_id.ok_or(Unplaceable::Missing { what: "an event id" })?;
    Ok(recorded(Fact { event_id, occurred_at, what, item: change.item(list, item) }))
}

/// An item's facts, that it has none, or why not.
fn known_or_not(read: Result<Vec<Update>, Unplaceable>, item: impl FnOnce() -> Item) -> Vec<Update> {
    match read {
        Ok(facts) if facts.is_empty() => vec![Update::NoFact],
        Ok(facts) => facts,
        Err(reason) => vec![dead_letter(&reason, item())],
    }
}

fn recorded(fact: Fact) -> Update {
    Update::Record(Box::new(fact))
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
