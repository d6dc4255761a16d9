//! Drift: where the platform refused a message for a reason that the ledger, just before, denied (rules 3 and 5).
//!
//! The period's entries are read block by block from the first that was recorded in it; what the ledger held at each
//! refusal comes from the trail of its contact, as far as it was known then. So the cost is that of the entries recorded
//! since the period began and of those trails; there is no index of refusals.

use std::collections::BTreeMap;

use crate::consent::account::{AsOf, Known};
use crate::consent::decide::decide;
use crate::consent::drift::{Held, contradicted, question};
use crate::consent::identifier::Identifier;
use crate::consent::time::Time;
use crate::consent::words::{Account, Sender, Seq};
use crate::ledger::Ledger;
use crate::ledger::memory::fold;
use crate::ledger::reading::answer::{Answer, CheckError, NOBODY};
use crate::ledger::reading::browse::ReadError;
use crate::ledger::storage::reader::{self, ReadEntry, Sealed, open_sealed};
use crate::proto::SealedPart;
use crate::proto::clear_part::Fact;

/// The kind of entry that says that the platform refused a message.
const SEND_FAILED: u16 = 52;

/// How many entries a page reads.
const ENTRIES_MAX: u64 = 50_000;

/// How many refusals a page judges, each from its contact's trail.
const JUDGED_MAX: u64 = 1_000;

/// Which refusals to compare.
#[derive(Clone, Debug)]
pub struct Period {
    /// The account.
    pub account: Account,
    /// Only of this sender.
    pub sender: Option<Sender>,
    /// From this moment on, by when the platform refused.
    pub from: Time,
    /// Before this moment.
    pub to: Time,
    /// Go on from this entry; none: from the first recorded in the period.
    pub from_seq: Option<Seq>,
}

/// A page of contradictions.
#[derive(Clone, Debug, Default)]
pub struct Drift {
    /// What contradicts, ascending by seq.
    pub contradictions: Vec<Contradiction>,
    /// What was counted, by sender and code.
    pub totals: BTreeMap<(String, u32), DriftTotal>,
    /// How many entries were read.
    pub entries_read: u64,
    /// The entry to go on from; none: this was the last page.
    pub next: Option<Seq>,
}

/// How refusals compare with what the ledger held.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DriftTotal {
    /// It held otherwise.
    pub contradictions: u64,
    /// It held the same.
    pub agreed: u64,
    /// The contact was erased since: nobody can tell.
    pub erased: u64,
}

/// The platform refused what the ledger, just before, would have let through.
#[derive(Clone, Debug)]
pub struct Contradiction {
    /// The entry of the refusal.
    pub seq: Seq,
    /// When the platform refused.
    pub occurred_at: Time,
    /// When the ledger committed it.
    pub recorded_at: Time,
    /// The sender that tried.
    pub sender: String,
    /// The identifiers it wrote to; empty where their key is damaged.
    pub contact: Vec<Identifier>,
    /// The platform's error code.
    pub code: u32,
    /// The provider's id of the message; empty where it gave none.
    pub message_id: String,
    /// What the ledger held.
    pub held: Held,
    /// What it would have answered.
    pub answer: Answer,
}

impl Ledger {
    /// Compares the platform's refusals in a period with what the ledger held just before each, up to `limit`
    /// contradictions. Blocks.
    ///
    /// # Errors
    /// Where the account is not known, or an entry cannot be read.
    pub fn drift(&self, period: &Period, limit: usize) -> Result<Drift, ReadError> {
        let unknown = || ReadError::AccountUnknown { account: period.account.to_string() };
        let account = self.with_account(&period.account, |account| account.trail).ok_or_else(unknown)?;
        let head = self.shared.state.head().seq;
        let mut drift = Drift::default();
        let mut judged = 0;
        let mut next = self.first_recorded(period.from, head)?.max(period.from_seq.unwrap_or(Seq::NONE));
        while next <= head {
            let block = self.shared.reader.block_with(next)?;
            for entry in block.entries().filter(|entry| entry.header.seq >= next && entry.header.seq <= head) {
                if drift.contradictions.len() >= limit || drift.entries_read >= ENTRIES_MAX || judged >= JUDGED_MAX {
                    drift.next = Some(entry.header.seq);
                    return Ok(drift);
                }
                drift.entries_read += 1;
                if entry.header.kind == SEND_FAILED && entry.header.account == account {
                    judged += u64::from(self.compare(period, &reader::read(&entry)?, &mut drift)?);
                }
            }
            next = block.last().next();
        }
        Ok(drift)
    }

