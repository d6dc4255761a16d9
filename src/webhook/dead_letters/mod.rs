//! What could not be placed: kept for 30 days, sealed under a key per day that goes with it.
//!
//! ```text
//! dead-letters/2026-11-20.key   the day's key, wrapped under the ledger's master key
//! dead-letters/2026-11-20.log   the letters, appended and synced before the provider is answered
//! ```
//!
//! Bytes: `docs/dead-letters.md`. In clear are only a letter's id (keyed) and when it came.

mod day;
mod frame;
mod letter;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

pub use self::letter::{DeadLetter, LetterId, LetterIdError, NewDeadLetter};

use self::day::{Day, OpenDay};
use self::frame::{Frame, Kind};
use self::letter::Namer;
use crate::consent::time::Time;
use crate::consent::words::Account;
use crate::ledger::bytes::seal::{Key, SealError};
use crate::ledger::keys::rotate_master::dead_letter_ids;

/// How many whole days a letter is kept.
pub const KEPT_DAYS: i64 = 30;

/// Why letters were not kept or read.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// The disk refused.
    #[error("the dead letters' files: {0}")]
    Io(#[from] std::io::Error),
    /// A box was not made or does not open.
    #[error("a dead letter's box: {0}")]
    Seal(#[from] SealError),
    /// More than a letter holds.
    #[error("too long for a dead letter")]
    TooLong,
    /// A day's key is gone or another master key's.
    #[error("the key of the dead letters of {day} does not open; to go on without them, remove the files of that day")]
    KeyDoesNotOpen {
        /// The day.
        day: String,
    },
    /// A day's file is something else.
    #[error("the dead letters of {day} do not begin as such a file; to go on without them, remove the files of that day")]
    NotALog {
        /// The day.
        day: String,
    },
    /// An earlier write or sync failed, and what is on disk is not known.
    #[error("dead letters are not kept any more: a write failed before; restart once the disk is right")]
    Poisoned,
}

/// The store of dead letters. Calls block.
pub struct DeadLetters {
    dir: PathBuf,
    master: Key,
    namer: Namer,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    days: BTreeMap<Day, OpenDay>,
    letters: HashMap<LetterId, Kept>,
    poisoned: bool,
}

/// A frame to be sealed and written.
struct NewFrame {
    kind: Kind,
    id: LetterId,
    at: Time,
    plaintext: Vec<u8>,
}

/// Where a letter lies.
#[derive(Clone, Copy)]
struct Kept {
    day: Day,
    frame: Frame,
    resolved: bool,
}

impl DeadLetters {
    /// Opens the store in `data_dir`, makes it where it is missing, removes the days that are over. Letters are named with a key
    /// derived from the master key.
    ///
    /// # Errors
    /// Where the disk refuses, or a day's key or file is not what it should be.
    pub fn open(data_dir: &Path, master: &Key, now: Time) -> Result<Self, DeadLetterError> {
        Self::open_naming(data_dir, master, None, now)
    }

    /// The same; letters are named with this key, where the master key is not the ledger's first.
    ///
    /// # Errors
    /// As [`DeadLetters::open`].
    pub fn open_naming(data_dir: &Path, master: &Key, ids: Option<Key>, now: Time) -> Result<Self, DeadLetterError> {
        let ids = ids.map_or_else(|| dead_letter_ids(master), Ok)?;
        let dir = data_dir.join("dead-letters");
        std::fs::create_dir_all(&dir)?;
        day::sync_dir(data_dir)?;
        let letters = Self { dir, master: master.clone(), namer: Namer::new(&ids)?, state: Mutex::default() };
        letters.sweep(now)?;
        let mut state = letters.state.lock();
        for (day, has_letters) in day::days(&letters.dir)? {
            if !has_letters {
                continue;
            }
            let (open, scan) = OpenDay::open(&letters.dir, day, &letters.master)?;
            if scan.damaged > 0 {
                tracing::warn!(day = day.name(), bytes = scan.damaged, "dead letters are damaged and were left out");
            }
            for frame in scan.frames {
                state.note(day, frame);
            }
            state.days.insert(day, open);
        }
        drop(state);
        Ok(letters)
    }

    /// Wraps the keys of all days in `data_dir` under another master key; says how many there are. Each opens with the old one or
    /// the new one at every moment, and it may be done again.
    ///
    /// # Errors
    /// Where the disk refuses, or a day's key opens with neither.
    pub fn rewrap(data_dir: &Path, old: Option<&Key>, new: &Key) -> Result<usize, DeadLetterError> {
        let dir = data_dir.join("dead-letters");
        if !dir.exists() {
            return Ok(0);
        }
        let days = day::days(&dir)?;
        for (day, _) in &days {
            day::rewrap_key(&dir, *day, old, new)?;
        }
        Ok(days.len())
    }

    /// Keeps letters; returns once they are synced, for each whether it is new. The same item again is kept once.
    ///
    /// # Errors
    /// Where the disk refuses. Where it refused a write or a sync, nothing is kept from then on until a restart; where a new
    /// day's file could only not be made, the next letter tries again.
    pub fn append(&self, letters: &[NewDeadLetter]) -> Result<Vec<bool>, DeadLetterError> {
        let mut state = self.state.lock();
        let mut new = Vec::with_capacity(letters.len());
        let mut batches: BTreeMap<Day, Vec<NewFrame>> = BTreeMap::new();
        let mut met = std::collections::HashSet::new();
        for letter in letters {
            let id = self.namer.name(letter);
            let is_new = !state.letters.contains_key(&id) && met.insert(id);
            new.push(is_new);
            if is_new {
                let batch = batches.entry(Day::of(letter.received_at)).or_default();
                batch.push(NewFrame { kind: Kind::Letter, id, at: letter.received_at, plaintext: letter::plaintext(letter)? });
            }
        }
        self.write(&mut state, batches)?;
        Ok(new)
    }

    /// The letters of `account` that are still to be placed, oldest first.
    ///
    /// # Errors
    /// Where a letter cannot be read.
    pub fn list(&self, account: &Account) -> Result<Vec<DeadLetter>, DeadLetterError> {
        self.waiting(|letter| letter.account == *account)
    }

    /// The letters, of any account, that are still to be placed and that `wanted` names, oldest first.
    ///
    /// # Errors
    /// Where a letter cannot be read.
    pub fn waiting(&self, wanted: impl Fn(&DeadLetter) -> bool) -> Result<Vec<DeadLetter>, DeadLetterError> {
        let state = self.state.lock();
        let mut open = Vec::new();
        for (id, kept) in state.letters.iter().filter(|(_, kept)| !kept.resolved) {
            open.extend(state.read(*id, kept)?.map(|(letter, _)| letter).filter(&wanted));
        }
        open.sort_by_key(|letter| (letter.received_at, letter.id));
        Ok(open)
    }

    /// Whether letters are kept: not after a failed write, until a restart.
    pub fn keeps(&self) -> bool {
        !self.state.lock().poisoned
    }

    /// From now on every write of a letter fails.
    #[cfg(test)]
    pub(super) fn break_the_disk(&self) {
        self.state.lock().days.values_mut().for_each(|day| day.make_read_only(&self.dir));
    }

    /// How many are still to be placed.
    pub fn count(&self) -> usize {
        self.state.lock().letters.values().filter(|kept| !kept.resolved).count()
    }

    /// The payload of a letter of `account`, placed or not: a webhook body that holds the one item, or the raw body. None
    /// where there is no such letter.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn payload(&self, account: &Account, id: LetterId) -> Result<Option<Vec<u8>>, DeadLetterError> {
        let state = self.state.lock();
        let Some(kept) = state.letters.get(&id) else { return Ok(None) };
        Ok(state.read(id, kept)?.filter(|(letter, _)| letter.account == *account).map(|(_, payload)| payload))
    }

    /// Notes that letters were placed; they are listed no longer.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn resolve(&self, ids: &[LetterId], now: Time) -> Result<(), DeadLetterError> {
        let mut state = self.state.lock();
        let mut batches: BTreeMap<Day, Vec<NewFrame>> = BTreeMap::new();
        for id in ids {
            // Beside its letter, so that both go together.
            if let Some(kept) = state.letters.get(id).filter(|kept| !kept.resolved) {
                batches.entry(kept.day).or_default().push(NewFrame { kind: Kind::Resolved, id: *id, at: now, plaintext: Vec::new() });
            }
        }
        self.write(&mut state, batches)
    }

    /// Removes the days whose last letter is more than 30 days old; returns how many.
    ///
    /// # Errors
    /// Where the disk refuses.
    pub fn sweep(&self, now: Time) -> Result<usize, DeadLetterError> {
        let mut state = self.state.lock();
        let over: Vec<Day> = day::days(&self.dir)?.into_iter().map(|(day, _)| day).filter(|day| day.is_over_for(KEPT_DAYS, now)).collect();
        for day in &over {
            state.days.remove(day);
            state.letters.retain(|_, kept| kept.day != *day);
            day::remove(&self.dir, *day)?;
        }
        Ok(over.len())
    }

    fn write(&self, state: &mut State, batches: BTreeMap<Day, Vec<NewFrame>>) -> Result<(), DeadLetterError> {
        if state.poisoned {
            return Err(DeadLetterError::Poisoned);
        }
        for (day, batch) in batches {
            self.write_day(state, day, batch)?;
        }
        Ok(())
    }

    fn write_day(&self, state: &mut State, day: Day, batch: Vec<NewFrame>) -> Result<(), DeadLetterError> {
        let open = match state.days.entry(day) {
            std::collections::btree_map::Entry::Occupied(open) => open.into_mut(),
            std::collections::btree_map::Entry::Vacant(vacant) => vacant.insert(OpenDay::create(&self.dir, day, &self.master)?),
        };
        let mut bytes = Vec::new();
        let mut frames = Vec::with_capacity(batch.len());
        for NewFrame { kind, id, at, plaintext } in batch {
            let frame = open.frame(kind, id.0, at, &plaintext)?;
            let length = plaintext.len() + crate::ledger::bytes::seal::NONCE_BYTES + crate::ledger::bytes::seal::TAG_BYTES;
            bytes.extend_from_slice(&frame);
            frames.push(Frame { kind, id: id.0, at, offset: (bytes.len() - length) as u64, length });
        }
        let appended = open.append(&bytes);
        // After a failed write or sync nobody knows what is on disk: never tried again.
        state.poisoned = appended.is_err();
        let begin = appended?;
        for frame in frames {
            state.note(day, Frame { offset: begin + frame.offset, ..frame });
        }
        Ok(())
    }
}

impl State {
    /// Takes in what a synced frame says.
    fn note(&mut self, day: Day, frame: Frame) {
        let id = LetterId(frame.id);
        match frame.kind {
            Kind::Letter => {
                self.letters.entry(id).or_insert(Kept { day, frame, resolved: false });
            }
            Kind::Resolved => {
                if let Some(kept) = self.letters.get_mut(&id) {
                    kept.resolved = true;
                }
            }
        }
    }

    fn read(&self, id: LetterId, kept: &Kept) -> Result<Option<(DeadLetter, Vec<u8>)>, DeadLetterError> {
        let Some(day) = self.days.get(&kept.day) else { return Ok(None) };
        Ok(letter::read(id, kept.frame.at, &day.read(&kept.frame)?))
    }
}

/// Never shows a letter.
impl std::fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeadLetters({} kept)", self.state.lock().letters.len())
    }
}

#[cfg(test)]
mod tests;
