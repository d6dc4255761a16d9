//! A ledger in thirty lines of thought: it keeps every event of an account and works out who is who anew for every
//! question. Slow, and so plain that it can be believed: what the real ledger answers is held against it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use consent_ledger::consent::account::{AccountEvent, AccountFacts, AsOf, Known, Noted};
use consent_ledger::consent::decide::{Contact, decide};
use consent_ledger::consent::event::{Act, CODE_MARKETING_STOPPED, CODE_WINDOW_CLOSED, Event, SenderNumber};
use consent_ledger::consent::facts::{Fact, Facts};
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::identity::{Behind, IdentifierKey, Member, MemberEvent, resolve, span_at};
use consent_ledger::consent::keyword::Keyword;
use consent_ledger::consent::policy::Scope;
use consent_ledger::consent::sender::SenderStanding;
use consent_ledger::consent::time::{CLOCK_TOLERANCE_MICROS, Time};
use consent_ledger::consent::words::{Account, Effect, Method, Sender, Seq};
use consent_ledger::ledger::record::{Acknowledgement, Evidence, Record, RecordError, What};
use consent_ledger::ledger::{Answer, CheckError, Position, Question};
use consent_ledger::ledger::{draft, fold};
use consent_ledger::scenarios::Engine;

/// Every event, in memory.
#[derive(Default, Clone)]
pub struct NaiveEngine {
    now: Time,
    head: u64,
    /// When the head became what.
    heads: Vec<(Time, Seq)>,
    accounts: HashMap<String, Business>,
}

/// What one account has.
#[derive(Default, Clone)]
struct Business {
    account: AccountFacts,
    events: Vec<MemberEvent>,
    trail: Vec<(String, Vec<IdentifierKey>)>,
    identifiers: BTreeMap<Identifier, IdentifierKey>,
    senders: BTreeMap<Sender, SenderNumber>,
    used: HashMap<String, (String, Option<Time>, Acknowledgement)>,
}

impl NaiveEngine {
    /// An empty ledger with the account `default`.
    pub fn new() -> Self {
        let mut engine = Self::default();
        engine.accounts.insert("default".to_owned(), Business::default());
        engine
    }

    /// The contacts that stand behind the identifiers of the account `default` now, each with its identifiers.
    pub fn contacts(&self) -> Vec<Vec<Identifier>> {
        let business = &self.accounts["default"];
        let spans = resolve(&business.events);
        let mut contacts: Vec<(&Facts, Vec<Identifier>)> = Vec::new();
        for (identifier, key) in &business.identifiers {
            let Some(Behind::Contact(facts)) = spans.get(key).and_then(|spans| spans.last()).map(|span| &span.behind) else { continue };
            match contacts.iter_mut().find(|(known, _)| *known == facts) {
                Some((_, identifiers)) => identifiers.push(identifier.clone()),
                None => contacts.push((facts, vec![identifier.clone()])),
            }
        }
        contacts.into_iter().map(|(_, identifiers)| identifiers).collect()
    }
}

impl Engine for NaiveEngine {
    fn set_clock(&mut self, now: Time) {
        assert!(now >= self.now || self.head == 0, "the clock went back from {} to {now}", self.now);
        self.now = now;
    }

    fn create_account(&mut self, account: &Account) -> Result<(), String> {
        let before = self.accounts.insert(account.as_str().to_owned(), Business::default());
        if before.is_some() { Err(format!("{account} exists")) } else { Ok(()) }
    }

    fn record(&mut self, record: Record) -> Result<Acknowledgement, RecordError> {
        let unknown = || RecordError::AccountUnknown { account: record.account.to_string() };
        let business = self.accounts.get_mut(record.account.as_str()).ok_or_else(unknown)?;
        let at = record.occurred_at.unwrap_or(self.now);
        if at > self.now.plus_micros(CLOCK_TOLERANCE_MICROS) {
            return Err(RecordError::TimeInFuture { occurred_at: at, now: self.now });
        }
        let content = content(&record.what);
        if let Some(id) = &record.event_id
            && let Some((known, claimed, acknowledgement)) = business.used.get(id.as_str())
        {
            let same = *known == content && (record.occurred_at.is_none() || record.occurred_at == *claimed);
            let duplicate = Acknowledgement { duplicate: true, ..*acknowledgement };
            return if same { Ok(duplicate) } else { Err(RecordError::EventIdReused { seq: acknowledgement.seq }) };
        }
        let first = self.head + 1;
        let (entries, effect) = business.append(&record.what, at.min(self.now), self.now, first);
        self.head += entries;
        self.heads.push((self.now, Seq::new(self.head)));
        let acknowledgement = Acknowledgement { seq: Seq::new(first), entry_hash: [0; 32], duplicate: false, effect, caused: None };
        if let Some(id) = &record.event_id {
            business.used.insert(id.as_str().to_owned(), (content, record.occurred_at, acknowledgement));
        }
        Ok(acknowledgement)
    }

