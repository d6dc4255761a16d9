//! Entries handed out with what proves that they are in the log: one piece after the other, in constant memory.
//!
//! ```text
//! checkpoint (fixes the size) ── left out ── entry ── entry ── left out ── …  up to the size
//! ```

use std::collections::VecDeque;

use crate::consent::identifier::Identifier;
use crate::consent::time::Time;
use crate::consent::words::{Account, Sender, Seq};
use crate::ledger::Ledger;
use crate::ledger::bytes::entry::Header;
use crate::ledger::keys::keyring::Slot;
use crate::ledger::proving::nodes::LastRead;
use crate::ledger::proving::proofs::{ProofError, SignedCheckpoint};
use crate::ledger::reading::browse::{OpenedEntry, ReadError};
use crate::ledger::reading::concerns::sender_named;
use crate::ledger::reading::history;
use crate::ledger::storage::blocks::Blocks;
use crate::ledger::storage::reader::{EntryUnreadable, ReadEntry, read};
use crate::proof::merkle::Hash;
use crate::proof::range::{Gap, Subtree, subtrees};
use crate::proto::{ClearPart, SigningKeyUse};

/// Which entries to hand out: those that every filter lets through.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only this account's.
    pub account: Option<Account>,
    /// Only these contacts'; needs an account. Empty: everybody's.
    pub contacts: Vec<Identifier>,
    /// Only what names this sender.
    pub sender: Option<Sender>,
    /// Only what was recorded at this time or later.
    pub recorded_from: Option<Time>,
    /// Only what was recorded before this time.
    pub recorded_to: Option<Time>,
    /// Only from this seq on.
    pub from: Option<Seq>,
    /// Only up to this seq.
    pub to: Option<Seq>,
    /// Sizes of older checkpoints; a piece ends at each.
    pub old_sizes: Vec<u64>,
}

/// What an export claims beyond that its entries are in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Claim {
    /// Nothing.
    Included,
    /// Every entry from the first to the last of these is there.
    Range(Seq, Seq),
    /// Whole trails are there.
    Complete(crate::ledger::evidence::bundle::Complete),
}

/// A piece of an export.
#[derive(Debug)]
pub enum Piece {
    /// An entry.
    Entry(Box<OpenedEntry>),
    /// Entries that are left out: a complete subtree of so many, and its root.
    LeftOut(u64, Hash),
}

/// Why nothing is handed out.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The account or the log.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// No checkpoint could be signed.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// More was signed for than there is.
    #[error("the log has {size} entries, an older checkpoint covers {old}: what was signed is not this log, or it was put back")]
    LogBehind {
        /// How many entries the log has.
        size: u64,
        /// How many the checkpoint covers.
        old: u64,
    },
    /// Nothing is known of the contact.
    #[error("nothing is known of the contact, or it was erased")]
    ContactUnknown,
    /// A key that it needs went meanwhile.
    #[error("the contact, or somebody who shares a trail with them, was erased meanwhile; ask again")]
    ErasedMeanwhile,
    /// The trails' heads could not be recorded.
    #[error("the heads of the trails could not be recorded: {reason}")]
    Heads {
        /// Why.
        reason: String,
    },
}

impl From<EntryUnreadable> for ExportError {
    fn from(error: EntryUnreadable) -> Self {
        Self::Read(error.into())
    }
}

/// An export while it is handed out.
pub struct Export {
    ledger: Ledger,
    /// The checkpoint over whose size it is.
    pub checkpoint: SignedCheckpoint,
    /// What it claims.
    pub claim: Claim,
    shown: Shown,
    /// Where pieces must end, ascending.
    cuts: VecDeque<u64>,
    /// How many entries the pieces so far stand for.
    told: u64,
    gap: Gap,
    ready: VecDeque<Piece>,
    read: LastRead,
}

/// Which entries are shown.
enum Shown {
    /// These, ascending: the rest is left out subtree by subtree.
    These(VecDeque<Seq>),
    /// Those of a range that pass: every entry of the range is looked at.
    Passing {
        blocks: Blocks,
        to: Seq,
        account: Option<u64>,
        sender: Option<Sender>,
        /// What is shown behind it: whoever sees the first entry sees which checkpoint key is in force.
        behind: VecDeque<Seq>,
    },
}

