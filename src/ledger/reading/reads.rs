//! Reads of personal data: each is recorded before anything is handed out, in a trail that holds nothing else.
//!
//! ```text
//! account 1 ── its trail: policies, senders, templates        account 0: the ledger itself
//!          └── its reads: who was handed whose data, when     └── reads across all accounts
//! ```
//!
//! Not in the account's own trail, for that stands in every evidence bundle and is read at every start; not in the contact's, for
//! that is read with every question about the past. So a bundle says nothing of reads, and no answer becomes slower by them.

use std::sync::Arc;

use crate::consent::identifier::Identifier;
use crate::consent::identity::span_at;
use crate::consent::time::Time;
use crate::consent::words::{Account, Effect, Seq};
use crate::ledger::Ledger;
use crate::ledger::memory::state::{Group, State};
use crate::ledger::memory::trail::Trail;
use crate::ledger::reading::browse::{ReadError, latest_home};
use crate::ledger::reading::history;
use crate::ledger::storage::reader::EntryUnreadable;
use crate::ledger::writing::batch::{Batch, Planned};
use crate::ledger::writing::committer::Committer;
use crate::ledger::writing::plan::{Plan, When};
use crate::ledger::writing::record::{Record, RecordError};
use crate::proto::PersonalDataRead;
use crate::proto::clear_part::Fact;

/// How many reads a page looks at.
const LOOKED_AT_MAX: usize = 50_000;

/// A method that hands out personal data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadMethod {
    /// What is known of a contact.
    GetContact,
    /// Entries, a page at a time.
    ListEntries,
    /// Messages that may be opt-outs.
    ListPossibleOptOuts,
    /// Where the platform contradicted the ledger.
    GetDrift,
    /// Entries, with proofs.
    ExportEntries,
    /// Everything about a contact, with proofs and keys.
    GetEvidence,
    /// Entries as they come.
    WatchEntries,
    /// Windows as they open and close.
    WatchWindows,
    /// Erasures that wait, and legal holds.
    ListErasures,
    /// Whom a policy would change.
    DiffPolicy,
    /// What webhooks brought and could not be placed.
    ListDeadLetters,
}

impl ReadMethod {
    /// Every one.
    pub const ALL: [Self; 11] = [
        Self::GetContact,
        Self::ListEntries,
        Self::ListPossibleOptOuts,
        Self::GetDrift,
        Self::ExportEntries,
        Self::GetEvidence,
        Self::WatchEntries,
        Self::WatchWindows,
        Self::ListErasures,
        Self::DiffPolicy,
        Self::ListDeadLetters,
    ];

    /// As the log spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GetContact => "AuditService.GetContact",
            Self::ListEntries => "AuditService.ListEntries",
            Self::ListPossibleOptOuts => "AuditService.ListPossibleOptOuts",
            Self::GetDrift => "AuditService.GetDrift",
            Self::ExportEntries => "AuditService.ExportEntries",
            Self::GetEvidence => "AuditService.GetEvidence",
            Self::WatchEntries => "WatchService.WatchEntries",
            Self::WatchWindows => "WatchService.WatchWindows",
            Self::ListErasures => "IdentityService.ListErasures",
            Self::DiffPolicy => "AdminService.DiffPolicy",
            Self::ListDeadLetters => "AdminService.ListDeadLetters",
        }
    }
}

/// Whose data is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// A contact's, by its trail.
    Contact(u64),
    /// Contacts' of the account.
    Account,
    /// Contacts' of all accounts.
    Everybody,
}

/// Personal data that is about to be handed out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DataRead {
    /// By which method.
    pub method: ReadMethod,
    /// How many entries are opened.
    pub entries: u64,
    /// Whose data it is.
    pub whose: Whose,
}

impl DataRead {
    /// As it is stored.
    #[must_use]
    pub fn fact(&self) -> Fact {
        let contact = if let Whose::Contact(trail) = self.whose { trail } else { 0 };
        Fact::PersonalDataRead(PersonalDataRead { method: self.method.as_str().to_owned(), entries: self.entries, contact })
    }
}

