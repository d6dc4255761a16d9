//! The lives of identifiers: cut into spans by changes and erasures, joined into contacts by links.

use std::collections::{BTreeMap, HashMap};

use super::{Behind, IdentifierKey, Member, MemberEvent, Span, Spans};
use crate::consent::event::{Act, Event, SenderNumber};
use crate::consent::facts::{CONTACTS_MAX, Fact, Facts, Predecessor};
use crate::consent::time::Time;
use crate::consent::words::Categories;

impl MemberEvent {
    const fn says_who_is_who(&self) -> bool {
        match &self.what {
            Member::Act { identifiers, .. } => identifiers.len() > 1,
            Member::Linked { .. } | Member::Moved { .. } | Member::Erased { .. } => true,
        }
    }

    /// At one instant links come first: then a change silences more identifiers, and silence is the safe side. For the
    /// same reason erasures come last.
    const fn rank(&self) -> u8 {
        match &self.what {
            Member::Act { .. } | Member::Linked { .. } => 0,
            Member::Moved { .. } => 1,
            Member::Erased { .. } => 2,
        }
    }
}

/// A span while identities are worked out: a node in a union-find forest.
pub(super) struct Node {
    /// The change that ends it.
    pub(super) until: Option<Fact>,
    parent: usize,
    /// Whether somebody acted under the identifier, or moved to it.
    pub(super) acted: bool,
    /// The erasure that ended it: nothing else of it is told.
    pub(super) erased: Option<Fact>,
}

/// A contact that leaves its identifiers.
struct Leaving {
    change: Fact,
    /// Who leaves.
    contact: usize,
    /// Who had the identifier it goes to.
    had: usize,
}

/// The lives of identifiers, cut into spans, and the contacts that spans belong to.
#[derive(Default)]
pub(super) struct Lives {
    /// Every span; a contact is named by the root of its spans.
    pub(super) nodes: Vec<Node>,
    /// The spans of every identifier, oldest first.
    pub(super) spans: BTreeMap<IdentifierKey, Vec<usize>>,
    /// Who left, when, and where the contact arrived.
    pub(super) moves: Vec<(usize, Fact, usize)>,
    /// The span that an erasure ended, the erasure, the span begun.
    pub(super) erasures: Vec<(usize, Fact, usize)>,
}

impl Lives {
    /// Who is who, from the events that say so.
    pub(super) fn of(events: &[MemberEvent]) -> Self {
        let mut lives = Self::default();
        let mut identity: Vec<&MemberEvent> = events.iter().filter(|event| event.says_who_is_who()).collect();
        identity.sort_by_key(|event| (event.at(), event.rank()));
        let mut moves: Vec<(Fact, IdentifierKey, IdentifierKey)> = Vec::new();
        for event in identity {
            let together = |change: &Fact| change.at == event.at() && !matches!(event.what, Member::Erased { .. });
            if moves.first().is_some_and(|(change, ..)| !together(change)) {
                lives.end(&std::mem::take(&mut moves));
            }
            match &event.what {
                Member::Act { identifiers, .. } | Member::Linked { identifiers, .. } => lives.link(identifiers),
                Member::Moved { fact, from, to, .. } if from != to => moves.push((*fact, *from, *to)),
                Member::Moved { .. } => {}
                Member::Erased { fact, identifier } => lives.erase(*fact, *identifier),
            }
        }
        lives.end(&moves);
        lives.note_acts(events);
        lives
    }

    pub(super) fn current(&mut self, key: IdentifierKey) -> usize {
        let nodes = &mut self.nodes;
        let spans = self.spans.entry(key).or_default();
        if let Some(last) = spans.last() {
            return *last;
        }
        spans.push(add_node(nodes));
        nodes.len() - 1
    }

    pub(super) fn root(&self, mut node: usize) -> usize {
        while let Some(found) = self.nodes.get(node).filter(|found| found.parent != node) {
            node = found.parent;
        }
        node
    }

    fn link(&mut self, identifiers: &[IdentifierKey]) {
        let nodes: Vec<usize> = identifiers.iter().map(|key| self.current(*key)).collect();
        let roots: Vec<usize> = nodes.into_iter().map(|node| self.root(node)).collect();
        if let Some(first) = roots.iter().copied().min() {
            for root in roots {
                if let Some(node) = self.nodes.get_mut(root) {
                    node.parent = first;
                }
            }
        }
    }