    fn rehearse(&mut self, records: Vec<Record>) -> Vec<Result<Acknowledgement, RecordError>> {
        let mut other = self.clone();
        records.into_iter().map(|record| other.record(record)).collect()
    }

    fn standing(&mut self, account: &Account, sender: &Sender, at: Time) -> Result<SenderStanding, String> {
        let business = self.accounts.get_mut(account.as_str()).ok_or("no such account")?;
        let sender = business.sender(sender);
        Ok(business.account.standing(sender, AsOf { at, known: Known::default() }))
    }

    fn webhook(&mut self, _: &Account, _: &[u8]) -> Result<(), String> {
        Err("the naive engine reads no webhooks".to_owned())
    }

    fn check(&mut self, question: &Question) -> Result<Answer, CheckError> {
        let unknown = || CheckError::AccountUnknown { account: question.account.to_string() };
        let business = self.accounts.get_mut(question.account.as_str()).ok_or_else(unknown)?;
        let at = question.at.unwrap_or(self.now);
        let sender = business.sender(&question.sender);
        let heads = || self.heads.iter().filter(|(when, head)| question.known.holds(*when, *head));
        let head = heads().map(|(_, head)| *head).max().unwrap_or_default();
        let as_of = AsOf { at, known: question.known };
        let policy = business.account.policy(as_of).policy;
        let send = business.account.send(sender, question.asked, question.template.as_ref(), &policy, as_of);
        let key = business.key(&question.contact);
        let known: Vec<MemberEvent> = business.events.iter().filter(|event| event.at() <= at && event.seq() <= head).cloned().collect();
        let spans = resolve(&known);
        // What ends at an instant no longer holds at it: a question falls into the last span that facts up to `at` open.
        let behind = spans.get(&key).and_then(|spans| spans.last()).map_or(&Behind::Nobody, |span| &span.behind);
        let contact = match behind {
            Behind::Nobody => Contact::Unknown,
            Behind::Moved(change) => Contact::Moved(*change),
            Behind::Contact(facts) => Contact::Known(facts),
        };
        let decision = decide(contact, &send, &policy, at);
        let position = Position { seq: Seq::new(self.head), hash: [0; 32] };
        Ok(Answer { decision, at, policy_version: 0, position })
    }

    fn history(&mut self, account: &Account, contact: &Identifier) -> Result<Vec<String>, String> {
        let business = self.accounts.get_mut(account.as_str()).ok_or("no such account")?;
        let mut members = BTreeSet::from([business.key(contact)]);
        let mut known = 0;
        while known < members.len() {
            known = members.len();
            for (_, identifiers) in &business.trail {
                if identifiers.iter().any(|key| members.contains(key)) {
                    members.extend(identifiers);
                }
            }
        }
        let of_contact = business.trail.iter().filter(|(_, identifiers)| identifiers.iter().any(|key| members.contains(key)));
        Ok(of_contact.map(|(name, _)| name.clone()).collect())
    }

    fn verify(&mut self) -> Result<u64, String> {
        Ok(self.head)
    }
}

