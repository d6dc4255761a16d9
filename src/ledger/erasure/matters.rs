//! Open matters of compliance officers: erasures that wait, and legal holds in force.
//!
//! ```text
//! 7  ErasureRequested  due_at, keep_suppression   opened
//! 8  LegalHoldChanged  held                       opened: 7 does not happen
//! 9  LegalHoldChanged  hold_seqs 8                8 is closed
//! 10 ErasureCancelled  request_seqs 7             7 is closed; so it would be by a ContactErased that voids its trail
//! ```
//!
//! Each is known by the entry that opened it and is about whoever was met then: [`crate::consent::identity::People`] tells
//! who that is by now. Entries that come again change nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::consent::identity::{IdentifierKey, Met};
use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::memory::packed::{put_varint, take_varint};
use crate::ledger::memory::state::State;
use crate::proto::clear_part::Fact;

/// What is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MatterKind {
    /// An erasure waits.
    Erasure {
        /// Until then.
        due_at: Time,
        /// Whether tokens will stay.
        keeps_tokens: bool,
    },
    /// A legal hold is in force.
    Hold,
}

/// An open matter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Matter {
    /// The entry that opened it.
    pub seq: Seq,
    /// The account, by trail number.
    pub account: u64,
    /// The trail of that entry; an erasure of that trail closes it.
    pub trail: u64,
    /// Whom it is about.
    pub met: Met,
    /// What it is.
    pub kind: MatterKind,
}

impl Matter {
    /// When it is due, where it is an erasure.
    #[must_use]
    pub const fn due_at(&self) -> Option<Time> {
        match self.kind {
            MatterKind::Erasure { due_at, .. } => Some(due_at),
            MatterKind::Hold => None,
        }
    }

    /// Whether it is a legal hold.
    #[must_use]
    pub const fn is_hold(&self) -> bool {
        matches!(self.kind, MatterKind::Hold)
    }
}

/// What an entry says about matters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MatterTurn {
    /// One is opened.
    Opened(Matter),
    /// These are closed.
    Closed(Vec<Seq>),
}

impl MatterTurn {
    /// What an entry says that holds this fact about these identifiers; none: nothing.
    #[must_use]
    pub fn of(account: u64, trail: u64, seq: Seq, at: Time, keys: &[IdentifierKey], fact: &Fact) -> Option<Self> {
        let opened = |kind| {
            let met = Met { key: *keys.first()?, at };
            Some(Self::Opened(Matter { seq, account, trail, met, kind }))
        };
        let closed = |seqs: &[u64]| Some(Self::Closed(seqs.iter().copied().map(Seq::new).collect()));
        match fact {
            Fact::ErasureRequested(request) => {
                opened(MatterKind::Erasure { due_at: Time::from_micros(request.due_at), keeps_tokens: request.keep_suppression })
            }
            Fact::LegalHoldChanged(change) if change.held => opened(MatterKind::Hold),
            Fact::LegalHoldChanged(change) => closed(&change.hold_seqs),
            Fact::ErasureCancelled(cancelled) => closed(&cancelled.request_seqs),
            _ => None,
        }
    }
}

/// The open matters of all accounts.
#[derive(Default, Debug)]
pub struct Matters {
    open: BTreeMap<Seq, Matter>,
    by_trail: BTreeSet<(u64, Seq)>,
    due: BTreeSet<(Time, Seq)>,
    changes: u64,
}

impl Matters {
    /// Notes what an entry says.
    pub fn note(&mut self, turn: MatterTurn) {
        self.changes += 1;
        match turn {
            MatterTurn::Opened(matter) => {
                self.by_trail.insert((matter.trail, matter.seq));
                self.due.extend(matter.due_at().map(|due_at| (due_at, matter.seq)));
                self.open.insert(matter.seq, matter);
            }
            MatterTurn::Closed(seqs) => seqs.into_iter().for_each(|seq| self.close(seq)),
        }
    }

    /// Closes those of a trail whose key is gone.
    pub fn forget(&mut self, trail: u64) {
        for seq in self.of_trail(trail).map(|matter| matter.seq).collect::<Vec<_>>() {
            self.changes += 1;
            self.close(seq);
        }
    }

    /// An open matter.
    #[must_use]
    pub fn find(&self, seq: Seq) -> Option<Matter> {
        self.open.get(&seq).copied()
    }

    /// Those that a trail's entries opened, ascending.
    pub fn of_trail(&self, trail: u64) -> impl Iterator<Item = Matter> {
        let of = self.by_trail.range((trail, Seq::NONE)..=(trail, Seq::new(u64::MAX)));
        of.filter_map(|(_, seq)| self.find(*seq))
    }

    /// Those of an account from `from` on, ascending.
    pub fn of_account(&self, account: u64, from: Seq) -> impl Iterator<Item = Matter> {
        self.open.range(from..).map(|(_, matter)| *matter).filter(move |matter| matter.account == account)
    }

    /// The erasures that are due at `now`, the first due first.
    pub fn due(&self, now: Time) -> impl Iterator<Item = Matter> {
        self.due.iter().take_while(move |(due_at, _)| *due_at <= now).filter_map(|(_, seq)| self.find(*seq))
    }

    /// Every one, ascending.
    pub fn all(&self) -> impl Iterator<Item = Matter> {
        self.open.values().copied()
    }

