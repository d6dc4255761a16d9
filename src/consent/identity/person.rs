//! The person behind an identifier, for erasure (rule 17): every identifier they have or had, and every event of theirs.
//!
//! ```text
//!   +49…01  ── person ─┤ T1 ├── somebody else ──   events after T1 are not the person's
//!                      └──────▶
//!   +49…02  ─────────────────── person ─────────   erased by this number: both trails' events of theirs
//! ```
//!
//! Only what happened up to the erasure counts: what is known of later times changes nobody's past.

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

/// The person behind `key` at the instant `at`: the contact, those it was before it moved, and, where the contact that had
/// the identifier moved away and nobody acted under it since, those it became.
#[must_use]
pub fn person(events: &[MemberEvent], key: IdentifierKey, at: Time) -> Person {
    let then: Vec<MemberEvent> = events.iter().filter(|event| event.at() <= at).cloned().collect();
    let mut lives = Lives::of(&then);
    let start = lives.last_acting(key);
    let theirs = lives.same_person(start);
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

    /// The contact that acted under `key` last: of an identifier that was left, whoever left it.
    fn last_acting(&mut self, key: IdentifierKey) -> usize {
        let mut span = self.current(key);
        for earlier in self.spans.get(&key).into_iter().flatten().rev().skip(1) {
            if self.has_acted(span) {
                break;
            }
            span = *earlier;
        }
        self.root(span)
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
        let person = person(events, key(identifier), time(at));
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

    #[test]
    fn events_are_sorted_by_contact() {
        let events = [act(1, &[1]), moved(2, 1, 2), act(3, &[1]), act(4, &[2])];
        let whose: Vec<Whose> = whose(&events).into_iter().flatten().collect();
        assert_eq!(whose[0].contact, whose[1].contact);
        assert_eq!(whose[1].arrives_at, whose[3].contact);
        assert_ne!(whose[2].contact, whose[0].contact);
    }
}
