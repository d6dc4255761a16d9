//! Who an item is about: what it says itself decides; a `contacts[]` element beside it only adds to that.
//!
//! ```text
//! "contacts": [{"wa_id": "972987654321", "user_id": "US.134…", "parent_user_id": "US.ENT.118…"}]
//! "messages": [{"from":  "972987654321", "from_user_id": "US.134…", …}]
//!                                                       -> +972987654321, US.134…, US.ENT.118…  one person (rule 13)
//! "messages": [{"from":  "16505551234", …}]             -> +16505551234 alone: the element is about somebody else
//! ```

use std::collections::HashMap;

use serde_json::Value;

use super::json::{Object, text};
use super::update::Unplaceable;
use crate::consent::identifier::{Identifier, UserId};

/// The keys under which an item names its contact.
pub(super) struct Keys {
    /// A phone number's digits (or, where there is no phone number, a user ID).
    pub phone: &'static str,
    /// A user ID.
    pub user_id: &'static str,
    /// The user ID of the parent business.
    pub parent_user_id: &'static str,
}

/// Of a message or a call.
pub(super) const FROM: Keys = Keys { phone: "from", user_id: "from_user_id", parent_user_id: "from_parent_user_id" };
/// Of a status.
pub(super) const RECIPIENT: Keys = Keys { phone: "recipient_id", user_id: "recipient_user_id", parent_user_id: "recipient_parent_user_id" };
/// Of an echo of our own message.
pub(super) const TO: Keys = Keys { phone: "to", user_id: "to_user_id", parent_user_id: "to_parent_user_id" };
/// Of a preference, and of a `contacts[]` element.
pub(super) const OWN: Keys = Keys { phone: "wa_id", user_id: "user_id", parent_user_id: "parent_user_id" };

/// How many elements a dead letter keeps beside its item.
const KEPT: usize = 4;

/// The `contacts[]` of one change.
pub(super) struct Contacts<'a> {
    cards: Vec<Card<'a>>,
    by_identifier: HashMap<Identifier, Vec<usize>>,
}

/// One element of it.
struct Card<'a> {
    raw: &'a Value,
    /// Whether it names a phone number at all, readable or not.
    names_phone: bool,
    phone: Option<Identifier>,
    user_id: Option<Identifier>,
    parent_user_id: Option<Identifier>,
}

/// What an item says of its contact itself.
#[derive(Default)]
struct Named {
    phone: Option<Identifier>,
    user_id: Option<Identifier>,
    parent_user_id: Option<Identifier>,
}

impl<'a> Contacts<'a> {
    /// Reads them; a missing list is an empty one.
    pub(super) fn read(list: Option<&'a Value>) -> Self {
        let raw = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let cards: Vec<Card<'a>> = raw.iter().filter_map(|raw| Some(Card::read(raw, raw.as_object()?))).collect();
        let mut by_identifier: HashMap<Identifier, Vec<usize>> = HashMap::new();
        for (place, card) in cards.iter().enumerate() {
            for identifier in [&card.phone, &card.user_id].into_iter().flatten() {
                by_identifier.entry(identifier.clone()).or_default().push(place);
            }
        }
        Self { cards, by_identifier }
    }

    /// Everybody's identifiers that this item shows to be one person; never empty.
    pub(super) fn of(&self, item: &Object, keys: &Keys) -> Result<Vec<Identifier>, Unplaceable> {
        let named = Named::read(item, keys)?;
        if named.phone.is_none() && named.user_id.is_none() {
            let [only] = self.cards.as_slice() else { return Err(Unplaceable::NoContact) };
            return collect([&only.phone, &only.user_id], [&only.parent_user_id]);
        }
        let matching: Vec<&Card<'_>> = self.matching(&named).filter(|card| !card.contradicts(&named)).collect();
        // Two elements that disagree about one person prove nothing about either.
        let trusted = agree(matching.iter().filter_map(|card| card.phone.as_ref()))
            && agree(matching.iter().filter_map(|card| card.user_id.as_ref()));
        let cards = if trusted { matching.as_slice() } else { &[] };
        let firsts = [&named.phone, &named.user_id].into_iter().chain(cards.iter().flat_map(|card| [&card.phone, &card.user_id]));
        let parents = [&named.parent_user_id].into_iter().chain(cards.iter().map(|card| &card.parent_user_id));
        collect(firsts, parents)
    }

    /// The elements that are kept with a dead letter of this item: those that may be about the same person.
    pub(super) fn beside(&self, item: &Object) -> Vec<&'a Value> {
        if let [only] = self.cards.as_slice() {
            return vec![only.raw];
        }
        let mut places: Vec<usize> = [FROM, RECIPIENT, TO, OWN]
            .iter()
            .filter_map(|keys| Named::read(item, keys).ok())
            .flat_map(|named| self.places(&named).take(KEPT).collect::<Vec<_>>())
            .collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().take(KEPT).filter_map(|place| self.cards.get(place)).map(|card| card.raw).collect()
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
        let user_id = |key| text(object, key).and_then(|text| read_user_id(&text).ok());
        let wa_id = text(object, OWN.phone);
        Self {
            raw,
            names_phone: wa_id.is_some(),
            phone: wa_id.and_then(|digits| Identifier::from_wa_id(&digits).ok()),
            user_id: user_id(OWN.user_id),
            parent_user_id: user_id(OWN.parent_user_id),
        }
    }

    fn contradicts(&self, named: &Named) -> bool {
        let other_phone = named.phone.is_some() && self.names_phone && self.phone != named.phone;
        let other_user = named.user_id.is_some() && self.user_id.is_some() && self.user_id != named.user_id;
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
        named.parent_user_id = text(item, keys.parent_user_id).and_then(|given| read_user_id(&given).ok());
        match unreadable {
            Some(error) if named.phone.is_none() && named.user_id.is_none() => Err(error),
            _ => Ok(named),
        }
    }
}

/// A user ID.
pub(super) fn read_user_id(given: &str) -> Result<Identifier, Unplaceable> {
    given.parse::<UserId>().map(Identifier::UserId).map_err(|error| Unplaceable::Contact { error })
}

fn agree<'i>(mut given: impl Iterator<Item = &'i Identifier>) -> bool {
    given.next().is_none_or(|first| given.all(|other| other == first))
}

/// Each identifier once, a parent's only beside another one.
fn collect<'i>(
    firsts: impl IntoIterator<Item = &'i Option<Identifier>>,
    parents: impl IntoIterator<Item = &'i Option<Identifier>>,
) -> Result<Vec<Identifier>, Unplaceable> {
    let mut found: Vec<Identifier> = Vec::new();
    let mut add = |identifier: &Identifier| {
        if !found.contains(identifier) {
            found.push(identifier.clone());
        }
    };
    let mut firsts = firsts.into_iter().flatten().peekable();
    if firsts.peek().is_none() {
        return Err(Unplaceable::NoContact);
    }
    firsts.for_each(&mut add);
    parents.into_iter().flatten().for_each(&mut add);
    found.sort();
    Ok(found)
}
