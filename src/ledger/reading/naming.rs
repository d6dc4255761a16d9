//! What a contact is called: one of its identifiers, opened from what is sealed in its trail.

use crate::consent::identity::IdentifierKey;
use crate::consent::words::Seq;
use crate::ledger::Ledger;
use crate::ledger::memory::fold;
use crate::ledger::memory::trail::Trail;
use crate::ledger::storage::reader::{EntryUnreadable, ReadEntry, Sealed, open_sealed};

/// Which trails and identifiers are a contact's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Members {
    /// Everything in this trail.
    Trail(u64),
    /// These identifiers.
    Identifiers(Vec<IdentifierKey>),
}

impl Ledger {
    /// An identifier of the contact, a phone number where one is found; none where its key is gone. Blocks.
    ///
    /// # Errors
    /// Where an entry cannot be read or opened.
    pub(in crate::ledger) fn name_of(&self, members: &Members) -> Result<Option<String>, EntryUnreadable> {
        let found = match members {
            Members::Trail(trail) => self.identifiers_in(*trail, None, usize::MAX)?,
            Members::Identifiers(keys) => self.texts_of(keys, usize::MAX)?,
        };
        let phone = found.iter().position(|text| text.starts_with('+'));
        Ok(found.into_iter().nth(phone.unwrap_or_default()))
    }

    /// What these identifiers are, as far as their keys open and the latest `entries` of their trails show it; each text once.
    /// Blocks.
    ///
    /// # Errors
    /// Where an entry cannot be read or opened.
    pub(in crate::ledger) fn texts_of(&self, keys: &[IdentifierKey], entries: usize) -> Result<Vec<String>, EntryUnreadable> {
        let mut found: Vec<String> = Vec::with_capacity(keys.len());
        for key in keys {
            let holder = self.shared.state.erasures().holder(*key);
            let texts = self.identifiers_in(holder, Some(*key), entries)?;
            found.extend(texts.into_iter().filter(|text| !found.contains(text)).collect::<Vec<_>>());
        }
        Ok(found)
    }

    /// The identifiers that the latest entry of the trail under this one, or under any, shows; looked for in so many entries.
    fn identifiers_in(&self, trail: u64, wanted: Option<IdentifierKey>, entries: usize) -> Result<Vec<String>, EntryUnreadable> {
        let mut next = self.shared.state.with_trail(trail, Trail::last).unwrap_or_default();
        let mut left = entries;
        while next != Seq::NONE && left > 0 {
            left -= 1;
            let entry = self.shared.reader.entry(next)?;
            let second = entry.header.link.trail != trail;
            let link = if second { entry.header.second } else { entry.header.link };
            if link.trail != trail || link.previous >= next {
                return Err(EntryUnreadable { seq: next, reason: format!("it is not linked into trail {trail}") });
            }
            let places: Vec<usize> = keys_of(&entry, second)
                .into_iter()
                .enumerate()
                .filter(|(_, key)| wanted.is_none_or(|wanted| wanted == *key))
                .map(|(place, _)| place)
                .collect();
            if !places.is_empty() {
                match open_sealed(&self.shared.keyring.lock(), &entry, second)? {
                    Sealed::Opened(sealed) => {
                        return Ok(places.iter().filter_map(|place| sealed.identifiers.get(*place).cloned()).collect());
                    }
                    Sealed::Erased => return Ok(Vec::new()),
                    Sealed::Nothing => {}
                }
            }
            next = link.previous;
        }
        Ok(Vec::new())
    }
}

/// The identifiers that one box of an entry holds, in its order. Where a contact moves within its trail, one box holds
/// both sides.
fn keys_of(entry: &ReadEntry, second: bool) -> Vec<IdentifierKey> {
    let (first, other) = (&entry.clear.identifiers, &entry.clear.second_identifiers);
    match (second, entry.header.second.trail) {
        (true, own) => fold::keys(other, own),
        (false, 0) => [fold::keys(first, entry.header.link.trail), fold::keys(other, 0)].concat(),
        (false, _) => fold::keys(first, entry.header.link.trail),
    }
}
