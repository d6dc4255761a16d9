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
use consent_ledger::ledger::erasure::step::Step as Officer;
use consent_ledger::ledger::writing::record::{Acknowledgement, Evidence, Record, What};

use crate::support::oracle::answer::{Asking, answer};
use crate::support::oracle::book::{Book, Kept, identifiers, policy};
use crate::support::oracle::erasure::rule_17_left;
use crate::support::oracle::senders::{Standing, rule_10_standing};
use crate::support::oracle::who::Who;

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

#[derive(Clone, Default)]
struct Business {
    book: Book,
    used: BTreeMap<String, Used>,
    matters: Vec<Matter>,
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

/// Somebody waits to be erased, or must not be.
#[derive(Clone)]
struct Matter {
    contact: Identifier,
    at: Time,
    /// When the erasure is due and whether a token stays; none: a legal hold.
    erasure: Option<(Time, bool)>,
    /// Tried while the clock was behind: not again before.
    again_at: Option<Time>,
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
            let erased = business.is_erased(used.acknowledgement.seq);
            return if same || erased {
                Fate::Duplicate(Acknowledgement { duplicate: true, ..used.acknowledgement })
            } else {
                Fate::Refused("the event id was used")
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
        Some((business.book_answer(&business.book, question, at), business.version(at, question.known)))
    }

