//! The rules that serve, without log, disk or clock: identifiers and senders get numbers, records become events, and
//! [`resolve`] and [`decide`] answer. What the ledger does in between (caused entries, the policy in force, what was
//! known then) is done here in the shortest way.

use std::collections::{BTreeMap, HashSet};

use consent_ledger::consent::account::{AccountEvent, AccountFacts, AsOf, Known, Noted};
use consent_ledger::consent::decide::{Contact, Decision, decide};
use consent_ledger::consent::event::{Act, Event, SenderNumber};
use consent_ledger::consent::facts::{Fact, Facts};
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::identity::{Behind, Held, IdentifierKey, Member, MemberEvent, Met, People, resolve, span_at};
use consent_ledger::consent::keyword::Keyword;
use consent_ledger::consent::policy::Scope;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Categories, Method, Sender, Seq};
use consent_ledger::ledger::Question;
use consent_ledger::ledger::memory::fold;
use consent_ledger::ledger::writing::draft;
use consent_ledger::ledger::writing::event_id::EventId;
use consent_ledger::ledger::writing::record::{Record, What};
use consent_ledger::proto::clear_part::Fact as Stored;

use super::oracle::consent::proves;

/// The events of one account, as the pure core takes them.
#[derive(Default)]
pub struct RulesAlone {
    head: u64,
    events: Vec<(Time, MemberEvent)>,
    /// Of identifiers that an erased person had left and others have: until when, and the erasure.
    former: Vec<(IdentifierKey, Time, Fact)>,
    account: AccountFacts,
    identifiers: BTreeMap<Identifier, u64>,
    senders: BTreeMap<Sender, u32>,
    used: HashSet<EventId>,
}

impl RulesAlone {
    /// Takes a record at the clock's time; the same event id again is the same event.
    pub fn record(&mut self, record: &Record, clock: Time) {
        if record.event_id.as_ref().is_some_and(|id| !self.used.insert(id.clone())) {
            return;
        }
        let at = record.occurred_at.unwrap_or(clock).min(clock);
        // What an erasure outranks is not stored, and spends nothing.
        if self.is_outranked(&record.what, at) {
            let _ = record.event_id.as_ref().is_some_and(|id| self.used.remove(id));
            return;
        }
        self.head += 1;
        let fact = Fact { at, seq: Seq::new(self.head) };
        match &record.what {
            What::AdoptPolicy { preset, policy } => self.note(clock, fact, &draft::policy_adopted(preset, policy, 1)),
            what @ (What::DeclareSender { .. }
            | What::ReportQuality { .. }
            | What::Restrict { .. }
            | What::Lift { .. }
            | What::RegisterTemplate { .. }
            | What::ChangeTemplate { .. }) => self.note(clock, fact, &draft::fact(what).unwrap()),
            What::Erase { contact, keep_suppression } => {
                let key = self.key(contact);
                let person = People::as_of(&self.members(), at).person(Met { key, at });
                self.events.retain(|(_, event)| !person.events.contains(&event.seq()));
                if *keep_suppression {
                    person.identifiers.iter().for_each(|held| self.leave(held, fact));
                }
            }
            What::CreateAccount
            | What::IssueReceipt { .. }
            | What::ReadData(_)
            | What::Erasure(_)
            | What::ResolvePossibleOptOut { confirmed: false, .. } => {}
            What::Link { a, b } => {
                let identifiers = vec![self.key(a), self.key(b)];
                self.keep(clock, Member::Linked { fact, identifiers });
            }
            What::Move { from, to, .. } => {
                let (from, to) = (self.key(from), self.key(to));
                self.keep(clock, Member::Moved { fact, from, to, second: to.trail });
            }
            What::OptIn { contact, sender, categories, method, expires_at, evidence } => {
                let sender = sender.as_ref().map_or(SenderNumber::ALL, |sender| self.sender(sender));
                let weak = *method == Method::Import && !proves(evidence);
                let act = Act::OptIn { sender, categories: *categories, expires_at: *expires_at, weak };
                self.act(clock, fact, std::slice::from_ref(contact), act);
            }
            What::OptOut { contact, sender, categories, .. } => {
                let sender = sender.as_ref().map_or(SenderNumber::ALL, |sender| self.sender(sender));
                let act = Act::OptOut { sender, categories: *categories, keyword_sender: None };
                self.act(clock, fact, std::slice::from_ref(contact), act);
            }
            What::Inbound { contact, sender, kind, text, payload, .. } => {
                let policy = self.account.policy(AsOf { at: clock, known: Known::default() }).policy;
                let reading = policy.keywords.read(text.as_deref(), payload.as_deref(), kind.is_button());
                let received = self.sender(sender);
                let act = Act::Inbound { sender: received, kind: *kind, holds_opt_out_word: reading.holds_opt_out_word };
                self.act(clock, fact, contact, act);
                let reach = if policy.keyword_scope == Scope::Account { SenderNumber::ALL } else { received };
                let caused = match reading.keyword {
                    None => return,
                    Some(Keyword::OptIn(_)) if !policy.opens_window(*kind) => return,
                    Some(Keyword::OptOut(categories)) => Act::OptOut { sender: reach, categories, keyword_sender: Some(received) },
                    Some(Keyword::OptIn(categories)) => Act::OptIn { sender: reach, categories, expires_at: None, weak: false },
                };
                self.head += 1;
                self.act(clock, Fact { seq: Seq::new(self.head), ..fact }, contact, caused);
            }
            What::Preference { contact, sender, preference } => {
                let act = Act::Preference { sender: self.sender(sender), preference: *preference };
                self.act(clock, fact, contact, act);
            }
            What::SendFailed { contact, sender, code, .. } => {
                let act = Act::SendFailed { sender: self.sender(sender), code: *code };
                self.act(clock, fact, contact, act);
            }
            What::ConfirmationSent { contact, sender } => {
                let act = Act::ConfirmationSent { sender: self.sender(sender) };
                self.act(clock, fact, std::slice::from_ref(contact), act);
            }
            What::ResolvePossibleOptOut { contact, sender, said_at, .. } => {
                let policy = self.account.policy(AsOf { at: clock, known: Known::default() }).policy;
                let reach = if policy.keyword_scope == Scope::Account { SenderNumber::ALL } else { self.sender(sender) };
                let act = Act::OptOut { sender: reach, categories: Categories::ALL, keyword_sender: None };
                self.head += 1;
                self.act(clock, Fact { at: *said_at, seq: Seq::new(self.head) }, contact, act);
            }
            What::IdentityKeyChange { contact, .. } => self.act(clock, fact, contact, Act::IdentityKeyChanged),
        }
    }