    /// A number that grows with every change.
    #[must_use]
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    fn close(&mut self, seq: Seq) {
        if let Some(matter) = self.open.remove(&seq) {
            self.by_trail.remove(&(matter.trail, seq));
            if let Some(due_at) = matter.due_at() {
                self.due.remove(&(due_at, seq));
            }
        }
    }
}

impl State {
    /// Notes what an entry says about matters.
    pub fn note_matter(&self, turn: MatterTurn) {
        self.matters.write().note(turn);
    }

    /// Closes the matters of an erased trail.
    pub fn forget_matters(&self, trail: u64) {
        self.matters.write().forget(trail);
    }
}

const HOLD: u64 = 0;
const ERASURE: u64 = 1;
const ERASURE_WITHOUT_TOKENS: u64 = 2;

/// Writes a matter as a snapshot holds it: its numbers as varints.
pub fn put_matter(bytes: &mut Vec<u8>, matter: Matter) {
    let (kind, due_at) = match matter.kind {
        MatterKind::Hold => (HOLD, 0),
        MatterKind::Erasure { due_at, keeps_tokens: true } => (ERASURE, due_at.micros()),
        MatterKind::Erasure { due_at, keeps_tokens: false } => (ERASURE_WITHOUT_TOKENS, due_at.micros()),
    };
    let Met { key, at } = matter.met;
    let place = [matter.seq.number(), matter.account, matter.trail, key.trail, key.ordinal.into()];
    for number in place.into_iter().chain([at.micros().cast_unsigned(), kind, due_at.cast_unsigned()]) {
        put_varint(bytes, number);
    }
}

/// Takes a matter off the front; none where there is no such thing.
pub fn take_matter(bytes: &mut &[u8]) -> Option<Matter> {
    let (seq, account, trail) = (Seq::new(take_varint(bytes)?), take_varint(bytes)?, take_varint(bytes)?);
    let key = IdentifierKey { trail: take_varint(bytes)?, ordinal: u32::try_from(take_varint(bytes)?).ok()? };
    let met = Met { key, at: Time::from_micros(take_varint(bytes)?.cast_signed()) };
    let (kind, due_at) = (take_varint(bytes)?, Time::from_micros(take_varint(bytes)?.cast_signed()));
    let kind = match kind {
        HOLD => MatterKind::Hold,
        ERASURE => MatterKind::Erasure { due_at, keeps_tokens: true },
        ERASURE_WITHOUT_TOKENS => MatterKind::Erasure { due_at, keeps_tokens: false },
        _ => return None,
    };
    Some(Matter { seq, account, trail, met, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matter(seq: u64, trail: u64, due_at: Option<i64>) -> Matter {
        let met = Met { key: IdentifierKey { trail, ordinal: 1 }, at: Time::from_micros(-5) };
        let erasure = |micros| MatterKind::Erasure { due_at: Time::from_micros(micros), keeps_tokens: seq.is_multiple_of(2) };
        Matter { seq: Seq::new(seq), account: 1, trail, met, kind: due_at.map_or(MatterKind::Hold, erasure) }
    }

    fn with(turns: &[MatterTurn]) -> Matters {
        let mut matters = Matters::default();
        turns.iter().cloned().for_each(|turn| matters.note(turn));
        matters
    }

    fn opened(seq: u64, trail: u64, due_at: Option<i64>) -> MatterTurn {
        MatterTurn::Opened(matter(seq, trail, due_at))
    }

    fn closed(seq: u64) -> MatterTurn {
        MatterTurn::Closed(vec![Seq::new(seq)])
    }

    fn due(matters: &Matters, now: i64) -> Vec<u64> {
        matters.due(Time::from_micros(now)).map(|matter| matter.seq.number()).collect()
    }

    #[test]
    fn what_is_due_comes_in_the_order_of_its_time_and_no_more_once_it_is_closed() {
        let mut matters = with(&[opened(7, 3, Some(50)), opened(8, 4, Some(20)), opened(9, 3, None), opened(10, 4, Some(90))]);
        assert_eq!((due(&matters, 19), due(&matters, 20), due(&matters, 89)), (vec![], vec![8], vec![8, 7]));
        matters.note(closed(8));
        assert_eq!(due(&matters, 99), [7, 10]);
        matters.forget(3);
        assert_eq!((due(&matters, 99), matters.of_trail(3).count(), matters.all().count()), (vec![10], 0, 1));
    }

    #[test]
    fn entries_that_come_again_change_nothing() {
        let turns = [opened(7, 3, Some(50)), closed(7), opened(8, 3, None)];
        let matters = with(&[turns.clone(), turns].concat());
        assert_eq!(matters.all().map(|matter| matter.seq.number()).collect::<Vec<_>>(), [8]);
        assert_eq!(due(&matters, i64::MAX), Vec::<u64>::new());
    }

    #[test]
    fn a_snapshot_gives_back_what_it_was_given() {
        let matters = [matter(7, 3, Some(-50)), matter(8, 1 << 40, Some(20)), matter(9, 3, None)];
        let mut bytes = Vec::new();
        for matter in matters {
            put_matter(&mut bytes, matter);
        }
        let from = &mut bytes.as_slice();
        let read: Vec<Matter> = std::iter::from_fn(|| take_matter(from)).collect();
        assert_eq!(read, matters);
        assert!(from.is_empty());
    }
}
