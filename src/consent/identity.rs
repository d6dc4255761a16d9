//! Who is who (rule 13): which events belong to one contact, and what follows a contact to a new identifier.
//!
//! An identifier's life is cut into spans by the changes that moved its contact away: what happened up to a change
//! belongs to the contact that left, what happens later to whoever acts under it next.
//!
//! ```text
//!   +49…01  ──────────────┤ T            ├──────────────  a new contact, once somebody acts
//!                         └─ refusals ──▶
//!   +49…02  ──────────────────────────────────────────── what it had stays
//! ```
//!
//! An erasure (rule 17) ends the spans of a contact's identifiers too, and leads nowhere: behind it nothing is known but
//! the opt-out of everything that it left.

mod lives;
mod person;

use std::collections::BTreeMap;

pub use person::{Held, Met, People, Person, Whose, whose};

use super::event::Event;
use super::facts::{Fact, Facts};
use super::time::Time;
use super::words::Seq;
use lives::Lives;

/// Names an identifier without showing it: the trail that introduced it and its place there, counting from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct IdentifierKey {
    /// The trail that introduced it.
    pub trail: u64,
    /// Its place among those.
    pub ordinal: u32,
}

/// An event of a group of contacts that identity events hold together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemberEvent {
    /// The trail it was written to.
    pub trail: u64,
    /// What it was.
    pub what: Member,
}

/// What a [`MemberEvent`] was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Member {
    /// An act, under one identifier or under several seen together, which are thereby one contact.
    Act {
        /// The act.
        event: Event,
        /// The identifiers it came under; never empty.
        identifiers: Vec<IdentifierKey>,
    },
    /// All of these identifiers are one contact.
    Linked {
        /// When that was seen.
        fact: Fact,
        /// The identifiers.
        identifiers: Vec<IdentifierKey>,
    },
    /// The contact behind `from` moved to `to`.
    Moved {
        /// When.
        fact: Fact,
        /// The old identifier.
        from: IdentifierKey,
        /// The new one.
        to: IdentifierKey,
        /// The trail moved to; 0: the same as the one moved from.
        second: u64,
    },
    /// The contact that had the identifier was erased, and what stayed says so. It holds at every time asked about and
    /// whatever was known then: nothing else is left to answer from.
    Erased {
        /// When.
        fact: Fact,
        /// The identifier.
        identifier: IdentifierKey,
    },
}

impl MemberEvent {
    /// The entry that recorded it.
    #[must_use]
    pub const fn seq(&self) -> Seq {
        match &self.what {
            Member::Act { event, .. } => event.seq,
            Member::Linked { fact, .. } | Member::Moved { fact, .. } | Member::Erased { fact, .. } => fact.seq,
        }
    }

    /// When it happened.
    #[must_use]
    pub const fn at(&self) -> Time {
        match &self.what {
            Member::Act { event, .. } => event.at,
            Member::Linked { fact, .. } | Member::Moved { fact, .. } | Member::Erased { fact, .. } => fact.at,
        }
    }

    /// Whether it bears on a question about the instant `at`.
    #[must_use]
    pub const fn bears_on(&self, at: Time) -> bool {
        matches!(self.what, Member::Erased { .. }) || self.at().micros() <= at.micros()
    }
}

/// Whoever stands behind an identifier for a span of time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Behind {
    /// Nobody is known.
    Nobody,
    /// The contact moved away and nobody acted since.
    Moved(Fact),
    /// A contact.
    Contact(Facts),
}

/// A span of an identifier's life.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span {
    /// The change that ends it; what happened at that instant still belongs to it. None: it goes on.
    pub until: Option<Time>,
    /// Who stands behind it.
    pub behind: Behind,
    /// The trail that new events of this contact are written to; none: it has no trail yet.
    pub home: Option<u64>,
}

impl Span {
    /// Whether both are of one contact, which has a trail.
    fn is_of_the_same(&self, other: &Self) -> bool {
        self.home.is_some() && self.home == other.home && self.behind == other.behind
    }
}

/// The spans of every identifier in a group, each list oldest first and never empty.
pub type Spans = BTreeMap<IdentifierKey, Vec<Span>>;

/// The span that an event at the instant `at` belongs to.
#[must_use]
pub fn span_at(spans: &[Span], at: Time) -> Option<&Span> {
    spans.iter().find(|span| span.until.is_none_or(|until| at <= until))
}

/// The span that a question about the instant `at` is answered from: a span that ends at T no longer holds at T.
#[must_use]
pub fn span_asked(spans: &[Span], at: Time) -> Option<&Span> {
    spans.iter().find(|span| span.until.is_none_or(|until| at < until))
}

/// The spans after one more act under `keys`, where it concerns nobody but the one contact who stands behind all of them
/// now: the same as working everything out again. None where more may change.
#[must_use]
pub fn apply_to_present(spans: &Spans, keys: &[IdentifierKey], event: &Event) -> Option<Spans> {
    let present = spans.get(keys.first()?)?.last()?;
    for key in keys {
        let (theirs, past) = spans.get(key)?.split_last()?;
        let began = past.last().and_then(|span| span.until);
        if !present.is_of_the_same(theirs) || began.is_some_and(|began| event.at <= began) {
            return None;
        }
    }
    let Behind::Contact(facts) = &present.behind else { return None };
    let mut facts = facts.clone();
    facts.apply(event);
    let mut after = spans.clone();
    // No two contacts have the same home.
    for span in after.values_mut().filter_map(|spans| spans.last_mut()).filter(|span| present.is_of_the_same(span)) {
        span.behind = Behind::Contact(facts.clone());
    }
    Some(after)
}

/// Works out who is who from all events of a group, in any order.
#[must_use]
pub fn resolve(events: &[MemberEvent]) -> Spans {
    Lives::of(events).fold(events)
}