    /// Answers.
    pub fn check(&self, question: &Question) -> Decision {
        let at = question.at.unwrap_or_default();
        let as_of = AsOf { at, known: question.known };
        let policy = self.account.policy(as_of).policy;
        let is_known = |(recorded_at, event): &&(Time, MemberEvent)| {
            matches!(event.what, Member::Erased { .. }) || (question.known.holds(*recorded_at, event.seq()) && event.at() <= at)
        };
        let known = self.events.iter().filter(is_known);
        let spans = resolve(&known.map(|(_, event)| event.clone()).collect::<Vec<_>>());
        let key = self.identifiers.get(&question.contact).map(|trail| IdentifierKey { trail: *trail, ordinal: 1 });
        // Facts up to `at` open a span at its end: the last one is the one asked about.
        let behind = key.and_then(|key| spans.get(&key)).and_then(|spans| spans.last()).map_or(&Behind::Nobody, |span| &span.behind);
        let contact = match behind {
            Behind::Nobody => Contact::Unknown,
            Behind::Moved(change) => Contact::Moved(*change),
            Behind::Contact(facts) => Contact::Known(facts),
        };
        let sender = self.senders.get(&question.sender).map_or(SenderNumber::new(u32::MAX), |number| SenderNumber::new(*number));
        let send = self.account.send(sender, question.asked, question.template.as_ref(), &policy, as_of);
        decide(contact, &send, &policy, at)
    }

    /// The contacts that stand behind identifiers now, each with its identifiers; without those of whom only an erasure is known.
    pub fn contacts(&self) -> Vec<Vec<Identifier>> {
        let spans = resolve(&self.events.iter().map(|(_, event)| event.clone()).collect::<Vec<_>>());
        let mut contacts: Vec<(&Facts, Vec<Identifier>)> = Vec::new();
        for (identifier, trail) in &self.identifiers {
            let key = IdentifierKey { trail: *trail, ordinal: 1 };
            let Some(Behind::Contact(facts)) = spans.get(&key).and_then(|spans| spans.last()).map(|span| &span.behind) else { continue };
            if (Facts { erased: None, latest: Time::default(), ..facts.clone() }) == Facts::default() {
                continue;
            }
            match contacts.iter_mut().find(|(known, _)| *known == facts) {
                Some((_, identifiers)) => identifiers.push(identifier.clone()),
                None => contacts.push((facts, vec![identifier.clone()])),
            }
        }
        contacts.into_iter().map(|(_, identifiers)| identifiers).collect()
    }

