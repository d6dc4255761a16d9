//! The model: for every account a list of what was recorded, which event ids were used, and what officers wait for. Nothing is
//! folded, packed, cached or written. An answer is worked out by the rules as `support/oracle` states them again.

use std::collections::BTreeMap;

use consent_ledger::consent::account::Known;
use consent_ledger::consent::decide::Decision;
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::sender::SenderStanding;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, Effect, Sender, Seq};
use consent_ledger::ledger::Question;
use consent_ledger::ledger::erasure::eraser::Carried;
use consent_ledger::ledger::writing::record::{Acknowledgement, Evidence, Record, What};

use super::officers::Matter;
use crate::support::oracle::answer::{Asking, answer};
use crate::support::oracle::book::{Book, Kept, identifiers, policy};
use crate::support::oracle::erasure::rule_17_left;
use crate::support::oracle::senders::{Standing, rule_10_standing};

/// How far ahead a time may be, and how far behind the clock.
const FIVE_MINUTES: i64 = 300_000_000;

/// The model.
#[derive(Clone)]
pub struct Simple {
    /// The clock.
    pub clock: Time,
    /// When the last entry was recorded.
    pub latest: Time,
    accounts: BTreeMap<String, Business>,
}

/// What one account has.
#[derive(Clone, Default)]
pub struct Business {
    /// What was recorded.
    pub book: Book,
    used: BTreeMap<String, Used>,
    /// What officers wait for.
    pub matters: Vec<Matter>,
    /// The messages that a person decided about, and whether it was an opt-out.
    resolved: Vec<(Seq, bool)>,
}

/// What an event id was used for.
#[derive(Clone)]
struct Used {
    content: String,
    at: Time,
    acknowledgement: Acknowledgement,
}