/// Which reads to list.
#[derive(Clone, Debug)]
pub struct ReadsAsked {
    /// Of this account's data.
    pub account: Account,
    /// Only those that may have opened this contact's.
    pub contact: Option<Identifier>,
    /// Only those recorded at this time or later.
    pub recorded_from: Option<Time>,
    /// Where to go on; none: from the latest.
    pub place: Option<Place>,
}

/// A place in the list: the next of the account's reads, and the next of those across all accounts. None of them: seq 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Of the account's.
    pub account: Seq,
    /// Of those across all accounts.
    pub everybody: Seq,
}

/// A read as it was recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordedRead {
    /// Its entry.
    pub seq: Seq,
    /// When it was recorded.
    pub recorded_at: Time,
    /// Who read.
    pub actor: u32,
    /// By which method.
    pub method: String,
    /// How many entries were opened.
    pub entries: u64,
    /// Whose data it was.
    pub whose: Whose,
}

/// Why reads are not listed.
#[derive(Debug, thiserror::Error)]
pub enum ReadsNotListed {
    /// The account or the log.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Nothing is known of the contact.
    #[error("nothing is known of the contact, or it was erased")]
    ContactUnknown,
    /// No page ended there.
    #[error("not a token that a page gave")]
    PlaceUnknown,
}

impl From<EntryUnreadable> for ReadsNotListed {
    fn from(error: EntryUnreadable) -> Self {
        Self::Read(error.into())
    }
}

impl State {
    /// Notes which trail an account's reads stand in; the first stays. Account 0: those across all accounts.
    pub fn note_reads(&self, account: u64, trail: u64) {
        self.reads.write().entry(account).or_insert(trail);
    }

    /// The trail that an account's reads stand in; none: there was none yet.
    #[must_use]
    pub fn reads_of(&self, account: u64) -> Option<u64> {
        self.reads.read().get(&account).copied()
    }
}

impl Committer {
    /// A read, in the trail of its account's reads; the first begins it.
    pub(in crate::ledger) fn data_read(
        &self,
        batch: &mut Batch,
        record: &Record,
        read: &DataRead,
        account: u64,
        when: When,
    ) -> Result<Plan, RecordError> {
        let account = if read.whose == Whose::Everybody { 0 } else { account };
        let known = self.state.reads_of(account).or_else(|| batch.reads.get(&account).copied());
        // A key that cannot be had refuses this record before anything of it is in the batch.
        known.map(|trail| batch.key(&self.sealer.keyring, trail)).transpose()?;
        let trail = known.unwrap_or_else(|| batch.allot_trail());
        batch.reads.insert(account, trail);
        let effect = Some(Effect::NoChange);
        Ok(Plan::new(vec![Planned { effect, ..Planned::new(account, record.actor, when.at, trail, read.fact()) }]))
    }
}

impl Ledger {
    /// Whose data a read of a contact is: of whoever is behind the identifier, or was last. Of a contact that is not known it
    /// is nobody's.
    #[must_use]
    pub fn whose(&self, account: &Account, contact: &Identifier) -> Option<Whose> {
        let account = self.with_account(account, |account| account.trail)?;
        self.home_of(account, contact).map(|(home, _)| Whose::Contact(home))
    }

    fn home_of(&self, account: u64, contact: &Identifier) -> Option<(u64, Option<Arc<Group>>)> {
        let key = self.key_of(account, contact)?;
        let group = self.shared.state.group(key.trail);
        let home = group.as_ref().and_then(|group| latest_home(group, key)).unwrap_or(key.trail);
        Some((home, group))
    }

