//! The customer service windows of an account for whoever follows them: which are open, then what changes.
//!
//! Nothing is kept of windows but by whoever follows them. One pass over the state finds those that are open; from then on the
//! entries recorded since say whose contacts to look at again, and the state says how they are. So a look is always from the
//! rules and the facts that checks are answered from, and however many entries lie between two looks, nothing is missed.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::board::{Board, WindowKey};
pub use super::board::{Change, Ended, OpenWindow};
use crate::consent::account::{AsOf, Known};
use crate::consent::event::SenderNumber;
use crate::consent::facts::Facts;
use crate::consent::identity::IdentifierKey;
use crate::consent::policy::Policy;
use crate::consent::time::Time;
use crate::consent::timeline::window;
use crate::consent::words::{Account, Sender, Seq};
use crate::ledger::memory::packed::unpack;
use crate::ledger::memory::state::State;
use crate::ledger::memory::trail::Trail;
use crate::ledger::reading::browse::ReadError;
use crate::ledger::reading::diff::contacts_of;
use crate::ledger::reading::naming::Members;
use crate::ledger::storage::reader::read;
use crate::ledger::{CheckError, Ledger, Position};
use crate::proto::clear_part::Fact;

/// After how many trails the caller is asked whether to go on.
const BREATH: u64 = 256;

/// How far back in a trail an identifier is looked for, in entries.
const NAMING_ENTRIES: usize = 64;

/// The kind of an adopted policy, and of an erasure.
const POLICY_ADOPTED: u16 = 33;
const CONTACT_ERASED: u16 = 82;

/// Which windows to follow.
#[derive(Clone, Debug)]
pub struct WindowsAsked {
    /// Whose.
    pub account: Account,
    /// Toward this sender; none: toward all.
    pub sender: Option<Sender>,
    /// How long before its end a window closes soon, in microseconds; 0: never.
    pub closing_within: i64,
}

/// What happened to one window. Holds personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct WindowChange {
    /// Names the window.
    pub window: String,
    /// Identifiers of the contact, phone numbers first; none where its key is gone or damaged.
    pub contact: Vec<String>,
    /// The sender.
    pub sender: String,
    /// What happened.
    pub change: Change,
}

/// Never shows who it is.
impl std::fmt::Debug for WindowChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WindowChange({} … {:?})", self.window, self.change)
    }
}

/// What a look found.
#[derive(Debug)]
pub struct Seen {
    /// What happened, in no order among different windows.
    pub changes: Vec<WindowChange>,
    /// Whether that is everything as of the position and the time.
    pub caught_up: bool,
    /// The head that it rests on.
    pub position: Position,
    /// The time it is for.
    pub at: Time,
    /// In how many microseconds something is due by itself.
    pub due_in: Option<i64>,
}

/// One who follows windows.
pub struct WindowWatch {
    ledger: Ledger,
    asked: WindowsAsked,
    account: u64,
    board: Board,
    /// The first entry that was not looked at; [`Seq::NONE`] before the first look.
    next: Seq,
    position: Position,
    at: Time,
}

impl Ledger {
    /// Begins to follow windows.
    ///
    /// # Errors
    /// Where there is no such account.
    pub fn watch_windows(&self, asked: WindowsAsked) -> Result<WindowWatch, ReadError> {
        let unknown = || ReadError::AccountUnknown { account: asked.account.to_string() };
        let account = self.with_account(&asked.account, |account| account.trail).ok_or_else(unknown)?;
        let (board, position) = (Board::new(asked.closing_within), self.head());
        Ok(WindowWatch { ledger: self.clone(), asked, account, board, next: Seq::NONE, position, at: Time::from_micros(i64::MIN) })
    }
}

impl WindowWatch {
    /// Looks at what changed and tells of it, about `limit` changes. Blocks; ends early where `go_on` says so.
    ///
    /// # Errors
    /// Where the ledger stopped, the log cannot be read, or the caller does not go on.
    pub fn look(&mut self, limit: usize, go_on: &dyn Fn() -> bool) -> Result<Seen, CheckError> {
        self.ledger.writes()?;
        self.catch_up(go_on)?;
        let mut changes = Vec::new();
        for (key, change) in self.board.take(self.at, limit) {
            changes.push(self.told(key, change));
            breathe(go_on)?;
        }
        let due_in = self.board.next_due().map(|due| due.micros().saturating_sub(self.at.micros()).max(0));
        Ok(Seen { changes, caught_up: self.board.is_told(), position: self.position, at: self.at, due_in })
    }

