//! A policy's settings by name: what each is set to, and where two policies differ.
//!
//! ```text
//! window_hours              24
//! window_kinds              text, image, audio, …
//! inbound_after_opt_out     service_window
//! opt_out_keywords          cancel, cancelar, detener, …
//! ```

use std::fmt;

use super::policy::Policy;
use super::words::{InboundKind, words};

words! {
    /// What an account may choose. The numbers are those of the stored policy's fields.
    Setting, "setting of a policy" {
        /// How long a window stays open.
        WindowHours = 2 "window_hours",
        /// Which kinds open one.
        WindowKinds = 3 "window_kinds",
        /// What an ordinary message does after an opt-out.
        InboundAfterOptOut = 4 "inbound_after_opt_out",
        /// What an unknown contact may get.
        UnknownContact = 5 "unknown_contact",
        /// How far a keyword reaches.
        KeywordScope = 6 "keyword_scope",
        /// How far a platform stop reaches.
        PlatformStopScope = 7 "platform_stop_scope",
        /// After how many days an opt-in ends.
        OptInValidDays = 8 "opt_in_valid_days",
        /// What RED quality does after its term.
        RedQuality = 9 "red_quality",
        /// Whether an open window counts as an opt-in.
        WindowImpliesOptIn = 10 "window_implies_opt_in",
        /// Whether opt-ins follow a changed identifier.
        IdentityChangeCarriesOptIn = 11 "identity_change_carries_opt_in",
        /// Whether a changed identity key suspends opt-ins.
        SuspendOnIdentityChange = 12 "suspend_on_identity_change",
        /// Whether an imported opt-in without evidence is weak.
        ImportRequiresEvidence = 13 "import_requires_evidence",
        /// Whether texts are kept.
        KeepMessageText = 14 "keep_message_text",
        /// The words that opt out.
        OptOutKeywords = 15 "opt_out_keywords",
        /// The words that opt in.
        OptInKeywords = 16 "opt_in_keywords",
    }
}

impl Setting {
    /// Whether it acts when a message is committed: a change of it is felt by messages that come in later, and changes
    /// no permission by itself.
    #[must_use]
    pub const fn acts_at_commit(self) -> bool {
        matches!(self, Self::KeywordScope | Self::KeepMessageText | Self::OptOutKeywords | Self::OptInKeywords)
    }
}

/// What a setting is set to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// A number.
    Number(u32),
    /// On or off.
    Flag(bool),
    /// One of a few words.
    Word(&'static str),
    /// A list of words, ascending by their place in the policy.
    Words(Vec<String>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::Word(word) => f.pad(word),
            Self::Words(words) if words.is_empty() => f.pad("none"),
            Self::Words(words) => f.pad(&words.join(", ")),
        }
    }
}

impl Policy {
    /// What `setting` is set to.
    #[must_use]
    pub fn value(&self, setting: Setting) -> Value {
        match setting {
            Setting::WindowHours => Value::Number(self.window_hours),
            Setting::WindowKinds => Value::Words(self.window_kinds().map(InboundKind::as_str).map(str::to_owned).collect()),
            Setting::InboundAfterOptOut => Value::Word(self.inbound_after_opt_out.as_str()),
            Setting::UnknownContact => Value::Word(self.unknown_contact.as_str()),
            Setting::KeywordScope => Value::Word(self.keyword_scope.as_str()),
            Setting::PlatformStopScope => Value::Word(self.platform_stop_scope.as_str()),
            Setting::OptInValidDays => Value::Number(self.opt_in_valid_days.unwrap_or_default()),
            Setting::RedQuality => Value::Word(self.red_quality.as_str()),
            Setting::WindowImpliesOptIn => Value::Flag(self.window_implies_opt_in),
            Setting::IdentityChangeCarriesOptIn => Value::Flag(self.identity_change_carries_opt_in),
            Setting::SuspendOnIdentityChange => Value::Flag(self.suspend_on_identity_change),
            Setting::ImportRequiresEvidence => Value::Flag(self.import_requires_evidence),
            Setting::KeepMessageText => Value::Flag(self.keep_message_text),
            Setting::OptOutKeywords => Value::Words(self.keywords.opt_out().map(str::to_owned).collect()),
            Setting::OptInKeywords => Value::Words(self.keywords.opt_in().map(str::to_owned).collect()),
        }
    }

    /// The settings in which this policy differs from another, in their order.
    pub fn differences(&self, other: &Self) -> impl Iterator<Item = Setting> {
        Setting::ALL.iter().copied().filter(|setting| self.value(*setting) != other.value(*setting))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::policy::Preset;

    #[test]
    fn presets_differ_from_meta_where_their_providers_say_so() {
        let differing = |preset| Policy::of(preset).differences(&Policy::meta()).collect::<Vec<_>>();
        assert_eq!(differing(Preset::Meta), []);
        assert_eq!(differing(Preset::Sinch), [Setting::InboundAfterOptOut, Setting::OptOutKeywords]);
        assert_eq!(differing(Preset::Maxcontact), [Setting::InboundAfterOptOut, Setting::UnknownContact, Setting::WindowImpliesOptIn]);
        assert_eq!(differing(Preset::Escalation2020), [Setting::RedQuality]);
    }

    #[test]
    fn a_value_reads_as_it_is_written() {
        let meta = Policy::meta();
        let read = |setting| meta.value(setting).to_string();
        assert_eq!(read(Setting::WindowHours), "24");
        assert_eq!(read(Setting::InboundAfterOptOut), "service_window");
        assert_eq!(read(Setting::OptInKeywords), "receber, recibir, start, subscribe, unstop, voltar, volver");
        let mut none = meta.clone();
        none.set_window_kinds(&[]);
        assert_eq!(none.value(Setting::WindowKinds).to_string(), "none");
    }
}
