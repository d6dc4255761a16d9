//! Does a receipt's answer still follow from the ledger? Derived again from the entries up to the receipt's position.
//!
//! ```text
//! receipt ── this ledger's? signed? recorded? whose? ── entries up to its position ── rules ── the same answer?
//! ```

use crate::consent::account::{AsOf, Known};
use crate::consent::decide::decide;
use crate::consent::facts::{Fact, Facts};
use crate::consent::identifier::Identifier;
use crate::consent::identity::{IdentifierKey, MemberEvent, resolve, span_asked};
use crate::consent::words::{Account, Seq};
use crate::ledger::Ledger;
use crate::ledger::Position;
use crate::ledger::bytes::entry::EntryHash;
use crate::ledger::evidence::receipt::{Receipt, ReceiptQuestion, differences, identifier_digest, is_signed};
use crate::ledger::memory::fold;
use crate::ledger::memory::state::AccountState;
use crate::ledger::reading::answer::{Answer, CheckError, Found, NOBODY, Question};
use crate::ledger::reading::history;
use crate::ledger::storage::reader::{EntryUnreadable, ReadEntry, Sealed, open_sealed};
use crate::proto::clear_part::Fact as Stored;

/// What became of a receipt that was held against the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The answer follows.
    Follows(Box<Derived>),
    /// Another answer follows; these fields differ.
    Differs(Box<Derived>, Vec<&'static str>),
    /// It is signed, and not what the ledger holds at that place.
    NotRecorded,
    /// The signature is none of this ledger's receipt key.
    SignatureInvalid,
    /// Another ledger's.
    Foreign,
    /// Entries that it may rest on were erased since.
    Erased,
    /// It names nobody: the contact must be given.
    ContactNeeded,
    /// It is not about the contact given.
    OtherContact,
}

/// What follows from the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Derived {
    /// As known at the receipt's position.
    pub then: Answer,
    /// For the same instant, from everything known now.
    pub hindsight: Answer,
}

/// Whom a receipt is about.
struct Subject {
    identifier: Identifier,
    /// Of those that the ledger knew then, or came to know.
    key: Option<IdentifierKey>,
}

impl Ledger {
    /// Says whether a receipt's answer follows from the ledger. Blocks.
    ///
    /// # Errors
    /// Where the ledger cannot tell.
    pub fn verify_decision(&self, receipt: &Receipt, contact: Option<&Identifier>) -> Result<Verdict, CheckError> {
        self.writes()?;
        let secrets = &self.shared.secrets;
        if receipt.ledger_id != secrets.ledger_id() || receipt.origin != self.checkpoint_key().name() {
            return Ok(Verdict::Foreign);
        }
        if !is_signed(receipt, &secrets.receipt_key_at(receipt.seq).1) {
            return Ok(Verdict::SignatureInvalid);
        }
        let Some(entry) = self.recorded(receipt)? else { return Ok(Verdict::NotRecorded) };
        let named = self.shared.state.accounts().into_iter().find(|(_, account)| account.trail == receipt.account);
        let (Some((name, account)), Some(question)) = (named, ReceiptQuestion::of(&receipt.issued)) else {
            return Ok(Verdict::NotRecorded);
        };
        let subject = match self.subject(receipt, &entry, contact)? {
            Ok(subject) => subject,
            Err(verdict) => return Ok(verdict),
        };
        let name: Account = name.parse().map_err(|error| CheckError::Unavailable { reason: format!("an account's name: {error}") })?;
        let then = self.derive(&account, &subject, &question, Seq::new(receipt.issued.position_seq))?;
        let hindsight = self.check(&Question {
            account: name,
            contact: subject.identifier.clone(),
            sender: question.sender,
            asked: question.asked,
            template: question.template,
            at: Some(question.at),
            known: Known::default(),
            min_position: None,
        })?;
        let mut differ = differences(&receipt.issued, &then.decision, then.policy_version);
        if receipt.issued.position_hash != then.position.hash {
            differ.push("position_hash");
        }
        if receipt.issued.position_seq >= receipt.seq.number() {
            differ.push("position_seq");
        }
        if self.digest(receipt, &subject.identifier)?.is_some_and(|digest| digest.as_slice() != receipt.issued.identifier_digest) {
            differ.push("identifier_digest");
        }
        let derived = Box::new(Derived { then, hindsight });
        Ok(if differ.is_empty() { Verdict::Follows(derived) } else { Verdict::Differs(derived, differ) })
    }

    /// The entry that records the receipt; none where the ledger holds something else there.
    fn recorded(&self, receipt: &Receipt) -> Result<Option<ReadEntry>, EntryUnreadable> {
        if receipt.seq == Seq::NONE || receipt.seq > self.head().seq {
            return Ok(None);
        }
        let entry = self.shared.reader.entry(receipt.seq)?;
        let header = &entry.header;
        let is_it = EntryHash::of(&entry.bytes) == receipt.entry_hash
            && (header.account, header.link.trail) == (receipt.account, receipt.trail)
            && matches!(&entry.clear.fact, Some(Stored::DecisionReceiptIssued(issued)) if *issued == receipt.issued);
        Ok(is_it.then_some(entry))
    }

