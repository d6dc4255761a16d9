//! One contact as a sequential model: what it did last, and which event ids were spent. Nothing here knows that anything happens at
//! the same time as anything else.

use std::collections::BTreeMap;

use consent_ledger::proto::Permission;

use super::linear::Model;

/// What a contact does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Act {
    /// Opts in to marketing.
    OptIn,
    /// Opts out of marketing.
    OptOut,
    /// Writes.
    Message,
    /// Writes STOP: a message, and in the same commit an opt-out of everything.
    Stop,
}

/// What may be asked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Asked {
    Marketing,
    Anything,
}

/// What was answered to a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recorded {
    /// It is in the log, since when it was recorded first. Where no answer came nobody knows whether it is a duplicate.
    Acknowledged { seq: u64, caused: u64, duplicate: Option<bool> },
    /// Its event id has other content.
    IdReused,
    /// It was from before the contact's erasure, which is acknowledged in its place.
    Outranked { seq: u64 },
}

/// What was answered to a check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checked {
    /// May it be sent, is the window open, and at which head.
    Decided { permission: Permission, window: bool, position: u64 },
    /// The log has not reached what was asked for.
    Behind,
}

/// A call about one contact, with its answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Call {
    /// A record. `at` is when its entry was recorded: what is committed together happened at one instant.
    Record { event: usize, act: Act, at: i64, answer: Recorded },
    /// A check.
    Check { asked: Asked, min_position: u64, answer: Checked },
    /// The contact is erased, which nobody waits for.
    Erased { seq: u64, at: i64 },
}

/// What an event id was spent for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Spent {
    seq: u64,
    caused: u64,
    /// None: the content was erased.
    act: Option<Act>,
}

/// The contact. Times are those of the last act of each kind; of two acts at one instant the one that permits less counts.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Contact {
    /// Nothing up to here is still to come: the last entry, or the head of an answer.
    position: u64,
    opted_in: Option<i64>,
    opted_out: Option<i64>,
    stopped: Option<i64>,
    wrote: Option<i64>,
    /// Nobody's window closes within a history.
    window: bool,
    erased: Option<u64>,
    spent: BTreeMap<usize, Spent>,
}

impl Contact {
    /// What may be sent to it.
    pub fn permission(&self, asked: Asked) -> Permission {
        let free = self.window && self.stopped.is_none_or(|stopped| self.wrote.is_some_and(|wrote| wrote > stopped));
        let marketing = self.opted_in.is_some_and(|opted_in| self.opted_out.is_none_or(|opted_out| opted_in > opted_out));
        match asked {
            Asked::Marketing if !marketing => Permission::Nothing,
            _ if free => Permission::FreeForm,
            _ if marketing => Permission::TemplateOnly,
            _ => Permission::Nothing,
        }
    }

    fn acts(&mut self, act: Act, at: i64) {
        match act {
            Act::OptIn => self.opted_in = Some(at),
            Act::OptOut => self.opted_out = Some(at),
            Act::Message => (self.wrote, self.window) = (Some(at), true),
            Act::Stop => (self.opted_out, self.stopped, self.window) = (Some(at), Some(at), true),
        }
    }

    fn recorded(mut self, event: usize, act: Act, at: i64, answer: Recorded) -> Option<Self> {
        match (self.spent.get(&event), answer) {
            (_, Recorded::Outranked { seq }) => (self.erased == Some(seq)).then_some(self),
            (Some(spent), Recorded::Acknowledged { seq, caused, duplicate }) => {
                let same = spent.act.is_none_or(|first| first == act) && (spent.seq, spent.caused) == (seq, caused);
                (same && duplicate != Some(false)).then_some(self)
            }
            (Some(spent), Recorded::IdReused) => spent.act.is_some_and(|first| first != act).then_some(self),
            (None, Recorded::Acknowledged { seq, caused, duplicate }) => {
                let causes = if act == Act::Stop { seq + 1 } else { 0 };
                if duplicate == Some(true) || seq <= self.position || caused != causes {
                    return None;
                }
                self.position = seq.max(caused);
                self.acts(act, at);
                self.spent.insert(event, Spent { seq, caused, act: Some(act) });
                Some(self)
            }
            (None, Recorded::IdReused) => None,
        }
    }

    fn checked(mut self, asked: Asked, min_position: u64, answer: Checked) -> Option<Self> {
        match answer {
            Checked::Behind => (self.position < min_position).then_some(self),
            Checked::Decided { permission, window, position } => {
                let true_here = (permission, window) == (self.permission(asked), self.window);
                let told = position >= self.position && position >= min_position;
                self.position = position;
                (true_here && told).then_some(self)
            }
        }
    }

    fn erased(mut self, seq: u64, at: i64) -> Option<Self> {
        if seq <= self.position {
            return None;
        }
        self.spent.values_mut().for_each(|spent| spent.act = None);
        let refused = Some(at);
        Some(Self { position: seq, erased: Some(seq), opted_out: refused, stopped: refused, spent: self.spent, ..Self::default() })
    }
}

impl Model for Contact {
    type Call = Call;

    fn after(&self, call: &Call) -> Option<Self> {
        match *call {
            Call::Record { event, act, at, answer } => self.clone().recorded(event, act, at, answer),
            Call::Check { asked, min_position, answer } => self.clone().checked(asked, min_position, answer),
            Call::Erased { seq, at } => self.clone().erased(seq, at),
        }
    }

    /// In the order of the log, an answer behind the entries that it knows.
    fn probably(call: &Call) -> u64 {
        match call {
            Call::Erased { seq, .. } | Call::Record { answer: Recorded::Acknowledged { seq, .. } | Recorded::Outranked { seq }, .. } => {
                2 * seq
            }
            Call::Check { answer: Checked::Decided { position, .. }, .. } => 2 * position + 1,
            Call::Record { .. } | Call::Check { .. } => 0,
        }
    }
}
