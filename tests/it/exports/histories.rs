//! What a report works out from entries alone is what the ledger answers, whatever happened.

use std::ops::Range;
use std::sync::Arc;

use consent_ledger::api::map;
use consent_ledger::consent::decide::{Asked, Decision};
use consent_ledger::consent::event::SenderNumber;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::timeline::{Standing, policy_at, standing, stopped, windows};
use consent_ledger::consent::words::{Account, Category, Permission, Reason};
use consent_ledger::export::collected::Collected;
use consent_ledger::export::person::{Life, Person};
use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::evidence::export::{ExportError, Piece};
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::writing::record::What;
use consent_ledger::ledger::{Ledger, Options, Question};
use consent_ledger::proto::{ExportBegin, ExportSelection};

use crate::support::dice::Dice;
use crate::support::histories::{Arrival, CONTACTS, SENDERS, history, hours};

const SEEDS: Range<u64> = 7_100_000..7_100_060;

/// What senders and templates do is no part of a report.
fn is_of_a_contact(what: &What) -> bool {
    matches!(
        what,
        What::OptIn { .. }
            | What::OptOut { .. }
            | What::Inbound { .. }
            | What::Preference { .. }
            | What::SendFailed { .. }
            | What::ConfirmationSent { .. }
            | What::Link { .. }
            | What::Move { .. }
            | What::IdentityKeyChange { .. }
            | What::AdoptPolicy { .. }
    )
}

/// Whether nobody ever learns that two identifiers are one person: else an earlier question knows less than a report.
fn nobody_is_joined(history: &[Arrival]) -> bool {
    history.iter().all(|arrival| match &arrival.record.what {
        What::Link { .. } | What::Move { .. } => false,
        What::Inbound { contact, .. }
        | What::Preference { contact, .. }
        | What::SendFailed { contact, .. }
        | What::IdentityKeyChange { contact, .. } => contact.len() == 1,
        _ => true,
    })
}

fn recorded(dir: &std::path::Path, history: &[Arrival]) -> (Ledger, Time) {
    let clock = Arc::new(ManualClock::default());
    let (disk, shared): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), clock.clone());
    clock.set(history[0].clock);
    let ledger = Ledger::open_with(&Options { keys_ahead: 8, ..Options::new(dir) }, &disk, &shared).unwrap();
    for arrival in history {
        clock.set(arrival.clock);
        ledger.record_blocking(arrival.record.clone()).unwrap();
    }
    (ledger, history.iter().map(|arrival| arrival.clock).max().unwrap())
}

/// The person behind an identifier, from an evidence bundle alone; none where nothing is known.
fn person(ledger: &Ledger, contact: &str, now: Time) -> Option<Person> {
    let mut evidence = match ledger.evidence(&Account::default_account(), &contact.parse().unwrap(), &[]) {
        Ok(evidence) => evidence,
        Err(ExportError::ContactUnknown) => return None,
        Err(error) => panic!("{error}"),
    };
    let selection = Some(ExportSelection { contacts: vec![contact.to_owned()], ..Default::default() });
    let begin = ExportBegin { made_at: Some(map::timestamp(now)), selection, ..Default::default() };
    let mut collected = Collected { begin, entries: Vec::new() };
    while let Some(piece) = evidence.export.next_piece().unwrap() {
        if let Piece::Entry(entry) = piece {
            collected.entries.push(map::entry(*entry));
        }
    }
    Some(Person::of(&collected))
}

fn answer(ledger: &Ledger, contact: &str, sender: &str, asked: Asked, at: Time) -> Decision {
    let question = Question {
        account: Account::default_account(),
        contact: contact.parse().unwrap(),
        sender: sender.parse().unwrap(),
        asked,
        at: Some(at),
        min_position: None,
        template: None,
        known: consent_ledger::consent::account::Known::default(),
    };
    ledger.check(&question).unwrap().decision
}