    /// Whom the receipt is about; or why it cannot be told.
    fn subject(&self, receipt: &Receipt, entry: &ReadEntry, contact: Option<&Identifier>) -> Result<Result<Subject, Verdict>, CheckError> {
        // A digest whose key is gone tells nobody apart.
        let other = match contact {
            Some(contact) => self.digest(receipt, contact)?.is_some_and(|digest| digest.as_slice() != receipt.issued.identifier_digest),
            None => false,
        };
        if other {
            return Ok(Err(Verdict::OtherContact));
        }
        let Some(key) = fold::keys(&entry.clear.identifiers, receipt.trail).first().copied() else {
            let subject = contact.map(|contact| Subject { identifier: contact.clone(), key: self.key_of(receipt.account, contact) });
            return Ok(subject.ok_or(Verdict::ContactNeeded));
        };
        if self.erased_since(receipt, key)? {
            return Ok(Err(Verdict::Erased));
        }
        let sealed = open_sealed(&self.shared.keyring.lock(), entry, false)?;
        let Sealed::Opened(sealed) = sealed else { return Ok(Err(Verdict::Erased)) };
        let identifier = sealed.identifiers.first().and_then(|text| text.parse().ok());
        let identifier =
            identifier.ok_or_else(|| CheckError::Unavailable { reason: format!("entry {} names nobody", entry.header.seq) })?;
        Ok(Ok(Subject { identifier, key: Some(key) }))
    }

    /// The digest that a receipt about this contact has; none where the key is gone.
    fn digest(&self, receipt: &Receipt, contact: &Identifier) -> Result<Option<[u8; 32]>, CheckError> {
        if receipt.trail == receipt.account {
            return Ok(Some(identifier_digest(self.shared.secrets.receipts(), receipt.account, contact)));
        }
        let key = self.shared.keyring.lock().key(receipt.trail).map_err(|error| CheckError::Unavailable { reason: error.to_string() })?;
        Ok(key.map(|key| identifier_digest(&key, receipt.account, contact)))
    }

    fn group_of(&self, key: IdentifierKey) -> Vec<u64> {
        self.shared.state.group(key.trail).map_or_else(|| vec![key.trail], |group| group.trails.clone())
    }

    /// Whether a trail that the answer may rest on was voided after it was given. The erasure is the last entry of one of them.
    fn erased_since(&self, receipt: &Receipt, key: IdentifierKey) -> Result<bool, EntryUnreadable> {
        let state = &self.shared.state;
        if state.erasures().is_void(receipt.trail) {
            return Ok(true);
        }
        for trail in self.group_of(key) {
            let last = state.trail(trail).filter(|_| state.erasures().is_void(trail)).map(|trail| trail.last());
            let Some(last) = last.filter(|last| last.number() > receipt.issued.position_seq) else { continue };
            if matches!(self.shared.reader.entry(last)?.clear.fact, Some(Stored::ContactErased(_))) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The answer as known at `position`.
    fn derive(&self, account: &AccountState, subject: &Subject, question: &ReceiptQuestion, position: Seq) -> Result<Answer, CheckError> {
        let (state, reader) = (&self.shared.state, &self.shared.reader);
        let at = question.at;
        let as_of = AsOf { at, known: Known { at: None, seq: Some(position) } };
        let version = account.facts.policy(as_of);
        let number = state.senders().number(question.sender.as_str()).unwrap_or(NOBODY);
        let send = account.facts.send(number, question.asked, question.template.as_ref(), &version.policy, as_of);
        let found = if let Some(key) = subject.key {
            let trails = self.group_of(key);
            let entries = history::entries(state, reader, &trails)?;
            let mut members: Vec<MemberEvent> = entries.iter().filter_map(|entry| history::member(state, entry)).collect();
            members.extend(state.erasures().members(&trails));
            members.retain(|member| member.seq() <= position && member.bears_on(at));
            let spans = resolve(&members);
            spans.get(&key).and_then(|spans| span_asked(spans, at)).map_or(Found::Unknown, |span| Found::of(&span.behind))
        } else {
            let remembered = state.remembered(&self.shared.secrets, account.trail, &subject.identifier);
            let erased = latest(remembered.erased.into_iter().filter(|erased| erased.seq <= position));
            erased.map_or(Found::Unknown, |erased| Found::Facts(Facts { erased: Some(erased), ..Facts::default() }))
        };
        let decision = decide(found.contact(), &send, &version.policy, at);
        let hash = EntryHash::of(&reader.entry(position)?.bytes).bytes();
        Ok(Answer { decision, at, policy_version: version.version, position: Position { seq: position, hash } })
    }
}

/// The latest; of several at one instant the first recorded.
fn latest(facts: impl Iterator<Item = Fact>) -> Option<Fact> {
    facts.max_by_key(|fact| (fact.at, std::cmp::Reverse(fact.seq)))
}

impl From<EntryUnreadable> for CheckError {
    fn from(error: EntryUnreadable) -> Self {
        Self::Unavailable { reason: error.to_string() }
    }
}
