//! A policy as a scenario writes it: a preset and what differs from it.

use serde::Deserialize;

use super::step::word;
use crate::consent::policy::{InboundAfterOptOut, Policy, Preset, RedQuality, Scope, UnknownContact};
use crate::consent::words::{InboundKind, UnknownWord};

/// A preset and what differs from it; absent: as in the preset.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyChoice {
    /// The preset.
    #[serde(deserialize_with = "word")]
    pub preset: Preset,
    /// How long a window stays open.
    pub window_hours: Option<u32>,
    /// Which kinds open one.
    pub window_kinds: Option<Vec<String>>,
    /// What an ordinary message does after an opt-out.
    pub inbound_after_opt_out: Option<AfterOptOut>,
    /// What an unknown contact may get.
    pub unknown_contact: Option<Unknown>,
    /// How far a keyword reaches.
    pub keyword_scope: Option<Reach>,
    /// How far a platform stop reaches.
    pub platform_stop_scope: Option<Reach>,
    /// After how many days an opt-in ends; 0: never.
    pub opt_in_valid_days: Option<u32>,
    /// What RED quality does after its term.
    pub red_quality: Option<Red>,
    /// Whether an open window counts as an opt-in.
    pub window_implies_opt_in: Option<bool>,
    /// Whether opt-ins follow a changed identifier.
    pub identity_change_carries_opt_in: Option<bool>,
    /// Whether a changed identity key suspends opt-ins.
    pub suspend_on_identity_change: Option<bool>,
    /// Whether an imported opt-in without evidence is weak.
    pub import_requires_evidence: Option<bool>,
    /// Whether texts are kept.
    pub keep_message_text: Option<bool>,
    /// More words that opt out.
    pub opt_out_keywords: Option<Vec<String>>,
    /// More words that opt in.
    pub opt_in_keywords: Option<Vec<String>>,
}

/// `inbound_after_opt_out`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterOptOut {
    /// Free-form while its window is open.
    ServiceWindow,
    /// Undoes older keyword opt-outs at that sender too.
    Lifts,
    /// Nothing.
    Ignore,
}

/// `unknown_contact`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// Nothing.
    Nothing,
    /// The template registered as opt-in request.
    OptInRequest,
}

/// `keyword_scope`, `platform_stop_scope`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// One sender.
    Sender,
    /// All senders.
    Account,
}

/// `red_quality`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Red {
    /// It is shown.
    Warn,
    /// It closes templates.
    DenyTemplates,
}

impl PolicyChoice {
    /// The preset as it stands.
    #[must_use]
    pub const fn of(preset: Preset) -> Self {
        Self {
            preset,
            window_hours: None,
            window_kinds: None,
            inbound_after_opt_out: None,
            unknown_contact: None,
            keyword_scope: None,
            platform_stop_scope: None,
            opt_in_valid_days: None,
            red_quality: None,
            window_implies_opt_in: None,
            identity_change_carries_opt_in: None,
            suspend_on_identity_change: None,
            import_requires_evidence: None,
            keep_message_text: None,
            opt_out_keywords: None,
            opt_in_keywords: None,
        }
    }

    /// The complete policy.
    ///
    /// # Errors
    /// Where a window kind is no kind.
    pub fn policy(&self) -> Result<Policy, UnknownWord> {
        let mut policy = Policy::of(self.preset);
        if let Some(kinds) = &self.window_kinds {
            let kinds: Vec<InboundKind> = kinds.iter().map(|kind| kind.parse()).collect::<Result<_, _>>()?;
            policy.set_window_kinds(&kinds);
        }
        set(&mut policy.window_hours, self.window_hours);
        set(&mut policy.inbound_after_opt_out, self.inbound_after_opt_out.map(Into::into));
        set(&mut policy.keyword_scope, self.keyword_scope.map(Into::into));
        set(&mut policy.platform_stop_scope, self.platform_stop_scope.map(Into::into));
        set(&mut policy.unknown_contact, self.unknown_contact.map(Into::into));
        set(&mut policy.red_quality, self.red_quality.map(Into::into));
        set(&mut policy.window_implies_opt_in, self.window_implies_opt_in);
        set(&mut policy.opt_in_valid_days, self.opt_in_valid_days.map(|days| (days > 0).then_some(days)));
        set(&mut policy.identity_change_carries_opt_in, self.identity_change_carries_opt_in);
        set(&mut policy.suspend_on_identity_change, self.suspend_on_identity_change);
        set(&mut policy.import_requires_evidence, self.import_requires_evidence);
        set(&mut policy.keep_message_text, self.keep_message_text);
        policy.keywords = policy.keywords.and(words(self.opt_out_keywords.as_ref()), words(self.opt_in_keywords.as_ref()));
        Ok(policy)
    }
}

impl From<AfterOptOut> for InboundAfterOptOut {
    fn from(word: AfterOptOut) -> Self {
        match word {
            AfterOptOut::ServiceWindow => Self::ServiceWindow,
            AfterOptOut::Lifts => Self::Lifts,
            AfterOptOut::Ignore => Self::Ignore,
        }
    }
}

impl From<Reach> for Scope {
    fn from(word: Reach) -> Self {
        match word {
            Reach::Sender => Self::Sender,
            Reach::Account => Self::Account,
        }
    }
}

impl From<Unknown> for UnknownContact {
    fn from(word: Unknown) -> Self {
        match word {
            Unknown::Nothing => Self::Nothing,
            Unknown::OptInRequest => Self::OptInRequest,
        }
    }
}

impl From<Red> for RedQuality {
    fn from(word: Red) -> Self {
        match word {
            Red::Warn => Self::Warn,
            Red::DenyTemplates => Self::DenyTemplates,
        }
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn words(list: Option<&Vec<String>>) -> impl Iterator<Item = &str> {
    list.into_iter().flatten().map(String::as_str)
}
