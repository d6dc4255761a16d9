//! Who an item is about: what it says itself decides; a `contacts[]` element beside it only adds to that.
//!
//! ```text
//! "contacts": [{"wa_id": "972987654321", "user_id": "US.134…", "parent_user_id": "US.ENT.118…"}]
//! "messages": [{"from":  "972987654321", "from_user_id": "US.134…", …}]
//!                                                       -> +972987654321, US.134…, US.ENT.118…  one person (rule 13)
//! "messages": [{"from":  "16505551234", …}]             -> +16505551234 alone: the element is about somebody else
//! ```

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::json::{Object, many, text};
use super::update::Unplaceable;
use crate::consent::identifier::{Identifier, UserId};

/// The keys under which an item names its contact.
pub(super) struct Keys {
    /// A phone number's digits (or, where there is no phone number, a user ID).
    pub phone: &'static str,
    /// A user ID.
    pub user_id: &'static str,
    /// The user ID of the parent business, under any of these.
    pub parent_user_id: &'static [&'static str],
}

/// Of a message or a call.
pub(super) const FROM: Keys = Keys { phone: "from", user_id: "from_user_id", parent_user_id: &["from_parent_user_id"] };
/// Of a status.
pub(super) const RECIPIENT: Keys = Keys {
    phone: "recipient_id",
    user_id: "recipient_user_id",
    parent_user_id: &["recipient_parent_user_id", "parent_recipient_user_id", "parent_user_id"],
};
/// Of an echo of our own message.
pub(super) const TO: Keys = Keys { phone: "to", user_id: "to_user_id", parent_user_id: &["to_parent_user_id"] };
/// Of a preference, and of a `contacts[]` element.
pub(super) const OWN: Keys = Keys { phone: "wa_id", user_id: "user_id", parent_user_id: &["parent_user_id"] };

/// The lists whose items name somebody, and how.
const NAMING: [(&str, &Keys); 5] =
    [("messages", &FROM), ("calls", &FROM), ("statuses", &RECIPIENT), ("user_preferences", &OWN), ("message_echoes", &TO)];

/// How many elements a dead letter keeps beside its item.
const KEPT: usize = 4;

/// The `contacts[]` of one change.
pub(super) struct Contacts<'a> {
    cards: Vec<Card<'a>>,
    by_identifier: HashMap<Identifier, Vec<usize>>,
    seen: Seen,
    /// The same, of the items alone.
    said: Seen,
}

/// One element of it.
struct Card<'a> {
    raw: &'a Value,
    /// Whether it names a phone number at all, readable or not.
    names_phone: bool,
    named: Named,
}

/// What an item or an element says of its contact.
#[derive(Default)]
struct Named {
    phone: Option<Identifier>,
    user_id: Option<Identifier>,
    parent_user_id: Option<Identifier>,
}

/// Which identifiers the elements and items of one change show together: the phone numbers seen with a user ID, and so on.
/// Where one comes with two of a kind, nobody knows which of them is the person.
#[derive(Default)]
struct Seen(HashMap<Identifier, Together>);

#[derive(Default)]
struct Together {
    phones: HashSet<Identifier>,
    user_ids: HashSet<Identifier>,
}

impl<'a> Contacts<'a> {
    /// Reads those of a change's value; a missing list is an empty one.
    pub(super) fn read(value: &'a Object) -> Self {
        let raw = list(value, "contacts");
        let cards: Vec<Card<'a>> = raw.iter().filter_map(|raw| Some(Card::read(raw, raw.as_object()?))).collect();
        let (mut seen, mut said) = (Seen::default(), Seen::default());
        for card in &cards {
            seen.note(&card.named);
        }
        for (name, keys) in NAMING {
            let items = list(value, name).iter().filter_map(Value::as_object);
            for named in items.filter_map(|item| Named::read(item, keys).ok()) {
                seen.note(&named);
                said.note(&named);
            }
        }
        let mut by_identifier: HashMap<Identifier, Vec<usize>> = HashMap::new();
        for (place, card) in cards.iter().enumerate() {
            for identifier in [&card.named.phone, &card.named.user_id].into_iter().flatten() {
                by_identifier.entry(identifier.clone()).or_default().push(place);
            }
        }
        Self { cards, by_identifier, seen, said }
    }

