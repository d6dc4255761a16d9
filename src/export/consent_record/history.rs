//! The events of each consent record: what the contact did about one category at one sender, or at all of them, in order of time.
//!
//! ```text
//! opt-in · opt-in · opt-out · opt-in, ended   ->   given · renewed · withdrawn · given · expired
//! opt-out                                     ->   refused
//! ```

use std::collections::BTreeSet;

use crate::consent::event::{Act, CODE_MARKETING_STOPPED, Event, SenderNumber};
use crate::consent::facts::Facts;
use crate::consent::time::Time;
use crate::consent::timeline::{self, Standing, policy_at};
use crate::consent::words::{Categories, Category, PlatformPreference, Seq};
use crate::export::person::{Life, Person};

/// Where something was said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Register {
    /// To the business, for this sender or for all.
    Ledger(SenderNumber),
    /// To WhatsApp itself, in the chat with this sender (rule 5).
    Platform(SenderNumber),
}

/// The events of one record.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) register: Register,
    pub(super) category: Category,
    pub(super) steps: Vec<Step>,
}

/// An event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Step {
    pub(super) at: Time,
    /// The entry that it rests on.
    pub(super) seq: Seq,
    pub(super) status: Status,
    /// How the contact did it; none where it came by itself.
    pub(super) method: Option<String>,
    /// When what was given ends by itself.
    pub(super) until: Option<Time>,
}

/// What an event made of the consent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Status {
    Given,
    Renewed,
    Refused,
    Withdrawn,
    Expired,
    Invalidated,
    Unknown,
}

impl Status {
    /// Its term in the Data Privacy Vocabulary.
    pub(super) const fn term(self) -> &'static str {
        match self {
            Self::Given => "dpv:ConsentGiven",
            Self::Renewed => "dpv:RenewedConsentGiven",
            Self::Refused => "dpv:ConsentRefused",
            Self::Withdrawn => "dpv:ConsentWithdrawn",
            Self::Expired => "dpv:ConsentExpired",
            Self::Invalidated => "dpv:ConsentInvalidated",
            Self::Unknown => "dpv:ConsentUnknown",
        }
    }
}

/// What happened to a consent.
enum Change {
    In { until: Option<Time>, counts: bool, how: Option<String> },
    Out { how: Option<String> },
    Resumed,
    KeyChanged,
}

/// Every record of a contact that has an event.
pub(super) fn courses(life: &Life, person: &Person) -> Vec<Course> {
    let mut registers: BTreeSet<(Register, u8)> = BTreeSet::new();
    for event in &life.acts {
        match event.act {
            Act::OptIn { sender, categories, .. } | Act::OptOut { sender, categories, .. } => {
                registers.extend(categories.iter().map(|category| (Register::Ledger(sender), category.number())));
            }
            Act::Preference { sender, preference } => {
                registers.insert((Register::Platform(sender), Category::Marketing.number()));
                if preference == PlatformPreference::Signup {
                    registers.insert((Register::Ledger(SenderNumber::ALL), Category::Marketing.number()));
                }
            }
            Act::SendFailed { sender, code: CODE_MARKETING_STOPPED } => {
                registers.insert((Register::Platform(sender), Category::Marketing.number()));
            }
            Act::Inbound { .. } | Act::SendFailed { .. } | Act::ConfirmationSent { .. } | Act::IdentityKeyChanged => {}
        }
    }
    for before in &life.facts.predecessors {
        let refused = |category: &Category| carried(life, person, SenderNumber::ALL, *category, before.change.at).is_some();
        let refused = Category::ALL.iter().filter(|category| refused(category));
        registers.extend(refused.map(|category| (Register::Ledger(SenderNumber::ALL), category.number())));
    }
    let course = |(register, number): (Register, u8)| {
        let category = Category::from_number(number.into())?;
        Some(Course { register, category, steps: steps(life, person, register, category) })
    };
    registers.into_iter().filter_map(course).collect()
}

/// A refusal that followed the contact from an identifier it had before (rule 13): the change that brought it.
fn carried(life: &Life, person: &Person, sender: SenderNumber, category: Category, at: Time) -> Option<Seq> {
    let facts = Facts { predecessors: life.facts.predecessors.clone(), ..Facts::default() };
    let sender = if sender == SenderNumber::ALL { super::ANY } else { sender };
    match timeline::standing(&facts, sender, &policy_at(&person.policies, person.at), category, at) {
        Standing::OptedOut(out) if out.at == at => Some(out.seq),
        _ => None,
    }
}

