//! One change of a body: what its items share.
//!
//! ```text
//! {"field": "messages", "value": {"metadata": {"phone_number_id": "1064…"}, "contacts": […], "messages": [item, …]}}
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::contact::{Contacts, FROM, Keys, TO, names_somebody};
use super::json::{Object, object, text, time, timestamp};
use super::update::{Item, Unplaceable};
use crate::consent::identifier::Identifier;
use crate::consent::time::Time;
use crate::consent::words::Sender;
use crate::ledger::writing::record::What;

/// The body's `object`.
pub(super) const OBJECT: &str = "whatsapp_business_account";

/// One thing that an item says. An item that says none says nothing about a permission.
#[derive(Debug)]
pub(super) struct Said {
    /// When the person acted; none: nobody knows, so it counts from when it is recorded.
    pub occurred_at: Option<Time>,
    /// What happened.
    pub what: What,
}

/// One change, with what its items share.
pub(super) struct Change<'a> {
    entry: &'a Object,
    /// The field it came under.
    pub(super) field: &'a str,
    /// Its value.
    pub(super) value: &'a Object,
    sender: Option<Sender>,
    contacts: Contacts<'a>,
}

impl<'a> Change<'a> {
    /// Reads what the items share.
    pub(super) fn read(entry: &'a Object, field: &'a str, value: &'a Object) -> Self {
        let sender = object(value, "metadata").and_then(|metadata| text(metadata, "phone_number_id")).and_then(|id| id.parse().ok());
        Self { entry, field, value, sender, contacts: Contacts::read(value) }
    }

    /// The business number that received it.
    pub(super) fn sender(&self) -> Result<&Sender, Unplaceable> {
        self.sender.as_ref().ok_or(Unplaceable::Sender)
    }

    /// The provider's account that the entry is about.
    pub(super) fn entry_id(&self) -> Result<String, Unplaceable> {
        text(self.entry, "id").ok_or(Unplaceable::Missing { what: "the entry's id" })
    }

    /// When the provider told it; what is about an account has no time of its own.
    pub(super) fn told_at(&self) -> Result<Time, Unplaceable> {
        time(self.entry, "time")
    }

    /// When what refuses something counts from: a refusal needs no time of its own.
    pub(super) fn refused_at(&self, item: &Object) -> Option<Time> {
        timestamp(item).or_else(|_| self.told_at()).ok()
    }

    /// Whether `item` itself shows that a person did something to us: an echo does not, nor what only a contact beside it names.
    pub(super) fn shows_a_person(&self, item: &Object, keys: &Keys) -> bool {
        !matches!(self.field, "smb_message_echoes" | "message_echoes") && names_somebody(item, keys)
    }

    /// Whether `item` is our own: it says so, or comes from our number, or tells only to whom it went.
    pub(super) fn is_echo(&self, item: &Object) -> bool {
        let from_me = |of: &Object| of.get("from_me").and_then(Value::as_bool) == Some(true);
        let is_ours = from_me(item) || object(item, "history_context").is_some_and(from_me);
        let from = text(item, FROM.phone);
        let only_to = !names_somebody(item, &FROM) && names_somebody(item, &TO);
        is_ours || only_to || from.is_some_and(|from| self.is_our_number(&from))
    }

    /// Whom `item` is about.
    pub(super) fn contact(&self, item: &Object, keys: &Keys) -> Result<Vec<Identifier>, Unplaceable> {
        self.contacts.of(item, keys)
    }

    /// The item without what is in doubt beside the others of the change.
    pub(super) fn without_doubt<'i>(&self, item: &'i Value) -> Cow<'i, Value> {
        let Some(object) = item.as_object() else { return Cow::Borrowed(item) };
        let doubted = self.contacts.doubted(object);
        if doubted.is_empty() {
            return Cow::Borrowed(item);
        }
        let left = object.iter().filter(|(name, _)| !doubted.contains(&name.as_str()));
        Cow::Owned(Value::Object(left.map(|(name, part)| (name.clone(), part.clone())).collect()))
    }

    /// Whether the one element of `contacts[]` is about somebody else than `item`.
    pub(super) fn is_with_another(&self, item: &Object, keys: &Keys) -> bool {
        self.contacts.is_about_another(item, keys)
    }

    /// Whether `number` is the business's own, by its digits.
    pub(super) fn is_our_number(&self, number: &str) -> bool {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let ours = object(self.value, "metadata").and_then(|metadata| text(metadata, "display_phone_number"));
        ours.map(|ours| digits(&ours)).is_some_and(|ours| !ours.is_empty() && ours == digits(number))
    }

    /// A body that holds `item` of the list `list` alone, with the contacts that may be about the same person.
    pub(super) fn item(&self, list: &str, item: &Value) -> Item {
        let contacts = item.as_object().map(|item| self.contacts.beside(item)).unwrap_or_default();
        self.with((!contacts.is_empty()).then_some(Part::Many(contacts)), list, Part::Many(vec![item]))
    }

    /// A body that holds what stands under `key` alone.
    pub(super) fn part(&self, key: &str, part: &Value) -> Item {
        self.with(self.value.get("contacts").map(Part::One), key, Part::One(part))
    }

    fn with(&self, contacts: Option<Part<'_>>, key: &str, part: Part<'_>) -> Item {
        let shared = ["messaging_product", "metadata"].into_iter().filter_map(|key| Some((key, Part::One(self.value.get(key)?))));
        let mut value: BTreeMap<&str, Part<'_>> = shared.collect();
        value.extend(contacts.map(|contacts| ("contacts", contacts)));
        value.insert(key, part);
        alone(self.entry, self.field, &value)
    }

    /// A body that holds this change with `value` instead of its own.
    pub(super) fn of(&self, value: &Object) -> Item {
        alone(self.entry, self.field, value)
    }

    /// A body that holds this change alone.
    pub(super) fn whole(&self) -> Item {
        alone(self.entry, self.field, &self.value)
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Part<'a> {
    One(&'a Value),
    Many(Vec<&'a Value>),
}

#[derive(Serialize)]
struct Body<'a, V> {
    object: &'a str,
    entry: [Entry<'a, V>; 1],
}

#[derive(Serialize)]
struct Entry<'a, V> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<&'a Value>,
    changes: [Alone<'a, V>; 1],
}

#[derive(Serialize)]
struct Alone<'a, V> {
    field: &'a str,
    value: V,
}

fn alone<V: Serialize>(entry: &Object, field: &str, value: &V) -> Item {
    let changes = [Alone { field, value }];
    let body = Body { object: OBJECT, entry: [Entry { id: entry.get("id"), time: entry.get("time"), changes }] };
    // JSON values and text keys always serialise.
    Item { field: field.to_owned(), payload: serde_json::to_vec(&body).unwrap_or_default() }
}
