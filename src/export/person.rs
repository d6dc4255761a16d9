//! Who a collected trail is about, worked out by the rules from the entries alone (rule 13).
//!
//! ```text
//!   +49…01  ──── life 1 ────┤ moved ├─▶
//!   +49…02                          ├──── life 2 ──── the one asked about, where +49…02 was asked for
//! ```
//!
//! A life is one contact: all that it did under identifiers that it had together. Windows and opt-ins end with it, refusals
//! follow to the next.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::collected::Collected;
use super::time;
use crate::consent::account::{AccountEvent, AccountFacts, Noted};
use crate::consent::event::{Event, SenderNumber};
use crate::consent::facts::Facts;
use crate::consent::identity::{Behind, IdentifierKey, Member, MemberEvent, Span, resolve, span_at, whose};
use crate::consent::time::Time;
use crate::consent::timeline::InForce;
use crate::consent::words::{Method, Seq};
use crate::ledger::bytes::entry::Entry as StoredEntry;
use crate::ledger::memory::fold;
use crate::proto::clear_part::Fact;
use crate::proto::{Entry, SealedPart};

/// The person of a collected trail.
#[derive(Debug, Default)]
pub struct Person {
    /// Each contact that the person was, by its first entry.
    pub lives: Vec<Life>,
    /// The senders that entries name, by their numbers.
    pub senders: BTreeMap<SenderNumber, String>,
    /// The account's policies, ascending by time.
    pub policies: Vec<InForce>,
    /// The instant that everything is worked out for.
    pub at: Time,
    /// How each opt-in and opt-out was captured.
    methods: BTreeMap<Seq, Method>,
}

/// A contact.
#[derive(Debug, Default)]
pub struct Life {
    /// Its identifiers, as far as an opened box shows them.
    pub identifiers: Vec<String>,
    /// What it did, by seq.
    pub acts: Vec<Event>,
    /// What that comes to; empty where it is not known.
    pub facts: Facts,
    /// When it left its identifiers; none: it has them.
    pub left: Option<Time>,
    /// Whether it is the one that was asked about.
    pub asked: bool,
}

impl Person {
    /// Works out who the entries are about.
    #[must_use]
    pub fn of(collected: &Collected) -> Self {
        let mut reading = Reading::default();
        collected.entries.iter().for_each(|entry| reading.read(entry));
        let made_at = collected.begin.made_at.as_ref().map(time::of).unwrap_or_default();
        // Facts are never later than the time asked about, whatever the clock of whoever made the export says.
        let at = reading.members.iter().map(MemberEvent::at).fold(made_at, Time::max);
        let asked = collected.begin.selection.as_ref().and_then(|selection| selection.contacts.first()).map(String::as_str);
        let mut lives = reading.lives(asked.unwrap_or_default());
        lives.sort_by_key(Life::began);
        let policies = reading.account.policies();
        let policies = policies.map(|(noted, version)| InForce { since: noted.at, policy: Arc::clone(&version.policy) }).collect();
        Self { lives, senders: reading.senders.by_number(), policies, at, methods: reading.methods }
    }

    /// How the opt-in or opt-out of this entry was captured.
    #[must_use]
    pub fn method(&self, seq: Seq) -> Option<String> {
        self.methods.get(&seq).map(|method| method.as_str().replace('_', " "))
    }

    /// The contact that was asked about; the last one where that cannot be told.
    #[must_use]
    pub fn asked(&self) -> Option<&Life> {
        self.lives.iter().find(|life| life.asked).or(self.lives.last())
    }
}

/// The numbers of senders, given in the order in which they are met.
#[derive(Default)]
struct Senders(BTreeMap<String, SenderNumber>);

impl Senders {
    fn number(&mut self, name: &str) -> SenderNumber {
        let next = SenderNumber::new(u32::try_from(self.0.len()).unwrap_or(u32::MAX).saturating_add(1));
        *self.0.entry(name.to_owned()).or_insert(next)
    }

    fn by_number(&self) -> BTreeMap<SenderNumber, String> {
        self.0.iter().map(|(name, number)| (*number, name.clone())).collect()
    }
}

