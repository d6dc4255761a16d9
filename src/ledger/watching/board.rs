//! Which windows are open, when each is due to change by itself, and what of that was told.
//!
//! ```text
//!   set, close ──▶ slots ──▶ due: (when, which), ascending
//!                    │            │
//!                    └── dirty ◀──┘ advance(now)
//!                          │
//!                          ▼ take: told against how it is
//! ```
//!
//! It knows no ledger and no clock. A window that is renewed moves in `due`; what undoes itself before it is told is never
//! told, so it cannot grow beyond the windows that are open or were told to be.

use std::collections::{BTreeMap, BTreeSet};

use crate::consent::event::SenderNumber;
use crate::consent::identity::IdentifierKey;
use crate::consent::time::Time;

/// Names a window: the first identifier of its contact, and the sender.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WindowKey {
    /// The first identifier of the contact.
    pub contact: IdentifierKey,
    /// The sender.
    pub sender: SenderNumber,
}

/// An open window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpenWindow {
    /// The act from which its term counts.
    pub counts_from: Time,
    /// When it closes.
    pub closes_at: Time,
    /// Stands for the contact's identifiers: another where they are others.
    pub identifiers: u32,
}

/// Why a window closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// Its term is over.
    Term,
    /// The platform said so.
    Platform,
    /// The account's policy is another.
    Policy,
    /// The contact moved away, or is one with another.
    Identity,
    /// The contact was erased.
    Erased,
}

/// What happened to a window.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// It was open when the watch began, or opened before all those were told.
    Open(OpenWindow),
    /// It opened.
    Opened(OpenWindow),
    /// It closes at another time, or its contact has other identifiers.
    Changed(OpenWindow),
    /// It closes soon.
    ClosingSoon(OpenWindow),
    /// It closed; it was told to close at that time.
    Closed(Ended, Time),
}

/// A window that is open, or was told to be.
#[derive(Debug)]
struct Slot {
    now: Result<OpenWindow, Ended>,
    told: Option<Told>,
    /// Where it stands in `due`.
    due: Option<Time>,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    closes_at: Time,
    identifiers: u32,
    soon: bool,
}

/// All windows of one watch.
#[derive(Debug, Default)]
pub struct Board {
    /// How long before its end a window closes soon, in microseconds; 0: never.
    closing_within: i64,
    slots: BTreeMap<WindowKey, Slot>,
    due: BTreeSet<(Time, WindowKey)>,
    dirty: BTreeSet<WindowKey>,
    /// Whether everything was told once.
    begun: bool,
}

impl Board {
    /// An empty board; windows close soon so many microseconds before their end, 0: never.
    #[must_use]
    pub fn new(closing_within: i64) -> Self {
        Self { closing_within, ..Self::default() }
    }

    /// A window is open.
    pub fn set(&mut self, key: WindowKey, open: OpenWindow) {
        let slot = self.slots.entry(key).or_insert(Slot { now: Err(Ended::Term), told: None, due: None });
        if slot.now == Ok(open) {
            return;
        }
        slot.now = Ok(open);
        self.dirty.insert(key);
        self.wait_for(key, Some(open.closes_at.plus_micros(-self.closing_within)));
    }

    /// A window is not open.
    pub fn close(&mut self, key: WindowKey, ended: Ended) {
        let Some(slot) = self.slots.get_mut(&key).filter(|slot| slot.now.is_ok()) else { return };
        slot.now = Err(ended);
        self.dirty.insert(key);
        self.wait_for(key, None);
    }

    /// The windows that are open, of contacts whose first identifier came with this trail.
    pub fn of_trail(&self, trail: u64) -> impl Iterator<Item = WindowKey> {
        let first = |ordinal, sender| WindowKey { contact: IdentifierKey { trail, ordinal }, sender: SenderNumber::new(sender) };
        let slots = self.slots.range(first(0, 0)..=first(u32::MAX, u32::MAX));
        slots.filter(|(_, slot)| slot.now.is_ok()).map(|(key, _)| *key)
    }

    /// It is `at`: whatever was due by then has come.
    pub fn advance(&mut self, at: Time) {
        while let Some((due, key)) = self.due.first().copied().filter(|(due, _)| *due <= at) {
            let Some(Ok(open)) = self.slots.get(&key).map(|slot| slot.now) else {
                self.due.remove(&(due, key));
                continue;
            };
            if open.closes_at <= at {
                self.close(key, Ended::Term);
            } else {
                self.dirty.insert(key);
                self.wait_for(key, Some(open.closes_at));
            }
        }
    }