impl Ledger {
    /// Begins to hand out entries: signs a checkpoint over everything there is, then gives the pieces. Blocks.
    ///
    /// # Errors
    /// Where the account is not known, the log cannot be read, or no checkpoint can be signed.
    pub fn export(&self, selection: &Selection) -> Result<Export, ExportError> {
        let account = self.account_of(selection)?;
        let checkpoint = self.up_to_now(&selection.old_sizes)?;
        let (from, to) = self.range(selection, checkpoint.size)?;
        let everything = account.is_none() && selection.sender.is_none();
        let claim = if everything && from <= to { Claim::Range(from, to) } else { Claim::Included };
        let shown = match account {
            Some(account) if !selection.contacts.is_empty() => Shown::These(self.of_contacts(account, selection, from, to)?),
            _ => Shown::Passing {
                blocks: Blocks::new(self.shared.reader.clone(), from, to),
                to: if from <= to { to } else { Seq::NONE },
                account,
                sender: selection.sender.clone(),
                behind: if everything && from == Seq::new(1) { self.checkpoint_keys_behind(to, checkpoint.size) } else { VecDeque::new() },
            },
        };
        Ok(Export::new(self.clone(), checkpoint, claim, shown, &selection.old_sizes))
    }

    fn account_of(&self, selection: &Selection) -> Result<Option<u64>, ReadError> {
        let Some(name) = &selection.account else { return Ok(None) };
        let trail = self.with_account(name, |account| account.trail);
        trail.map(Some).ok_or_else(|| ReadError::AccountUnknown { account: name.to_string() })
    }

    /// A checkpoint over all that is there; older ones must fit into it.
    pub(in crate::ledger) fn up_to_now(&self, old_sizes: &[u64]) -> Result<SignedCheckpoint, ExportError> {
        let checkpoint = self.checkpoint(false)?;
        let fresh = checkpoint.size < self.head().seq.number();
        let checkpoint = if fresh { self.checkpoint(true)? } else { checkpoint };
        match old_sizes.iter().find(|old| **old > checkpoint.size) {
            Some(old) => Err(ExportError::LogBehind { size: checkpoint.size, old: *old }),
            None => Ok(checkpoint),
        }
    }

    /// The first and last seq that the filters on seq and time let through.
    fn range(&self, selection: &Selection, size: u64) -> Result<(Seq, Seq), ReadError> {
        let mut from = selection.from.unwrap_or(Seq::new(1)).max(Seq::new(1));
        let mut to = selection.to.unwrap_or(Seq::new(size)).min(Seq::new(size));
        if let Some(time) = selection.recorded_from {
            from = from.max(self.first_recorded(time, Seq::new(size))?);
        }
        if let Some(time) = selection.recorded_to {
            to = to.min(Seq::new(self.first_recorded(time, Seq::new(size))?.number() - 1));
        }
        Ok((from, to))
    }

    /// The entries behind `to` that name a checkpoint key.
    fn checkpoint_keys_behind(&self, to: Seq, size: u64) -> VecDeque<Seq> {
        let keys = self.shared.secrets.public_keys(SigningKeyUse::Checkpoint);
        keys.into_iter().map(|(seq, _)| seq).filter(|seq| *seq > to && seq.number() <= size).collect()
    }

    fn of_contacts(&self, account: u64, selection: &Selection, from: Seq, to: Seq) -> Result<VecDeque<Seq>, ExportError> {
        let mut seqs: Vec<Seq> = Vec::new();
        for contact in &selection.contacts {
            let trails = self.trails_of(account, contact);
            let theirs = self.of_the_same_contact(account, contact);
            let entries = history::entries(&self.shared.state, &self.shared.reader, &trails)?;
            let passing = entries.iter().filter(|entry| (from..=to).contains(&entry.header.seq) && theirs(entry));
            let passing = passing.filter(|entry| names(&entry.clear, selection.sender.as_ref()));
            seqs.extend(passing.map(|entry| entry.header.seq));
        }
        seqs.sort_unstable();
        seqs.dedup();
        Ok(seqs.into())
    }
}

