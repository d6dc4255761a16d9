//! Answers with a receipt: answered, recorded, and only then handed out. Where the receipt cannot be recorded there is no
//! answer either.

use std::sync::Arc;

use crate::consent::identifier::Identifier;
use crate::consent::identity::{IdentifierKey, span_at};
use crate::consent::time::Time;
use crate::consent::words::{Effect, Seq};
use crate::ledger::Ledger;
use crate::ledger::bytes::entry::EntryHash;
use crate::ledger::evidence::receipt::{KeyChanged, Receipt, identifier_digest, store};
use crate::ledger::proving::proofs::ProofError;
use crate::ledger::reading::answer::{Answer, CheckError, Question};
use crate::ledger::writing::batch::{Batch, Planned};
use crate::ledger::writing::plan::{NotPlanned, Plan, Planner, When};
use crate::ledger::writing::record::{Acknowledgement, Actor, Record, RecordError, What};
use crate::proto::DecisionReceiptIssued;
use crate::proto::clear_part::Fact as Stored;

/// How often an answer is given anew where somebody was erased before it was recorded.
const TRIES: usize = 8;

/// Why there is no answer with a receipt.
#[derive(Debug, thiserror::Error)]
pub enum NoReceipt {
    /// There is no answer.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// It was not recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// What shows whose key signs receipts: the same for every receipt until the next checkpoint.
#[derive(Debug)]
pub struct Introduction {
    origin: String,
    ledger_created: Vec<u8>,
    inclusion: String,
    /// What names the receipt key, where that is not entry 1.
    key_changed: Option<KeyChanged>,
    /// The entry that names the receipt key.
    named_at: Seq,
    /// The checkpoint that it leads to.
    note: String,
}

impl Ledger {
    /// Answers a question about now and records the answer, signed.
    ///
    /// # Errors
    /// Where there is no answer, or it could not be recorded. Never a permission.
    pub async fn check_and_record(&self, question: &Question, actor: Actor) -> Result<(Answer, Acknowledgement), NoReceipt> {
        let mut tries = 0;
        loop {
            let answer = self.check(question)?;
            let what = What::IssueReceipt { contact: question.contact.clone(), issued: Box::new(store(question, &answer)) };
            match self.record(Record { account: question.account.clone(), actor, event_id: None, occurred_at: None, what }).await {
                Ok(acknowledgement) => return Ok((answer, acknowledgement)),
                // Somebody was erased in between: the answer may be theirs.
                Err(_) if tries < TRIES && self.shared.state.erasures().last() > answer.position.seq => tries += 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// A recorded receipt, as it is handed out; none where the entry is none. Blocks.
    ///
    /// # Errors
    /// Where an entry cannot be read, or nothing can be proved.
    pub fn receipt(&self, seq: Seq) -> Result<Option<Receipt>, ProofError> {
        let entry = self.shared.reader.entry(seq)?;
        let Some(Stored::DecisionReceiptIssued(issued)) = entry.clear.fact else { return Ok(None) };
        let introduction = self.introduction(self.shared.secrets.receipt_key_at(seq).0)?;
        Ok(Some(Receipt {
            ledger_id: self.shared.secrets.ledger_id(),
            origin: introduction.origin.clone(),
            account: entry.header.account,
            trail: entry.header.link.trail,
            seq,
            entry_hash: EntryHash::of(&entry.bytes),
            issued,
            ledger_created: introduction.ledger_created.clone(),
            inclusion: introduction.inclusion.clone(),
            key_changed: introduction.key_changed.clone(),
        }))
    }

    /// What shows whose key signs receipts, for those signed with the key that entry `named_at` names.
    fn introduction(&self, named_at: Seq) -> Result<Arc<Introduction>, ProofError> {
        let first = Seq::new(1);
        let latest = self.checkpoint(false)?;
        let mut known = self.shared.introduction.lock();
        if let Some(known) = known.as_ref().filter(|known| known.note == latest.note && known.named_at == named_at) {
            return Ok(known.clone());
        }
        let proved = self.prove_inclusion(first, Some(latest.size))?;
        let key_changed = if named_at == first {
            None
        } else {
            let inclusion = self.prove_inclusion(named_at, Some(latest.size))?.proof.to_string();
            Some(KeyChanged { entry: self.shared.reader.entry(named_at)?.bytes, inclusion })
        };
        let introduction = Arc::new(Introduction {
            key_changed,
            named_at,
            origin: self.checkpoint_key().name().to_owned(),
            ledger_created: self.shared.reader.entry(first)?.bytes,
            inclusion: proved.proof.to_string(),
            note: latest.note,
        });
        *known = Some(introduction.clone());
        Ok(introduction)
    }
}

impl Planner {
    /// Plans the entry of a signed answer: in the trail of whom it is about, or where nobody is known in the account's.
    pub(in crate::ledger) fn receipt(
        &self,
        batch: &mut Batch,
        record: &Record,
        account: u64,
        when: When,
        (contact, issued): (&Identifier, &DecisionReceiptIssued),
    ) -> Result<Plan, NotPlanned> {
        if self.state.erasures().last().number() > issued.position_seq {
            let reason = "somebody was erased after the answer was given; ask again".to_owned();
            return Err(NotPlanned::Refused(RecordError::Unavailable { reason }));
        }
        let key = self.name(batch, account, contact.clone()).key;
        let named = key.and_then(|key| Some((key, self.receipts_trail(key, when.at)?)));
        let trail = named.map_or(account, |(_, trail)| trail);
        // A key that cannot be had refuses this record before anything of it is in the batch.
        batch.key(&self.keyring, trail).map_err(NotPlanned::Refused)?;
        let mut entry = Planned {
            claimed_at: when.claimed,
            effect: Some(Effect::NoChange),
            ..Planned::new(account, record.actor, when.at, trail, Stored::DecisionReceiptIssued(issued.clone()))
        };
        if let Some((key, _)) = named {
            entry.keys = vec![key];
            entry.sealed.identifiers = vec![contact.as_str().to_owned()];
        } else {
            let identifier_digest = identifier_digest(self.secrets.receipts(), account, contact).to_vec();
            entry.fact = Stored::DecisionReceiptIssued(DecisionReceiptIssued { identifier_digest, ..issued.clone() });
        }
        Ok(Plan::new(vec![entry]))
    }

    /// The trail that new events of whoever stands behind the identifier go to; where nobody does, the one that introduced it.
    /// None where its key is gone.
    fn receipts_trail(&self, key: IdentifierKey, at: Time) -> Option<u64> {
        let home = self.state.group(key.trail).and_then(|group| span_at(group.spans.get(&key)?, at)?.home);
        let erasures = self.state.erasures();
        let trail = home.unwrap_or_else(|| erasures.holder(key));
        (!erasures.is_void(trail)).then_some(trail)
    }
}
