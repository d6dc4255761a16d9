//! A real ledger in a temporary directory with a clock that stands, and records in one line.

use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::decide::Asked;
use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::policy::Policy;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, Categories, Category, InboundKind, Method, Permission};
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::event_id::EventId;
use consent_ledger::ledger::writing::record::{Acknowledgement, Actor, Evidence, Record, What};
use consent_ledger::ledger::{Answer, Ledger, OpenError, Options, Question};

/// 2026-03-01T00:00:00Z, in microseconds.
pub const START: i64 = 1_772_323_200_000_000;

/// The instant `seconds` after the start.
pub fn at(seconds: i64) -> Time {
    Time::from_micros(START + seconds * 1_000_000)
}

/// Opens the ledger in `dir` at `now`, on a disk.
pub fn open_on(dir: &Path, now: Time, disk: &Arc<dyn Disk>) -> Result<Ledger, OpenError> {
    let clock = Arc::new(ManualClock::default());
    clock.set(now);
    let clock: Arc<dyn Clock> = clock;
    Ledger::open_with(&Options { keys_ahead: 8, ..Options::new(dir) }, disk, &clock)
}

/// Opens the ledger in `dir` at `now`.
pub fn try_open(dir: &Path, now: Time) -> Result<Ledger, OpenError> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    open_on(dir, now, &disk)
}

/// Opens the ledger in `dir` an hour after the start.
pub fn open(dir: &Path) -> Ledger {
    try_open(dir, at(3600)).unwrap()
}

/// A contact.
pub fn who(contact: &str) -> Identifier {
    contact.parse().unwrap()
}

/// An event of the account `default`.
pub fn event(seconds: i64, what: What) -> Record {
    Record { account: Account::default_account(), actor: Actor::LOCAL, event_id: None, occurred_at: Some(at(seconds)), what }
}

/// The same with an event id.
pub fn named(id: &str, record: Record) -> Record {
    Record { event_id: Some(id.parse::<EventId>().unwrap()), ..record }
}

/// An opt-in for everything at every sender.
pub fn opt_in(contact: &str) -> What {
    What::OptIn {
        contact: who(contact),
        sender: None,
        categories: Categories::ALL,
        method: Method::Website,
        expires_at: None,
        evidence: Evidence::default(),
    }
}

/// An opt-out of everything at every sender.
pub fn opt_out(contact: &str) -> What {
    What::OptOut {
        contact: who(contact),
        sender: None,
        categories: Categories::ALL,
        method: Method::Website,
        evidence: Evidence::default(),
    }
}

/// A text message to sender 1.
pub fn says(contacts: &[&str], text: &str) -> What {
    What::Inbound {
        contact: contacts.iter().map(|contact| who(contact)).collect(),
        sender: "1".parse().unwrap(),
        kind: InboundKind::Text,
        text: Some(text.to_owned()),
        payload: None,
        message_id: None,
    }
}

/// A link.
pub fn link(a: &str, b: &str) -> What {
    What::Link { a: who(a), b: who(b) }
}

/// A move.
pub fn moves(from: &str, to: &str) -> What {
    What::Move { from: who(from), to: who(to), message_id: None }
}

/// A policy.
pub fn adopts(policy: Policy) -> What {
    What::AdoptPolicy { preset: "meta".to_owned(), policy: Box::new(policy) }
}

/// Records; panics where refused.
pub fn put(ledger: &Ledger, seconds: i64, what: What) -> Acknowledgement {
    ledger.record_blocking(event(seconds, what)).unwrap()
}

/// A question to sender 1; seconds none: now.
pub fn question(contact: &str, category: Category, seconds: Option<i64>) -> Question {
    Question {
        account: Account::default_account(),
        contact: who(contact),
        sender: "1".parse().unwrap(),
        asked: Asked::For(category),
        at: seconds.map(at),
        min_position: None,
        template: None,
        known: consent_ledger::consent::account::Known::default(),
    }
}

/// The answer about marketing.
pub fn answer(ledger: &Ledger, contact: &str, seconds: Option<i64>) -> Answer {
    ledger.check(&question(contact, Category::Marketing, seconds)).unwrap()
}

/// The permission for marketing, now.
pub fn may(ledger: &Ledger, contact: &str) -> Permission {
    answer(ledger, contact, None).decision.permission
}

/// Takes away what only a clean stop leaves: a crash writes no last snapshot and signs no last checkpoint.
pub fn as_after_a_crash(dir: &Path) {
    for name in ["snapshot", "checkpoints"] {
        let _ = std::fs::remove_file(dir.join(name));
    }
}

/// Copies a directory.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