    fn members(&self) -> Vec<MemberEvent> {
        self.events.iter().map(|(_, event)| event.clone()).collect()
    }

    /// What an erasure leaves of an identifier.
    fn leave(&mut self, held: &Held, fact: Fact) {
        match held.left.filter(|_| held.others) {
            Some(until) => self.former.push((held.key, until, fact)),
            None => self.keep(fact.at, Member::Erased { fact, identifier: held.key }),
        }
    }

    fn erasures(&self, key: IdentifierKey) -> impl Iterator<Item = Fact> {
        self.events.iter().filter_map(move |(_, event)| erased(event).filter(|(known, _)| *known == key).map(|(_, fact)| fact))
    }

    /// Whether an erasure outranks an event at `at`; whoever turns out by it to be the erased person is suppressed too.
    fn is_outranked(&mut self, what: &What, at: Time) -> bool {
        let keys: Vec<IdentifierKey> = draft::identifiers(what).iter().map(|identifier| self.key(identifier)).collect();
        let spans = resolve(&self.members());
        let until = |key, time| spans.get(&key).and_then(|spans| span_at(spans, time)).and_then(|span| span.until);
        let first = |end: &(Time, Fact)| (end.0, std::cmp::Reverse(end.1.at), end.1.seq);
        let by = |key: &IdentifierKey| {
            let covers = |end: Time| at <= end && until(*key, at) == until(*key, end);
            let former = self.former.iter().filter(|(of, ..)| of == key).map(|(_, end, erased)| (*end, *erased));
            let ends = self.erasures(*key).map(|erased| (erased.at, erased)).chain(former);
            ends.filter(|(end, _)| covers(*end)).min_by_key(first)
        };
        let by: Vec<Option<(Time, Fact)>> = keys.iter().map(by).collect();
        let Some((_, erasure)) = by.iter().flatten().copied().min_by_key(first) else { return false };
        for (key, _) in keys.iter().zip(&by).filter(|(_, by)| by.is_none()) {
            if self.erasures(*key).all(|known| known.at < erasure.at) {
                let person = People::as_of(&self.members(), erasure.at).person(Met { key: *key, at: erasure.at });
                person.identifiers.iter().for_each(|held| self.leave(held, erasure));
            }
        }
        true
    }

    fn act(&mut self, clock: Time, fact: Fact, contact: &[Identifier], act: Act) {
        let identifiers = contact.iter().map(|identifier| self.key(identifier)).collect();
        let event = Event { at: fact.at, seq: fact.seq, act };
        self.keep(clock, Member::Act { event, identifiers });
    }

    fn keep(&mut self, clock: Time, what: Member) {
        let keys = match &what {
            Member::Act { identifiers, .. } | Member::Linked { identifiers, .. } => identifiers.clone(),
            Member::Moved { from, .. } => vec![*from],
            Member::Erased { identifier, .. } => vec![*identifier],
        };
        let trail = keys.iter().map(|key| key.trail).min().unwrap_or_default();
        self.events.push((clock, MemberEvent { trail, what }));
    }

    fn note(&mut self, clock: Time, fact: Fact, stored: &Stored) {
        let act = fold::account_act(stored, &mut |name| self.sender(&name.parse().unwrap())).unwrap();
        self.account.apply(AccountEvent { noted: Noted { at: fact.at, recorded_at: clock, seq: fact.seq }, act });
    }

    fn key(&mut self, identifier: &Identifier) -> IdentifierKey {
        let next = self.identifiers.len() as u64 + 1;
        IdentifierKey { trail: *self.identifiers.entry(identifier.clone()).or_insert(next), ordinal: 1 }
    }

    fn sender(&mut self, sender: &Sender) -> SenderNumber {
        let next = u32::try_from(self.senders.len()).unwrap() + 1;
        SenderNumber::new(*self.senders.entry(sender.clone()).or_insert(next))
    }
}

const fn erased(event: &MemberEvent) -> Option<(IdentifierKey, Fact)> {
    match &event.what {
        Member::Erased { fact, identifier } => Some((*identifier, *fact)),
        _ => None,
    }
}
