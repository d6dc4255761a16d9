//! What the contacts of a group did, read from their trails.

use std::collections::HashSet;

use crate::consent::account::Known;
use crate::consent::event::Event;
use crate::consent::facts::{Fact, Facts};
use crate::consent::identity::{Behind, IdentifierKey, Member, MemberEvent, People, Spans, span_at};
use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::memory::fold;
use crate::ledger::memory::state::State;
use crate::ledger::storage::reader::{EntryUnreadable, ReadEntry, Reader};
use crate::ledger::writing::batch::Planned;
use crate::proto::clear_part::Fact as Stored;

/// Every entry of these trails that still counts, by seq, each once.
///
/// # Errors
/// Where one cannot be read.
pub fn entries(state: &State, reader: &Reader, trails: &[u64]) -> Result<Vec<ReadEntry>, EntryUnreadable> {
    let lasts: Vec<_> = trails.iter().filter_map(|trail| Some((*trail, state.trail(*trail)?.last()))).collect();
    let mut entries = reader.trails(&lasts)?;
    let erasures = state.erasures();
    let void: HashSet<u64> = entries.iter().flat_map(trails_of).filter(|trail| erasures.is_void(*trail)).collect();
    drop(erasures);
    entries.retain(|entry| !trails_of(entry).any(|trail| void.contains(&trail)));
    Ok(entries)
}

/// The trails an entry is of.
pub fn trails_of(entry: &ReadEntry) -> impl Iterator<Item = u64> + use<> {
    [entry.header.link.trail, entry.header.second.trail].into_iter().filter(|trail| *trail != 0)
}

/// Every event of these trails, by seq, as far as it was known (what an erasure recorded again, as of when it first was), and the erasures that their identifiers stand under, which
/// were always known: nothing else is left to answer from.
///
/// # Errors
/// Where one cannot be read.
pub fn members(state: &State, reader: &Reader, trails: &[u64], known: Known) -> Result<Vec<MemberEvent>, String> {
    let entries = entries(state, reader, trails).map_err(|error| error.to_string())?;
    let is_seen = |entry: &&ReadEntry| {
        let (seq, recorded_at) = entry.first_recorded();
        known.holds(recorded_at, seq)
    };
    let mut members: Vec<MemberEvent> = entries.iter().filter(is_seen).filter_map(|entry| member(state, entry)).collect();
    members.extend(state.erasures().members(trails));
    Ok(members)
}

/// What an entry means for who is who and what they did; none: nothing.
#[must_use]
pub fn member(state: &State, entry: &ReadEntry) -> Option<MemberEvent> {
    fold::member(&entry.header, &entry.clear, &mut |name| state.sender_number(name))
}

/// The same of an entry that is yet to be written.
#[must_use]
pub fn planned_member(entry: &Planned, fact: Fact, state: &State) -> Option<MemberEvent> {
    let what = match &entry.fact {
        Stored::IdentifiersLinked(_) => Member::Linked { fact, identifiers: [entry.keys.clone(), entry.second_keys.clone()].concat() },
        Stored::NumberChanged(_) | Stored::UserIdChanged(_) => {
            Member::Moved { fact, from: *entry.keys.first()?, to: *entry.second_keys.first()?, second: entry.second }
        }
        stored => {
            let act = fold::act(stored, &mut |name| state.sender_number(name))?;
            Member::Act { event: Event { at: fact.at, seq: fact.seq, act }, identifiers: entry.keys.clone() }
        }
    };
    Some(MemberEvent { trail: entry.trail, what })
}

/// Everybody in these trails as of `at`, those too who are only mentioned.
///
/// # Errors
/// Where an entry cannot be read.
pub fn people(state: &State, reader: &Reader, trails: &[u64], at: Time) -> Result<People, EntryUnreadable> {
    let entries = entries(state, reader, trails)?;
    let mut members: Vec<MemberEvent> =
        entries.iter().filter_map(|entry| member(state, entry).or_else(|| mention(entry, entries.iter()))).collect();
    members.extend(state.erasures().members(trails));
    Ok(People::as_of(&members, at))
}

/// An entry that is no act still names whom it is about: a change from a number to itself, a request of erasure, a decision
/// about a message, which is of whoever wrote the message; that is looked for among `all`.
#[must_use]
pub fn mention<'a>(entry: &ReadEntry, mut all: impl Iterator<Item = &'a ReadEntry>) -> Option<MemberEvent> {
    let decides = match &entry.clear.fact {
        Some(Stored::PossibleOptOutResolved(resolved)) => Some(Seq::new(resolved.seq)),
        _ => None,
    };
    let message = decides.and_then(|message| all.find(|other| other.header.seq == message));
    let at = message.map_or(entry.clear.occurred_at, |message| message.clear.occurred_at);
    let fact = Fact { at: Time::from_micros(at), seq: entry.header.seq };
    let is_erasure = matches!(entry.clear.fact, Some(Stored::ContactErased(_)));
    let identifiers: Vec<IdentifierKey> = fold::keys(&entry.clear.identifiers, entry.header.link.trail).into_iter().take(1).collect();
    let names_somebody = !is_erasure && !identifiers.is_empty();
    names_somebody.then_some(MemberEvent { trail: entry.header.link.trail, what: Member::Linked { fact, identifiers } })
}

/// What is known of whoever is behind an identifier at an instant.
#[must_use]
pub fn behind(spans: &Spans, key: Option<IdentifierKey>, at: Time) -> Facts {
    let span = key.and_then(|key| span_at(spans.get(&key)?, at));
    match span.map(|span| &span.behind) {
        Some(Behind::Contact(facts)) => facts.clone(),
        Some(Behind::Moved(_) | Behind::Nobody) | None => Facts::default(),
    }
}

/// What was known before and is known after an event of whoever it happened to. An identifier that was left shows nobody; what
/// happens under it still counts for whoever it is linked with.
#[must_use]
pub fn around((before, after): (&Spans, &Spans), key: Option<IdentifierKey>, at: Time) -> (Facts, Facts) {
    let pair = |key, at| (behind(before, key, at), behind(after, key, at));
    let own = pair(key, at);
    let now = Time::from_micros(i64::MAX);
    let changed = |(old, new): &(Facts, Facts)| old != new;
    if changed(&own) { own } else { after.keys().map(|key| pair(Some(*key), now)).find(changed).unwrap_or(own) }
}
