//! The lines behind the first: entries, and what is left out between them. Steps 2 to 4 of `docs/ledger-format.md`.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::bundle::Bundle;
use super::first::Begun;
use super::line::{Complete, EntryLine, Last, LeftOut};
use super::problem::{Code, Problem, require};
use super::receipts::Receipts;
use super::shown::{Shown, Side};
use crate::ledger::keys::keyring::key_commitment;
use crate::ledger::keys::secrets::LedgerId;
use crate::proof::merkle::{Frontier, Hash};
use crate::proto::SigningKeyUse;
use crate::proto::clear_part::Fact;

/// What is known after the lines so far.
pub(super) struct Verifier {
    pub(super) begun: Begun,
    pub(super) told: Frontier,
    pub(super) entries: u64,
    pub(super) left_out: u64,
    pub(super) uninterpreted: u64,
    pub(super) opened: u64,
    pub(super) stated: u64,
    /// The hash of the entry on the line before, where that was one.
    before: Option<Hash>,
    /// When the entry on the latest line of one was recorded.
    latest: i64,
    /// Of each complete trail the entries so far, and the seq of the last.
    pub(super) ends: BTreeMap<u64, (u64, u64)>,
    pub(super) committed: BTreeSet<u64>,
    pub(super) checkpoint_key: Option<Vec<u8>>,
    pub(super) bundle: Bundle,
    /// Where the contact was found: in a box that opened here, in one that is stated.
    pub(super) contact_found: [bool; 2],
    pub(super) receipts: Receipts,
}

impl Verifier {
    pub(super) fn new(begun: Begun) -> Self {
        let ends = begun.complete.iter().flat_map(Complete::followed).map(|trail| (trail, (0, 0))).collect();
        Self {
            told: Frontier::default(),
            entries: 0,
            left_out: 0,
            uninterpreted: 0,
            opened: 0,
            stated: 0,
            before: None,
            latest: i64::MIN,
            ends,
            committed: BTreeSet::new(),
            checkpoint_key: None,
            bundle: Bundle::default(),
            contact_found: [false; 2],
            receipts: Receipts::default(),
            begun,
        }
    }

    /// A line behind the first, up to the one that reaches the checkpoint's size.
    pub(super) fn further(&mut self, line: Value, number: u64) -> Result<(), Problem> {
        let due = self.told.size() + 1;
        if line.get("entry").is_some() {
            require(!line.as_object().is_some_and(|line| line.values().any(Value::is_null)), Code::Unreadable, || {
                "a member is null".to_owned()
            })?;
            self.entry(&read(line)?, number)
        } else if line.get("root").is_some() {
            self.skip(&read(line)?)
        } else {
            let _: Last = read(line)?;
            Err(Problem::new(Code::OutOfOrder, format!("the last line stands where entry {due} is due")))
        }
    }

    fn skip(&mut self, left_out: &LeftOut) -> Result<(), Problem> {
        let (count, before) = (left_out.left_out, self.told.size());
        let size = self.begun.verified.checkpoint.size;
        let fits = before.checked_add(count).is_some_and(|end| end <= size);
        let misplaced = || format!("{count} entries from {} on are no complete subtree of the checkpoint's tree", before + 1);
        require(fits && count.is_power_of_two() && before.is_multiple_of(count), Code::OutOfOrder, misplaced)?;
        let claimed = self.begun.range.as_ref().is_some_and(|range| *range.start() <= before + count && before < *range.end());
        require(!claimed, Code::ClaimUnfounded, || format!("entries of the claimed range are left out from {} on", before + 1))?;
        require(self.told.push_complete(count, left_out.root.0), Code::OutOfOrder, misplaced)?;
        self.left_out += count;
        self.before = None;
        Ok(())
    }

    fn entry(&mut self, line: &EntryLine, number: u64) -> Result<(), Problem> {
        let mut shown = Shown::read(line.entry.0.clone())?;
        let (seq, due) = (shown.header.seq.number(), self.told.size() + 1);
        require(seq == due, Code::OutOfOrder, || format!("entry {seq} stands where entry {due} is due"))?;
        self.chain(&shown)?;
        shown.interpret()?;
        shown.is_stated_by(line)?;
        if seq == 1 {
            self.first_entry(&shown)?;
        }
        for side in shown.sides(line) {
            self.commitment(&side)?;
        }
        self.sealed(&shown, line)?;
        for side in shown.sides(line) {
            self.follow(&side, seq)?;
        }
        self.signing_keys(&shown);
        let identifiers = self.opened_identifiers(&shown, line)?;
        self.receipts.hold(&shown, number, &self.begun, identifiers.as_deref())?;
        if let Some(complete) = &self.begun.complete {
            self.bundle.take(&shown, complete)?;
        }
        self.told.push(shown.hash);
        self.entries += 1;
        self.uninterpreted += u64::from(shown.clear.is_none());
        (self.before, self.latest) = (Some(shown.hash), shown.header.recorded_at.micros());
        Ok(())
    }

