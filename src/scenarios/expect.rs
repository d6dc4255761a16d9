//! What should come of a step, and how far what came differs from it. What is not named is not checked.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::format::shaped;
use super::step::{Action, maybe_word};
use crate::consent::sender::{EscalationPath, EscalationPaths, SenderStanding, SenderState};
use crate::consent::time::Time;
use crate::consent::words::{Categories, Category, Effect, Permission, Reason};
use crate::ledger::Answer;
use crate::ledger::writing::record::Acknowledgement;

/// What should come of a step.
#[derive(Debug, Clone)]
pub enum Expect {
    /// Of a step that records.
    Record(RecordExpect),
    /// Of a check.
    Check(CheckExpect),
    /// Of a question about a sender's standing.
    Standing(StandingExpect),
    /// Of a question about a contact's history.
    History(HistoryExpect),
    /// Of a verification.
    Verify(VerifyExpect),
}

impl Expect {
    pub(super) fn read(action: &Action, value: Value) -> Result<Self, String> {
        match action {
            Action::Check(_) => shaped(value).map(Self::Check),
            Action::Standing(_) => shaped(value).map(Self::Standing),
            Action::History(_) => shaped(value).map(Self::History),
            Action::Verify(_) => shaped(value).map(Self::Verify),
            _ => shaped(value).map(Self::Record),
        }
    }

    /// Whether the step should be refused.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        match self {
            Self::Record(expect) => expect.error.is_some(),
            Self::Check(expect) => expect.error.is_some(),
            Self::Standing(_) | Self::History(_) | Self::Verify(_) => false,
        }
    }
}

/// What should come of a step that records.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordExpect {
    /// What it did to the facts.
    #[serde(deserialize_with = "maybe_word")]
    pub effect: Option<Effect>,
    /// Whether it was there before.
    pub duplicate: Option<bool>,
    /// The code it is refused with.
    pub error: Option<String>,
    /// The reason of that refusal.
    pub reason: Option<String>,
    /// The same for each row of an import.
    pub rows: Option<Vec<RecordExpect>>,
}

/// What should come of a check.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckExpect {
    /// The permission.
    #[serde(deserialize_with = "maybe_word")]
    pub permission: Option<Permission>,
    /// Reasons that are given, the first of them as the decisive one.
    #[serde(deserialize_with = "words")]
    pub reasons: Vec<Reason>,
    /// Exactly these template categories.
    #[serde(deserialize_with = "maybe_words")]
    pub allowed_template_categories: Option<Vec<Category>>,
    /// When the window closes.
    #[serde(deserialize_with = "maybe_word")]
    pub window_closes_at: Option<Time>,
    /// Until when the answer holds by itself.
    #[serde(deserialize_with = "maybe_word")]
    pub valid_until: Option<Until>,
    /// The code it is refused with.
    pub error: Option<String>,
    /// The reason of that refusal.
    pub reason: Option<String>,
}

/// What should come of a question about a sender's standing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StandingExpect {
    /// `ok`, `at_risk`, `flagged` or `restricted`.
    #[serde(deserialize_with = "maybe_word")]
    pub state: Option<SenderState>,
    /// The ways to a human that count.
    #[serde(deserialize_with = "maybe_words")]
    pub accepted_paths: Option<Vec<EscalationPath>>,
    /// When RED begins to bind.
    #[serde(deserialize_with = "maybe_word")]
    pub deadline: Option<Time>,
}

/// What should come of a question about a contact's history.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistoryExpect {
    /// The kinds of its entries, by their step names, in order of seq.
    pub events: Option<Vec<String>>,
}

/// What should come of a verification.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VerifyExpect {
    /// Whether the chain holds.
    pub ok: Option<bool>,
    /// How many entries there are.
    pub entries: Option<u64>,
}

/// A moment, or `never`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Until(Option<Time>);

impl std::str::FromStr for Until {
    type Err = crate::consent::time::TimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "never" { Ok(Self(None)) } else { text.parse().map(|time| Self(Some(time))) }
    }
}

impl std::fmt::Display for Until {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(time) => time.fmt(f),
            None => f.write_str("never"),
        }
    }
}

/// A refusal: the gRPC code, the reason behind it, and the words for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// For example `INVALID_ARGUMENT`.
    pub code: &'static str,
    /// For example `OCCURRED_AT_IN_FUTURE`.
    pub reason: &'static str,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}): {}", self.code, self.reason, self.message)
    }
}

impl RecordExpect {
    /// How what came differs.
    #[must_use]
    pub fn differs(&self, came: &Result<Option<Acknowledgement>, Refusal>) -> Vec<String> {
        let mut differences = refusal(self.error.as_deref(), self.reason.as_deref(), came.as_ref().err());
        if let Ok(Some(acknowledgement)) = came {
            compare(&mut differences, "effect", self.effect, &acknowledgement.effect);
            compare(&mut differences, "duplicate", self.duplicate, &acknowledgement.duplicate);
        }
        differences
    }
}