    /// Reads of an account's data, the latest first, at most `limit`, and where to go on. Blocks.
    ///
    /// # Errors
    /// Where the account or the contact is not known, no page ended at the place, or an entry cannot be read.
    pub fn reads(&self, asked: &ReadsAsked, limit: usize) -> Result<(Vec<RecordedRead>, Option<Place>), ReadsNotListed> {
        let unknown = || ReadError::AccountUnknown { account: asked.account.to_string() };
        let account = self.with_account(&asked.account, |account| account.trail).ok_or_else(unknown)?;
        let person = asked.contact.as_ref().map(|contact| self.person(account, contact)).transpose()?;
        let mut walks =
            [self.walk(account, asked.place.map(|place| place.account))?, self.walk(0, asked.place.map(|place| place.everybody))?];
        let (mut found, mut looked_at) = (Vec::new(), 0);
        while found.len() < limit && looked_at < LOOKED_AT_MAX {
            let Some(walk) = walks.iter_mut().max_by_key(|walk| walk.next).filter(|walk| walk.next != Seq::NONE) else { break };
            let read = walk.step(self)?;
            if asked.recorded_from.is_some_and(|from| read.recorded_at < from) {
                return Ok((found, None));
            }
            looked_at += 1;
            if person.as_ref().is_none_or(|person| person.may_be_in(&read)) {
                found.push(read);
            }
        }
        let [account, everybody] = walks.map(|walk| walk.next);
        let more = account != Seq::NONE || everybody != Seq::NONE;
        Ok((found, more.then_some(Place { account, everybody })))
    }

    fn person(&self, account: u64, contact: &Identifier) -> Result<Person, ReadsNotListed> {
        let (home, group) = self.home_of(account, contact).ok_or(ReadsNotListed::ContactUnknown)?;
        let entries = history::entries(&self.shared.state, &self.shared.reader, &self.trails_of(account, contact))?;
        let theirs = self.of_the_same_contact(account, contact);
        let first = entries.iter().filter(|entry| theirs(entry)).map(|entry| entry.first_recorded().0).min();
        Ok(Person { home, group, first: first.ok_or(ReadsNotListed::ContactUnknown)? })
    }

    fn walk(&self, account: u64, from: Option<Seq>) -> Result<Walk, ReadsNotListed> {
        let state = &self.shared.state;
        let trail = state.reads_of(account).unwrap_or_default();
        let last = if trail == 0 { Seq::NONE } else { state.with_trail(trail, Trail::last).unwrap_or_default() };
        let next = from.unwrap_or(last);
        if next > last || next != Seq::NONE && self.shared.reader.entry(next)?.header.link.trail != trail {
            return Err(ReadsNotListed::PlaceUnknown);
        }
        Ok(Walk { account, trail, next })
    }
}

/// From one read to the one before it.
struct Walk {
    account: u64,
    trail: u64,
    next: Seq,
}

impl Walk {
    fn step(&mut self, ledger: &Ledger) -> Result<RecordedRead, EntryUnreadable> {
        let entry = ledger.shared.reader.entry(self.next)?;
        let (header, link) = (entry.header, entry.header.link);
        let Some(Fact::PersonalDataRead(read)) = entry.clear.fact.filter(|_| link.trail == self.trail && link.previous < header.seq) else {
            return Err(EntryUnreadable { seq: header.seq, reason: format!("it is no read linked into trail {}", self.trail) });
        };
        self.next = link.previous;
        let whose = match (self.account, read.contact) {
            (0, _) => Whose::Everybody,
            (_, 0) => Whose::Account,
            (_, trail) => Whose::Contact(trail),
        };
        Ok(RecordedRead {
            seq: header.seq,
            recorded_at: header.recorded_at,
            actor: header.actor,
            method: read.method,
            entries: read.entries,
            whose,
        })
    }
}

/// The contact whose reads are asked for.
struct Person {
    home: u64,
    group: Option<Arc<Group>>,
    first: Seq,
}

impl Person {
    /// Whether a read opened what is theirs, or may have.
    fn may_be_in(&self, read: &RecordedRead) -> bool {
        match read.whose {
            Whose::Contact(trail) => trail == self.home || self.was(trail, read.recorded_at),
            Whose::Account | Whose::Everybody => read.seq > self.first,
        }
    }

    /// Whether they were behind an identifier of this trail at an instant, before a join or a move brought them where they are.
    fn was(&self, trail: u64, at: Time) -> bool {
        let Some(group) = &self.group else { return false };
        let mut own = group.spans.iter().filter(|(key, _)| key.trail == trail);
        own.any(|(_, spans)| span_at(spans, at).is_some_and(|span| span.home == Some(self.home)))
    }
}
