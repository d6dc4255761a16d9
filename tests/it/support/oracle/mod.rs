//! The rules a second time, written from the design alone and so plainly that they can be believed: every event is
//! kept, and every question reads all of them again. Nothing is folded, nothing is cached, nothing is shared with the
//! rules that serve. What those answer is held against this.
//!
//! [`book`] keeps the events, [`who`] says who is who (rule 13), [`case`](mod@case) is what a rule looks at;
//! [`words`], [`window`], [`consent`], [`senders`], [`templates`], [`erasure`] and [`answer`](mod@answer) hold the rules, each in a function named after it.

pub mod answer;
pub mod book;
pub mod case;
pub mod consent;
pub mod effect;
pub mod erasure;
pub mod senders;
pub mod templates;
pub mod who;
pub mod window;
pub mod words;

use std::collections::HashMap;

use consent_ledger::consent::account::Known;
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::sender::SenderStanding;
use consent_ledger::consent::time::{CLOCK_TOLERANCE_MICROS, Time};
use consent_ledger::consent::words::{Account, Sender, Seq};
use consent_ledger::ledger::writing::record::{Acknowledgement, Record, RecordError, What};
use consent_ledger::ledger::{Answer, CheckError, Position, Question};
use consent_ledger::scenarios::Engine;

use answer::{Asking, answer};
use book::{Book, Kept, policy};
use senders::{Standing, rule_10_standing};

/// The oracle.
#[derive(Clone, Default)]
pub struct Oracle {
    now: Time,
    head: u64,
    accounts: HashMap<String, Business>,
}

/// What one account has.
#[derive(Clone, Default)]
struct Business {
    book: Book,
    used: HashMap<String, Used>,
}

/// An event id that was used, and for what.
#[derive(Clone)]
struct Used {
    content: String,
    claimed_at: Option<Time>,
    acknowledgement: Acknowledgement,
}

impl Oracle {
    /// An empty ledger with the account `default`.
    pub fn new() -> Self {
        let accounts = HashMap::from([("default".to_owned(), Business::default())]);
        Self { now: Time::default(), head: 0, accounts }
    }
}

impl Engine for Oracle {
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
        let claimed_at = record.occurred_at.unwrap_or(self.now);
        if claimed_at > self.now.plus_micros(CLOCK_TOLERANCE_MICROS) {
            return Err(RecordError::TimeInFuture { occurred_at: claimed_at, now: self.now });
        }
        let content = content(&record.what);
        if let Some(used) = record.event_id.as_ref().and_then(|id| business.used.get(id.as_str())) {
            let same = used.content == content && (record.occurred_at.is_none() || record.occurred_at == used.claimed_at);
            let duplicate = Acknowledgement { duplicate: true, ..used.acknowledgement };
            return if same { Ok(duplicate) } else { Err(RecordError::EventIdReused { seq: used.acknowledgement.seq }) };
        }
        let said = business.book.read(&record.what, self.now);
        let seq = Seq::new(self.head + 1);
        let causes = said.reading.keyword.is_some() || matches!(record.what, What::ResolvePossibleOptOut { confirmed: true, .. });
        self.head += if causes { 2 } else { 1 };
        // What a person makes of a message counts from the message on.
        let at = if let What::ResolvePossibleOptOut { said_at, .. } = &record.what { *said_at } else { claimed_at.min(self.now) };
        let kept = Kept { what: record.what, at, recorded_at: self.now, seq, said };
        let effect = effect::effect(&business.book, &kept);
        business.book.events.push(kept);
        let acknowledgement = Acknowledgement { seq, entry_hash: [0; 32], duplicate: false, effect, caused: None };
        if let Some(id) = record.event_id {
            let used = Used { content, claimed_at: record.occurred_at, acknowledgement };
            business.used.insert(id.as_str().to_owned(), used);
        }
        Ok(acknowledgement)
    }

    fn rehearse(&mut self, records: Vec<Record>) -> Vec<Result<Acknowledgement, RecordError>> {
        let mut other = self.clone();
        records.into_iter().map(|record| other.record(record)).collect()
    }

    fn standing(&mut self, account: &Account, sender: &Sender, at: Time) -> Result<SenderStanding, String> {
        let business = self.accounts.get(account.as_str()).ok_or("no such account")?;
        let events = business.book.until(at, Known::default()).events;
        Ok(rule_10_standing(Standing { events: &events, policy: &policy(&events), sender, now: at }))
    }

    fn webhook(&mut self, _: &Account, _: &[u8]) -> Result<(), String> {
        Err("the oracle reads no webhooks".to_owned())
    }

    fn check(&mut self, question: &Question) -> Result<Answer, CheckError> {
        let unknown = || CheckError::AccountUnknown { account: question.account.to_string() };
        let business = self.accounts.get(question.account.as_str()).ok_or_else(unknown)?;
        let at = question.at.unwrap_or(self.now);
        let left = business.book.until(at, question.known);
        let policy = policy(&left.events);
        let Question { contact, sender, asked, template, .. } = question;
        let asking = Asking { contact, sender, asked: *asked, template: template.as_ref(), policy: &policy };
        let decision = answer(&left, asking, at);
        Ok(Answer { decision, at, policy_version: 0, position: Position { seq: Seq::new(self.head), hash: [0; 32] } })
    }

    fn history(&mut self, account: &Account, contact: &Identifier) -> Result<Vec<String>, String> {
        let business = self.accounts.get(account.as_str()).ok_or("no such account")?;
        Ok(effect::history(&business.book, contact))
    }

    fn verify(&mut self) -> Result<u64, String> {
        Ok(self.head)
    }
}

/// Everything that an event says but its time. Identifiers hide in debug output and are added.
fn content(what: &What) -> String {
    let identifiers: Vec<&str> = match what {
        What::Move { from, to, .. } => vec![from.as_str(), to.as_str()],
        What::Erase { contact, .. } => vec![contact.as_str()],
        _ => book::identifiers(what).into_iter().map(Identifier::as_str).collect(),
    };
    format!("{identifiers:?} {what:?}")
}