    /// Looks at every contact that something was recorded of, until nothing that was read is past the head that was read first.
    fn catch_up(&mut self, go_on: &dyn Fn() -> bool) -> Result<(), CheckError> {
        loop {
            let state = self.ledger.shared.state.clone();
            let head = state.head();
            let touched = if self.next == Seq::NONE { None } else { self.touched(head.seq)? };
            self.at = self.at.max(self.ledger.now()).max(head.recorded_at);
            self.position = Position { seq: head.seq, hash: head.hash.bytes() };
            self.next = head.seq.next();
            // What closes by itself does so whatever was recorded since.
            self.board.advance(self.at);
            let told = self.policy(&state);
            let mut newest = told.1.max(state.erasures().last());
            let mut look = Look { watch: self, state: &state, policy: told.0, newest: Seq::NONE };
            match touched {
                None => look.everywhere(go_on)?,
                Some(trails) => {
                    for trail in trails {
                        look.at_trail(trail)?;
                    }
                }
            }
            newest = newest.max(look.newest);
            if newest <= head.seq {
                self.board.advance(self.at);
                return Ok(());
            }
            breathe(go_on)?;
            std::thread::yield_now();
        }
    }

    /// The policy in force, and the last entry that the account was told by.
    fn policy(&self, state: &State) -> (Arc<Policy>, Seq) {
        let as_of = AsOf { at: self.at, known: Known::default() };
        let known = state.with_account(self.asked.account.as_str(), |account| (account.facts.policy(as_of).policy, account.facts.last()));
        known.unwrap_or_else(|| (Arc::new(Policy::meta()), Seq::NONE))
    }

    /// The trails that were written to since the last look, and those that are held together with them; none: all, since the
    /// policy changed.
    fn touched(&self, head: Seq) -> Result<Option<BTreeSet<u64>>, CheckError> {
        let unreadable = |error: crate::ledger::storage::reader::EntryUnreadable| CheckError::Unavailable { reason: error.to_string() };
        let (state, mut next) = (&self.ledger.shared.state, self.next);
        let mut written = BTreeSet::new();
        while next <= head {
            let block = self.ledger.shared.reader.block_with(next).map_err(unreadable)?;
            for entry in block.entries().filter(|entry| entry.header.seq >= next && entry.header.account == self.account) {
                let header = &entry.header;
                written.extend([header.link.trail, header.second.trail]);
                match header.kind {
                    POLICY_ADOPTED => return Ok(None),
                    CONTACT_ERASED => {
                        if let Some(Fact::ContactErased(erased)) = read(&entry).map_err(unreadable)?.clear.fact {
                            written.extend(erased.trails);
                        }
                    }
                    _ => {}
                }
            }
            next = block.last().next();
        }
        let groups: Vec<_> = written.iter().filter_map(|trail| state.group(*trail)).collect();
        for group in groups {
            written.extend(&group.trails);
            written.extend(group.spans.keys().map(|key| key.trail));
        }
        Ok(Some(written))
    }

    fn told(&self, key: WindowKey, change: Change) -> WindowChange {
        let members = match change {
            Change::Closed(Ended::Erased, _) => Vec::new(),
            _ => self.members(key.contact),
        };
        let contact = self.ledger.texts_of(&members, NAMING_ENTRIES).unwrap_or_else(|error| {
            tracing::error!(%error, "a window is told without its contact");
            Vec::new()
        });
        let (phones, others): (Vec<String>, Vec<String>) = contact.into_iter().partition(|text| text.starts_with('+'));
        let sender = self.ledger.shared.state.senders().name(key.sender).unwrap_or_default().to_owned();
        let window = format!("{}.{}.{sender}", key.contact.trail, key.contact.ordinal);
        WindowChange { window, contact: [phones, others].concat(), sender, change }
    }

    /// The identifiers of the contact whose first one this is, as they are now; itself where it is nobody's first.
    fn members(&self, first: IdentifierKey) -> Vec<IdentifierKey> {
        let state = &self.ledger.shared.state;
        let contacts = contacts(state, self.account, first.trail, self.at).map_or_else(|_| Vec::new(), |(contacts, _)| contacts);
        let theirs = contacts.into_iter().map(|(keys, _)| keys).find(|keys| keys.first() == Some(&first));
        theirs.unwrap_or_else(|| vec![first])
    }
}

