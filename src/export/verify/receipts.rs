//! Receipts in a bundle: signed by the ledger, about the contact, and whether their answers follow from the entries.

use std::collections::HashMap;

use super::first::Begun;
use super::line::Complete;
use super::problem::{Code, Problem, require};
use super::shown::Shown;
use crate::consent::identifier::Identifier;
use crate::consent::identity::IdentifierKey;
use crate::consent::words::{Reason, Seq};
use crate::export::derive::{About, Decoded, Material, derive};
use crate::ledger::evidence::receipt::{ReceiptQuestion, differences, identifier_digest, is_signed_as};
use crate::ledger::keys::secrets::LedgerId;
use crate::ledger::memory::fold;
use crate::proof::merkle::Hash;
use crate::proto::DecisionReceiptIssued;
use crate::proto::clear_part::Fact;

/// The receipts so far, and what their answers are derived from.
#[derive(Default)]
pub(super) struct Receipts {
    key: Option<Vec<u8>>,
    issued: Vec<Issued>,
    entries: Vec<Decoded>,
    /// The hashes of a bundle's entries.
    hashes: HashMap<u64, Hash>,
    /// The first entry that was not interpreted.
    uninterpreted: Option<Seq>,
    signed: u64,
    derived: u64,
    /// Those that do not follow, which an erasure may explain.
    unexplained: u64,
}

/// A receipt of one of the contact's trails.
struct Issued {
    line: u64,
    seq: Seq,
    trail: u64,
    about: IdentifierKey,
    receipt: DecisionReceiptIssued,
}

impl Receipts {
    /// From here on receipts are signed with this key.
    pub(super) fn signed_by(&mut self, key: &[u8]) {
        self.key = Some(key.to_vec());
    }

    /// Takes an entry in; holds it against the key where it is a receipt. `identifiers` are those that its trail's key opens;
    /// none where nobody gave that key.
    pub(super) fn hold(&mut self, shown: &Shown, line: u64, begun: &Begun, identifiers: Option<&[String]>) -> Result<(), Problem> {
        if shown.clear.is_none() {
            self.uninterpreted.get_or_insert(shown.header.seq);
        }
        if begun.complete.is_some() {
            self.entries.extend(shown.decoded());
            self.hashes.insert(shown.header.seq.number(), shown.hash);
        }
        let Some((Fact::DecisionReceiptIssued(issued), key)) = shown.fact().zip(self.key.as_deref()) else { return Ok(()) };
        let (header, own) = (&shown.header, &shown.header.link);
        // A key that is none signs nothing.
        let key = <[u8; 32]>::try_from(key);
        let is_signed = key.is_ok_and(|key| is_signed_as(LedgerId(begun.ledger_id), (header.account, own.trail), issued, &key));
        let opened = begun.keys.get(&own.trail).zip(identifiers);
        let is_own = opened.is_none_or(|(key, identifiers)| {
            let mut parsed = identifiers.iter().filter_map(|text| text.parse::<Identifier>().ok());
            parsed.any(|identifier| issued.identifier_digest == identifier_digest(key, header.account, &identifier))
        });
        let words = || {
            format!("the receipt in entry {} is not signed with the ledger's receipt key, or not about the entry's identifier", header.seq)
        };
        require(is_signed && is_own, Code::ReceiptInvalid, words)?;
        self.positioned(shown, issued)?;
        self.signed += 1;
        let about = shown.clear.as_ref().and_then(|clear| fold::keys(&clear.identifiers, own.trail).into_iter().next());
        if let Some(about) = about {
            self.issued.push(Issued { line, seq: header.seq, trail: own.trail, about, receipt: issued.clone() });
        }
        Ok(())
    }

    /// The answer was given before its entry, at the entry that it names, as far as that can be told here.
    fn positioned(&self, shown: &Shown, issued: &DecisionReceiptIssued) -> Result<(), Problem> {
        let (header, position) = (&shown.header, issued.position_seq);
        let before = (position.checked_add(1) == Some(header.seq.number())).then(|| header.previous_hash.bytes());
        let hash = before.or_else(|| self.hashes.get(&position).copied());
        let holds = position < header.seq.number() && hash.is_none_or(|hash| hash.as_slice() == issued.position_hash);
        let words = || format!("the answer in entry {} was not given at entry {position}, as it says", header.seq);
        require(holds, Code::ReceiptInvalid, words)
    }

    /// Derives the answers from the entries of the bundle and holds them against what was signed. Where the contact shares a
    /// trail with others, whose entries are not here, or an entry before is of an unknown kind, nothing can be derived. Where an
    /// erasure decided, or took entries out since, an answer need not follow from what is left.
    pub(super) fn derive(&mut self, complete: &Complete, erasures: &[Seq]) -> Result<(), Problem> {
        if !complete.shared_trails.is_empty() {
            return Ok(());
        }
        for receipt in self.issued.iter().filter(|receipt| complete.contact_trails.contains(&receipt.trail)) {
            let issued = &receipt.receipt;
            let problem = |words| Problem { code: Code::AnswerDiffers, line: receipt.line, words };
            let question =
                ReceiptQuestion::of(issued).ok_or_else(|| problem(format!("the receipt in entry {} asks nothing", receipt.seq)))?;
            let position = Seq::new(issued.position_seq);
            if self.uninterpreted.is_some_and(|seq| seq <= position) || issued.reasons.contains(&i32::from(Reason::ContactErased.number()))
            {
                continue;
            }
            let about = About::Identifier(receipt.about);
            let material = Material { entries: &self.entries, suppressed: &[], account: complete.account, about };
            let derived = derive(&material, &question, position);
            let differs = differences(issued, &derived.decision, derived.policy_version);
            if !differs.is_empty() && !erasures.is_empty() {
                self.unexplained += 1;
                continue;
            }
            if !differs.is_empty() {
                let words = format!("the answer that the receipt in entry {} states does not follow: {}", receipt.seq, differs.join(", "));
                return Err(problem(words));
            }
            self.derived += 1;
        }
        Ok(())
    }

    /// What holds of them.
    pub(super) fn report(&self) -> Option<String> {
        let Self { signed, derived, unexplained, .. } = *self;
        let rest = match signed - derived - unexplained {
            0 => String::new(),
            rest => format!(", {rest} of them not derived from what is here"),
        };
        let lost = match unexplained {
            0 => String::new(),
            lost => format!(", {lost} do not follow from what is here, for which an erasure may be the reason"),
        };
        (signed > 0)
            .then(|| format!("decision receipts: {signed} signed with the ledger's key, the answers of {derived} follow{rest}{lost}"))
    }
}
