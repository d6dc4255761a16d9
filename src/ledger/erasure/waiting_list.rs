//! What compliance officers see of open matters: which erasures wait, which legal holds are in force, and of whom.

use crate::consent::identifier::Identifier;
use crate::consent::identity::{Held, IdentifierKey, Met};
use crate::consent::time::Time;
use crate::consent::words::{Account, Seq};
use crate::ledger::erasure::eraser::Tried;
use crate::ledger::erasure::matters::Matter;
use crate::ledger::erasure::two_steps::{hold, open_matters};
use crate::ledger::reading::history;
use crate::ledger::reading::naming::Members;
use crate::ledger::storage::reader::{EntryUnreadable, ReadEntry, Sealed, open_sealed};
use crate::ledger::{Ledger, ReadError};
use crate::proto::clear_part::Fact;

/// An open matter as an officer sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedMatter {
    /// What it is.
    pub matter: Matter,
    /// The identifiers that the contact has now; empty where their key is damaged.
    pub contacts: Vec<String>,
    /// When it was recorded.
    pub recorded_at: Time,
    /// The legal hold that keeps an erasure from happening.
    pub held_by: Option<Seq>,
    /// Of an erasure: that it failed, and is tried again.
    pub failed: Option<Tried>,
}

/// What a request came to so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Requested {
    /// When it is due, or was.
    pub due_at: Time,
    /// Whether it waits still: it was neither cancelled nor carried out.
    pub waits: bool,
}

impl Ledger {
    /// The account's open matters from `from` on, ascending, at most `limit`. Blocks.
    ///
    /// # Errors
    /// Where the account is not known, or an entry cannot be read.
    pub fn matters(&self, account: &Account, from: Seq, limit: usize) -> Result<Vec<ListedMatter>, ReadError> {
        let trail = self.account_trail(account)?;
        let matters: Vec<Matter> = self.shared.state.matters.read().of_account(trail, from).take(limit).collect();
        matters.into_iter().map(|matter| self.listed(matter)).collect()
    }

    /// The open matters of whoever stands behind an identifier now, ascending. Blocks.
    ///
    /// # Errors
    /// Where the account is not known, or an entry cannot be read.
    pub fn matters_of(&self, account: &Account, contact: &Identifier) -> Result<Vec<Matter>, ReadError> {
        let Some(key) = self.key_of(self.account_trail(account)?, contact) else { return Ok(Vec::new()) };
        let now = self.present();
        Ok(open_matters(&self.shared.state, &self.shared.reader, Met { key, at: now }, now)?)
    }

    /// What a request came to, by its entry; none where the entry is no request. Blocks.
    ///
    /// # Errors
    /// Where the entry cannot be read.
    pub fn requested(&self, request: Seq) -> Result<Option<Requested>, ReadError> {
        let waits = self.shared.state.matters.read().find(request).is_some();
        let entry = self.shared.reader.entry(request)?;
        let Some(Fact::ErasureRequested(requested)) = entry.clear.fact else { return Ok(None) };
        Ok(Some(Requested { due_at: Time::from_micros(requested.due_at), waits }))
    }

    fn account_trail(&self, account: &Account) -> Result<u64, ReadError> {
        let unknown = || ReadError::AccountUnknown { account: account.to_string() };
        self.with_account(account, |account| account.trail).ok_or_else(unknown)
    }

    fn listed(&self, matter: Matter) -> Result<ListedMatter, ReadError> {
        let entry = self.shared.reader.entry(matter.seq)?;
        let contacts = self.contacts_of(matter, &entry).unwrap_or_else(|error| {
            tracing::error!(%error, "an open matter is listed without its contact");
            Vec::new()
        });
        let theirs = open_matters(&self.shared.state, &self.shared.reader, matter.met, self.present())?;
        let held_by = if matter.is_hold() { None } else { hold(&theirs) };
        let failed = self.shared.erasing.tried(matter.seq).filter(|tried| tried.failures > 0);
        Ok(ListedMatter { matter, contacts, recorded_at: entry.header.recorded_at, held_by, failed })
    }

    /// What the person is called by now: who asked under a number that others have since is found by what they have.
    fn contacts_of(&self, matter: Matter, entry: &ReadEntry) -> Result<Vec<String>, EntryUnreadable> {
        let Some(group) = self.shared.state.group(matter.met.key.trail) else {
            return Ok(match open_sealed(&self.shared.keyring.lock(), entry, false)? {
                Sealed::Opened(sealed) => sealed.identifiers,
                Sealed::Nothing | Sealed::Erased => Vec::new(),
            });
        };
        let mut people = history::people(&self.shared.state, &self.shared.reader, &group.trails, self.present())?;
        let has = |held: &&Held| held.left.is_none() || !held.others;
        let keys: Vec<IdentifierKey> = people.person(matter.met).identifiers.iter().filter(has).map(|held| held.key).collect();
        let mut contacts = Vec::with_capacity(keys.len());
        for key in keys {
            contacts.extend(self.name_of(&Members::Identifiers(vec![key]))?);
        }
        Ok(contacts)
    }
}
