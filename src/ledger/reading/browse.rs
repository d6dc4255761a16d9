//! Entries as a reader sees them: listed by seq, account or contact, opened as far as keys go.

use crate::consent::identifier::Identifier;
use crate::consent::identity::{IdentifierKey, Member, span_at};
use crate::consent::time::Time;
use crate::consent::words::{Account, Seq};
use crate::ledger::Ledger;
use crate::ledger::bytes::entry::{Entry, EntryHash};
use crate::ledger::memory::fold;
use crate::ledger::memory::state::Group;
use crate::ledger::reading::history;
use crate::ledger::storage::reader::{self, ReadEntry, Sealed, open_sealed};
use crate::proto::clear_part::Fact;

/// An entry as a reader sees it: its header's fields, its facts, and what its contact's key opens.
#[derive(Clone, Debug)]
pub struct OpenedEntry {
    /// Where it stands.
    pub seq: Seq,
    /// SHA-256 of the stored bytes.
    pub entry_hash: [u8; 32],
    /// SHA-256 of the entry before it.
    pub previous_hash: [u8; 32],
    /// When the ledger committed it.
    pub recorded_at: Time,
    /// The account's trail number; 0: the ledger itself.
    pub account: u64,
    /// Who recorded it.
    pub actor: u32,
    /// The trail it belongs to.
    pub trail: u64,
    /// Its place in that trail, counting from 1.
    pub trail_seq: u64,
    /// The second trail of a join or a move; 0: none.
    pub second_trail: u64,
    /// Its place in that trail, counting from 1; 0: none.
    pub second_trail_seq: u64,
    /// The facts.
    pub clear: crate::proto::ClearPart,
    /// What is personal; none where nothing was sealed or the key is gone.
    pub sealed: Option<crate::proto::SealedPart>,
    /// The same for the second trail of a join or a move.
    pub second_sealed: Option<crate::proto::SealedPart>,
    /// Whether something was sealed whose key is gone.
    pub erased: bool,
    /// The stored bytes.
    pub bytes: Vec<u8>,
}

/// What to hand out of an entry beside its header and its facts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Parts {
    /// What is sealed, opened as far as keys go.
    pub sealed: bool,
    /// The stored bytes.
    pub raw: bool,
}

/// Which entries to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// From this seq on; none: from the first.
    pub from: Option<Seq>,
    /// Only this account's.
    pub account: Option<Account>,
    /// Only this contact's trail (and of contacts joined with it); needs an account.
    pub contact: Option<Identifier>,
}

/// Why entries could not be read.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// No such account.
    #[error("the account {account:?} does not exist")]
    AccountUnknown {
        /// The name given.
        account: String,
    },
    /// The store does not give it.
    #[error("the log could not be read: {reason}")]
    Unreadable {
        /// Why.
        reason: String,
    },
}

impl From<reader::EntryUnreadable> for ReadError {
    fn from(error: reader::EntryUnreadable) -> Self {
        Self::Unreadable { reason: error.to_string() }
    }
}

impl OpenedEntry {
    /// Whether anything that was sealed in it is open.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.sealed.is_some() || self.second_sealed.is_some()
    }
}

impl Ledger {
    /// Entries in order of seq, at most `limit`, opened. Blocks.
    ///
    /// # Errors
    /// Where the account is not known, or an entry cannot be read.
    pub fn entries(&self, filter: &Filter, limit: usize) -> Result<Vec<OpenedEntry>, ReadError> {
        let account = match &filter.account {
            Some(name) => {
                let trail = self.with_account(name, |account| account.trail);
                Some(trail.ok_or_else(|| ReadError::AccountUnknown { account: name.to_string() })?)
            }
            None => None,
        };
        let from = filter.from.unwrap_or(Seq::new(1)).max(Seq::new(1));
        let found = match (&filter.contact, account) {
            (Some(contact), Some(account)) => {
                let trails = self.trails_of(account, contact);
                let entries = history::entries(&self.shared.state, &self.shared.reader, &trails)?;
                let theirs = self.of_the_same_contact(account, contact);
                entries.into_iter().filter(|entry| entry.header.seq >= from && theirs(entry)).take(limit).collect()
            }
            _ => self.scan(from, account, limit)?,
        };
        found.into_iter().map(|entry| self.opened(entry)).collect()
    }