    /// When something is next due.
    #[must_use]
    pub fn next_due(&self) -> Option<Time> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Whether everything is told.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.dirty.is_empty()
    }

    /// What is to be told as of `at`, of about `limit` changes. What it gives counts as told.
    pub fn take(&mut self, at: Time, limit: usize) -> Vec<(WindowKey, Change)> {
        let mut changes = Vec::new();
        while changes.len() < limit
            && let Some(key) = self.dirty.pop_first()
        {
            let Some(slot) = self.slots.get_mut(&key) else { continue };
            match slot.now {
                Ok(open) => {
                    let before = slot.told;
                    let first = if self.begun { Change::Opened } else { Change::Open };
                    let same = |told: &Told| told.closes_at == open.closes_at && told.identifiers == open.identifiers;
                    match before {
                        None => changes.push((key, first(open))),
                        Some(told) if !same(&told) => changes.push((key, Change::Changed(open))),
                        Some(_) => {}
                    }
                    let was_soon = before.is_some_and(|told| told.soon && told.closes_at == open.closes_at);
                    let soon = self.closing_within > 0 && open.closes_at.plus_micros(-self.closing_within) <= at;
                    if soon && !was_soon {
                        changes.push((key, Change::ClosingSoon(open)));
                    }
                    slot.told = Some(Told { closes_at: open.closes_at, identifiers: open.identifiers, soon });
                }
                Err(ended) => {
                    changes.extend(slot.told.map(|told| (key, Change::Closed(ended, told.closes_at))));
                    self.slots.remove(&key);
                }
            }
        }
        self.begun |= self.dirty.is_empty();
        changes
    }

    fn wait_for(&mut self, key: WindowKey, due: Option<Time>) {
        let Some(slot) = self.slots.get_mut(&key) else { return };
        if let Some(before) = std::mem::replace(&mut slot.due, due) {
            self.due.remove(&(before, key));
        }
        self.due.extend(due.map(|due| (due, key)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: i64 = 30;

    const fn key(trail: u64) -> WindowKey {
        WindowKey { contact: IdentifierKey { trail, ordinal: 1 }, sender: SenderNumber::new(1) }
    }

    const fn at(micros: i64) -> Time {
        Time::from_micros(micros)
    }

    const fn until(closes_at: i64) -> OpenWindow {
        OpenWindow { counts_from: at(0), closes_at: at(closes_at), identifiers: 1 }
    }

    /// Looks at an instant: what is told of each trail.
    fn look(board: &mut Board, now: i64) -> Vec<(u64, Change)> {
        board.advance(at(now));
        board.take(at(now), 100).into_iter().map(|(key, change)| (key.contact.trail, change)).collect()
    }

    #[test]
    fn a_window_opens_closes_soon_and_closes_at_its_end_exactly() {
        let mut board = Board::new(SOON);
        assert_eq!(look(&mut board, 0), []);
        board.set(key(1), until(100));
        assert_eq!(look(&mut board, 0), [(1, Change::Opened(until(100)))]);
        assert_eq!((look(&mut board, 69), board.next_due()), (vec![], Some(at(70))));
        assert_eq!(look(&mut board, 70), [(1, Change::ClosingSoon(until(100)))]);
        assert_eq!((look(&mut board, 99), board.next_due()), (vec![], Some(at(100))));
        assert_eq!(look(&mut board, 100), [(1, Change::Closed(Ended::Term, at(100)))]);
        assert!(board.slots.is_empty() && board.due.is_empty() && board.dirty.is_empty());
    }

    #[test]
    fn a_renewed_window_takes_its_notices_along() {
        let mut board = Board::new(SOON);
        board.set(key(1), until(100));
        assert_eq!(look(&mut board, 0), [(1, Change::Open(until(100)))]);
        board.set(key(1), until(160));
        // The notice for 100 was due at 70.
        assert_eq!(look(&mut board, 75), [(1, Change::Changed(until(160)))]);
        assert_eq!(look(&mut board, 129), []);
        assert_eq!(look(&mut board, 130), [(1, Change::ClosingSoon(until(160)))]);
        board.set(key(1), until(170));
        assert_eq!(look(&mut board, 131), [(1, Change::Changed(until(170)))]);
        assert_eq!(look(&mut board, 140), [(1, Change::ClosingSoon(until(170)))]);
    }

    #[test]
    fn what_undoes_itself_before_it_is_told_is_not_told() {
        let mut board = Board::new(0);
        board.set(key(1), until(100));
        board.close(key(1), Ended::Platform);
        assert_eq!((look(&mut board, 0), board.slots.len()), (vec![], 0));
        board.set(key(1), until(100));
        assert_eq!(look(&mut board, 0), [(1, Change::Opened(until(100)))]);
        board.close(key(1), Ended::Policy);
        board.set(key(1), until(100));
        assert_eq!(look(&mut board, 0), []);
        board.close(key(1), Ended::Policy);
        board.set(key(1), until(90));
        assert_eq!(look(&mut board, 0), [(1, Change::Changed(until(90)))]);
    }

    #[test]
    fn a_slow_reader_is_told_how_it_is_in_portions() {
        let mut board = Board::new(SOON);
        for trail in 1..=5 {
            board.set(key(trail), until(100 + i64::try_from(trail).unwrap()));
        }
        let count = |taken: Vec<(WindowKey, Change)>| taken.len();
        assert_eq!((count(board.take(at(0), 2)), board.is_told()), (2, false));
        board.advance(at(200));
        let rest = look(&mut board, 200);
        assert_eq!(rest, [(1, Change::Closed(Ended::Term, at(101))), (2, Change::Closed(Ended::Term, at(102)))]);
        assert!(board.is_told() && board.slots.is_empty());
    }

    #[test]
    fn windows_are_found_by_the_trail_of_their_contact() {
        let mut board = Board::new(0);
        for trail in [1, 2, 3] {
            board.set(key(trail), until(100));
        }
        board.close(key(3), Ended::Erased);
        assert_eq!(board.of_trail(2).collect::<Vec<_>>(), [key(2)]);
        assert_eq!(board.of_trail(3).count() + board.of_trail(4).count(), 0);
    }
}