    /// Everybody's identifiers that this item shows to be one person; never empty.
    pub(super) fn of(&self, item: &Object, keys: &Keys) -> Result<Vec<Identifier>, Unplaceable> {
        let named = Named::read(item, keys)?;
        if named.is_nobody() {
            return self.collect(&[&self.only().ok_or(Unplaceable::NoContact)?.named]);
        }
        // An element that disagrees with anything else in the change proves nothing.
        let cards = self.matching(&named).filter(|card| !card.contradicts(&named) && self.seen.agrees_with(&card.named));
        self.collect(&std::iter::once(&named).chain(cards.map(|card| &card.named)).collect::<Vec<_>>())
    }

    /// The keys of an item under which it names what comes with other people too: a parent's user ID, or a user ID beside a
    /// phone number where another item has it beside another one. It is no part of what the item says: read again alone, it
    /// would join them.
    pub(super) fn doubted(&self, item: &Object) -> Vec<&'static str> {
        let named =
            [FROM, RECIPIENT, TO, OWN].into_iter().filter(|keys| [keys.phone, keys.user_id].iter().any(|key| text(item, key).is_some()));
        let parents = named.flat_map(|keys| keys.parent_user_id.iter().copied());
        let is_doubted =
            |key: &&str| text(item, key).and_then(|given| read_user_id(&given).ok()).is_some_and(|id| !self.seen.is_one_persons(&id));
        let shared = [FROM, RECIPIENT, TO, OWN].into_iter().filter(|keys| self.is_of_two_phones(item, keys)).map(|keys| keys.user_id);
        parents.filter(is_doubted).chain(shared).collect()
    }

    /// Whether an item names a phone number, and beside it a user ID that another item has beside another number.
    fn is_of_two_phones(&self, item: &Object, keys: &Keys) -> bool {
        let named = Named::read(item, keys).ok().filter(|named| named.phone.is_some());
        named.and_then(|named| named.user_id).is_some_and(|user_id| !self.said.is_one_persons(&user_id))
    }

    /// Whether the one element is about somebody whom the item does not name. One in doubt proves nothing, and of several nobody
    /// knows which is the other side.
    pub(super) fn is_about_another(&self, item: &Object, keys: &Keys) -> bool {
        let names_them = || Named::read(item, keys).is_ok_and(|named| self.matching(&named).next().is_some());
        self.only().is_some() && !names_them()
    }

    /// The element, where there is one and nothing in the change disagrees with it.
    fn only(&self) -> Option<&Card<'a>> {
        let [only] = self.cards.as_slice() else { return None };
        self.seen.agrees_with(&only.named).then_some(only)
    }

    /// Each identifier once, a parent's only beside another one.
    fn collect(&self, named: &[&Named]) -> Result<Vec<Identifier>, Unplaceable> {
        let firsts: BTreeSet<&Identifier> = named.iter().flat_map(|named| [&named.phone, &named.user_id]).flatten().collect();
        if firsts.is_empty() {
            return Err(Unplaceable::NoContact);
        }
        let parents = named.iter().filter_map(|named| named.parent_user_id.as_ref()).filter(|parent| self.seen.is_one_persons(parent));
        let all: BTreeSet<&Identifier> = firsts.into_iter().chain(parents).collect();
        Ok(all.into_iter().cloned().collect())
    }

    /// The elements that are kept with a dead letter of this item: those that may be about the same person and that nothing
    /// in the change disagrees with.
    pub(super) fn beside(&self, item: &Object) -> Vec<&'a Value> {
        if let Some(only) = self.only() {
            return vec![only.raw];
        }
        let mut places: Vec<usize> = [FROM, RECIPIENT, TO, OWN]
            .iter()
            .filter_map(|keys| Named::read(item, keys).ok())
            .flat_map(|named| self.places(&named).take(KEPT).collect::<Vec<_>>())
            .collect();
        places.sort_unstable();
        places.dedup();
        let cards = places.into_iter().take(KEPT).filter_map(|place| self.cards.get(place));
        cards.filter(|card| self.seen.agrees_with(&card.named)).map(|card| card.raw).collect()
    }

    fn matching(&self, named: &Named) -> impl Iterator<Item = &Card<'a>> {
        self.places(named).filter_map(|place| self.cards.get(place))
    }

    fn places(&self, named: &Named) -> impl Iterator<Item = usize> {
        let of = |identifier: &Option<Identifier>| identifier.as_ref().and_then(|identifier| self.by_identifier.get(identifier));
        [of(&named.phone), of(&named.user_id)].into_iter().flatten().flatten().copied()
    }
}

