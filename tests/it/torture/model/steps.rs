//! What happens in a life: records of every kind, early, late, twice and with a time ahead; steps of erasures; the clock; restarts.

use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, InboundKind};
use consent_ledger::ledger::erasure::step::{Delay, Step as Officer};
use consent_ledger::ledger::writing::event_id::EventId;
use consent_ledger::ledger::writing::record::{Actor, Evidence, Record, What};

use crate::support::dice::Dice;
use crate::support::histories::{CONTACTS, happening, hours};
use crate::support::oracle::book::identifiers;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// A step, with dice of its own for what is asked after it.
#[derive(Clone, Debug)]
pub struct Step {
    /// What happens.
    pub does: Does,
    /// What names the questions.
    pub seed: usize,
}

/// What happens.
#[derive(Clone, Debug)]
pub enum Does {
    /// A record.
    Record(Record),
    /// The same, rehearsed before.
    RehearseAndRecord(Record),
    /// A person decides about the possible opt-out at this place in the list.
    Resolve { account: Account, place: usize, confirmed: bool },
    /// The erasures that are due are carried out.
    CarryOut,
    /// The clock moves by so many microseconds.
    Clock(i64),
    /// The ledger stops and is opened again.
    Restart(Restart),
}

/// How a ledger stops and starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// Closed; started from the snapshot.
    FromSnapshot,
    /// Closed; started from the whole log.
    FromTheLog,
    /// Closed; the snapshot is the one before the last.
    FromAnOlderSnapshot,
    /// Killed; started from whatever snapshot there is.
    Killed,
    /// Killed; started from the whole log.
    KilledAndFromTheLog,
    /// Closed; sled is gone.
    WithoutSled,
    /// Killed; snapshot, checkpoints and sled are gone.
    FromTheJournalAlone,
}

/// For people: identifiers hide in debug output.
impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Does::Record(record) | Does::RehearseAndRecord(record)) = &self.does else { return write!(f, "{:?}", self.does) };
        let named: Vec<&str> = match &record.what {
            What::Move { from, to, .. } => vec![from.as_str(), to.as_str()],
            What::Erase { contact, .. } => vec![contact.as_str()],
            What::Erasure(step) => step.contact().into_iter().map(Identifier::as_str).collect(),
            what => identifiers(what).into_iter().map(Identifier::as_str).collect(),
        };
        let Record { account, event_id, occurred_at, what, .. } = record;
        let rehearsed = if matches!(self.does, Does::RehearseAndRecord(_)) { "rehearsed and " } else { "" };
        write!(f, "{rehearsed}{account} {event_id:?} at {occurred_at:?} {named:?} {what:?}")
    }
}

const RESTARTS: [Restart; 7] = [
    Restart::FromSnapshot,
    Restart::FromTheLog,
    Restart::FromAnOlderSnapshot,
    Restart::Killed,
    Restart::KilledAndFromTheLog,
    Restart::WithoutSled,
    Restart::FromTheJournalAlone,
];

/// What people say beside what is said in every history.
const WORDS: [&str; 12] = [
    "Stop. Thank you",
    "thanks!\nSAIR\nbye",
    " ¡Salir! ",
    "ＳＴＯＰ",
    "st\u{200d}op 🛑",
    "#stop",
    "STOP 12345",
    "stop sending me the wrong size",
    "cancel",
    "Opt  Out",
    "START marketing.",
    "vou sair agora",
];

/// Who lives: an erasure forgets who moved where, so either people move or they are erased.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum People {
    Move,
    AreErased,
}

/// A life of 15 to 60 steps.
pub fn steps(dice: &mut Dice) -> Vec<Step> {
    let mut world = World {
        people: if dice.one_in(2) { People::Move } else { People::AreErased },
        clock: hours(0),
        latest: hours(0),
        names: 0,
        recorded: Vec::new(),
        other_account: dice.one_in(3),
    };
    let count = 15 + dice.below(46);
    (0..count).map(|_| Step { does: world.step(dice), seed: dice.below(usize::MAX) }).collect()
}

/// What is known of a life while it is thought of.
struct World {
    people: People,
    clock: Time,
    latest: Time,
    names: usize,
    recorded: Vec<Record>,
    other_account: bool,
}

impl World {
    fn step(&mut self, dice: &mut Dice) -> Does {
        match dice.below(24) {
            0 | 1 => Does::Restart(dice.pick(&RESTARTS)),
            2..=4 => {
                let by = self.clock_moves(dice);
                self.clock = self.clock.plus_micros(by);
                Does::Clock(by)
            }
            5 => Does::Resolve { account: self.account(dice), place: dice.below(3), confirmed: !dice.one_in(3) },
            6 if self.people == People::AreErased => self.officer(dice),
            7 if !self.recorded.is_empty() => Does::Record(self.again(dice)),
            8 => Does::RehearseAndRecord(self.record(dice)),
            _ => Does::Record(self.record(dice)),
        }
    }

