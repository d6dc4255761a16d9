//! Rule 17: what erasures take away, and what they leave behind.

use std::cmp::Reverse;

use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::time::Time;
use consent_ledger::ledger::writing::record::What;

use super::book::Kept;
use super::who::{Life, Who, distinct};

/// What an erasure remembers of an identifier.
#[derive(Clone, Debug)]
pub struct Token {
    /// The identifier.
    pub identifier: Identifier,
    /// When its contact was erased.
    pub at: Time,
    /// Since when the erased person had it, where somebody else had it before.
    pub since: Option<Time>,
    /// Until when the erased person had it, where somebody else has it since. None: an opt-out of everything stands
    /// there, for whoever appears under it.
    pub until: Option<Time>,
}

impl Token {
    /// Whether an opt-out of everything stands under this identifier.
    pub fn is_of(&self, identifier: &Identifier) -> bool {
        self.until.is_none() && self.identifier == *identifier
    }

    /// Until when the erased person had it.
    fn end(&self) -> Time {
        self.until.unwrap_or(self.at)
    }

    /// Whether the erased person had this identifier then.
    fn covers(&self, identifier: &Identifier, at: Time) -> bool {
        self.identifier == *identifier && self.since.is_none_or(|since| since < at) && at <= self.end()
    }
}

/// What there is after every erasure, whatever is asked.
#[derive(Clone, Debug, Default)]
pub struct Left<'a> {
    /// The events that are left.
    pub events: Vec<&'a Kept>,
    /// What is remembered.
    pub tokens: Vec<Token>,
}

/// Takes the records as they came: an erasure destroys what it finds of the person, and what comes in later from before
/// it is not stored.
pub fn rule_17_left(records: &[Kept]) -> Left<'_> {
    let mut left = Left::default();
    for record in records {
        let covering = left.covering(record);
        if let What::Erase { contact, keep_suppression } = &record.what {
            // Who was erased already, with all that was later, is not erased again.
            if left.covers(contact, record.at).is_none() {
                left.erase(contact, record.at, *keep_suppression);
            }
        } else if let Some(erased_at) = covering {
            // Whoever is named beside an erased person turns out to be that person.
            for identifier in named(record) {
                if left.covers(identifier, record.at).is_none() {
                    left.suppress(identifier, record.at, erased_at);
                }
            }
        } else {
            left.events.push(record);
        }
    }
    left
}

impl Left<'_> {
    /// Takes away all that happened to the person, changes of identifiers too.
    fn erase(&mut self, contact: &Identifier, at: Time, remembered: bool) {
        let before: Vec<&Kept> = self.events.iter().copied().filter(|event| event.at <= at).collect();
        let tokens = self.tokens.clone();
        let who = Who::after(&before, &tokens);
        let person = person(&who, who.life_now(contact), at);
        self.take(&before, |event| who.concerns(event, &person));
        if remembered {
            self.remember(&who, &person, at);
        }
    }

    /// The same of somebody whom nobody asked to erase: that they moved stays known.
    fn suppress(&mut self, contact: &Identifier, named_at: Time, at: Time) {
        let before: Vec<&Kept> = self.events.iter().copied().filter(|event| event.at <= at).collect();
        let tokens = self.tokens.clone();
        let who = Who::after(&before, &tokens);
        let person = person(&who, who.life(contact, named_at), at);
        self.take(&before, |event| !matches!(event.what, What::Move { .. }) && who.concerns(event, &person));
        self.remember(&who, &person, at);
    }

    fn take<'k>(&mut self, from: &[&'k Kept], which: impl Fn(&'k Kept) -> bool) {
        let gone: Vec<_> = from.iter().filter(|event| which(event)).map(|event| event.seq).collect();
        self.events.retain(|event| !gone.contains(&event.seq));
    }

    fn remember(&mut self, who: &Who<'_>, person: &[Life<'_>], at: Time) {
        for life in person {
            // Somebody who acts under an identifier that the person had before is not the person.
            let mut last = who.life_now(life.identifier);
            while who.is_moved(last) && !person.contains(&last) {
                last = Who::life_before(last);
            }
            let theirs = person.contains(&last);
            // Who was erased before is remembered by the latest erasure: doubt means no.
            let mut first = *life;
            while who.began(first).is_some_and(|began| self.tokens.iter().any(|token| token.is_of(first.identifier) && token.at == began)) {
                first = Who::life_before(first);
            }
            let since = who.began(first);
            let until = if theirs { None } else { who.end_of(*life) };
            self.tokens.push(Token { identifier: life.identifier.clone(), at, since, until });
        }
    }

    /// When the person that an event was of was erased.
    fn covering(&self, event: &Kept) -> Option<Time> {
        self.first(|token| named(event).into_iter().any(|identifier| token.covers(identifier, event.at)))
    }

    /// When whoever had an identifier at an instant was erased.
    pub fn covers(&self, identifier: &Identifier, at: Time) -> Option<Time> {
        self.first(|token| token.covers(identifier, at))
    }

    /// Of several erasures the one whose person had the identifier first, what came later began after it; of those the
    /// latest: doubt means no.
    fn first(&self, covers: impl Fn(&&Token) -> bool) -> Option<Time> {
        self.tokens.iter().filter(covers).map(|token| (token.end(), Reverse(token.at))).min().map(|(_, Reverse(at))| at)
    }
}

/// The identifiers that an event names.
fn named(event: &Kept) -> Vec<&Identifier> {
    match &event.what {
        What::Move { from, to, .. } => vec![from, to],
        _ => event.identifiers(),
    }
}

/// Every life of the person behind an identifier: joined by links, by changes from one identifier to the next, and by
/// silence: an identifier that was left still means who left it until somebody acts.
fn person<'a>(who: &Who<'a>, mut start: Life<'a>, at: Time) -> Vec<Life<'a>> {
    let is_silent = |life: Life<'a>| life.number > 0 && who.joined(life, at).into_iter().all(|life| !who.has_acted(life));
    let mut person = Vec::new();
    while who.is_moved(start) {
        person.extend(if is_silent(start) { who.joined(start, at) } else { Vec::new() });
        start = Who::life_before(start);
    }
    person.extend(who.joined(start, at));
    loop {
        let mut more: Vec<Life<'a>> = Vec::new();
        for (left, arrived) in who.changes() {
            let all: Vec<Life<'a>> = left.iter().copied().chain(who.joined(arrived, at)).collect();
            if all.iter().any(|life| person.contains(life)) {
                more.extend(all);
            }
        }
        for life in &person {
            let after = Life { number: life.number + 1, ..*life };
            if who.end_of(*life).is_some() && is_silent(after) {
                more.extend(who.joined(after, at));
            }
        }
        let before = person.len();
        person.extend(more);
        person = distinct(person);
        if person.len() == before {
            return person;
        }
    }
}
