//! The person behind an identifier, for erasure (rule 17): every identifier they have or had, and every event of theirs.
//!
//! ```text
//!   +49…01  ── person ─┤ T1 ├── somebody else ──   events after T1 are not the person's
//!                      └──────▶
//!   +49…02  ─────────────────── person ─────────   erased by this number: both trails' events of theirs
//! ```
//!
//! Only what happened up to the erasure counts: what is known of later times changes nobody's past. Somebody who asked to be
//! erased before is the one who stood behind the identifier then, whoever has it by now ([`Met`]).

use std::collections::HashSet;

use super::lives::Lives;
use super::{IdentifierKey, Member, MemberEvent};
use crate::consent::time::Time;
use crate::consent::words::Seq;

/// A person as of an instant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Person {
    /// Every identifier they have or had.
    pub identifiers: Vec<Held>,
    /// The entries that recorded what they did and what happened to them.
    pub events: Vec<Seq>,
}

/// An identifier that a person has or had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Held {
    /// Which.
    pub key: IdentifierKey,
    /// When they left it and others came; none: they have it, or nobody acted under it since.
    pub left: Option<Time>,
    /// Whether somebody else stands behind it since.
    pub others: bool,
}

/// To whom an event belongs: numbers that mean nothing but that equal ones are one contact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Whose {
    /// The contact.
    pub contact: usize,
    /// Of a change: the contact that has the new identifier from then on. Else the contact itself.
    pub arrives_at: usize,
}

/// Somebody as they were met: under an identifier, at an instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Met {
    /// The identifier.
    pub key: IdentifierKey,
    /// When.
    pub at: Time,
}

/// Everybody in a group of contacts, as of an instant.
pub struct People {
    then: Vec<MemberEvent>,
    lives: Lives,
}

impl People {
    /// As of `at`: what is known of later times changes nobody's past.
    #[must_use]
    pub fn as_of(events: &[MemberEvent], at: Time) -> Self {
        let then: Vec<MemberEvent> = events.iter().filter(|event| event.at() <= at).cloned().collect();
        let lives = Lives::of(&then);
        Self { then, lives }
    }

    /// Whoever was met, with what they have and did up to now: the contact, those it was before it moved, and those it
    /// became. Where the contact that had the identifier had moved away and nobody had acted under it since, that contact was
    /// met; who acts under it later is somebody else.
    #[must_use]
    pub fn person(&mut self, met: Met) -> Person {
        let theirs = self.theirs(met);
        let Self { then, lives } = self;
        let is_theirs = |event: &&MemberEvent| lives.of_event(event).is_some_and(|contact| theirs.contains(&contact));
        let events = then.iter().filter(is_theirs).map(MemberEvent::seq).collect();
        let held = |(key, spans): (&IdentifierKey, &Vec<usize>)| {
            let last = spans.iter().rposition(|span| theirs.contains(&lives.root(*span)))?;
            let since = spans.get(last + 1..).unwrap_or_default();
            let left = spans.get(last).and_then(|span| lives.nodes.get(*span)?.until).filter(|_| !since.is_empty());
            Some(Held { key: *key, left: left.map(|left| left.at), others: since.iter().any(|span| lives.has_acted(*span)) })
        };
        Person { identifiers: lives.spans.iter().filter_map(held).collect(), events }
    }

    /// Whether two who were met are one person by now.
    #[must_use]
    pub fn are_one(&mut self, one: Met, other: Met) -> bool {
        let theirs = self.theirs(one);
        theirs.contains(&self.contact(other))
    }

    fn theirs(&mut self, met: Met) -> HashSet<usize> {
        let start = self.contact(met);
        self.lives.same_person(start)
    }

    /// The contact that was met. Changes up to then cut the identifier's life in the same places whatever came later.
    fn contact(&mut self, met: Met) -> usize {
        let then: Vec<MemberEvent> = self.then.iter().filter(|event| event.at() <= met.at).cloned().collect();
        let place = Lives::of(&then).last_acting(met.key);
        let current = self.lives.current(met.key);
        let span = self.lives.spans.get(&met.key).and_then(|spans| spans.get(place)).copied();
        self.lives.root(span.unwrap_or(current))
    }
}