    /// Adds a refusal to what was found. Says whether its contact's trail was read.
    fn compare(&self, period: &Period, entry: &ReadEntry, drift: &mut Drift) -> Result<bool, ReadError> {
        let at = Time::from_micros(entry.clear.occurred_at);
        let Some(Fact::SendFailed(failed)) = &entry.clear.fact else { return Ok(false) };
        let Some(asked) = question(failed.code).filter(|_| period.from <= at && at < period.to) else { return Ok(false) };
        if period.sender.as_ref().is_some_and(|sender| sender.as_str() != failed.sender) {
            return Ok(false);
        }
        let total = drift.totals.entry((failed.sender.clone(), failed.code)).or_default();
        let sealed = match open_sealed(&self.shared.keyring.lock(), entry, false) {
            Ok(Sealed::Erased) => {
                total.erased += 1;
                return Ok(false);
            }
            Ok(Sealed::Opened(sealed)) => *sealed,
            Ok(Sealed::Nothing) => SealedPart::default(),
            Err(error) => {
                tracing::error!(%error, "a refusal is compared without showing its contact");
                SealedPart::default()
            }
        };
        let state = &self.shared.state;
        let known = Known { at: None, seq: Some(Seq::new(entry.first_recorded().0.number() - 1)) };
        let as_of = AsOf { at, known };
        let sender = state.senders().number(&failed.sender).unwrap_or(NOBODY);
        let read = self.with_account(&period.account, |account| {
            let version = account.facts.policy(as_of);
            let send = account.facts.send(sender, asked, None, &version.policy, as_of);
            (version, send)
        });
        let (version, send) = read.ok_or_else(|| ReadError::AccountUnknown { account: period.account.to_string() })?;
        let key = fold::keys(&entry.clear.identifiers, entry.header.link.trail).first().copied();
        let own = key.map_or(entry.header.link.trail, |key| key.trail);
        let trails = state.group(own).map_or_else(|| vec![own], |group| group.trails.clone());
        let (found, _) = self.found_then(key, known, &trails, at)?;
        let Some(held) = contradicted(found.contact(), sender, &version.policy, failed.code, at) else {
            total.agreed += 1;
            return Ok(true);
        };
        total.contradictions += 1;
        drift.contradictions.push(Contradiction {
            seq: entry.header.seq,
            occurred_at: at,
            recorded_at: entry.header.recorded_at,
            sender: failed.sender.clone(),
            contact: sealed.identifiers.iter().filter_map(|text| text.parse().ok()).collect(),
            code: failed.code,
            message_id: sealed.message_id,
            held,
            answer: Answer {
                decision: decide(found.contact(), &send, &version.policy, at),
                at,
                policy_version: version.version,
                position: self.head(),
            },
        });
        Ok(true)
    }

    /// The first entry recorded at `from` or later, up to `head`; the one after it where there is none. Times of recording
    /// never go back, so a few blocks tell.
    pub(in crate::ledger) fn first_recorded(&self, from: Time, head: Seq) -> Result<Seq, ReadError> {
        let (mut low, mut high) = (Seq::new(1), head.next());
        while low < high {
            let middle = Seq::new(low.number().midpoint(high.number()));
            let block = self.shared.reader.block_with(middle)?;
            match block.entries().find(|entry| entry.header.recorded_at >= from) {
                None => low = block.last().next(),
                Some(entry) if entry.header.seq > block.first() => return Ok(entry.header.seq),
                Some(_) => high = block.first(),
            }
        }
        Ok(low)
    }
}

impl From<CheckError> for ReadError {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::AccountUnknown { account } => Self::AccountUnknown { account },
            CheckError::BehindPosition { .. } | CheckError::ClockBehind { .. } | CheckError::Unavailable { .. } => {
                Self::Unreadable { reason: error.to_string() }
            }
        }
    }
}