/// One look at the state.
struct Look<'a> {
    watch: &'a mut WindowWatch,
    state: &'a State,
    policy: Arc<Policy>,
    /// The newest entry that anything it read rests on.
    newest: Seq,
}

impl Look<'_> {
    fn everywhere(&mut self, go_on: &dyn Fn() -> bool) -> Result<(), CheckError> {
        for trail in 1..=self.state.highest_trail() {
            if trail % BREATH == 0 {
                breathe(go_on)?;
            }
            self.at_trail(trail)?;
        }
        Ok(())
    }

    /// Looks at the contacts whose first identifier came with this trail.
    fn at_trail(&mut self, trail: u64) -> Result<(), CheckError> {
        let at = self.watch.at;
        let (contacts, last) = contacts(self.state, self.watch.account, trail, at)?;
        self.newest = self.newest.max(last);
        // What the number of a sender is, once anything was recorded of it.
        let only = match &self.watch.asked.sender {
            Some(sender) => match self.state.senders().number(sender.as_str()) {
                Some(number) => Some(number),
                None => return Ok(()),
            },
            None => None,
        };
        let mut gone: BTreeSet<WindowKey> = self.watch.board.of_trail(trail).collect();
        let mut closed: Vec<(WindowKey, Ended)> = Vec::new();
        for (identifiers, facts) in &contacts {
            let Some(first) = identifiers.first() else { continue };
            for toward in facts.toward.iter().filter(|toward| only.is_none_or(|only| toward.sender == only)) {
                let key = WindowKey { contact: *first, sender: toward.sender };
                let Some(found) = window(facts, toward.sender, &self.policy, at).filter(|_| toward.sender != SenderNumber::ALL) else {
                    continue;
                };
                match found.closes_at {
                    Some(closes_at) => {
                        gone.remove(&key);
                        let open = OpenWindow { counts_from: found.by.at, closes_at, identifiers: mark(identifiers) };
                        self.watch.board.set(key, open);
                    }
                    None if found.closed_by_platform => closed.push((key, Ended::Platform)),
                    None => {}
                }
            }
        }
        for key in gone {
            let is_first = contacts.iter().any(|(identifiers, _)| identifiers.first() == Some(&key.contact));
            let ended = match closed.iter().find(|(other, _)| *other == key) {
                Some((_, ended)) => *ended,
                None if self.state.erasures().is_gone(key.contact) => Ended::Erased,
                None if is_first => Ended::Policy,
                None => Ended::Identity,
            };
            self.watch.board.close(key, ended);
        }
        Ok(())
    }
}

/// Contacts, each with its identifiers, the first one first.
type Contacts = Vec<(Vec<IdentifierKey>, Facts)>;

/// The contacts of an account whose first identifier came with this trail, as they are, and the last entry that says so.
fn contacts(state: &State, account: u64, number: u64, at: Time) -> Result<(Contacts, Seq), CheckError> {
    let missing = || CheckError::Unavailable { reason: format!("trail {number} has no facts") };
    let theirs = |trail: &Trail| {
        (trail.account() == account && number != account).then(|| (trail.grouped, trail.last(), trail.identifiers, unpack(&trail.facts)))
    };
    let Some((grouped, last, identifiers, facts)) = state.with_trail(number, theirs).flatten() else {
        return Ok((Vec::new(), Seq::NONE));
    };
    if grouped {
        let group = state.group(number).ok_or_else(missing)?;
        let of = |(members, facts)| match members {
            Members::Identifiers(keys) => Some((keys, facts)),
            Members::Trail(_) => None,
        };
        // A group that is newer than the time asked about is looked at again, with a later one.
        return Ok((contacts_of(&group.spans, number, at).into_iter().filter_map(of).collect(), last.max(group.last)));
    }
    let facts = facts.ok_or_else(missing)?;
    let keys = (1..=identifiers).map(|ordinal| IdentifierKey { trail: number, ordinal }).collect();
    Ok((vec![(keys, facts)], last))
}

/// Stands for a contact's identifiers: another number where they are others, but for one chance in four billion.
fn mark(identifiers: &[IdentifierKey]) -> u32 {
    let mut hasher = DefaultHasher::new();
    identifiers.hash(&mut hasher);
    u32::try_from(hasher.finish() >> 32).unwrap_or_default()
}

fn breathe(go_on: &dyn Fn() -> bool) -> Result<(), CheckError> {
    if go_on() { Ok(()) } else { Err(CheckError::Unavailable { reason: "whoever asked went away".into() }) }
}
