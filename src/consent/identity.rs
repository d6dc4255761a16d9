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

use std::collections::{BTreeMap, HashMap};

use super::event::Event;
use super::facts::{Fact, Facts, Predecessor};
use super::time::Time;
use super::words::Seq;

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
}

impl MemberEvent {
    /// The entry that recorded it.
    #[must_use]
    pub const fn seq(&self) -> Seq {
        match &self.what {
            Member::Act { event, .. } => event.seq,
            Member::Linked { fact, .. } | Member::Moved { fact, .. } => fact.seq,
        }
    }

    /// When it happened.
    #[must_use]
    pub const fn at(&self) -> Time {
        match &self.what {
            Member::Act { event, .. } => event.at,
            Member::Linked { fact, .. } | Member::Moved { fact, .. } => fact.at,
        }
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
        if theirs.behind != present.behind || theirs.home != present.home || began.is_some_and(|began| event.at <= began) {
            return None;
        }
    }
    let Behind::Contact(facts) = &present.behind else { return None };
    let mut facts = facts.clone();
    facts.apply(event);
    let mut after = spans.clone();
    // Facts name the entries they rest on: two contacts never have the same.
    for span in after.values_mut().filter_map(|spans| spans.last_mut()).filter(|span| span.behind == present.behind) {
        span.behind = Behind::Contact(facts.clone());
    }
    Some(after)
}

/// Works out who is who from all events of a group, in any order.
#[must_use]
pub fn resolve(events: &[MemberEvent]) -> Spans {
    let mut lives = Lives::default();
    let mut identity: Vec<&MemberEvent> = events.iter().filter(|event| event.says_who_is_who()).collect();
    // At one instant links come first: then a change silences more identifiers, and silence is the safe side.
    identity.sort_by_key(|event| (event.at(), matches!(event.what, Member::Moved { .. })));
    let mut moves: Vec<(Fact, IdentifierKey, IdentifierKey)> = Vec::new();
    for event in identity {
        if moves.first().is_some_and(|(change, ..)| change.at != event.at()) {
            lives.end(&std::mem::take(&mut moves));
        }
        match &event.what {
            Member::Act { identifiers, .. } | Member::Linked { identifiers, .. } => lives.link(identifiers),
            Member::Moved { fact, from, to, .. } if from != to => moves.push((*fact, *from, *to)),
            Member::Moved { .. } => {}
        }
    }
    lives.end(&moves);
    lives.fold(events)
}

impl MemberEvent {
    const fn says_who_is_who(&self) -> bool {
        match &self.what {
            Member::Act { identifiers, .. } => identifiers.len() > 1,
            Member::Linked { .. } | Member::Moved { .. } => true,
        }
    }
}

/// A span while identities are worked out: a node in a union-find forest.
struct Node {
    until: Option<Fact>,
    parent: usize,
    /// Whether somebody acted under the identifier, or moved to it.
    acted: bool,
}

/// A contact that leaves its identifiers.
struct Leaving {
    change: Fact,
    /// Who leaves.
    contact: usize,
    /// Who had the identifier it goes to.
    had: usize,
}

#[derive(Default)]
struct Lives {
    nodes: Vec<Node>,
    spans: BTreeMap<IdentifierKey, Vec<usize>>,
    moves: Vec<(usize, Fact, usize)>,
}

impl Lives {
    fn current(&mut self, key: IdentifierKey) -> usize {
        let nodes = &mut self.nodes;
        let spans = self.spans.entry(key).or_default();
        if let Some(last) = spans.last() {
            return *last;
        }
        spans.push(add_node(nodes));
        nodes.len() - 1
    }

    fn root(&self, mut node: usize) -> usize {
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
            let next = add_node(&mut self.nodes);
            if let Some(spans) = self.spans.get_mut(&key) {
                if let Some(node) = spans.last().and_then(|last| self.nodes.get_mut(*last)) {
                    node.until = Some(change);
                }
                spans.push(next);
            }
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

    fn acted(&mut self, node: usize) {
        if let Some(node) = self.nodes.get_mut(node) {
            node.acted = true;
        }
    }

    fn node_at(&mut self, key: IdentifierKey, at: Time) -> usize {
        self.current(key);
        let spans = self.spans.get(&key).map(Vec::as_slice).unwrap_or_default();
        let open = |node: &&usize| self.nodes.get(**node).is_none_or(|node| node.until.is_none_or(|until| at <= until.at));
        spans.iter().find(open).copied().unwrap_or_default()
    }

    fn fold(mut self, events: &[MemberEvent]) -> Spans {
        let mut facts: HashMap<usize, Facts> = HashMap::new();
        let mut homes: HashMap<usize, u64> = HashMap::new();
        let mut begun: Vec<u64> = Vec::new();
        for event in events {
            let (key, home) = match &event.what {
                Member::Act { identifiers, .. } | Member::Linked { identifiers, .. } => (identifiers.first().copied(), event.trail),
                Member::Moved { from, .. } => (Some(*from), event.trail),
            };
            let Some(key) = key else { continue };
            let node = self.node_at(key, event.at());
            let root = self.root(node);
            if let Member::Act { event, identifiers } = &event.what {
                facts.entry(root).or_default().apply(event);
                for key in identifiers.iter().filter(|_| event.act.is_of_a_person()) {
                    let node = self.node_at(*key, event.at);
                    self.acted(node);
                }
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
        self.moves.sort_by_key(|(_, change, _)| change.at);
        for (leaving, change, arriving) in &self.moves {
            let left = facts.get(&self.root(*leaving)).cloned().unwrap_or_default();
            let here = facts.entry(self.root(*arriving)).or_default();
            here.predecessors.push(Predecessor { change: *change, facts: left });
        }
        let spans = self.spans.iter().map(|(key, nodes)| (*key, self.spans_of(nodes, &facts, &homes)));
        spans.collect()
    }

    fn spans_of(&self, nodes: &[usize], facts: &HashMap<usize, Facts>, homes: &HashMap<usize, u64>) -> Vec<Span> {
        let mut left: Option<Fact> = None;
        let mut spans = Vec::with_capacity(nodes.len());
        for node in nodes {
            let root = self.root(*node);
            let (until, acted) = self.nodes.get(*node).map_or((None, false), |node| (node.until, node.acted));
            // An identifier that was left stays silent whatever is sent to it, reported of it or linked with it.
            let behind = match (facts.get(&root).filter(|facts| !facts.is_empty()), left) {
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

fn add_node(nodes: &mut Vec<Node>) -> usize {
    nodes.push(Node { until: None, parent: nodes.len(), acted: false });
    nodes.len() - 1
}
