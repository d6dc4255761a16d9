//! What proves one contact's trail to a stranger: which entries, which keys, and where the trails end.

use std::collections::{BTreeSet, HashSet};

use crate::consent::account::Known;
use crate::consent::identifier::Identifier;
use crate::consent::identity::{Member, MemberEvent, Met, People};
use crate::consent::words::{Account, Seq};
use crate::ledger::Ledger;
use crate::ledger::evidence::export::{Claim, Export, ExportError};
use crate::ledger::keys::keyring::Slot;
use crate::ledger::memory::trail::Trail;
use crate::ledger::proving::heads::{Committed, HeadsError, ProvedHead};
use crate::ledger::proving::heads_writer;
use crate::ledger::reading::browse::ReadError;
use crate::ledger::reading::history;
use crate::ledger::storage::reader::{EntryUnreadable, ReadEntry};
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
    pub keys: Vec<(u64, crate::ledger::bytes::seal::Key)>,
    /// Where the claimed trails end, ascending.
    pub heads: Vec<ProvedHead>,
    /// How many entries of the contact it opens.
    pub opens: usize,
}

/// The entries of one person.
struct Theirs {
    whole: Vec<u64>,
    shared: Vec<u64>,
    seqs: BTreeSet<Seq>,
    /// Those of them that count.
    standing: usize,
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
            let theirs = self.theirs(account, contact, &group, committed.as_of);
            // Where somebody was joined with the contact meanwhile, the heads are of other trails; where somebody was erased,
            // what they shared was recorded again behind them.
            if self.trails_of(account, contact) == group && self.shared.state.erasures().last() <= committed.as_of {
                break (committed, theirs?);
            }
        };
        let checkpoint = self.up_to_now(old_sizes)?;
        let mut keys = Vec::with_capacity(theirs.whole.len());
        for trail in &theirs.whole {
            match self.shared.keyring.lock().slot(*trail) {
                Ok(Slot::Live(key)) => keys.push((*trail, key)),
                Ok(Slot::Erased | Slot::Empty) => return Err(ExportError::ErasedMeanwhile),
                Err(error) => return Err(EntryUnreadable { seq: committed.as_of, reason: error.to_string() }.into()),
            }
        }
        let mut claimed: Vec<u64> = theirs.whole.iter().copied().chain([account]).collect();
        claimed.sort_unstable();
        let mut heads = Vec::with_capacity(claimed.len());
        for trail in claimed {
            heads.push(self.shared.heads.prove(&committed, trail)?);
        }
        let (mut seqs, opens) = (theirs.seqs, theirs.standing);
        seqs.extend(self.ledgers_own(committed.seq)?);
        seqs.extend(self.in_trail(account, committed.as_of)?.iter().map(|entry| entry.header.seq));
        let complete = Complete { as_of: committed.as_of, account, contact_trails: theirs.whole, shared_trails: theirs.shared };
        let seqs = seqs.into_iter().collect();
        let export = Export::of(self.clone(), checkpoint, Claim::Complete(complete), seqs, old_sizes);
        Ok(Evidence { export, keys, heads, opens })
    }

    fn heads_of(&self, trails: &[u64]) -> Result<std::sync::Arc<Committed>, ExportError> {
        let heads = &self.shared.heads;
        let erased = self.shared.state.erasures().last();
        if let Some(latest) = heads.latest(trails)?.filter(|latest| erased <= latest.as_of) {
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
        let entries = self.of_trails(group, as_of)?;
        let (erasures, named) = self.erasures_of(group, as_of)?;
        let is_void = |trail: u64| self.shared.state.erasures().is_void(trail);
        let mut theirs = Theirs { whole: Vec::new(), shared: Vec::new(), seqs: BTreeSet::new(), standing: 0 };
        for trail in group.iter().filter(|trail| !is_void(**trail)) {
            let own: Vec<&ReadEntry> = entries.iter().filter(|entry| history::trails_of(entry).any(|of| of == *trail)).collect();
            let counts = |entry: &&&ReadEntry| !history::trails_of(entry).any(is_void);
            let standing: Vec<Seq> = own.iter().filter(counts).map(|entry| entry.header.seq).collect();
            // Where nobody acted, as where only a receipt is there, the trail is the contact's.
            let nobody_acted = members.is_empty() && !standing.is_empty();
            if !nobody_acted && !standing.iter().any(|seq| events.contains(seq)) {
                continue;
            }
            let is_told = |entry: &&ReadEntry| history::trails_of(entry).all(|of| !is_void(of) || named.contains(&of));
            let shared = standing.iter().any(|seq| of_others.contains(seq)) || !own.iter().all(is_told);
            if shared {
                theirs.shared.push(*trail);
                let before = theirs.seqs.len();
                theirs.seqs.extend(standing.into_iter().filter(|seq| events.contains(seq)));
                theirs.standing += theirs.seqs.len() - before;
            } else {
                theirs.whole.push(*trail);
                theirs.standing += standing.len();
                // What an erasure of somebody else took out of the trail stays in its chain.
                theirs.seqs.extend(own.iter().map(|entry| entry.header.seq));
            }
        }
        if theirs.seqs.is_empty() {
            return Err(ExportError::ContactUnknown);
        }
        theirs.seqs.extend(erasures);
        Ok(theirs)
    }

    /// Every entry of these trails up to `to`, those too that count no more.
    fn of_trails(&self, trails: &[u64], to: Seq) -> Result<Vec<ReadEntry>, EntryUnreadable> {
        let lasts: Vec<_> = trails.iter().filter_map(|trail| Some((*trail, self.shared.state.trail(*trail)?.last()))).collect();
        let mut entries = self.shared.reader.trails(&lasts)?;
        entries.retain(|entry| entry.header.seq <= to);
        Ok(entries)
    }

    /// The erasures that took entries out of these trails, or that their identifiers stand under; and the trails they voided.
    fn erasures_of(&self, trails: &[u64], to: Seq) -> Result<(BTreeSet<Seq>, BTreeSet<u64>), EntryUnreadable> {
        let state = &self.shared.state;
        let mut seqs: BTreeSet<Seq> = state.erasures().members(trails).map(|member| member.seq()).collect();
        let void: Vec<u64> = trails.iter().copied().filter(|trail| state.erasures().is_void(*trail)).collect();
        seqs.extend(void.iter().filter_map(|trail| Some(state.trail(*trail)?.last())));
        let (mut erasures, mut named) = (BTreeSet::new(), BTreeSet::new());
        for seq in seqs.into_iter().filter(|seq| *seq <= to) {
            if let Some(Fact::ContactErased(erased)) = self.shared.reader.entry(seq)?.clear.fact {
                erasures.insert(seq);
                named.extend(erased.trails);
            }
        }
        Ok((erasures, named))
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
        let last = self.shared.state.with_trail(trail, Trail::last).unwrap_or_default();
        let mut entries = self.shared.reader.trail(trail, last)?;
        entries.retain(|entry| entry.header.seq <= to);
        Ok(entries)
    }
}
