//! Possible opt-outs (rule 6): messages in which an opt-out keyword is a whole sentence, until a person says what they
//! mean. They change nothing by themselves; confirmed, one records the opt-out it was.
//!
//! ```text
//! 7  InboundMessageReceived  possible_opt_out              listed
//! 9  PossibleOptOutResolved  seq 7, confirmed              no longer listed
//! 10 OptedOut                method AGENT, occurred_at 7's caused by 9
//! ```
//!
//! Those that were resolved stay known: a dismissed one may be confirmed later, and one entry read twice changes nothing.

use std::collections::BTreeMap;

use crate::consent::identifier::Identifier;
use crate::consent::time::Time;
use crate::consent::words::{Account, Sender, Seq};
use crate::ledger::Ledger;
use crate::ledger::memory::state::{AccountState, State};
use crate::ledger::reading::browse::ReadError;
use crate::ledger::storage::reader::{ReadEntry, Sealed, open_sealed};
use crate::ledger::writing::batch::Batch;
use crate::ledger::writing::committer::Committer;
use crate::ledger::writing::plan::{NotPlanned, Plan, When};
use crate::ledger::writing::prepared::Prepared;
use crate::ledger::writing::record::{RecordError, What};
use crate::proto::SealedPart;
use crate::proto::clear_part::Fact;

/// What a person decided about a possible opt-out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resolution {
    /// The entry that recorded it.
    pub seq: Seq,
    /// Whether it was an opt-out.
    pub confirmed: bool,
}

/// What is kept of a possible opt-out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PossibleOptOut {
    /// The trail its message was written to; an erasure of that trail forgets it.
    pub trail: u64,
    /// The latest decision; none: it is listed.
    pub resolved: Option<Resolution>,
}

/// What an entry says about possible opt-outs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doubt {
    /// It is a message that may be one.
    Raised {
        /// The account, by trail number.
        account: u64,
        /// The message.
        seq: Seq,
        /// Its trail.
        trail: u64,
    },
    /// A person decided about one.
    Resolved {
        /// The account, by trail number.
        account: u64,
        /// The message.
        seq: Seq,
        /// What was decided.
        resolution: Resolution,
    },
}

impl Doubt {
    /// What an entry with this fact says; none: nothing.
    #[must_use]
    pub const fn of(account: u64, trail: u64, seq: Seq, fact: &Fact) -> Option<Self> {
        match fact {
            Fact::InboundMessageReceived(message) if message.possible_opt_out => Some(Self::Raised { account, seq, trail }),
            Fact::PossibleOptOutResolved(resolved) => {
                let resolution = Resolution { seq, confirmed: resolved.confirmed };
                Some(Self::Resolved { account, seq: Seq::new(resolved.seq), resolution })
            }
            _ => None,
        }
    }
}

/// The possible opt-outs of all accounts, by account and seq.
#[derive(Default, Debug)]
pub struct PossibleOptOuts {
    open: BTreeMap<(u64, Seq), u64>,
    resolved: BTreeMap<(u64, Seq), (u64, Resolution)>,
}

impl PossibleOptOuts {
    /// Notes what an entry says; the same again changes nothing, nor does a decision about a message that was erased.
    pub fn note(&mut self, doubt: Doubt) {
        match doubt {
            Doubt::Raised { account, seq, trail } => {
                if !self.resolved.contains_key(&(account, seq)) {
                    self.open.insert((account, seq), trail);
                }
            }
            Doubt::Resolved { account, seq, resolution } => {
                let key = (account, seq);
                if let Some(trail) = self.open.remove(&key) {
                    self.resolved.insert(key, (trail, resolution));
                } else if let Some((_, known)) = self.resolved.get_mut(&key).filter(|(_, known)| known.seq < resolution.seq) {
                    *known = resolution;
                }
            }
        }
    }

    /// What is known of a message; none: it is no possible opt-out of the account.
    #[must_use]
    pub fn find(&self, account: u64, seq: Seq) -> Option<PossibleOptOut> {
        let open = self.open.get(&(account, seq)).map(|trail| PossibleOptOut { trail: *trail, resolved: None });
        let resolved = || self.resolved.get(&(account, seq)).map(|(trail, by)| PossibleOptOut { trail: *trail, resolved: Some(*by) });
        open.or_else(resolved)
    }

    /// The account's messages from `from` on that nobody has decided about, ascending.
    pub fn open(&self, account: u64, from: Seq) -> impl Iterator<Item = Seq> {
        self.open.range((account, from)..=(account, Seq::new(u64::MAX))).map(|((_, seq), _)| *seq)
    }