    /// Ends the spans that the moves of one instant leave, then lets each arrive: their order does not matter.
    fn end(&mut self, moves: &[(Fact, IdentifierKey, IdentifierKey)]) {
        let mut leaving = Vec::with_capacity(moves.len());
        for (change, from, to) in moves {
            let (from, to) = (self.current(*from), self.current(*to));
            leaving.push(Leaving { change: *change, contact: self.root(from), had: self.root(to) });
        }
        let ends_at = |node: usize| leaving.iter().find(|leaving| leaving.contact == self.root(node)).map(|leaving| leaving.change);
        let ended = self.spans.iter().filter_map(|(key, spans)| Some((*key, ends_at(*spans.last()?)?)));
        for (key, change) in ended.collect::<Vec<_>>() {
            self.cut(key, change);
        }
        for (one, (_, _, to)) in leaving.iter().zip(moves) {
            let arriving = self.current(*to);
            // Whoever comes to an identifier at the instant at which its own contact leaves it may have gone on with that
            // contact: a tie, so the refusals follow both ways, and the identifier waits for an act like any that was left.
            let mut arrived = vec![one.contact];
            while let Some(other) = leaving.iter().find(|other| arrived.contains(&other.had) && !arrived.contains(&other.contact)) {
                arrived.push(other.contact);
            }
            self.moves.extend(arrived.into_iter().map(|contact| (contact, one.change, arriving)));
            if one.had == one.contact || leaving.iter().all(|other| other.contact != one.had) {
                self.acted(arriving);
            }
        }
    }

    /// Ends the present span of an identifier; gives the next.
    fn cut(&mut self, key: IdentifierKey, change: Fact) -> usize {
        let next = add_node(&mut self.nodes);
        if let Some(spans) = self.spans.get_mut(&key) {
            if let Some(node) = spans.last().and_then(|last| self.nodes.get_mut(*last)) {
                node.until = Some(change);
            }
            spans.push(next);
        }
        next
    }

    /// Of what the identifier was up to now nothing is told, and it begins anew.
    fn erase(&mut self, erased: Fact, key: IdentifierKey) {
        let node = self.current(key);
        let next = self.cut(key, erased);
        self.erasures.push((node, erased, next));
        for ended in self.spans.get(&key).into_iter().flatten() {
            if let Some(node) = self.nodes.get_mut(*ended).filter(|node| node.until.is_some_and(|until| until.at == erased.at)) {
                node.erased = Some(erased);
            }
        }
        // It is not the silence of a contact that moved away.
        self.acted(next);
    }

    /// Notes under which identifiers somebody acted.
    fn note_acts(&mut self, events: &[MemberEvent]) {
        for event in events {
            if let Member::Act { event, identifiers } = &event.what {
                for key in identifiers.iter().filter(|_| event.act.is_of_a_person()) {
                    let node = self.node_at(*key, event.at);
                    self.acted(node);
                }
            }
        }
    }

    fn acted(&mut self, node: usize) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.acted = true;
        }
    }

    pub(super) fn node_at(&mut self, key: IdentifierKey, at: Time) -> usize {
        self.current(key);
        let spans = self.spans.get(&key).map(Vec::as_slice).unwrap_or_default();
        let open = |node: &&usize| self.nodes.get(**node).is_none_or(|node| node.until.is_none_or(|until| at <= until.at));
        spans.iter().find(open).copied().unwrap_or_default()
    }

    pub(super) fn fold(mut self, events: &[MemberEvent]) -> Spans {
        let mut facts: HashMap<usize, Facts> = HashMap::new();
        let mut homes: HashMap<usize, u64> = HashMap::new();
        let mut begun: Vec<u64> = Vec::new();
        for event in events {
            let home = event.trail;
            let Some(root) = self.of_event(event) else { continue };
            if let Member::Act { event, .. } = &event.what {
                facts.entry(root).or_default().apply(event);
            }
            if !begun.contains(&home) {
                begun.push(home);
                homes.entry(root).and_modify(|known| *known = home.min(*known)).or_insert(home);
            }
            // A change can be the first that is heard of whoever has the identifier moved to: their trail begins with it.
            if let Member::Moved { fact, to, second, .. } = &event.what
                && *second != 0
                && !begun.contains(second)
            {
                begun.push(*second);
                let node = self.node_at(*to, fact.at.plus_micros(1));
                homes.entry(self.root(node)).and_modify(|known| *known = (*second).min(*known)).or_insert(*second);
            }
        }
        // Of two at one instant the first recorded is named.
        self.erasures.sort_by_key(|(_, erased, _)| *erased);
        for (_, erased, begun) in &self.erasures {
            // It stands for whoever appears under the identifier: for who has it after a later change too.
            let spans = self.spans.values().find(|spans| spans.contains(begun)).into_iter().flatten();
            for node in spans.skip_while(|node| *node != begun) {
                facts.entry(self.root(*node)).or_default().suppress(*erased);
            }
        }
        self.moves.sort_by_key(|(_, change, _)| change.at);
        for (leaving, change, arriving) in &self.moves {
            let leaves = |root: usize| facts.get(&root).map_or(1, Facts::contacts);
            let many = leaves(self.root(*leaving)) + leaves(self.root(*arriving)) > CONTACTS_MAX;
            let left = if many { None } else { Some(facts.get(&self.root(*leaving)).cloned().unwrap_or_default()) };
            let here = facts.entry(self.root(*arriving)).or_default();
            match left {
                Some(left) => here.predecessors.push(Predecessor { change: *change, facts: left }),
                None => drop(here.apply(&refusal_of_everything(*change))),
            }
        }
        let spans = self.spans.iter().map(|(key, nodes)| (*key, self.spans_of(nodes, &facts, &homes)));
        spans.collect()
    }

    /// The contact that an event is of: of whoever was behind its first identifier then.
    pub(super) fn of_event(&mut self, event: &MemberEvent) -> Option<usize> {
        let key = match &event.what {
            Member::Act { identifiers, .. } | Member::Linked { identifiers, .. } => *identifiers.first()?,
            Member::Moved { from, .. } => *from,
            Member::Erased { .. } => return None,
        };
        let node = self.node_at(key, event.at());
        Some(self.root(node))
    }

    fn spans_of(&self, nodes: &[usize], facts: &HashMap<usize, Facts>, homes: &HashMap<usize, u64>) -> Vec<Span> {
        let mut left: Option<Fact> = None;
        let mut spans = Vec::with_capacity(nodes.len());
        for node in nodes {
            let root = self.root(*node);
            let (until, acted, erased) = self.nodes.get(*node).map_or((None, false, None), |node| (node.until, node.acted, node.erased));
            // An identifier that was left stays silent whatever is sent to it, reported of it or linked with it.
            let behind = match (facts.get(&root).filter(|facts| !facts.is_empty()), left) {
                _ if erased.is_some() => Behind::Contact(Facts { erased, ..Facts::default() }),
                (_, Some(change)) if !acted => Behind::Moved(change),
                (Some(facts), _) => Behind::Contact(facts.clone()),
                (None, _) => Behind::Nobody,
            };
            spans.push(Span { until: until.map(|change| change.at), behind, home: homes.get(&root).copied() });
            left = until;
        }
        spans
    }
}

