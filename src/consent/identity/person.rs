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

use super::{IdentifierKey, Lives, Member, MemberEvent};
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
    /// When they left it; none: they have it.
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
    let roots: Vec<Option<usize>> = then.iter().map(|event| lives.of_event(event)).collect();
    let mut known: HashSet<usize> = roots.iter().copied().flatten().collect();
    known.extend(lives.moves.iter().map(|(_, _, arriving)| lives.root(*arriving)));
    let start = lives.last_known(key, &known);
    let theirs = lives.same_person(start);
    let is_theirs = |root: &Option<usize>| root.is_some_and(|root| theirs.contains(&root));
    let events = then.iter().zip(&roots).filter(|(_, root)| is_theirs(root)).map(|(event, _)| event.seq()).collect();
    let held = |(key, spans): (&IdentifierKey, &Vec<usize>)| {
        let last = spans.iter().rposition(|node| theirs.contains(&lives.root(*node)))?;
        let since = spans.get(last + 1..).unwrap_or_default();
        let left = spans.get(last).and_then(|node| lives.nodes.get(*node)?.until).filter(|_| !since.is_empty());
        let others = since.iter().any(|node| known.contains(&lives.root(*node)));
        Some(Held { key: *key, left: left.map(|left| left.at), others })
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
    /// Whoever is behind `key` now, or, where that is nobody, whoever moved away last.
    fn last_known(&mut self, key: IdentifierKey, known: &HashSet<usize>) -> usize {
        let mut node = self.current(key);
        let spans = self.spans.get(&key).map(Vec::as_slice).unwrap_or_default();
        for earlier in spans.iter().rev().skip(1) {
            // What an erasure began does not go back behind it.
            if known.contains(&self.root(node)) || self.begun_anew.iter().any(|(_, _, begun)| *begun == node) {
                break;
            }
            node = *earlier;
        }
        self.root(node)
    }

    /// The contacts that one person was: a move leads both ways, an erasure only back to what was erased.
    fn same_person(&self, start: usize) -> HashSet<usize> {
        let moves = self.moves.iter().flat_map(|(leaving, _, arriving)| [(*leaving, *arriving), (*arriving, *leaving)]);
        let anew = self.begun_anew.iter().map(|(erased, _, begun)| (*begun, *erased));
        let ways: Vec<(usize, usize)> = moves.chain(anew).map(|(from, to)| (self.root(from), self.root(to))).collect();
        let mut theirs = HashSet::from([start]);
        let mut open = vec![start];
        while let Some(root) = open.pop() {
            open.extend(ways.iter().filter(|(from, to)| *from == root && theirs.insert(*to)).map(|(_, to)| *to));
        }
        theirs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::event::{Act, Event};
    use crate::consent::facts::Fact;

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
        let event = Event { at: time(seq), seq: Seq::new(seq), act: Act::IdentityKeyChanged };
        let identifiers = keys.iter().copied().map(key).collect();
        MemberEvent { trail: keys[0], what: Member::Act { event, identifiers } }
    }

    fn moved(seq: u64, from: u64, to: u64) -> MemberEvent {
        MemberEvent { trail: from, what: Member::Moved { fact: fact(seq), from: key(from), to: key(to), second: to } }
    }

    fn erased(seq: u64, identifier: u64) -> MemberEvent {
        MemberEvent { trail: identifier, what: Member::Erased { fact: fact(seq), identifier: key(identifier) } }
    }

    fn of(events: &[MemberEvent], identifier: u64, at: u64) -> (Vec<u64>, Vec<(u64, Option<u64>, bool)>) {
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
            assert_eq!(of(&events, identifier, 9), (vec![1, 2, 3], vec![(1, Some(2), false), (2, None, false)]));
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