    /// Every one of them, by account and seq.
    pub fn all(&self) -> impl Iterator<Item = (u64, Seq, PossibleOptOut)> {
        let open = self.open.iter().map(|((account, seq), trail)| (*account, *seq, PossibleOptOut { trail: *trail, resolved: None }));
        let resolved = self.resolved.iter().map(|((account, seq), (trail, by))| {
            let found = PossibleOptOut { trail: *trail, resolved: Some(*by) };
            (*account, *seq, found)
        });
        open.chain(resolved)
    }

    /// Forgets those of a trail.
    pub fn forget(&mut self, trail: u64) {
        self.open.retain(|_, of| *of != trail);
        self.resolved.retain(|_, (of, _)| *of != trail);
    }
}

impl State {
    /// Notes what an entry says about possible opt-outs.
    pub fn note_doubt(&self, doubt: Doubt) {
        self.possible_opt_outs.write().note(doubt);
    }

    /// Forgets the possible opt-outs of an erased trail.
    pub fn forget_possible_opt_outs(&self, trail: u64) {
        self.possible_opt_outs.write().forget(trail);
    }
}

/// A message in which a person may have opted out, as it is read back from the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DoubtfulMessage {
    /// The message.
    pub seq: Seq,
    /// When the person wrote it.
    pub occurred_at: Time,
    /// When the ledger committed it.
    pub recorded_at: Time,
    /// The sender that received it.
    pub sender: Sender,
    /// The identifiers it came under; empty where their key is damaged.
    pub contact: Vec<Identifier>,
    /// Its text; empty where the policy did not keep it.
    pub text: String,
    /// The provider's message id; empty where it gave none.
    pub message_id: String,
}

impl Ledger {
    /// The account's possible opt-outs from `from` on that nobody has decided about, the oldest first, at most `limit`.
    /// Blocks.
    ///
    /// # Errors
    /// Where the account is not known, or a message cannot be read.
    pub fn possible_opt_outs(&self, account: &Account, from: Seq, limit: usize) -> Result<Vec<DoubtfulMessage>, ReadError> {
        let unknown = || ReadError::AccountUnknown { account: account.to_string() };
        let trail = self.with_account(account, |account| account.trail).ok_or_else(unknown)?;
        let seqs: Vec<Seq> = self.shared.state.possible_opt_outs.read().open(trail, from).take(limit).collect();
        let mut messages = Vec::with_capacity(seqs.len());
        for seq in seqs {
            messages.extend(self.doubtful(&self.shared.reader.entry(seq)?));
        }
        Ok(messages)
    }

    /// What records a decision about a possible opt-out, made from the message's own entry. Blocks.
    ///
    /// # Errors
    /// Where the account is not known, the message is no possible opt-out of it, or it cannot be read.
    pub fn resolution(&self, account: &Account, seq: Seq, confirmed: bool) -> Result<What, RecordError> {
        let unknown = || RecordError::AccountUnknown { account: account.to_string() };
        let trail = self.with_account(account, |account| account.trail).ok_or_else(unknown)?;
        let none = RecordError::PossibleOptOutUnknown { seq };
        if self.shared.state.possible_opt_outs.read().find(trail, seq).is_none() {
            return Err(none);
        }
        let entry = self.shared.reader.entry(seq).map_err(|error| RecordError::Unavailable { reason: error.to_string() })?;
        // Erased in between.
        let message = self.doubtful(&entry).ok_or(none)?;
        if message.contact.is_empty() {
            return Err(RecordError::Unavailable { reason: format!("whose message entry {seq} is cannot be read") });
        }
        Ok(What::ResolvePossibleOptOut { seq, contact: message.contact, sender: message.sender, said_at: message.occurred_at, confirmed })
    }

    /// The message in an entry; none where it was erased. A damaged key hides whose it is, and nothing else.
    fn doubtful(&self, entry: &ReadEntry) -> Option<DoubtfulMessage> {
        let Some(Fact::InboundMessageReceived(message)) = &entry.clear.fact else { return None };
        let sealed = match open_sealed(&self.shared.keyring.lock(), entry, false) {
            Ok(Sealed::Opened(sealed)) => *sealed,
            Ok(Sealed::Erased) => return None,
            Ok(Sealed::Nothing) => SealedPart::default(),
            Err(error) => {
                tracing::error!(%error, "a possible opt-out is listed without its contact");
                SealedPart::default()
            }
        };
        Some(DoubtfulMessage {
            seq: entry.header.seq,
            occurred_at: Time::from_micros(entry.clear.occurred_at),
            recorded_at: entry.header.recorded_at,
            sender: message.sender.parse().ok()?,
            contact: sealed.identifiers.iter().filter_map(|text| text.parse().ok()).collect(),
            text: sealed.text,
            message_id: sealed.message_id,
        })
    }
}