impl Business {
    /// Appends what happened and what it causes; says how many entries that made and what they did.
    fn append(&mut self, what: &What, at: Time, now: Time, first: u64) -> (u64, Effect) {
        let fact = Fact { at, seq: Seq::new(first) };
        match what {
            What::CreateAccount => (1, Effect::Applied),
            What::AdoptPolicy { .. }
            | What::DeclareSender { .. }
            | What::ReportQuality { .. }
            | What::Restrict { .. }
            | What::RegisterTemplate { .. }
            | What::ChangeTemplate { .. } => {
                let stored = match what {
                    What::AdoptPolicy { preset, policy } => draft::policy_adopted(preset, policy, 1),
                    what => draft::fact(what).unwrap(),
                };
                let act = fold::account_act(&stored, &mut |name| self.sender(&name.parse().unwrap())).unwrap();
                let noted = Noted { at, recorded_at: now, seq: fact.seq };
                let latest = self.account.apply(AccountEvent { noted, act });
                (1, if latest { Effect::Applied } else { Effect::HistoricalOnly })
            }
            What::Link { a, b } => {
                let identifiers = vec![self.key(a), self.key(b)];
                self.keep("link", identifiers.clone(), Member::Linked { fact, identifiers });
                (1, Effect::Applied)
            }
            What::Move { from, to, .. } => {
                let (from, to) = (self.key(from), self.key(to));
                self.keep("number_changed", vec![from], Member::Moved { fact, from, to, second: to.trail });
                (1, Effect::Applied)
            }
            What::OptIn { contact, sender, categories, method, expires_at, evidence } => {
                let sender = self.scope(sender.as_ref());
                let weak = *method == Method::Import && !proves(evidence);
                let act = Act::OptIn { sender, categories: *categories, expires_at: *expires_at, weak };
                (1, self.act("opt_in", std::slice::from_ref(contact), fact, act))
            }
            What::OptOut { contact, sender, categories, .. } => {
                let sender = self.scope(sender.as_ref());
                let act = Act::OptOut { sender, categories: *categories, keyword_sender: None };
                (1, self.act("opt_out", std::slice::from_ref(contact), fact, act))
            }
            What::Inbound { contact, sender, kind, text, payload, .. } => {
                let policy = self.account.policy(AsOf { at: now, known: Known::default() }).policy;
                let received = self.sender(sender);
                let reading = policy.keywords.read(text.as_deref(), payload.as_deref(), kind.is_button());
                let act = Act::Inbound { sender: received, kind: *kind, holds_opt_out_word: reading.holds_opt_out_word };
                let effect = self.act("inbound", contact, fact, act);
                let caused = Fact { seq: fact.seq.next(), ..fact };
                let scope = if policy.keyword_scope == Scope::Account { SenderNumber::ALL } else { received };
                let effect_caused = match reading.keyword {
                    None => return (1, effect),
                    Some(Keyword::OptOut(categories)) => {
                        let act = Act::OptOut { sender: scope, categories, keyword_sender: Some(received) };
                        self.act("opt_out", contact, caused, act)
                    }
                    Some(Keyword::OptIn(categories)) => {
                        let act = Act::OptIn { sender: scope, categories, expires_at: None, weak: false };
                        self.act("opt_in", contact, caused, act)
                    }
                };
                (2, effect.min(effect_caused))
            }
            What::Preference { contact, sender, preference } => {
                let act = Act::Preference { sender: self.sender(sender), preference: *preference };
                (1, self.act("platform_preference", contact, fact, act))
            }
            What::SendFailed { contact, sender, code, .. } => {
                let act = Act::SendFailed { sender: self.sender(sender), code: *code };
                (1, self.act("send_failed", contact, fact, act))
            }
            What::ConfirmationSent { contact, sender } => {
                let act = Act::ConfirmationSent { sender: self.sender(sender) };
                (1, self.act("confirmation_sent", std::slice::from_ref(contact), fact, act))
            }
            What::IdentityKeyChange { contact, .. } => (1, self.act("identity_changed", contact, fact, Act::IdentityKeyChanged)),
        }
    }

    fn act(&mut self, name: &str, contact: &[Identifier], fact: Fact, act: Act) -> Effect {
        let event = Event { at: fact.at, seq: fact.seq, act };
        let identifiers: Vec<IdentifierKey> = contact.iter().map(|identifier| self.key(identifier)).collect();
        let spans = resolve(&self.events);
        let before = identifiers.first().and_then(|key| span_at(spans.get(key)?, fact.at)).map(|span| span.behind.clone());
        let mut facts = match before {
            Some(Behind::Contact(facts)) => facts,
            _ => Facts::default(),
        };
        let changed = facts.apply(&event);
        self.keep(name, identifiers.clone(), Member::Act { event, identifiers });
        match act {
            Act::SendFailed { code, .. } if code != CODE_MARKETING_STOPPED && code != CODE_WINDOW_CLOSED => Effect::NoChange,
            _ if changed => Effect::Applied,
            _ => Effect::HistoricalOnly,
        }
    }

    fn keep(&mut self, name: &str, identifiers: Vec<IdentifierKey>, what: Member) {
        let trail = identifiers.iter().map(|key| key.trail).min().unwrap_or_default();
        self.trail.push((name.to_owned(), identifiers));
        self.events.push(MemberEvent { trail, what });
    }

    fn key(&mut self, identifier: &Identifier) -> IdentifierKey {
        let next = IdentifierKey { trail: self.identifiers.len() as u64 + 1, ordinal: 1 };
        *self.identifiers.entry(identifier.clone()).or_insert(next)
    }

    fn sender(&mut self, sender: &Sender) -> SenderNumber {
        let next = SenderNumber::new(u32::try_from(self.senders.len()).unwrap() + 1);
        *self.senders.entry(sender.clone()).or_insert(next)
    }

    fn scope(&mut self, sender: Option<&Sender>) -> SenderNumber {
        sender.map_or(SenderNumber::ALL, |sender| self.sender(sender))
    }
}

/// Whether evidence says more than the name and line of a file.
fn proves(evidence: &Evidence) -> bool {
    let bare = Evidence { file_name: evidence.file_name.clone(), file_line: evidence.file_line, ..Evidence::default() };
    *evidence != bare
}

/// Everything that an event says but its time. Identifiers hide in debug output and are added.
fn content(what: &What) -> String {
    let identifiers: Vec<&str> = match what {
        What::OptIn { contact, .. } | What::OptOut { contact, .. } | What::ConfirmationSent { contact, .. } => vec![contact.as_str()],
        What::Inbound { contact, .. }
        | What::Preference { contact, .. }
        | What::SendFailed { contact, .. }
        | What::IdentityKeyChange { contact, .. } => contact.iter().map(Identifier::as_str).collect(),
        What::Link { a, b } | What::Move { from: a, to: b, .. } => vec![a.as_str(), b.as_str()],
        _ => Vec::new(),
    };
    format!("{identifiers:?} {what:?}")
}