/// What stands for whoever moved on through more contacts than are followed.
const fn refusal_of_everything(change: Fact) -> Event {
    let act = Act::OptOut { sender: SenderNumber::ALL, categories: Categories::ALL, keyword_sender: None };
    Event { at: change.at, seq: change.seq, act }
}

fn add_node(nodes: &mut Vec<Node>) -> usize {
    nodes.push(Node { until: None, parent: nodes.len(), acted: false, erased: None });
    nodes.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::identity::resolve;
    use crate::consent::words::Seq;

    fn key(trail: u64) -> IdentifierKey {
        IdentifierKey { trail, ordinal: 1 }
    }

    fn moved(at: i64, from: u64, to: u64) -> MemberEvent {
        let fact = Fact { at: Time::from_micros(at), seq: Seq::new(at.unsigned_abs()) };
        MemberEvent { trail: from, what: Member::Moved { fact, from: key(from), to: key(to), second: to } }
    }

    fn opted_in(at: i64, trail: u64) -> MemberEvent {
        let act = Act::OptIn { sender: SenderNumber::ALL, categories: Categories::ALL, expires_at: None, weak: false };
        let event = Event { at: Time::from_micros(at), seq: Seq::new(at.unsigned_abs()), act };
        MemberEvent { trail, what: Member::Act { event, identifiers: vec![key(trail)] } }
    }

    /// What is known in the end of whoever has the identifier.
    fn known(events: &[MemberEvent], trail: u64) -> Facts {
        match resolve(events).remove(&key(trail)).unwrap().pop().unwrap().behind {
            Behind::Contact(facts) => facts,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn changes_to_two_numbers_and_on_to_one_do_not_double_what_is_told_for_ever() {
        let mut events = vec![opted_in(1, 1)];
        for round in 0..200 {
            let (at, from) = (10 * round + 10, u64::try_from(round).unwrap() * 3 + 1);
            events.extend([moved(at, from, from + 1), moved(at, from, from + 2)]);
            events.extend([moved(at + 5, from + 1, from + 3), moved(at + 5, from + 2, from + 3)]);
        }
        let facts = known(&events, 601);
        assert!(facts.contacts() <= CONTACTS_MAX);
        let everywhere = facts.toward(SenderNumber::ALL).unwrap();
        assert!(
            Categories::ALL.iter().all(|category| everywhere.consent(category).opted_out.is_some()),
            "a refusal of everything goes along"
        );
    }

    #[test]
    fn whoever_moved_a_hundred_times_is_followed_and_then_takes_one_refusal_along() {
        let chain = |moves: i64| {
            let mut events = vec![opted_in(1, 1)];
            events.extend((0..moves).map(|n| moved(10 + n, u64::try_from(n).unwrap() + 1, u64::try_from(n).unwrap() + 2)));
            known(&events, u64::try_from(moves).unwrap() + 1)
        };
        let followed = chain(99);
        assert_eq!((followed.contacts(), followed.toward.len()), (CONTACTS_MAX, 0));
        let beyond = chain(100);
        assert_eq!((beyond.contacts(), beyond.toward.len()), (1, 1), "what was before is one refusal");
        assert_eq!(chain(2_000).contacts(), 1 + 2_000 % CONTACTS_MAX);
    }
}