    /// Forward, far forward, back a little, back too far, back right to the limit.
    fn clock_moves(&self, dice: &mut Dice) -> i64 {
        let behind = self.latest.micros() - self.clock.micros();
        match dice.below(12) {
            0..=3 => i64::try_from(dice.below(180)).unwrap() * MINUTE,
            4 | 5 => dice.pick(&[6, 12, 24]) * HOUR,
            6 => dice.pick(&[7, 40, 400]) * 24 * HOUR,
            7 => -i64::try_from(dice.below(300)).unwrap() * SECOND,
            8 => behind - 5 * MINUTE - dice.pick(&[0, 0, 1]),
            9 if dice.one_in(2) => -dice.pick(&[1, 3, 30]) * HOUR,
            // A clock that was wrong is set right.
            _ => behind.max(0) + i64::try_from(dice.below(60)).unwrap() * SECOND,
        }
    }

    fn officer(&mut self, dice: &mut Dice) -> Does {
        let contact: Identifier = dice.pick(&CONTACTS).parse().unwrap();
        let step = match dice.below(7) {
            0..=2 => {
                let delay = Delay::from_micros(dice.pick(&[0, 0, 1, 24]) * HOUR).unwrap();
                Officer::Request { contact, delay, keep_suppression: !dice.one_in(4) }
            }
            3 => Officer::Cancel { contact },
            4 => Officer::Hold { contact, held: true },
            5 => Officer::Hold { contact, held: false },
            _ => return Does::CarryOut,
        };
        Does::Record(Record { event_id: None, occurred_at: None, ..self.about(dice, What::Erasure(step)) })
    }

    fn record(&mut self, dice: &mut Dice) -> Record {
        let what = if self.other_account && dice.one_in(12) { What::CreateAccount } else { self.what(dice) };
        let account = if matches!(what, What::CreateAccount) { "shop".parse().unwrap() } else { self.account(dice) };
        let record = Record { account, ..self.about(dice, what) };
        self.recorded.push(record.clone());
        record
    }

    fn what(&self, dice: &mut Dice) -> What {
        if self.people == People::AreErased && dice.one_in(14) {
            return What::Erase { contact: dice.pick(&CONTACTS).parse().unwrap(), keep_suppression: !dice.one_in(4) };
        }
        loop {
            let usual = happening(dice);
            let what = otherwise_said(dice, usual);
            // A change of number and an erasure: see `support/histories.rs`.
            if self.people == People::Move || !matches!(what, What::Move { .. }) {
                return what;
            }
        }
    }

    fn account(&self, dice: &mut Dice) -> Account {
        let shop = self.other_account && dice.one_in(4);
        if shop { "shop".parse().unwrap() } else { Account::default_account() }
    }

    /// With a name, mostly, and a time: now, none, late, at an instant that others have, a little ahead or too far.
    fn about(&mut self, dice: &mut Dice, what: What) -> Record {
        let now = self.clock.max(self.latest);
        let occurred_at = match dice.below(12) {
            0 | 1 => None,
            2 | 3 => Some(now),
            4 => Some(now.plus_micros(dice.pick(&[1, 299 * SECOND, 300 * SECOND]))),
            5 if dice.one_in(2) => Some(now.plus_micros(300 * SECOND + 1)),
            _ => Some(Self::earlier(dice, now)),
        };
        if self.clock.plus_micros(5 * MINUTE) >= self.latest {
            self.latest = now;
        }
        self.names += 1;
        let event_id = (!dice.one_in(5)).then(|| name(self.names));
        Record { account: Account::default_account(), actor: Actor::LOCAL, event_id, occurred_at, what }
    }

    /// An instant up to now that others are likely to have too.
    fn earlier(dice: &mut Dice, now: Time) -> Time {
        let hours_ago = dice.pick(&[0, 0, 0, 1, 1, 6, 12, 24, 30, 100]);
        Time::from_micros(now.micros() / HOUR * HOUR).plus_micros(-hours_ago * HOUR)
    }

    /// One that was recorded before: the same, from another file, with another time, or something else under its name.
    fn again(&self, dice: &mut Dice) -> Record {
        let record = dice.pick(&self.recorded);
        match (dice.below(6), &record.what) {
            (0, _) => Record { what: happening_of_contacts(dice), ..record },
            (1, _) => Record { occurred_at: record.occurred_at.map(|at| at.plus_micros(-1)), ..record },
            (2, _) => Record { occurred_at: None, ..record },
            (_, What::OptIn { contact, sender, categories, method, expires_at, evidence }) => Record {
                what: What::OptIn {
                    contact: contact.clone(),
                    sender: sender.clone(),
                    categories: *categories,
                    method: *method,
                    expires_at: *expires_at,
                    evidence: if proves(evidence) { Evidence { file_line: 9, ..evidence.clone() } } else { evidence.clone() },
                },
                ..record
            },
            _ => record,
        }
    }
}

/// Now and then other words than usual, on another kind of message.
fn otherwise_said(dice: &mut Dice, what: What) -> What {
    match what {
        What::Inbound { contact, sender, message_id, .. } if dice.one_in(3) => What::Inbound {
            contact,
            sender,
            message_id,
            kind: dice.pick(InboundKind::ALL),
            text: Some(dice.pick(&WORDS).to_owned()),
            payload: dice.one_in(4).then(|| dice.pick(&WORDS).to_owned()),
        },
        other => other,
    }
}

fn proves(evidence: &Evidence) -> bool {
    !evidence.text.is_empty()
}

fn happening_of_contacts(dice: &mut Dice) -> What {
    loop {
        let what = happening(dice);
        if matches!(what, What::OptIn { .. } | What::OptOut { .. }) {
            return what;
        }
    }
}

fn name(number: usize) -> EventId {
    format!("event {number}").parse().unwrap()
}
