//! An answer, derived again from entries alone: no ledger, no state, no disk, no clock.
//!
//! ```text
//! entries up to a seq ── who is who ── facts ─┐
//! the account's ── policy, senders, templates ┴─ decide ── the answer as it was known then
//! ```
//!
//! What it is given are the entries of the contact's trails and of the account's: more changes nothing, for others are told
//! apart by who is who.

use std::collections::{HashMap, HashSet};

use crate::consent::account::{AccountEvent, AccountFacts, AsOf, Known, Noted};
use crate::consent::decide::{Contact, Decision, decide};
use crate::consent::event::SenderNumber;
use crate::consent::facts::{Fact, Facts};
use crate::consent::identity::{Behind, IdentifierKey, Member, MemberEvent, resolve, span_asked};
use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::bytes::entry::Header;
use crate::ledger::evidence::receipt::ReceiptQuestion;
use crate::ledger::memory::fold;
use crate::proto::ClearPart;
use crate::proto::clear_part::Fact as Stored;

/// An entry with its facts read.
#[derive(Clone, PartialEq, Debug)]
pub struct Decoded {
    /// Its header.
    pub header: Header,
    /// Its facts.
    pub clear: ClearPart,
}

/// Whom a question is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum About {
    /// Whoever stands behind an identifier.
    Identifier(IdentifierKey),
    /// Somebody of whom nothing was known but, where it left a token, an erasure.
    Unknown {
        /// The latest erasure.
        erased: Option<Fact>,
    },
}

/// What an answer is derived from.
#[derive(Clone, Debug)]
pub struct Material<'a> {
    /// Entries, in any order.
    pub entries: &'a [Decoded],
    /// Identifiers of these entries that stand under an erasure which names them by token alone.
    pub suppressed: &'a [(IdentifierKey, Fact)],
    /// The account, by trail number.
    pub account: u64,
    /// Whom it is about.
    pub about: About,
}

/// An answer, and the policy it was given under.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Derived {
    /// The answer.
    pub decision: Decision,
    /// The version of the account's policy.
    pub policy_version: u32,
}

/// Derives the answer to a question as it was known at the entry `position`.
#[must_use]
pub fn derive(material: &Material<'_>, question: &ReceiptQuestion, position: Seq) -> Derived {
    let mut known: Vec<&Decoded> =
        material.entries.iter().filter(|entry| entry.header.account == material.account && entry.header.seq <= position).collect();
    known.sort_by_key(|entry| entry.header.seq);
    known.dedup_by_key(|entry| entry.header.seq);
    let mut senders = Senders::default();
    let mut account = AccountFacts::default();
    for entry in &known {
        if let Some(event) = account_event(entry, &mut senders) {
            account.apply(event);
        }
    }
    let at = question.at;
    let as_of = AsOf { at, known: Known { at: None, seq: Some(position) } };
    let version = account.policy(as_of);
    let behind = match &material.about {
        About::Identifier(key) => {
            let members = members(&known, material.suppressed, position, &mut senders);
            let then: Vec<MemberEvent> = members.into_iter().filter(|member| member.bears_on(at)).collect();
            let spans = resolve(&then);
            spans.get(key).and_then(|spans| span_asked(spans, at)).map_or(Behind::Nobody, |span| span.behind.clone())
        }
        About::Unknown { erased } => erased
            .filter(|erased| erased.seq <= position)
            .map_or(Behind::Nobody, |erased| Behind::Contact(Facts { erased: Some(erased), ..Facts::default() })),
    };
    let contact = match &behind {
        Behind::Nobody => Contact::Unknown,
        Behind::Moved(change) => Contact::Moved(*change),
        Behind::Contact(facts) => Contact::Known(facts),
    };
    let number = senders.number(question.sender.as_str());
    let send = account.send(number, question.asked, question.template.as_ref(), &version.policy, as_of);
    Derived { decision: decide(contact, &send, &version.policy, at), policy_version: version.version }
}

/// What the entries say of who is who and what they did, without those of trails that were void by then.
fn members(known: &[&Decoded], suppressed: &[(IdentifierKey, Fact)], position: Seq, senders: &mut Senders) -> Vec<MemberEvent> {
    let mut void: HashSet<u64> = HashSet::new();
    let mut members: Vec<MemberEvent> = Vec::new();
    let erased = |identifier: IdentifierKey, fact| MemberEvent { trail: identifier.trail, what: Member::Erased { fact, identifier } };
    for entry in known {
        if let Some(Stored::ContactErased(erasure)) = &entry.clear.fact {
            void.extend(&erasure.trails);
            let fact = Fact { at: Time::from_micros(entry.clear.occurred_at), seq: entry.header.seq };
            let keys = fold::keys(&entry.clear.identifiers, entry.header.link.trail);
            members.extend(keys.into_iter().map(|key| erased(key, fact)));
        }
    }
    members.extend(suppressed.iter().filter(|(_, fact)| fact.seq <= position).map(|(key, fact)| erased(*key, *fact)));
    let is_void = |entry: &Decoded| [entry.header.link.trail, entry.header.second.trail].iter().any(|trail| void.contains(trail));
    let told = known.iter().filter(|entry| !is_void(entry));
    members.extend(told.filter_map(|entry| fold::member(&entry.header, &entry.clear, &mut |name| senders.number(name))));
    members
}

/// What an entry says about its account; none where it is about something else.
fn account_event(entry: &Decoded, senders: &mut Senders) -> Option<AccountEvent> {
    let act = fold::account_act(entry.clear.fact.as_ref()?, &mut |name| senders.number(name))?;
    let at = Time::from_micros(entry.clear.occurred_at);
    Some(AccountEvent { noted: Noted { at, recorded_at: entry.header.recorded_at, seq: entry.header.seq }, act })
}

/// Senders, numbered by first mention.
#[derive(Default)]
struct Senders(HashMap<String, u32>);

impl Senders {
    fn number(&mut self, name: &str) -> SenderNumber {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX).saturating_add(1);
        SenderNumber::new(*self.0.entry(name.to_owned()).or_insert(next))
    }
}