    fn chain(&self, shown: &Shown) -> Result<(), Problem> {
        let (seq, previous) = (shown.header.seq, shown.header.previous_hash.bytes());
        if seq.number() == 1 {
            return require(previous == [0; 32], Code::ChainBroken, || "the first entry follows from another".to_owned());
        }
        let follows = self.before.is_none_or(|hash| previous == hash);
        require(follows, Code::ChainBroken, || format!("entry {seq} does not follow from the one before it"))?;
        let forward = self.latest <= shown.header.recorded_at.micros();
        require(forward, Code::ChainBroken, || format!("entry {seq} was recorded before an earlier one"))
    }

    fn first_entry(&mut self, shown: &Shown) -> Result<(), Problem> {
        let wrong = || Problem::new(Code::WrongLedger, "the first entry does not create this ledger");
        let Some(Fact::LedgerCreated(created)) = shown.fact() else { return Err(wrong()) };
        let is_this = created.ledger_id == self.begun.ledger_id && created.origin == self.begun.verified.checkpoint.origin;
        require(is_this, Code::WrongLedger, || wrong().words)?;
        self.checkpoint_key = Some(created.checkpoint_public_key.clone());
        self.receipts.signed_by(&created.receipt_public_key);
        Ok(())
    }

    fn commitment(&mut self, side: &Side<'_>) -> Result<(), Problem> {
        let Some(key) = self.begun.keys.get(&side.trail).filter(|_| side.trail_seq == 1) else { return Ok(()) };
        let right = key_commitment(LedgerId(self.begun.ledger_id), side.trail, key);
        let same = side.commitment == Some(right.as_slice());
        require(same, Code::KeyDiffers, || format!("the key is not the one that trail {} began with", side.trail))?;
        self.committed.insert(side.trail);
        Ok(())
    }

    fn sealed(&mut self, shown: &Shown, line: &EntryLine) -> Result<(), Problem> {
        let seq = shown.header.seq;
        if shown.header.second.trail == 0 {
            require(line.second_sealed.is_none(), Code::StatedDiffers, || {
                format!("second_sealed is stated, and entry {seq} has no second trail")
            })?;
        }
        let mut closed = 0;
        // The second side first, as the page has it for a side that is not there.
        let mut sides: Vec<Side<'_>> = shown.sides(line).collect();
        sides.reverse();
        for side in &sides {
            if !side.is_sealed() {
                let nothing = || format!("{} is stated, and entry {seq} seals nothing there", side.member());
                require(!side.is_stated(), Code::StatedDiffers, nothing)?;
            } else if let Some(key) = self.begun.keys.get(&side.trail) {
                let part = shown.open(side, key)?;
                self.opened += 1;
                let contact = self.begun.contact.as_deref();
                let found =
                    part.is_some_and(|part| contact.is_some_and(|contact| part.identifiers.iter().any(|identifier| identifier == contact)));
                self.contact_found[0] |= found && self.is_holder(side.trail);
            } else if side.is_stated() {
                self.stated += 1;
                let found = self.begun.contact.as_deref().is_some_and(|contact| side.states(contact));
                self.contact_found[1] |= found && self.is_holder(side.trail);
            } else {
                closed += 1;
            }
        }
        let open = line.erased.is_none() || closed > 0;
        require(open, Code::StatedDiffers, || format!("entry {seq} is called erased, and no box of it stays closed"))
    }

    fn is_holder(&self, trail: u64) -> bool {
        self.begun.complete.as_ref().is_some_and(|complete| complete.holds(trail))
    }

    fn opened_identifiers(&self, shown: &Shown, line: &EntryLine) -> Result<Option<Vec<String>>, Problem> {
        let own = shown.sides(line).next();
        let Some((side, key)) = own.and_then(|side| self.begun.keys.get(&side.trail).map(|key| (side, key))) else { return Ok(None) };
        Ok(Some(shown.open(&side, key)?.map(|part| part.identifiers).unwrap_or_default()))
    }

    fn follow(&mut self, side: &Side<'_>, seq: u64) -> Result<(), Problem> {
        let as_of = self.begun.complete.as_ref().map_or(0, |complete| complete.as_of);
        let Some((count, last)) = self.ends.get_mut(&side.trail) else { return Ok(()) };
        let follows = (side.trail_seq, side.previous) == (*count + 1, *last) && seq <= as_of;
        let words = || format!("entry {seq} does not follow from entry {last} of trail {}, the latest of it here", side.trail);
        require(follows, Code::TrailBroken, words)?;
        (*count, *last) = (side.trail_seq, seq);
        Ok(())
    }

    fn signing_keys(&mut self, shown: &Shown) {
        if let Some(Fact::SigningKeyChanged(changed)) = shown.fact()
            && shown.header.link.trail == 0
            && self.checkpoint_key.is_some()
        {
            match changed.r#use() {
                SigningKeyUse::Checkpoint => self.checkpoint_key = Some(changed.public_key.clone()),
                SigningKeyUse::Receipt => self.receipts.signed_by(&changed.public_key),
                SigningKeyUse::Unspecified => {}
            }
        }
    }
}

/// Reads a line of one kind.
pub(super) fn read<T: DeserializeOwned>(line: Value) -> Result<T, Problem> {
    serde_json::from_value(line).map_err(|error| Problem::new(Code::Unreadable, error.to_string()))
}