/// What a report says of a sender.
struct Said<'a> {
    person: &'a Person,
    life: &'a Life,
    sender: SenderNumber,
}

impl Said<'_> {
    fn of<'a>(person: &'a Person, life: &'a Life, sender: &str) -> Said<'a> {
        let known = person.senders.iter().find(|(_, name)| *name == sender).map(|(number, _)| *number);
        Said { person, life, sender: known.unwrap_or(SenderNumber::new(u32::MAX)) }
    }

    fn is_open(&self, at: Time) -> bool {
        let open = windows(&self.life.acts, self.sender, &self.person.policies, self.life.left);
        open.iter().any(|open| open.from <= at && at < open.until)
    }

    fn standing(&self, category: Category, at: Time) -> Standing {
        standing(&self.life.facts, self.sender, &policy_at(&self.person.policies, at), category, at)
    }

    fn is_stopped(&self, at: Time) -> bool {
        stopped(&self.life.facts, self.sender, &policy_at(&self.person.policies, at)).is_some()
    }
}

fn compare_now(ledger: &Ledger, contact: &str, person: &Person, life: &Life, now: Time, why: &str) {
    for sender in SENDERS {
        let said = Said::of(person, life, sender);
        let anything = answer(ledger, contact, sender, Asked::Anything, now);
        assert_eq!(said.is_open(now), anything.window_closes_at.is_some(), "{why} {sender}");
        for category in Category::TEMPLATE {
            let found = said.standing(category, now);
            let is_stopped = category == Category::Marketing && said.is_stopped(now);
            let allowed = matches!(found, Standing::OptedIn(_)) && !is_stopped;
            assert_eq!(allowed, anything.allowed.contains(category), "{why} {sender} {category}: {found:?}");
        }
        let code = answer(ledger, contact, sender, Asked::For(Category::Authentication), now);
        let reason = match said.standing(Category::Authentication, now) {
            Standing::OptedIn(_) => Reason::OptedIn,
            Standing::OptedOut(_) => Reason::RecipientOptedOut,
            Standing::Expired(_) => Reason::OptInExpired,
            Standing::Suspended(_) => Reason::ContactIdentityChanged,
            Standing::Unknown => Reason::RecipientNotOptedIn,
        };
        assert_eq!(code.reasons.first(), Some(&reason), "{why} {sender}");
        assert_eq!(code.permission == Permission::TemplateOnly, reason == Reason::OptedIn, "{why} {sender}");
    }
}

#[test]
fn consent_and_windows_of_a_report_are_those_that_the_ledger_answers() {
    let (mut people, mut moments) = (0, 0);
    for seed in SEEDS {
        let mut history = history(&mut Dice::new(seed));
        history.retain(|arrival| is_of_a_contact(&arrival.record.what));
        let dir = tempfile::tempdir().unwrap();
        let (ledger, now) = recorded(dir.path(), &history);
        for contact in CONTACTS {
            let Some(person) = person(&ledger, contact, now) else { continue };
            let why = format!("seed {seed} {contact}");
            // An identifier that was left, and under which nobody acted since, is nobody's.
            let Some(life) = person.lives.iter().find(|life| life.asked) else {
                let silent = answer(&ledger, contact, SENDERS[0], Asked::Anything, now);
                assert_eq!(silent.permission, Permission::Nothing, "{why}");
                continue;
            };
            compare_now(&ledger, contact, &person, life, now, &why);
            people += 1;
            if nobody_is_joined(&history) {
                for (at, sender) in (0..400).step_by(5).map(hours).filter(|at| *at < now).flat_map(|at| SENDERS.map(|sender| (at, sender)))
                {
                    let then = answer(&ledger, contact, sender, Asked::Anything, at).window_closes_at;
                    assert_eq!(Said::of(&person, life, sender).is_open(at), then.is_some(), "{why} {sender} {at:?}");
                    moments += 1;
                }
            }
        }
    }
    assert!(people > 80 && moments > 200, "{people} people, {moments} moments");
}
