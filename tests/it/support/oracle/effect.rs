//! What a record does to what is known, and the trail of a contact: simply, for the scenario files.

use std::collections::BTreeSet;

use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::keyword::Keyword;
use consent_ledger::consent::words::{Categories, Effect, Method, Sender};
use consent_ledger::ledger::writing::record::What;

use super::book::{Book, Kept};
use super::consent::proves;
use super::erasure::rule_17_left;

/// The codes of failed sends that mean something (rules 3 and 5).
const MEANINGFUL_CODES: [u32; 2] = [131_047, 131_050];

/// What `new` does: nothing where its kind never matters, and only history where a later or stronger fact of the same
/// identifiers outranks it.
pub fn effect(book: &Book, new: &Kept) -> Effect {
    if is_erased(book, new) {
        return Effect::HistoricalOnly;
    }
    let left = rule_17_left(&book.events).events;
    let earlier = || left.iter().copied().filter(|event| shares_identifier(event, new));
    let outranked = match &new.what {
        What::SendFailed { code, .. } if !MEANINGFUL_CODES.contains(code) => return Effect::NoChange,
        What::Inbound { sender, kind, .. } if new.said.reading.keyword.is_none() => earlier().any(|event| match &event.what {
            What::Inbound { sender: theirs, kind: other, .. } => theirs == sender && other == kind && event.at >= new.at,
            _ => false,
        }),
        What::OptIn { sender, categories, .. } => categories.iter().all(|category| {
            let weak = matches!(&new.what, What::OptIn { method: Method::Import, evidence, .. } if !proves(evidence));
            let only = Categories::NONE.with(category);
            let opted_out = |event: &&Kept| opts_out(event, sender.as_ref(), only) && (weak || event.at >= new.at);
            earlier().any(|event| opted_out(&event) || lasts_as_long(event, new, only))
        }),
        What::OptOut { sender, categories, .. } => {
            earlier().any(|event| opts_out(event, sender.as_ref(), *categories) && event.at >= new.at)
        }
        _ => false,
    };
    if outranked { Effect::HistoricalOnly } else { Effect::Applied }
}

/// The names of what happened to a contact and to everybody it was ever joined with.
pub fn history(book: &Book, contact: &Identifier) -> Vec<String> {
    let mut identifiers = BTreeSet::from([contact]);
    let mut known = 0;
    while known < identifiers.len() {
        known = identifiers.len();
        for event in &book.events {
            if event.identifiers().iter().any(|identifier| identifiers.contains(identifier)) {
                identifiers.extend(event.identifiers());
            }
        }
    }
    let mut names = Vec::new();
    for event in &rule_17_left(&book.events).events {
        let changes = matches!(&event.what, What::Move { from, to, .. } if identifiers.contains(from) || identifiers.contains(to));
        if changes || event.identifiers().iter().any(|identifier| identifiers.contains(identifier)) {
            names.push(name(&event.what).to_owned());
            names.extend(event.said.reading.keyword.map(|keyword| caused(keyword).to_owned()));
        }
    }
    names
}

/// Whether an erasure that was recorded before already covers what is new.
fn is_erased(book: &Book, new: &Kept) -> bool {
    if !book.events.iter().any(|event| matches!(event.what, What::Erase { .. })) {
        return false;
    }
    let with_new: Vec<Kept> = book.events.iter().chain([new]).cloned().collect();
    !rule_17_left(&with_new).events.iter().any(|event| event.seq == new.seq)
}

fn shares_identifier(one: &Kept, other: &Kept) -> bool {
    one.identifiers().iter().any(|identifier| other.identifiers().contains(identifier))
}

/// Whether an event opts out of all `categories` wherever something for `sender` (none: for all) counts.
fn opts_out(event: &Kept, sender: Option<&Sender>, categories: Categories) -> bool {
    let (scope, opted_out) = match (&event.what, sender) {
        (What::OptOut { sender, categories, .. }, _) => (sender.as_ref(), *categories),
        (What::Inbound { .. }, Some(sender)) => match event.keyword_opt_out(sender) {
            Some((_, categories)) => (Some(sender), categories),
            None => return false,
        },
        _ => return false,
    };
    (scope.is_none() || scope == sender) && categories.iter().all(|category| opted_out.contains(category))
}

/// Whether an opt-in that was there is not older than `new`, covers all that it covers and ends no sooner.
fn lasts_as_long(event: &Kept, new: &Kept, categories: Categories) -> bool {
    let (What::OptIn { sender, categories: theirs, expires_at, .. }, What::OptIn { sender: scope, expires_at: until, .. }) =
        (&event.what, &new.what)
    else {
        return false;
    };
    let lasts = expires_at.is_none_or(|theirs| until.is_some_and(|until| theirs >= until));
    let covers = (sender.is_none() || sender == scope) && categories.iter().all(|category| theirs.contains(category));
    covers && lasts && event.at >= new.at
}

const fn caused(keyword: Keyword) -> &'static str {
    match keyword {
        Keyword::OptOut(_) => "opt_out",
        Keyword::OptIn(_) => "opt_in",
    }
}

/// The step that records it.
const fn name(what: &What) -> &'static str {
    match what {
        What::OptIn { .. } => "opt_in",
        What::OptOut { .. } => "opt_out",
        What::Inbound { .. } => "inbound",
        What::Preference { .. } => "platform_preference",
        What::SendFailed { .. } => "send_failed",
        What::ConfirmationSent { .. } => "confirmation_sent",
        What::Link { .. } => "link",
        What::Move { .. } => "number_changed",
        What::IdentityKeyChange { .. } => "identity_changed",
        What::Erase { .. } => "erase",
        _ => "account",
    }
}