/// What comes of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It is recorded; where a keyword or a decision in it causes another entry, behind that.
    Recorded { causes: bool },
    /// It was recorded before, and is answered as then.
    Duplicate(Acknowledgement),
    /// Its contact was erased after it: nothing of it is stored.
    Outranked,
    /// It is refused, for this reason.
    Refused(&'static str),
    /// It is refused, or recorded (answered as this one, where there is one): an erasure took what it would be held against.
    RefusedOrNot(&'static str, Option<Acknowledgement>),
}

impl Simple {
    /// An empty ledger, made at this time.
    pub fn new(clock: Time) -> Self {
        let accounts = BTreeMap::from([("default".to_owned(), Business::default())]);
        Self { clock, latest: clock, accounts }
    }

    /// The time that counts as now: it never goes back behind what was recorded.
    pub fn now(&self) -> Time {
        self.clock.max(self.latest)
    }

    /// Whether the clock is so far behind that it cannot be right.
    pub fn is_behind(&self) -> bool {
        self.clock.plus_micros(FIVE_MINUTES) < self.latest
    }

    /// What would come of this record.
    pub fn fate(&self, record: &Record) -> Fate {
        let now = self.now();
        if self.is_behind() {
            return Fate::Refused("the clock is behind");
        }
        if record.occurred_at.is_some_and(|at| at > now.plus_micros(FIVE_MINUTES)) {
            return Fate::Refused("it lies ahead");
        }
        let known = self.accounts.get(record.account.as_str());
        if matches!(record.what, What::CreateAccount) {
            return if known.is_some() { Fate::Refused("the account exists") } else { Fate::Recorded { causes: false } };
        }
        let Some(business) = known else { return Fate::Refused("no such account") };
        if let Some(used) = record.event_id.as_ref().and_then(|id| business.used.get(id.as_str())) {
            let same = used.content == content(&record.what) && record.occurred_at.is_none_or(|at| at == used.at);
            let forgotten = business.is_erased(used.acknowledgement.seq);
            let duplicate = Acknowledgement { duplicate: true, ..used.acknowledgement };
            // What others have in the trail of somebody who is erased is recorded again, without its content's digest.
            let since = business.book.events.iter().any(|kept| matches!(kept.what, What::Erase { .. }) && kept.seq > duplicate.seq);
            // What erased somebody is sealed under whatever trail was left.
            let erases = business.book.events.iter().any(|kept| kept.seq == duplicate.seq && matches!(kept.what, What::Erase { .. }));
            return match (same || (forgotten && !erases), since || erases) {
                (true, _) => Fate::Duplicate(duplicate),
                (false, true) => Fate::RefusedOrNot("the event id was used", Some(duplicate)),
                (false, false) => Fate::Refused("the event id was used"),
            };
        }
        business.fate(&self.kept(record, Seq::new(u64::MAX)), now)
    }

    /// Takes a record in that was acknowledged so.
    pub fn record(&mut self, record: &Record, fate: &Fate, acknowledgement: Acknowledgement) {
        if !matches!(fate, Fate::Recorded { .. } | Fate::Outranked) {
            return;
        }
        let (now, kept) = (self.now(), self.kept(record, acknowledgement.seq));
        if matches!(record.what, What::CreateAccount) {
            self.accounts.insert(record.account.to_string(), Business::default());
        } else if let Some(business) = self.accounts.get_mut(record.account.as_str()) {
            business.take(record, fate, kept, now, acknowledgement);
        }
    }

    /// Erases whoever is due.
    pub fn carry_out(&mut self) -> Carried {
        let (now, mut carried) = (self.now(), Carried::default());
        if self.is_behind() {
            return carried;
        }
        for business in self.accounts.values_mut() {
            let erased = business.carry_out(now, &mut carried);
            if erased {
                self.latest = now;
            }
        }
        carried
    }

    /// As it is opened again: whoever is due is erased, how many; with a clock that is behind that fails, and waits a minute.
    pub fn restart(&mut self) -> u64 {
        let (now, behind) = (self.now(), self.is_behind());
        for matter in self.accounts.values_mut().flat_map(|business| &mut business.matters) {
            let fails = behind && matter.erasure.is_some_and(|(due_at, _)| due_at <= now);
            matter.again_at = fails.then(|| now.plus_micros(60_000_000));
        }
        self.carry_out().erased
    }

    /// The answer, and the version of the policy it was given under.
    pub fn check(&self, question: &Question) -> Option<(Decision, u32)> {
        let business = self.accounts.get(question.account.as_str())?;
        let at = question.at.unwrap_or_else(|| self.now());
        Some((Business::book_answer(&business.book, question, at), business.version(at, question.known)))
    }

    /// The answer as if the last record had never been.
    pub fn check_without_the_last(&self, question: &Question) -> Option<Decision> {
        let business = self.accounts.get(question.account.as_str())?;
        let mut book = business.book.clone();
        book.events.pop();
        Some(Business::book_answer(&book, question, question.at.unwrap_or_else(|| self.now())))
    }

    /// How a sender stands.
    pub fn standing(&self, account: &Account, sender: &Sender, at: Time) -> Option<SenderStanding> {
        let left = self.accounts.get(account.as_str())?.book.until(at, Known::default());
        Some(rule_10_standing(Standing { events: &left.events, policy: &policy(&left.events), sender, now: at }))
    }

    /// The messages that may be opt-outs and that nobody has decided about, in order: when, to whom, from whom.
    pub fn possible_opt_outs(&self, account: &Account) -> Vec<(Time, Sender, Vec<Identifier>)> {
        let Some(business) = self.accounts.get(account.as_str()) else { return Vec::new() };
        let left = rule_17_left(&business.book.events);
        let open = left
            .events
            .iter()
            .filter(|kept| kept.said.reading.possible_opt_out && !business.resolved.iter().any(|(seq, _)| *seq == kept.seq));
        let told = open.filter_map(|kept| match &kept.what {
            What::Inbound { sender, contact, .. } => Some((kept.at, sender.clone(), each_once(contact))),
            _ => None,
        });
        told.collect()
    }

    /// Notes a decision about one of them.
    pub fn resolved(&mut self, account: &Account, (at, sender, contact): &(Time, Sender, Vec<Identifier>), confirmed: bool) {
        let Some(business) = self.accounts.get_mut(account.as_str()) else { return };
        let is_it = |kept: &&Kept| {
            let same =
                matches!(&kept.what, What::Inbound { sender: theirs, contact: who, .. } if theirs == sender && each_once(who) == *contact);
            let open = !business.resolved.iter().any(|(seq, _)| *seq == kept.seq);
            same && open && kept.at == *at && kept.said.reading.possible_opt_out
        };
        let seq = rule_17_left(&business.book.events).events.into_iter().find(is_it).map(|kept| kept.seq);
        business.resolved.extend(seq.map(|seq| (seq, confirmed)));
    }

    /// The record as it is kept: never later than the clock.
    fn kept(&self, record: &Record, seq: Seq) -> Kept {
        let (now, empty) = (self.now(), Book::default());
        let book = self.accounts.get(record.account.as_str()).map_or(&empty, |business| &business.book);
        let at = match &record.what {
            What::ResolvePossibleOptOut { said_at, .. } => *said_at,
            What::Erasure(_) => now,
            _ => record.occurred_at.unwrap_or(now).min(now),
        };
        Kept { said: book.read(&record.what, now), what: record.what.clone(), at, recorded_at: now, seq }
    }
}

impl Business {
    fn fate(&self, kept: &Kept, now: Time) -> Fate {
        if let What::Erasure(step) = &kept.what {
            return self.fate_of_step(step, now);
        }
        if let What::Erase { contact, .. } = &kept.what
            && self.held(contact, kept.at, now)
        {
            return Fate::Refused("a legal hold");
        }
        let mut with_it = self.book.events.clone();
        with_it.push(kept.clone());
        if !identifiers(&kept.what).is_empty() && !rule_17_left(&with_it).events.iter().any(|left| left.seq == kept.seq) {
            return Fate::Outranked;
        }
        if let What::Erase { contact, .. } = &kept.what
            && self.was_erased(contact, kept.at)
        {
            return Fate::Outranked;
        }
        let causes = kept.said.reading.keyword.is_some() || matches!(kept.what, What::ResolvePossibleOptOut { confirmed: true, .. });
        Fate::Recorded { causes }
    }

    fn take(&mut self, record: &Record, fate: &Fate, kept: Kept, now: Time, acknowledgement: Acknowledgement) {
        if let What::Erasure(step) = &record.what {
            return self.take_step(step, now);
        }
        if let (Some(id), Fate::Recorded { .. }) = (&record.event_id, fate) {
            let used = Used { content: content(&record.what), at: record.occurred_at.unwrap_or(now), acknowledgement };
            self.used.insert(id.as_str().to_owned(), used);
        }
        let erases = matches!(kept.what, What::Erase { .. }).then(|| kept.clone());
        self.close_matters_of(erases.as_ref());
        self.book.events.push(kept);
    }

    /// Whether the event that was recorded there is gone.
    fn is_erased(&self, seq: Seq) -> bool {
        !rule_17_left(&self.book.events).events.iter().any(|left| left.seq == seq)
    }

    fn book_answer(book: &Book, question: &Question, at: Time) -> Decision {
        let left = book.until(at, question.known);
        let policy = policy(&left.events);
        let Question { contact, sender, asked, template, .. } = question;
        answer(&left, Asking { contact, sender, asked: *asked, template: template.as_ref(), policy: &policy }, at)
    }

    /// The version of the policy in force: the latest of those adopted, the one recorded last of several at one instant.
    fn version(&self, at: Time, known: Known) -> u32 {
        let left = self.book.until(at, known);
        let adopted = left.events.iter().filter(|kept| matches!(kept.what, What::AdoptPolicy { .. }));
        let Some(latest) = adopted.max_by_key(|kept| (kept.at, kept.seq)) else { return 0 };
        let before = self.book.events.iter().filter(|kept| matches!(kept.what, What::AdoptPolicy { .. }) && kept.seq <= latest.seq);
        u32::try_from(before.count()).unwrap()
    }
}

/// Everything that an event says but its time, and but the file that it was read from.
fn content(what: &What) -> String {
    let mut what = what.clone();
    if let What::OptIn { evidence, .. } | What::OptOut { evidence, .. } = &mut what {
        *evidence = Evidence { file_name: String::new(), file_line: 0, file_sha256: Vec::new(), ..evidence.clone() };
    }
    let named: Vec<&str> = match &what {
        What::Move { from, to, .. } => vec![from.as_str(), to.as_str()],
        What::Erase { contact, .. } => vec![contact.as_str()],
        what => identifiers(what).into_iter().map(Identifier::as_str).collect(),
    };
    format!("{named:?} {what:?}")
}

/// Identifiers without those that were named before.
pub fn each_once<T: PartialEq + Clone>(named: &[T]) -> Vec<T> {
    let mut seen: Vec<T> = Vec::new();
    for identifier in named {
        if !seen.contains(identifier) {
            seen.push(identifier.clone());
        }
    }
    seen
}

/// What the model says that an effect must not be: a record that is said to change nothing and does.
pub const fn claims_nothing(effect: Effect) -> bool {
    matches!(effect, Effect::HistoricalOnly | Effect::NoChange)
}