/// To whom each event belongs; none for those that are nobody's.
#[must_use]
pub fn whose(events: &[MemberEvent]) -> Vec<Option<Whose>> {
    let mut lives = Lives::of(events);
    let mut whose = Vec::with_capacity(events.len());
    for event in events {
        whose.push(lives.of_event(event).map(|contact| {
            let Member::Moved { fact, from, to, .. } = &event.what else { return Whose { contact, arrives_at: contact } };
            let node = lives.node_at(*to, if from == to { fact.at } else { fact.at.plus_micros(1) });
            Whose { contact, arrives_at: lives.root(node) }
        }));
    }
    whose
}

impl Lives {
    fn has_acted(&self, span: usize) -> bool {
        self.nodes.get(span).is_some_and(|span| span.acted)
    }

    /// The place of the span in which somebody acted under `key` last: of an identifier that was left, whoever left it.
    fn last_acting(&mut self, key: IdentifierKey) -> usize {
        self.current(key);
        let spans = self.spans.get(&key).map(Vec::as_slice).unwrap_or_default();
        spans.iter().rposition(|span| self.has_acted(*span)).unwrap_or_default()
    }

    /// The contacts that one person was. A move leads both ways, an erasure back to what was erased; what was sent to an
    /// identifier that the person left, or reported of it, is nobody else's.
    fn same_person(&self, start: usize) -> HashSet<usize> {
        let spans = || self.spans.values().flatten().copied();
        let acting: HashSet<usize> = spans().filter(|span| self.has_acted(*span)).map(|span| self.root(span)).collect();
        let is_erased = |span: usize| self.nodes.get(span).is_some_and(|span| span.erased.is_some());
        let kept: HashSet<usize> = spans().filter(|span| !is_erased(*span)).map(|span| self.root(span)).collect();
        let moves = self.moves.iter().flat_map(|(leaving, _, arriving)| [(*leaving, *arriving), (*arriving, *leaving)]);
        let anew =
            self.erasures.iter().filter(|(erased, ..)| !kept.contains(&self.root(*erased))).map(|(erased, _, begun)| (*begun, *erased));
        let next = self.spans.values().flat_map(|spans| spans.iter().copied().zip(spans.iter().copied().skip(1)));
        let silent = next.filter(|(_, next)| !acting.contains(&self.root(*next)));
        let ways: Vec<(usize, usize)> = moves.chain(anew).chain(silent).map(|(from, to)| (self.root(from), self.root(to))).collect();
        let mut theirs = HashSet::from([start]);
        let mut open = vec![start];
        while let Some(contact) = open.pop() {
            open.extend(ways.iter().filter(|(from, to)| *from == contact && theirs.insert(*to)).map(|(_, to)| *to));
        }
        theirs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::event::{Act, Event, SenderNumber};
    use crate::consent::facts::Fact;
    use crate::consent::words::Categories;

    const fn key(trail: u64) -> IdentifierKey {
        IdentifierKey { trail, ordinal: 1 }
    }

    fn fact(seq: u64) -> Fact {
        Fact { at: time(seq), seq: Seq::new(seq) }
    }

    const fn time(n: u64) -> Time {
        Time::from_micros(n.cast_signed() * 10)
    }

    /// Acts happen in the order of their seqs.
    fn act(seq: u64, keys: &[u64]) -> MemberEvent {
        let event = Event {
            at: time(seq),
            seq: Seq::new(seq),
            act: Act::OptOut { sender: SenderNumber::ALL, categories: Categories::ALL, keyword_sender: None },
        };
        let identifiers = keys.iter().copied().map(key).collect();
        MemberEvent { trail: keys[0], what: Member::Act { event, identifiers } }
    }

    fn moved(seq: u64, from: u64, to: u64) -> MemberEvent {
        MemberEvent { trail: from, what: Member::Moved { fact: fact(seq), from: key(from), to: key(to), second: to } }
    }

    fn erased(seq: u64, identifier: u64) -> MemberEvent {
        MemberEvent { trail: identifier, what: Member::Erased { fact: fact(seq), identifier: key(identifier) } }
    }

    /// An identifier, when it was left, and whether others have it.
    type Has = (u64, Option<u64>, bool);

    fn of(events: &[MemberEvent], identifier: u64, at: u64) -> (Vec<u64>, Vec<Has>) {
        of_met(events, Met { key: key(identifier), at: time(at) }, at)
    }

    fn of_met(events: &[MemberEvent], met: Met, at: u64) -> (Vec<u64>, Vec<Has>) {
        let person = People::as_of(events, time(at)).person(met);
        let held = |held: &Held| (held.key.trail, held.left.map(|left| left.micros().cast_unsigned() / 10), held.others);
        (person.events.iter().map(|seq| seq.number()).collect(), person.identifiers.iter().map(held).collect())
    }

    #[test]
    fn a_contact_has_every_identifier_seen_with_it_up_to_then() {
        let events = [act(1, &[1]), act(2, &[1, 2]), act(3, &[2]), act(4, &[3]), act(5, &[2, 3])];
        assert_eq!(of(&events, 2, 4), (vec![1, 2, 3], vec![(1, None, false), (2, None, false)]));
        assert_eq!(of(&events, 3, 4), (vec![4], vec![(3, None, false)]));
        assert_eq!(of(&events, 3, 5).0, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn a_person_who_moved_is_found_by_the_old_number_and_by_the_new_one() {
        let events = [act(1, &[1]), moved(2, 1, 2), act(3, &[2])];
        for identifier in [1, 2] {
            assert_eq!(of(&events, identifier, 9), (vec![1, 2, 3], vec![(1, None, false), (2, None, false)]));
        }
    }

    #[test]
    fn the_new_owner_of_a_number_is_another_person() {
        let events = [act(1, &[1]), moved(2, 1, 2), act(3, &[1]), act(4, &[2])];
        assert_eq!(of(&events, 1, 9), (vec![3], vec![(1, None, false)]));
        assert_eq!(of(&events, 2, 9), (vec![1, 2, 4], vec![(1, Some(2), true), (2, None, false)]));
    }

    #[test]
    fn who_comes_after_an_erasure_is_not_taken_for_whoever_left_before_it() {
        let events = [act(1, &[1]), moved(2, 1, 2), erased(4, 1)];
        assert_eq!(of(&events, 1, 9), (vec![], vec![(1, None, false)]));
    }

    fn met(identifier: u64, at: u64) -> Met {
        Met { key: key(identifier), at: time(at) }
    }

    #[test]
    fn who_asked_before_a_number_went_to_somebody_else_is_who_is_erased() {
        let events = [act(1, &[1]), moved(4, 1, 2), act(5, &[2]), act(6, &[1])];
        // Asked under the old number: before the change, and after it while nobody else had acted.
        for asked in [2, 4, 5] {
            assert_eq!(of_met(&events, met(1, asked), 9), (vec![1, 4, 5], vec![(1, Some(4), true), (2, None, false)]), "asked at {asked}");
        }
        assert_eq!(of_met(&events, met(1, 6), 9), (vec![6], vec![(1, None, false)]));
        assert_eq!(of_met(&events, met(2, 3), 9).0, [1, 4, 5]);
    }

    #[test]
    fn who_asked_is_erased_with_whoever_they_turned_out_to_be() {
        let events = [act(1, &[1]), act(2, &[2]), act(5, &[1, 2]), moved(6, 2, 3)];
        assert_eq!(of_met(&events, met(1, 3), 4).0, [1]);
        assert_eq!(of_met(&events, met(1, 3), 9), (vec![1, 2, 5, 6], vec![(1, None, false), (2, None, false), (3, None, false)]));
    }

    #[test]
    fn two_who_were_met_are_one_person_where_links_and_changes_lead_from_one_to_the_other() {
        let events = [act(1, &[1]), moved(4, 1, 2), act(6, &[1]), act(7, &[3])];
        let mut people = People::as_of(&events, time(9));
        assert!(people.are_one(met(1, 2), met(2, 9)) && people.are_one(met(2, 9), met(1, 5)));
        assert!(!people.are_one(met(1, 2), met(1, 9)) && !people.are_one(met(2, 9), met(3, 9)));
        // Of whom nothing is known but that they were met.
        assert!(people.are_one(met(8, 2), met(8, 9)) && !people.are_one(met(8, 2), met(1, 2)));
    }

    #[test]
    fn events_are_sorted_by_contact() {
        let events = [act(1, &[1]), moved(2, 1, 2), act(3, &[1]), act(4, &[2])];
        let whose: Vec<Whose> = whose(&events).into_iter().flatten().collect();
        assert_eq!(whose[0].contact, whose[1].contact);
        assert_eq!(whose[1].arrives_at, whose[3].contact);
        assert_ne!(whose[2].contact, whose[0].contact);
    }
}