impl Committer {
    /// A person's decision: on the trail of whoever the message belongs to, and with it the opt-out where it was one. It
    /// did what that opt-out did.
    pub(in crate::ledger) fn resolve(
        &self,
        batch: &mut Batch,
        prepared: &Prepared,
        account: &AccountState,
        when: When,
    ) -> Result<Plan, NotPlanned> {
        let What::ResolvePossibleOptOut { seq, said_at, confirmed, .. } = &prepared.record().what else {
            return self.planner.contact(batch, prepared, account, when);
        };
        let (seq, refuse) = (*seq, |error| Err(NotPlanned::Refused(error)));
        // Again, now that nobody else can decide: the message may have been erased since it was read.
        let Some(known) = self.state.possible_opt_outs.read().find(account.trail, seq) else {
            return refuse(RecordError::PossibleOptOutUnknown { seq });
        };
        let waiting = batch.doubts.iter().rev().find_map(|doubt| match doubt {
            Doubt::Resolved { account: of, seq: message, resolution } if (*of, *message) == (account.trail, seq) => Some(*resolution),
            _ => None,
        });
        if let Some(by) = waiting.or(known.resolved)
            && (by.confirmed || !confirmed)
        {
            return refuse(RecordError::PossibleOptOutResolved { seq, by });
        }
        let mut plan = self.planner.contact(batch, prepared, account, When { at: *said_at, claimed: None, decided_at: Some(when.at) })?;
        if let Some(effect) = plan.entries.iter().find(|entry| entry.caused).map(|entry| entry.effect)
            && let Some(main) = plan.entries.get_mut(plan.main)
        {
            main.effect = effect;
        }
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raised(seq: u64, trail: u64) -> Doubt {
        Doubt::Raised { account: 1, seq: Seq::new(seq), trail }
    }

    fn resolved(message: u64, seq: u64, confirmed: bool) -> Doubt {
        Doubt::Resolved { account: 1, seq: Seq::new(message), resolution: Resolution { seq: Seq::new(seq), confirmed } }
    }

    fn open(doubts: &PossibleOptOuts, account: u64, from: u64) -> Vec<u64> {
        doubts.open(account, Seq::new(from)).map(Seq::number).collect()
    }

    #[test]
    fn what_was_resolved_is_not_listed_and_stays_known() {
        let mut doubts = PossibleOptOuts::default();
        for doubt in [raised(7, 3), raised(9, 4), resolved(7, 12, false), raised(5, 3)] {
            doubts.note(doubt);
        }
        assert_eq!((open(&doubts, 1, 0), open(&doubts, 1, 6), open(&doubts, 2, 0)), (vec![5, 9], vec![9], vec![]));
        let resolution = Resolution { seq: Seq::new(12), confirmed: false };
        assert_eq!(doubts.find(1, Seq::new(7)), Some(PossibleOptOut { trail: 3, resolved: Some(resolution) }));
        assert_eq!((doubts.find(1, Seq::new(12)), doubts.find(2, Seq::new(9))), (None, None));
    }

    #[test]
    fn entries_that_come_again_change_nothing() {
        let mut doubts = PossibleOptOuts::default();
        let history = [raised(7, 3), resolved(7, 12, false), resolved(7, 14, true)];
        for doubt in history.into_iter().chain(history) {
            doubts.note(doubt);
        }
        assert_eq!(open(&doubts, 1, 0), Vec::<u64>::new());
        let by = doubts.find(1, Seq::new(7)).and_then(|found| found.resolved).unwrap();
        assert_eq!((by.seq.number(), by.confirmed), (14, true));
    }

    #[test]
    fn an_erased_trail_is_forgotten_and_a_decision_does_not_bring_it_back() {
        let mut doubts = PossibleOptOuts::default();
        for doubt in [raised(7, 3), raised(8, 4), raised(9, 3), resolved(9, 10, true)] {
            doubts.note(doubt);
        }
        doubts.forget(3);
        doubts.note(resolved(7, 12, true));
        assert_eq!(doubts.all().map(|(_, seq, _)| seq.number()).collect::<Vec<_>>(), [8]);
    }
}