fn steps(life: &Life, person: &Person, register: Register, category: Category) -> Vec<Step> {
    let mut changes: Vec<(Time, Seq, Change)> =
        life.acts.iter().filter_map(|event| Some((event.at, event.seq, change(event, life, person, register, category)?))).collect();
    if let Register::Ledger(sender) = register {
        for before in &life.facts.predecessors {
            if let Some(seq) = carried(life, person, sender, category, before.change.at) {
                changes.push((before.change.at, seq, Change::Out { how: None }));
            }
        }
    }
    // Of two at one instant the one that permits less comes last (rule 2).
    changes.sort_by_key(|(at, seq, change)| (*at, !matches!(change, Change::In { .. } | Change::Resumed), *seq));
    let mut course = Running::default();
    for (at, seq, change) in changes {
        course.pass(at);
        course.apply(at, seq, change);
    }
    course.pass(person.at.plus_micros(1));
    if let (Some(left), Some((seq, _))) = (life.left.filter(|left| *left <= person.at), course.held) {
        course.steps.push(Step { at: left, seq, status: Status::Expired, method: None, until: None });
    }
    course.steps
}

/// What an act does to the consent of a record; none: nothing.
fn change(event: &Event, life: &Life, person: &Person, register: Register, category: Category) -> Option<Change> {
    // What was said for all senders covers each of them (rule 4).
    let covers = |sender: SenderNumber, categories: Categories| {
        let here = matches!(register, Register::Ledger(of) if of == sender || sender == SenderNumber::ALL);
        here && categories.contains(category)
    };
    let told = |sender: SenderNumber| register == Register::Platform(sender);
    let policy = policy_at(&person.policies, person.at);
    let how = || person.method(event.seq);
    match event.act {
        Act::OptIn { sender, categories, expires_at, weak } if covers(sender, categories) => {
            let refused = |other: &Event| matches!(other.act, Act::OptOut { sender, categories, .. } if covers(sender, categories));
            // Rule 14: an import without evidence counts only where no opt-out was ever recorded.
            let counts = !(weak && policy.import_requires_evidence && life.acts.iter().any(refused));
            Some(Change::In { until: timeline::ends_at(event.at, expires_at, &policy), counts, how: how() })
        }
        Act::OptOut { sender, categories, .. } if covers(sender, categories) => Some(Change::Out { how: how() }),
        Act::Preference { preference: PlatformPreference::Signup, sender }
            if told(sender) || covers(SenderNumber::ALL, Categories::NONE.with(Category::Marketing)) =>
        {
            Some(Change::In { until: timeline::ends_at(event.at, None, &policy), counts: true, how: Some("signed up in WhatsApp".into()) })
        }
        Act::Preference { preference: PlatformPreference::Stop, sender } if told(sender) => {
            Some(Change::Out { how: Some("stopped in WhatsApp".into()) })
        }
        Act::SendFailed { sender, code: CODE_MARKETING_STOPPED } if told(sender) => {
            Some(Change::Out { how: Some("stopped in WhatsApp, as its error 131050 reported".into()) })
        }
        Act::Preference { preference: PlatformPreference::Resume, sender } if told(sender) => Some(Change::Resumed),
        Act::IdentityKeyChanged if policy.suspend_on_identity_change && matches!(register, Register::Ledger(_)) => Some(Change::KeyChanged),
        _ => None,
    }
}

/// A record while its events are told.
#[derive(Default)]
struct Running {
    steps: Vec<Step>,
    /// The opt-in that holds longest, and until when.
    held: Option<(Seq, Option<Time>)>,
}

impl Running {
    /// Tells what ended by itself before or at `at`.
    fn pass(&mut self, at: Time) {
        if let Some((seq, Some(end))) = self.held
            && end <= at
        {
            self.held = None;
            self.steps.push(Step { at: end, seq, status: Status::Expired, method: None, until: None });
        }
    }

    fn apply(&mut self, at: Time, seq: Seq, change: Change) {
        let (status, method, until) = match change {
            Change::In { counts: false, how, .. } => (Status::Unknown, how, None),
            Change::In { until, how, .. } => {
                let status = if self.held.is_some() { Status::Renewed } else { Status::Given };
                let longer = self.held.is_none_or(|(_, held)| held.is_some_and(|held| until.is_none_or(|until| until >= held)));
                if longer {
                    self.held = Some((seq, until));
                }
                (status, how, until)
            }
            Change::Out { how } => (if self.held.take().is_some() { Status::Withdrawn } else { Status::Refused }, how, None),
            Change::Resumed => {
                self.held = Some((seq, None));
                (Status::Renewed, Some("resumed in WhatsApp".into()), None)
            }
            Change::KeyChanged if self.held.take().is_some() => (Status::Invalidated, None, None),
            Change::KeyChanged => return,
        };
        self.steps.push(Step { at, seq, status, method, until });
    }
}
