//! What proves one contact's trail to a stranger: which entries, which keys, and where the trails end.

use std::collections::{BTreeSet, HashSet};

use super::browse::ReadError;
use super::export::{Claim, Export, ExportError};
use super::heads::{Committed, HeadsError, ProvedHead};
use super::heads_writer;
use super::keyring::Slot;
use super::reader::{EntryUnreadable, ReadEntry};
use super::{Ledger, history};
use crate::consent::account::Known;
use crate::consent::identifier::Identifier;
use crate::consent::identity::{Member, MemberEvent, Met, People};
use crate::consent::words::{Account, Seq};
use crate::proto::clear_part::Fact;

/// Which trails are complete in a bundle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Complete {
    /// Up to this seq.
    pub as_of: Seq,
    /// The account's.
    pub account: u64,
    /// The contact's.
    pub contact_trails: Vec<u64>,
    /// Trails that hold entries of others too: of these entries are there, nothing more is claimed.
    pub shared_trails: Vec<u64>,
}

/// An evidence bundle while it is handed out.
pub struct Evidence {
    /// The entries.
    pub export: Export,
    /// The keys of the contact's trails, ascending.
    pub keys: Vec<(u64, super::seal::Key)>,
    /// Where the claimed trails end, ascending.
    pub heads: Vec<ProvedHead>,
}

/// The entries of one person.
struct Theirs {
    whole: Vec<u64>,
    shared: Vec<u64>,
    seqs: BTreeSet<Seq>,
}

impl Ledger {
    /// Begins to hand out everything about a contact. Records where trails end first, where these grew since. Blocks.
    ///
    /// # Errors
    /// Where nothing is known of the contact, or the log fails.
    pub fn evidence(&self, account: &Account, contact: &Identifier, old_sizes: &[u64]) -> Result<Evidence, ExportError> {
        let trail = self.with_account(account, |account| account.trail);
        let account = trail.ok_or_else(|| ReadError::AccountUnknown { account: account.to_string() })?;
        // Nothing is recorded for somebody of whom there is nothing to show.
        self.key_of(account, contact).ok_or(ExportError::ContactUnknown)?;
        let (committed, theirs) = loop {
            let group = self.trails_of(account, contact);
            let committed = self.heads_of(&[group.as_slice(), &[account]].concat())?;
            // Where somebody was joined with the contact meanwhile, the heads are of other trails.
            if self.trails_of(account, contact) == group {
                let theirs = self.theirs(account, contact, &group, committed.as_of)?;
                break (committed, theirs);
            }
        };
        let checkpoint = self.up_to_now(old_sizes)?;
        let mut keys = Vec::with_capacity(theirs.whole.len());
        for trail in &theirs.whole {
            match self.shared.keyring.lock().slot(*trail) {
                Ok(Slot::Live(key)) => keys.push((*trail, key)),
                // Erased this moment.
                Ok(Slot::Erased | Slot::Empty) => return Err(ExportError::ContactUnknown),
                Err(error) => return Err(EntryUnreadable { seq: committed.as_of, reason: error.to_string() }.into()),
            }
        }
        let mut claimed: Vec<u64> = theirs.whole.iter().copied().chain([account]).collect();
        claimed.sort_unstable();
        let mut heads = Vec::with_capacity(claimed.len());
        for trail in claimed {
            heads.push(self.shared.heads.prove(&committed, trail)?);
        }
        let mut seqs = theirs.seqs;
        seqs.extend(self.ledgers_own(committed.seq)?);
        seqs.extend(self.in_trail(account, committed.as_of)?.iter().map(|entry| entry.header.seq));
        let complete = Complete { as_of: committed.as_of, account, contact_trails: theirs.whole, shared_trails: theirs.shared };
        let seqs = seqs.into_iter().collect();
        let export = Export::of(self.clone(), checkpoint, Claim::Complete(complete), seqs, old_sizes);
        Ok(Evidence { export, keys, heads })
    }

    fn heads_of(&self, trails: &[u64]) -> Result<std::sync::Arc<Committed>, ExportError> {
        let heads = &self.shared.heads;
        if let Some(latest) = heads.latest(trails)? {
            return Ok(latest);
        }
        let committed = heads.commit(|heads| heads_writer::record(&self.shared.queue, heads));
        committed.map_err(|error| match error {
            HeadsError::Unreadable(error) => error.into(),
            HeadsError::NotRecorded(error) => ExportError::Heads { reason: error.to_string() },
        })
    }

    /// The entries of the person behind an identifier in these trails, and which of the trails are theirs alone.
    fn theirs(&self, account: u64, contact: &Identifier, group: &[u64], as_of: Seq) -> Result<Theirs, ExportError> {
        let key = self.key_of(account, contact).ok_or(ExportError::ContactUnknown)?;
        let known = Known { seq: Some(as_of), ..Known::default() };
        let mut members = history::members(&self.shared.state, &self.shared.reader, group, known)
            .map_err(|reason| EntryUnreadable { seq: as_of, reason })?;
        // What an erasure recorded again later was known by then, and is not in the log up to there.
        members.retain(|member| member.seq() <= as_of || matches!(member.what, Member::Erased { .. }));
        let now = self.present();
        let events: HashSet<Seq> = People::as_of(&members, now).person(Met { key, at: now }).events.into_iter().collect();
        let of_others: HashSet<Seq> = members.iter().map(MemberEvent::seq).filter(|seq| !events.contains(seq)).collect();
        let entries = history::entries(&self.shared.state, &self.shared.reader, group)?;
        let entries: Vec<&ReadEntry> = entries.iter().filter(|entry| entry.header.seq <= as_of).collect();
        let mut theirs = Theirs { whole: Vec::new(), shared: Vec::new(), seqs: BTreeSet::new() };
        for trail in group {
            let own: Vec<Seq> =
                entries.iter().filter(|entry| history::trails_of(entry).any(|of| of == *trail)).map(|entry| entry.header.seq).collect();
            // Where nobody acted, as where only a receipt is there, the trail is the contact's.
            let nobody_acted = members.is_empty() && !own.is_empty();
            if !nobody_acted && !own.iter().any(|seq| events.contains(seq)) {
                continue;
            }
            let shared = own.iter().any(|seq| of_others.contains(seq));
            if shared {
                theirs.shared.push(*trail);
            } else {
                theirs.whole.push(*trail);
            }
            theirs.seqs.extend(own.into_iter().filter(|seq| !shared || events.contains(seq)));
        }
        if theirs.seqs.is_empty() { Err(ExportError::ContactUnknown) } else { Ok(theirs) }
    }

    /// The entries of the ledger's own trail that a bundle holds.
    fn ledgers_own(&self, heads: Seq) -> Result<Vec<Seq>, ExportError> {
        let own = self.in_trail(0, heads)?;
        let wanted = own.iter().filter(|entry| match &entry.clear.fact {
            Some(Fact::LedgerCreated(_) | Fact::SigningKeyChanged(_)) => true,
            Some(Fact::HeadsCommitted(_)) => entry.header.seq == heads,
            _ => false,
        });
        Ok(wanted.map(|entry| entry.header.seq).collect())
    }

    fn in_trail(&self, trail: u64, to: Seq) -> Result<Vec<ReadEntry>, ExportError> {
        let last = self.shared.state.with_trail(trail, |trail| trail.last).unwrap_or_default();
        let mut entries = self.shared.reader.trail(trail, last)?;
        entries.retain(|entry| entry.header.seq <= to);
        Ok(entries)
    }
}