impl RecordExpect {
    /// How what came of an import's rows differs.
    #[must_use]
    pub fn differs_by_row(&self, came: &[Result<Option<Acknowledgement>, Refusal>]) -> Vec<String> {
        let Some(rows) = &self.rows else { return Vec::new() };
        let mut differences = Vec::new();
        compare(&mut differences, "rows", Some(rows.len()), &came.len());
        for (number, (expect, came)) in (1..).zip(rows.iter().zip(came)) {
            if !expect.is_empty() {
                differences.extend(expect.differs(came).into_iter().map(|line| format!("row {number}: {line}")));
            }
        }
        differences
    }

    const fn is_empty(&self) -> bool {
        self.effect.is_none() && self.duplicate.is_none() && self.error.is_none() && self.reason.is_none()
    }
}

impl StandingExpect {
    /// How what came differs.
    #[must_use]
    pub fn differs(&self, came: &Result<SenderStanding, String>) -> Vec<String> {
        let standing = match came {
            Ok(standing) => standing,
            Err(error) => return vec![format!("no standing: {error}")],
        };
        let mut differences = Vec::new();
        compare(&mut differences, "state", self.state, &standing.state);
        if let Some(wanted) = &self.accepted_paths {
            let was = standing.accepted_paths();
            if wanted.iter().copied().collect::<EscalationPaths>() != was {
                let was: Vec<EscalationPath> = was.iter().collect();
                differences.push(format!("expected accepted paths [{}], was [{}]", list(wanted), list(&was)));
            }
        }
        compare(&mut differences, "deadline", self.deadline.map(|at| Until(Some(at))), &Until(standing.deadline));
        differences
    }
}

impl CheckExpect {
    /// How what came differs.
    #[must_use]
    pub fn differs(&self, came: &Result<Answer, Refusal>) -> Vec<String> {
        let mut differences = refusal(self.error.as_deref(), self.reason.as_deref(), came.as_ref().err());
        let Ok(answer) = came else { return differences };
        let decision = &answer.decision;
        if let Some(wanted) = self.permission.filter(|wanted| *wanted != decision.permission) {
            let (wanted, was) = (wanted.as_str().to_lowercase(), decision.permission.as_str().to_lowercase());
            differences.push(format!("expected permission {wanted}, was {was} [{}]", list(&decision.reasons)));
        }
        if let Some(decisive) = self.reasons.first().filter(|decisive| decision.reasons.first() != Some(decisive)) {
            differences.push(format!("expected {decisive} to decide, was [{}]", list(&decision.reasons)));
        }
        for missing in self.reasons.iter().skip(1).filter(|reason| !decision.reasons.contains(reason)) {
            differences.push(format!("expected reason {missing}, was [{}]", list(&decision.reasons)));
        }
        if let Some(wanted) = &self.allowed_template_categories
            && wanted.iter().copied().collect::<Categories>() != decision.allowed
        {
            let was: Vec<Category> = decision.allowed.iter().collect();
            differences.push(format!("expected allowed template categories [{}], was [{}]", list(wanted), list(&was)));
        }
        let closes_at = self.window_closes_at.map(|at| Until(Some(at)));
        compare(&mut differences, "window_closes_at", closes_at, &Until(decision.window_closes_at));
        compare(&mut differences, "valid_until", self.valid_until, &Until(decision.valid_until));
        differences
    }
}

impl HistoryExpect {
    /// How what came differs.
    #[must_use]
    pub fn differs(&self, came: &Result<Vec<String>, String>) -> Vec<String> {
        match (came, &self.events) {
            (Err(error), _) => vec![format!("no history: {error}")],
            (Ok(was), Some(wanted)) if was != wanted => vec![format!("expected events [{}], was [{}]", list(wanted), list(was))],
            _ => Vec::new(),
        }
    }
}

impl VerifyExpect {
    /// How what came differs.
    #[must_use]
    pub fn differs(&self, came: &Result<u64, String>) -> Vec<String> {
        let mut differences = Vec::new();
        match came {
            Err(error) if self.ok != Some(false) => differences.push(format!("does not verify: {error}")),
            Ok(_) if self.ok == Some(false) => differences.push("verifies, and should not".to_owned()),
            Ok(entries) => compare(&mut differences, "entries", self.entries, entries),
            Err(_) => {}
        }
        differences
    }
}

fn refusal(error: Option<&str>, reason: Option<&str>, came: Option<&Refusal>) -> Vec<String> {
    match (error, came) {
        (None, Some(refusal)) => vec![format!("refused: {refusal}")],
        (Some(wanted), None) => vec![format!("expected error {wanted}, was accepted")],
        (Some(wanted), Some(refusal)) if wanted != refusal.code => vec![format!("expected error {wanted}, was {refusal}")],
        (Some(_), Some(refusal)) if reason.is_some_and(|wanted| wanted != refusal.reason) => {
            vec![format!("expected reason {}, was {refusal}", reason.unwrap_or_default())]
        }
        _ => Vec::new(),
    }
}

fn compare<T: PartialEq + std::fmt::Display>(differences: &mut Vec<String>, what: &str, wanted: Option<T>, was: &T) {
    if let Some(wanted) = wanted.filter(|wanted| wanted != was) {
        differences.push(format!("expected {what} {wanted}, was {was}"));
    }
}

fn list<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn words<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    use serde::de::Error as _;
    Vec::<String>::deserialize(from)?.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}

fn maybe_words<'de, D, T>(from: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    words(from).map(Some)
}
