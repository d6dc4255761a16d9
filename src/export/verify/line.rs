//! The lines of an export, as `docs/ledger-format.md` has them.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::export::json::{Bytes, Bytes32, Hex, Instant, True, object, objects};

/// The first line, but for its claim.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct First {
    /// Which format.
    #[serde(rename = "format")]
    _format: String,
    /// Whose log.
    pub ledger_id: Hex<16>,
    /// Its name.
    pub origin: String,
    /// When it was made.
    #[serde(rename = "made_at")]
    _made_at: Instant,
    /// What was asked for.
    #[serde(deserialize_with = "object")]
    pub selection: Selection,
    /// What it claims.
    pub claim: Map<String, Value>,
    /// The signed checkpoint.
    pub checkpoint: String,
    /// The keys it brings.
    #[serde(default, deserialize_with = "objects")]
    pub keys: Option<Vec<Key>>,
    /// Where trails end.
    #[serde(default, deserialize_with = "objects")]
    pub heads: Option<Vec<Head>>,
}

/// What was asked for.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// In which account.
    pub account: Option<String>,
    #[serde(rename = "all_accounts")]
    _all_accounts: Option<True>,
    /// Of whom.
    pub contacts: Option<Vec<String>>,
    #[serde(rename = "sender")]
    _sender: Option<String>,
    #[serde(rename = "recorded_from")]
    _recorded_from: Option<Instant>,
    #[serde(rename = "recorded_to")]
    _recorded_to: Option<Instant>,
    #[serde(rename = "from_seq")]
    _from_seq: Option<u64>,
    #[serde(rename = "to_seq")]
    _to_seq: Option<u64>,
}

/// A claim.
#[derive(Deserialize, Clone, Debug)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Claim {
    /// Entries are in the log.
    Included {},
    /// None of a range is missing.
    Range {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// None of some trails is missing.
    Complete(Complete),
}

/// The claim of a bundle.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Complete {
    /// Up to there.
    pub as_of: u64,
    /// The account's trail.
    pub account: u64,
    /// The contact's.
    pub contact_trails: Vec<u64>,
    /// Those of others too.
    pub shared_trails: Vec<u64>,
}

/// The key of a trail.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Which.
    pub trail: u64,
    /// Its bytes.
    pub key: Bytes32,
}

/// Where a trail ends.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Which.
    pub trail: u64,
    /// After how many entries.
    pub trail_seq: u64,
    /// With which.
    pub last_seq: u64,
    /// Keeps the leaf from being guessed.
    pub blind: Bytes32,
    /// To the root.
    pub path: Vec<Bytes32>,
}

/// An entry.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct EntryLine {
    pub(super) seq: u64,
    pub(super) entry_hash: Hex<32>,
    pub(super) recorded_at: Instant,
    pub(super) account: u64,
    pub(super) trail: u64,
    pub(super) second_trail: Option<u64>,
    pub(super) kind: Option<String>,
    pub(super) entry: Bytes,
    pub(super) clear: Option<Map<String, Value>>,
    pub(super) sealed: Option<Map<String, Value>>,
    pub(super) second_sealed: Option<Map<String, Value>>,
    pub(super) erased: Option<True>,
}

/// Entries that are left out.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// How many.
    pub left_out: u64,
    /// The root over them.
    pub root: Bytes32,
}

/// The last line.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Last {
    /// How many entry lines there were.
    pub entries: u64,
    /// How many entries were left out.
    pub left_out: u64,
}