impl<'a> Card<'a> {
    fn read(raw: &'a Value, object: &Object) -> Self {
        let wa_id = text(object, OWN.phone);
        let named = Named {
            phone: wa_id.as_ref().and_then(|digits| Identifier::from_wa_id(digits).ok()),
            user_id: text(object, OWN.user_id).and_then(|given| read_user_id(&given).ok()),
            parent_user_id: parent(object, &OWN),
        };
        Self { raw, names_phone: wa_id.is_some(), named }
    }

    fn contradicts(&self, named: &Named) -> bool {
        let other_phone = named.phone.is_some() && self.names_phone && self.named.phone != named.phone;
        let other_user = named.user_id.is_some() && self.named.user_id.is_some() && self.named.user_id != named.user_id;
        other_phone || other_user
    }
}

impl Named {
    fn read(item: &Object, keys: &Keys) -> Result<Self, Unplaceable> {
        let mut named = Self::default();
        let mut unreadable = None;
        if let Some(given) = text(item, keys.phone) {
            match (Identifier::from_wa_id(&given), read_user_id(&given)) {
                (Ok(phone), _) => named.phone = Some(phone),
                (Err(_), Ok(user_id)) => named.user_id = Some(user_id),
                (Err(error), Err(_)) => return Err(Unplaceable::Contact { error }),
            }
        }
        if let Some(given) = text(item, keys.user_id) {
            match read_user_id(&given) {
                Ok(user_id) => named.user_id = Some(user_id),
                Err(error) => unreadable = Some(error),
            }
        }
        named.parent_user_id = parent(item, keys);
        // A parent's user ID names a person too; only there is nothing to hold it against.
        named.user_id = named.user_id.or_else(|| named.parent_user_id.clone().filter(|_| named.phone.is_none()));
        match unreadable {
            Some(error) if named.is_nobody() => Err(error),
            _ => Ok(named),
        }
    }

    const fn is_nobody(&self) -> bool {
        self.phone.is_none() && self.user_id.is_none()
    }
}

impl Seen {
    fn note(&mut self, named: &Named) {
        for identifier in [&named.phone, &named.user_id, &named.parent_user_id].into_iter().flatten() {
            let together = self.0.entry(identifier.clone()).or_default();
            together.phones.extend(named.phone.clone());
            together.user_ids.extend(named.user_id.clone().filter(|user_id| Some(user_id) != named.parent_user_id.as_ref()));
        }
    }

    fn is_one_persons(&self, identifier: &Identifier) -> bool {
        self.0.get(identifier).is_none_or(|together| together.phones.len() <= 1 && together.user_ids.len() <= 1)
    }

    fn agrees_with(&self, named: &Named) -> bool {
        [&named.phone, &named.user_id].into_iter().flatten().all(|identifier| self.is_one_persons(identifier))
    }
}

/// Whether an item names anybody itself, readable or not.
pub(super) fn names_somebody(item: &Object, keys: &Keys) -> bool {
    let keys = [keys.phone, keys.user_id].into_iter().chain(keys.parent_user_id.iter().copied());
    keys.into_iter().any(|key| text(item, key).is_some())
}

fn list<'a>(value: &'a Object, name: &str) -> &'a [Value] {
    value.get(name).and_then(many).unwrap_or_default()
}

fn parent(of: &Object, keys: &Keys) -> Option<Identifier> {
    keys.parent_user_id.iter().find_map(|key| read_user_id(&text(of, key)?).ok())
}

/// A user ID.
pub(super) fn read_user_id(given: &str) -> Result<Identifier, Unplaceable> {
    given.parse::<UserId>().map(Identifier::UserId).map_err(|error| Unplaceable::Contact { error })
}