#[derive(Default)]
struct Reading {
    members: Vec<MemberEvent>,
    senders: Senders,
    account: AccountFacts,
    texts: HashMap<IdentifierKey, String>,
    methods: BTreeMap<Seq, Method>,
}

impl Reading {
    fn read(&mut self, entry: &Entry) {
        let Some((stored, clear)) = StoredEntry::split(&entry.raw).ok().map(|(stored, _)| stored).zip(entry.clear.as_ref()) else {
            return;
        };
        let header = &stored.header;
        let boxes = [
            (&clear.identifiers, header.link.trail, &entry.sealed),
            (&clear.second_identifiers, header.second.trail, &entry.second_sealed),
        ];
        for (references, own, sealed) in boxes {
            let texts = sealed.as_ref().map(|sealed: &SealedPart| sealed.identifiers.as_slice()).unwrap_or_default();
            self.texts.extend(fold::keys(references, own).into_iter().zip(texts.iter().cloned()));
        }
        if let Some(member) = fold::member(header, clear, &mut |name| self.senders.number(name)) {
            self.members.push(member);
        }
        let method = match &clear.fact {
            Some(Fact::OptedIn(fact)) => Method::from_number(fact.method),
            Some(Fact::OptedOut(fact)) => Method::from_number(fact.method),
            _ => None,
        };
        self.methods.extend(method.map(|method| (header.seq, method)));
        let act = clear.fact.as_ref().and_then(|fact| fold::account_act(fact, &mut |_| SenderNumber::ALL));
        if let Some(act) = act {
            let at = Time::from_micros(clear.occurred_at);
            let noted = Noted { at, recorded_at: header.recorded_at, seq: header.seq };
            self.account.apply(AccountEvent { noted, act });
        }
    }

    fn lives(&self, asked: &str) -> Vec<Life> {
        let spans = resolve(&self.members);
        let mut lives: BTreeMap<usize, Life> = BTreeMap::new();
        for (member, whose) in self.members.iter().zip(whose(&self.members)) {
            let Some(whose) = whose else { continue };
            for (contact, keys, at) in concerned(member, whose.contact, whose.arrives_at) {
                let life = lives.entry(contact).or_default();
                if let Member::Act { event, .. } = &member.what {
                    life.acts.push(*event);
                }
                for key in keys {
                    let Some(theirs) = spans.get(&key) else { continue };
                    if let Some(span) = span_at(theirs, at) {
                        life.stand(span);
                    }
                    let Some(text) = self.texts.get(&key) else { continue };
                    if !life.identifiers.contains(text) {
                        life.identifiers.push(text.clone());
                    }
                    // What comes in under an identifier that was left, and that nobody has acted under since, is nobody's.
                    let present = theirs.last().filter(|last| matches!(last.behind, Behind::Contact(_)));
                    let is_present = present.is_some() && span_at(theirs, at) == present;
                    life.asked |= text == asked && is_present;
                }
            }
        }
        lives.into_values().collect()
    }
}

/// Whom an event concerns: a contact, the identifiers it shows of it, and an instant at which the contact had them.
fn concerned(member: &MemberEvent, contact: usize, arrives_at: usize) -> Vec<(usize, Vec<IdentifierKey>, Time)> {
    match &member.what {
        Member::Act { event, identifiers } => vec![(contact, identifiers.clone(), event.at)],
        Member::Linked { fact, identifiers } => vec![(contact, identifiers.clone(), fact.at)],
        Member::Moved { fact, from, to, .. } => {
            vec![(contact, vec![*from], fact.at), (arrives_at, vec![*to], fact.at.plus_micros(1))]
        }
        Member::Erased { .. } => Vec::new(),
    }
}

impl Life {
    /// The first entry that it rests on.
    #[must_use]
    pub fn began(&self) -> Option<Seq> {
        let changes = self.facts.predecessors.iter().map(|before| before.change.seq);
        self.acts.iter().map(|event| event.seq).chain(changes).min()
    }

    fn stand(&mut self, span: &Span) {
        self.left = span.until;
        if let Behind::Contact(facts) = &span.behind {
            self.facts = facts.clone();
        }
    }
}