impl Export {
    fn new(ledger: Ledger, checkpoint: SignedCheckpoint, claim: Claim, shown: Shown, old_sizes: &[u64]) -> Self {
        let mut cuts: Vec<u64> = old_sizes.iter().copied().chain([checkpoint.size]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        Self {
            ledger,
            checkpoint,
            claim,
            shown,
            cuts: cuts.into(),
            told: 0,
            gap: Gap::default(),
            ready: VecDeque::new(),
            read: LastRead::default(),
        }
    }

    /// One that shows exactly these entries, ascending.
    pub(in crate::ledger) fn of(ledger: Ledger, checkpoint: SignedCheckpoint, claim: Claim, seqs: Vec<Seq>, old_sizes: &[u64]) -> Self {
        Self::new(ledger, checkpoint, claim, Shown::These(seqs.into()), old_sizes)
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// Where the log cannot be read.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, ExportError> {
        while self.ready.is_empty() && self.told < self.checkpoint.size {
            self.advance()?;
        }
        Ok(self.ready.pop_front())
    }

    /// Goes on to the next entry that is shown, or a step towards it.
    fn advance(&mut self) -> Result<(), ExportError> {
        let size = self.checkpoint.size;
        match &mut self.shown {
            Shown::These(seqs) => {
                let next = seqs.pop_front();
                self.leave_out(next.map_or(size, |seq| seq.number() - 1))?;
                if let Some(seq) = next {
                    let entry = self.ledger.shared.reader.entry(seq)?;
                    self.show(entry)?;
                }
            }
            Shown::Passing { blocks, to, account, sender, behind } => {
                let next = Seq::new(self.told + 1);
                if next < blocks.from() {
                    let before = blocks.from().number().min(size + 1) - 1;
                    return self.leave_out(before);
                }
                if next > *to {
                    self.shown = Shown::These(std::mem::take(behind));
                    return Ok(());
                }
                let (block, last) = (blocks.next_block()?, *to);
                let (account, sender) = (*account, sender.clone());
                for entry in block.entries().filter(|entry| (next..=last).contains(&entry.header.seq)) {
                    if passes(&entry.header, account)
                        && let entry = read(&entry)?
                        && names(&entry.clear, sender.as_ref())
                    {
                        self.show(entry)?;
                    } else {
                        self.gap.push(Subtree { level: 0, index: self.told }, entry.hash().bytes());
                        self.told += 1;
                        self.cut();
                    }
                }
            }
        }
        Ok(())
    }

    fn show(&mut self, entry: ReadEntry) -> Result<(), ExportError> {
        self.flush();
        let opened = self.ledger.opened(entry)?;
        if opened.erased {
            self.still_opens()?;
        }
        self.ready.push_back(Piece::Entry(Box::new(opened)));
        self.told += 1;
        self.cut();
        Ok(())
    }

    /// Whether the keys of a bundle's trails are still there: an erasure ends it.
    fn still_opens(&self) -> Result<(), ExportError> {
        let Claim::Complete(complete) = &self.claim else { return Ok(()) };
        let keyring = self.ledger.shared.keyring.lock();
        let opens = |trail: &u64| matches!(keyring.slot(*trail), Ok(Slot::Live(_)));
        let mut trails = complete.contact_trails.iter().chain(&complete.shared_trails);
        if trails.all(opens) { Ok(()) } else { Err(ExportError::ErasedMeanwhile) }
    }

    /// Leaves out everything up to `to` entries, from the tree.
    fn leave_out(&mut self, to: u64) -> Result<(), ExportError> {
        while self.told < to {
            let end = self.cuts.front().copied().unwrap_or(to).min(to);
            for subtree in subtrees(self.told, end) {
                let root = self.ledger.shared.checkpoints.tree().subtree(subtree, &self.read)?;
                self.gap.push(subtree, root);
            }
            self.told = end;
            self.cut();
        }
        Ok(())
    }

    /// Ends a piece where an older checkpoint ends.
    fn cut(&mut self) {
        if self.cuts.front().is_some_and(|cut| *cut <= self.told) {
            self.cuts.pop_front();
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.ready.extend(self.gap.take().into_iter().map(|(subtree, root)| Piece::LeftOut(1 << subtree.level, root)));
    }
}

fn passes(header: &Header, account: Option<u64>) -> bool {
    account.is_none_or(|account| header.account == account)
}

/// Whether an entry names the sender.
fn names(clear: &ClearPart, sender: Option<&Sender>) -> bool {
    sender.is_none_or(|sender| sender_named(clear) == sender.as_str())
}