    /// The answer as if the last record had never been.
    pub fn check_without_the_last(&self, question: &Question) -> Option<Decision> {
        let business = self.accounts.get(question.account.as_str())?;
        let mut book = business.book.clone();
        book.events.pop();
        Some(business.book_answer(&book, question, question.at.unwrap_or_else(|| self.now())))
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
            What::Inbound { sender, contact, .. } => Some((kept.at, sender.clone(), contact.clone())),
            _ => None,
        });
        told.collect()
    }

    /// Notes a decision about one of them.
    pub fn resolved(&mut self, account: &Account, (at, sender, contact): &(Time, Sender, Vec<Identifier>), confirmed: bool) {
        let Some(business) = self.accounts.get_mut(account.as_str()) else { return };
        let is_it = |kept: &&Kept| {
            let same = matches!(&kept.what, What::Inbound { sender: theirs, contact: who, .. } if theirs == sender && who == contact);
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

    fn fate_of_step(&self, step: &Officer, now: Time) -> Fate {
        let Some(contact) = step.contact() else { return Fate::Refused("nothing waits") };
        let theirs = self.matters_of(contact, now, now);
        let (held, waits) = (theirs.iter().any(|matter| matter.erasure.is_none()), theirs.iter().any(|matter| matter.erasure.is_some()));
        let gone = theirs.is_empty() && (self.was_erased(contact, now) || self.is_forgotten(contact, now));
        match step {
            Officer::Request { .. } | Officer::Hold { held: true, .. } if held => Fate::Refused("a legal hold"),
            Officer::Request { .. } if waits => Fate::Refused("an erasure waits"),
            Officer::Cancel { .. } if waits => Fate::Recorded { causes: false },
            Officer::Hold { held: false, .. } if held => Fate::Recorded { causes: false },
            Officer::Hold { held: false, .. } => Fate::Refused("no legal hold"),
            Officer::Request { .. } | Officer::Cancel { .. } | Officer::Hold { .. } if gone => Fate::Refused("erased already"),
            Officer::Cancel { .. } | Officer::CarryOut { .. } => Fate::Refused("nothing waits"),
            Officer::Request { .. } | Officer::Hold { .. } => Fate::Recorded { causes: false },
        }
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

    fn take_step(&mut self, step: &Officer, now: Time) {
        let same =
            |business: &Self, matter: &Matter, contact: &Identifier| business.are_one((contact, now), (&matter.contact, matter.at), now);
        match step {
            Officer::Request { contact, delay, keep_suppression } => {
                let erasure = Some((now.plus_micros(delay.micros()), *keep_suppression));
                self.matters.push(Matter { contact: contact.clone(), at: now, erasure, again_at: None });
            }
            Officer::Hold { contact, held: true } => {
                self.matters.push(Matter { contact: contact.clone(), at: now, erasure: None, again_at: None })
            }
            Officer::Cancel { contact } => {
                let kept = self.matters.iter().filter(|matter| matter.erasure.is_none() || !same(self, matter, contact)).cloned().collect();
                self.matters = kept;
            }
            Officer::Hold { contact, held: false } => {
                let kept = self.matters.iter().filter(|matter| matter.erasure.is_some() || !same(self, matter, contact)).cloned().collect();
                self.matters = kept;
            }
            Officer::CarryOut { .. } => {}
        }
    }

    /// Erases whoever is due, as of now; says whether somebody was.
    fn carry_out(&mut self, now: Time, carried: &mut Carried) -> bool {
        let due = |matter: &Matter| matter.erasure.is_some_and(|(due_at, _)| due_at <= now) && matter.again_at.is_none_or(|at| at <= now);
        let mut waiting: Vec<Matter> = self.matters.iter().filter(|matter| due(matter)).cloned().collect();
        waiting.sort_by_key(|matter| matter.erasure);
        let before = carried.erased;
        for matter in waiting {
            let theirs: Vec<Matter> = self.matters_of(&matter.contact, matter.at, now).into_iter().cloned().collect();
            if !theirs.iter().any(due) {
                continue;
            }
            if theirs.iter().any(|matter| matter.erasure.is_none()) {
                carried.held += 1;
                continue;
            }
            let keep_suppression = theirs.iter().any(|matter| matter.erasure.is_some_and(|(_, keeps)| keeps));
            let what = What::Erase { contact: matter.contact.clone(), keep_suppression };
            let said = self.book.read(&what, now);
            let kept = Kept { what, at: now, recorded_at: now, seq: Seq::new(u64::MAX), said };
            self.close_matters_of(Some(&kept));
            self.book.events.push(kept);
            carried.erased += 1;
        }
        carried.erased > before
    }

    /// What is open of whoever had `contact` at `at`, as far as known now.
    fn matters_of(&self, contact: &Identifier, at: Time, now: Time) -> Vec<&Matter> {
        self.matters.iter().filter(|matter| self.are_one((contact, at), (&matter.contact, matter.at), now)).collect()
    }

    fn held(&self, contact: &Identifier, at: Time, now: Time) -> bool {
        self.matters_of(contact, at, now).iter().any(|matter| matter.erasure.is_none())
    }

    fn are_one(&self, one: (&Identifier, Time), other: (&Identifier, Time), now: Time) -> bool {
        let left = self.book.until(now, Known::default());
        let who = Who::after(&left.events, &left.tokens);
        who.joined(who.life(one.0, one.1), now).contains(&who.life(other.0, other.1))
    }

    /// With a person goes what waits for them.
    fn close_matters_of(&mut self, erasure: Option<&Kept>) {
        let Some(Kept { what: What::Erase { contact, .. }, at, .. }) = erasure else { return };
        let open: Vec<Matter> = self
            .matters
            .iter()
            .filter(|matter| matter.at > *at || !self.are_one((contact, *at), (&matter.contact, matter.at), *at))
            .cloned()
            .collect();
        self.matters = open;
    }

    /// Whether an erasure covers what is of this contact at this time.
    fn was_erased(&self, contact: &Identifier, at: Time) -> bool {
        rule_17_left(&self.book.events).covers(contact, at).is_some()
    }

    /// Whether nothing is known of a contact but that they were erased.
    fn is_forgotten(&self, contact: &Identifier, now: Time) -> bool {
        let left = rule_17_left(&self.book.events);
        let who = Who::after(&left.events, &left.tokens);
        let lives = who.joined(who.life(contact, now), now);
        who.erased_at(contact).is_some() && who.events_of(&lives).is_empty()
    }

    /// Whether the event that was recorded there is gone.
    fn is_erased(&self, seq: Seq) -> bool {
        !rule_17_left(&self.book.events).events.iter().any(|left| left.seq == seq)
    }

    fn book_answer(&self, book: &Book, question: &Question, at: Time) -> Decision {
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

/// What the model says that an effect must not be: a record that is said to change nothing and does.
pub const fn claims_nothing(effect: Effect) -> bool {
    matches!(effect, Effect::HistoricalOnly | Effect::NoChange)
}
