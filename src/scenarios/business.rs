//! What a business has: the steps about senders and templates.

use serde::Deserialize;

use super::step::maybe_word;
use crate::consent::time::Time;

/// `declare_sender`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclareSender {
    /// The sender.
    pub sender: String,
    /// Whether a machine answers.
    #[serde(default)]
    pub automated: bool,
    /// Whether the business is a retailer.
    #[serde(default)]
    pub retail: bool,
    /// Templates a week.
    #[serde(default)]
    pub weekly_templates: u64,
    /// The ways to a human.
    #[serde(default)]
    pub escalation_paths: Vec<String>,
}

/// `quality`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quality {
    /// The sender.
    pub sender: String,
    /// `green`, `yellow` or `red`.
    pub rating: String,
}

/// `restriction`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restriction {
    /// The sender; absent: the whole account.
    pub sender: Option<String>,
    /// What is forbidden.
    pub kinds: Vec<String>,
    /// Until then; absent: open-ended.
    #[serde(default, deserialize_with = "maybe_word")]
    pub until: Option<Time>,
}

/// `lift`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lift {
    /// The sender; absent: what was reported of the whole account.
    pub sender: Option<String>,
    /// What is allowed again.
    pub kinds: Vec<String>,
}

/// `template`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// Its category.
    pub category: String,
    /// How many parameters it takes.
    #[serde(default)]
    pub parameters: u32,
    /// Whether it may be sent.
    pub status: Option<String>,
    /// Whether it is the one that asks for an opt-in.
    #[serde(default)]
    pub opt_in_request: bool,
}
