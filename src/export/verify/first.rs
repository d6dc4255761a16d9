//! The first line: whose log, over which size, what is claimed. Step 1 of `docs/ledger-format.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use serde_json::Value;

use super::line::{Claim, Complete, First, Head};
use super::problem::{Code, Problem, require};
use crate::ledger::bytes::seal::Key;
use crate::proof::checkpoint::{self, CheckpointError, Verified};
use crate::proof::note::VerifierKey;

/// The format that this verifier reads.
pub const FORMAT: &str = "consent-ledger/export/v1";

/// What the first line says, as far as it can be held against the pinned key.
pub(super) struct Begun {
    pub(super) ledger_id: [u8; 16],
    pub(super) verified: Verified,
    pub(super) range: Option<RangeInclusive<u64>>,
    pub(super) complete: Option<Complete>,
    /// The account that was asked about, by its name.
    pub(super) account: Option<String>,
    pub(super) contact: Option<String>,
    pub(super) keys: BTreeMap<u64, Key>,
    pub(super) heads: Vec<Head>,
}

impl Begun {
    pub(super) fn read(line: Value, key: &VerifierKey) -> Result<Self, Problem> {
        let unreadable = |words: String| Problem::new(Code::Unreadable, words);
        let format = line.get("format").and_then(Value::as_str).ok_or_else(|| unreadable("the line names no format".to_owned()))?;
        require(format == FORMAT, Code::FormatUnknown, || format!("the format is {format:?}, {FORMAT} is expected"))?;
        let is_whole = line.as_object().is_some_and(|members| !members.iter().any(|(name, value)| name != "claim" && has_null(value)));
        require(is_whole, Code::Unreadable, || "null stands where a value is expected".to_owned())?;
        let first: First = serde_json::from_value(line).map_err(|error| unreadable(error.to_string()))?;
        let kind = first.claim.get("kind").and_then(Value::as_str).ok_or_else(|| unreadable("the claim has no kind".to_owned()))?;
        let is_known = ["included", "range", "complete"].contains(&kind);
        let verified = checkpoint::verify(&first.checkpoint, key).map_err(|error| of_checkpoint(&error))?;
        let origin = || format!("the file is of {:?}, the key is pinned for {:?}", first.origin, key.name());
        require(first.origin == key.name(), Code::WrongOrigin, origin)?;
        require(is_known, Code::ClaimUnfounded, || format!("the claim {kind:?} is none of the three"))?;
        let claim: Claim = serde_json::from_value(Value::Object(first.claim.clone())).map_err(|error| unreadable(error.to_string()))?;
        let (size, heads) = (verified.checkpoint.size, first.heads.as_deref().unwrap_or_default());
        let (mut range, mut complete) = (None, None);
        match claim {
            Claim::Included {} => {}
            Claim::Range { from, to } => {
                let fits = 1 <= from && from <= to && to <= size;
                require(fits, Code::ClaimUnfounded, || format!("the range {from} to {to} does not lie in {size} entries"))?;
                range = Some(from..=to);
            }
            Claim::Complete(claimed) => {
                held(&claimed, size, heads)?;
                complete = Some(claimed);
            }
        }
        let fits = first.heads.is_some() == complete.is_some() && (first.keys.is_none() || complete.is_some());
        require(fits, Code::ClaimUnfounded, || "keys and heads belong to the claim \"complete\" alone".to_owned())?;
        let given = first.keys.unwrap_or_default();
        require(ascends(given.iter().map(|key| key.trail)), Code::ClaimUnfounded, || "the keys do not ascend".to_owned())?;
        let contact = first.selection.contacts.and_then(|contacts| <[String; 1]>::try_from(contacts).ok()).map(|[contact]| contact);
        Ok(Self {
            ledger_id: first.ledger_id.0,
            verified,
            range,
            complete,
            account: first.selection.account,
            contact,
            keys: given.into_iter().map(|key| (key.trail, Key::from_bytes(key.key.0))).collect(),
            heads: first.heads.unwrap_or_default(),
        })
    }
}

/// Whether a bundle's claim can be one.
fn held(claimed: &Complete, size: u64, heads: &[Head]) -> Result<(), Problem> {
    let Complete { as_of, account, contact_trails, shared_trails } = claimed;
    require(*as_of < size, Code::ClaimUnfounded, || format!("what is claimed reaches up to {as_of}, and the checkpoint covers {size}"))?;
    let in_order = ascends(contact_trails.iter().copied()) && ascends(shared_trails.iter().copied());
    let apart = !contact_trails.iter().any(|trail| shared_trails.contains(trail));
    require(in_order && apart, Code::ClaimUnfounded, || "the claimed trails do not ascend, or one is shared too".to_owned())?;
    let theirs = contact_trails.iter().chain(shared_trails);
    let is_whole = *account != 0 && theirs.clone().next().is_some() && theirs.clone().all(|trail| *trail != 0 && trail != account);
    require(is_whole, Code::ClaimUnfounded, || {
        "the contact has no trail, or the ledger's or the account's own is passed off as one".to_owned()
    })?;
    let claimed: BTreeSet<u64> = claimed.followed().collect();
    let proved: Vec<u64> = heads.iter().map(|head| head.trail).collect();
    let same = claimed.into_iter().collect::<Vec<_>>() == proved;
    require(same, Code::ClaimUnfounded, || "the heads are not those of the claimed trails, ascending".to_owned())
}

impl Complete {
    /// The trails that are complete: the contact's and the account's.
    pub(super) fn followed(&self) -> impl Iterator<Item = u64> {
        self.contact_trails.iter().copied().chain([self.account])
    }

    /// All trails that the bundle is about.
    pub(super) fn trails(&self) -> impl Iterator<Item = u64> {
        self.followed().chain(self.shared_trails.iter().copied())
    }

    /// Whether the contact is looked for in a trail.
    pub(super) fn holds(&self, trail: u64) -> bool {
        self.contact_trails.contains(&trail) || self.shared_trails.contains(&trail)
    }
}

fn ascends(numbers: impl Iterator<Item = u64>) -> bool {
    numbers.is_sorted_by(|a, b| a < b)
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Why a checkpoint does not hold.
pub(super) fn of_checkpoint(error: &CheckpointError) -> Problem {
    let code = match error {
        CheckpointError::Note(_) | CheckpointError::Malformed => Code::CheckpointMalformed,
        CheckpointError::OtherOrigin { .. } => Code::WrongOrigin,
        CheckpointError::OtherKey | CheckpointError::NotCosigned => Code::WrongKey,
        CheckpointError::Signature => Code::BadSignature,
    };
    Problem::new(code, error.to_string())
}