    /// Whether an entry of the contact's group is of the contact itself: of whoever is behind the identifier now, or was
    /// last. A number's new owner is not shown what its former owner did.
    pub(in crate::ledger) fn of_the_same_contact(&self, account: u64, contact: &Identifier) -> impl Fn(&ReadEntry) -> bool {
        let key = self.key_of(account, contact);
        let group = key.and_then(|key| self.shared.state.group(key.trail));
        let home = group.as_ref().zip(key).and_then(|(group, key)| latest_home(group, key));
        let (state, reader) = (self.shared.state.clone(), self.shared.reader.clone());
        move |entry| {
            // A decision is of whoever wrote the message.
            let message = match &entry.clear.fact {
                Some(Fact::PossibleOptOutResolved(resolved)) => reader.entry(Seq::new(resolved.seq)).ok(),
                _ => None,
            };
            let entry = message.as_ref().unwrap_or(entry);
            let Some((group, home)) = group.as_ref().zip(home) else { return true };
            let is = |key: &IdentifierKey, at: Time| {
                group.spans.get(key).and_then(|spans| span_at(spans, at)).is_some_and(|span| span.home == Some(home))
            };
            match history::member(&state, entry).map(|member| member.what) {
                // An answer about an identifier that somebody left is of whoever left it.
                None if matches!(entry.clear.fact, Some(Fact::DecisionReceiptIssued(_))) => {
                    let keys = fold::keys(&entry.clear.identifiers, entry.header.link.trail);
                    keys.iter().any(|key| last_home(group, *key, Time::from_micros(entry.clear.occurred_at)) == Some(home))
                }
                // An erasure of nothing but look-ups names whom it suppresses.
                None | Some(Member::Erased { .. }) => {
                    let keys = fold::keys(&entry.clear.identifiers, entry.header.link.trail);
                    keys.is_empty() || keys.iter().any(|key| is(key, Time::from_micros(entry.clear.occurred_at)))
                }
                Some(Member::Act { event, identifiers }) => identifiers.iter().any(|key| is(key, event.at)),
                Some(Member::Linked { fact, identifiers }) => identifiers.iter().any(|key| is(key, fact.at)),
                Some(Member::Moved { fact, from, to, .. }) => is(&from, fact.at) || is(&to, fact.at.plus_micros(1)),
            }
        }
    }

    /// The account of an entry, by trail number; none where there is no such entry. Reads the disk.
    ///
    /// # Errors
    /// Where the entry cannot be read.
    pub fn account_of_entry(&self, seq: Seq) -> Result<Option<u64>, ReadError> {
        if seq == Seq::NONE || seq > self.shared.state.head().seq {
            return Ok(None);
        }
        Ok(Some(self.shared.reader.entry(seq)?.header.account))
    }

    pub(in crate::ledger) fn trails_of(&self, account: u64, contact: &Identifier) -> Vec<u64> {
        let Some(key) = self.key_of(account, contact) else { return Vec::new() };
        self.shared.state.group(key.trail).map_or_else(|| vec![key.trail], |group| group.trails.clone())
    }

    fn scan(&self, from: Seq, account: Option<u64>, limit: usize) -> Result<Vec<ReadEntry>, ReadError> {
        let head = self.shared.state.head().seq;
        let mut found = Vec::new();
        let mut next = from;
        while next <= head && found.len() < limit {
            let block = self.shared.reader.block_with(next)?;
            for entry in block.entries().filter(|entry| entry.header.seq >= next && entry.header.seq <= head) {
                if account.is_none_or(|account| entry.header.account == account) && found.len() < limit {
                    found.push(reader::read(&entry)?);
                }
            }
            next = block.last().next();
        }
        Ok(found)
    }

    pub(in crate::ledger) fn opened(&self, entry: ReadEntry) -> Result<OpenedEntry, ReadError> {
        self.shown(entry, Parts { sealed: true, raw: true })
    }

    /// An entry with some of its parts. What is not opened still tells whether its key is gone.
    pub(in crate::ledger) fn shown(&self, entry: ReadEntry, parts: Parts) -> Result<OpenedEntry, ReadError> {
        let part = |second| {
            if !parts.sealed {
                return Ok((None, self.is_erased(&entry, second)));
            }
            Ok::<_, ReadError>(match open_sealed(&self.shared.keyring.lock(), &entry, second)? {
                Sealed::Nothing => (None, false),
                Sealed::Opened(sealed) => (Some(*sealed), false),
                Sealed::Erased => (None, true),
            })
        };
        let ((sealed, erased), (second_sealed, second_erased)) = (part(false)?, part(true)?);
        Ok(OpenedEntry {
            seq: entry.header.seq,
            entry_hash: EntryHash::of(&entry.bytes).bytes(),
            previous_hash: entry.header.previous_hash.bytes(),
            recorded_at: entry.header.recorded_at,
            account: entry.header.account,
            actor: entry.header.actor,
            trail: entry.header.link.trail,
            trail_seq: entry.header.link.trail_seq,
            second_trail: entry.header.second.trail,
            second_trail_seq: entry.header.second.trail_seq,
            clear: entry.clear,
            sealed,
            second_sealed,
            erased: erased || second_erased,
            bytes: if parts.raw { entry.bytes } else { Vec::new() },
        })
    }

    /// Whether something is sealed in an entry for its trail, or its second one, whose key is gone.
    fn is_erased(&self, entry: &ReadEntry, second: bool) -> bool {
        let (trail, place) = if second { (entry.header.second.trail, 1) } else { (entry.header.link.trail, 0) };
        let boxes = Entry { header: entry.header, bytes: &entry.bytes }.boxes();
        boxes.get(place).is_some_and(|sealed| !sealed.sealed.is_empty()) && self.shared.state.erasures().is_void(trail)
    }
}

/// The trail of whoever is behind an identifier, or was last.
pub(in crate::ledger) fn latest_home(group: &Group, key: IdentifierKey) -> Option<u64> {
    group.spans.get(&key)?.iter().rev().find_map(|span| span.home)
}

/// The trail of whoever stood behind an identifier last, at an instant or before it.
fn last_home(group: &Group, key: IdentifierKey, at: Time) -> Option<u64> {
    let spans = group.spans.get(&key)?;
    let next = spans.iter().position(|span| span.until.is_none_or(|until| at <= until))?;
    spans.iter().take(next + 1).rev().find_map(|span| span.home)
}
