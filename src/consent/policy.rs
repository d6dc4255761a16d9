//! An account's rules. A policy is complete: nothing in it refers to a preset's later meaning.

use super::keyword::Keywords;
use super::words::{InboundKind, UnknownWord, words};

words! {
    /// What an ordinary message does after an opt-out (rule 7).
    InboundAfterOptOut, "value of inbound_after_opt_out" {
        /// It allows free-form messages while its window is open.
        ServiceWindow = 1 "service_window",
        /// It also undoes older keyword opt-outs at that sender.
        Lifts = 2 "lifts",
        /// Nothing.
        Ignore = 3 "ignore",
    }
}

words! {
    /// How far a keyword or a platform stop reaches.
    Scope, "scope" {
        /// The sender that received it.
        Sender = 1 "sender",
        /// All senders of the account.
        Account = 2 "account",
    }
}

words! {
    /// What an unknown contact may get (rule 9).
    UnknownContact, "value of unknown_contact" {
        /// Nothing.
        Nothing = 1 "nothing",
        /// The template registered as opt-in request.
        OptInRequest = 2 "opt_in_request",
    }
}

words! {
    /// What RED quality does after its term (rule 10).
    RedQuality, "value of red_quality" {
        /// It is shown.
        Warn = 1 "warn",
        /// It closes templates.
        DenyTemplates = 2 "deny_templates",
    }
}

/// The presets that a policy can start from (rule 16).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Preset {
    /// The platform's own rules; in force where an account adopted nothing.
    Meta,
    /// As that provider documents it: four words opt out, and any other message lifts a stop.
    Sinch,
    /// As that provider documents it: an unknown contact may be asked to opt in, any other message lifts a stop, and
    /// while a window is open it counts as an opt-in for everything.
    Maxcontact,
    /// The platform's rules with its escalation policy enforced: RED quality closes templates after its term.
    Escalation2020,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Meta, Self::Sinch, Self::Maxcontact, Self::Escalation2020];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Sinch => "sinch",
            Self::Maxcontact => "maxcontact",
            Self::Escalation2020 => "escalation-2020",
        }
    }
}

impl std::fmt::Display for Preset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Preset {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|preset| preset.as_str() == text).ok_or_else(|| UnknownWord {
            what: "preset",
            given: text.to_owned(),
            known: Self::ALL.map(Self::as_str).join(", "),
        })
    }
}

/// An account's rules.
#[expect(clippy::struct_excessive_bools, reason = "each is a rule that an account switches by name")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    /// How long a window stays open, in hours, 1 to 24.
    pub window_hours: u32,
    /// Which kinds open a window: bit n for the kind with number n.
    window_kinds: u32,
    /// What an ordinary message does after an opt-out.
    pub inbound_after_opt_out: InboundAfterOptOut,
    /// What an unknown contact may get.
    pub unknown_contact: UnknownContact,
    /// How far a keyword reaches.
    pub keyword_scope: Scope,
    /// How far a platform stop reaches.
    pub platform_stop_scope: Scope,
    /// After how many days an opt-in ends by itself; none: never.
    pub opt_in_valid_days: Option<u32>,
    /// What RED quality does after its term.
    pub red_quality: RedQuality,
    /// Whether an open window counts as an opt-in for every category.
    pub window_implies_opt_in: bool,
    /// Whether opt-ins follow a changed number or user ID.
    pub identity_change_carries_opt_in: bool,
    /// Whether a changed identity key suspends earlier opt-ins.
    pub suspend_on_identity_change: bool,
    /// Whether an imported opt-in without evidence is weak.
    pub import_requires_evidence: bool,
    /// Whether message texts are kept, sealed.
    pub keep_message_text: bool,
    /// The words that opt out and in.
    pub keywords: Keywords,
}

impl Policy {
    /// The preset `meta`, in force where an account adopted nothing: the platform's own rules.
    #[must_use]
    pub fn meta() -> Self {
        let mut policy = Self {
            window_hours: 24,
            window_kinds: 0,
            inbound_after_opt_out: InboundAfterOptOut::ServiceWindow,
            unknown_contact: UnknownContact::Nothing,
            keyword_scope: Scope::Sender,
            platform_stop_scope: Scope::Account,
            opt_in_valid_days: None,
            red_quality: RedQuality::Warn,
            window_implies_opt_in: false,
            identity_change_carries_opt_in: false,
            suspend_on_identity_change: true,
            import_requires_evidence: true,
            keep_message_text: false,
            keywords: Keywords::meta(),
        };
        policy.set_window_kinds(&META_WINDOW_KINDS);
        policy
    }

    /// The preset `sinch`, as that provider documents it: four words opt out, and any other message lifts a stop.
    #[must_use]
    pub fn sinch() -> Self {
        Self { inbound_after_opt_out: InboundAfterOptOut::Lifts, keywords: Keywords::sinch(), ..Self::meta() }
    }

    /// The preset `maxcontact`, as that provider documents it.
    #[must_use]
    pub fn maxcontact() -> Self {
        Self {
            inbound_after_opt_out: InboundAfterOptOut::Lifts,
            unknown_contact: UnknownContact::OptInRequest,
            window_implies_opt_in: true,
            ..Self::meta()
        }
    }

    /// The preset `escalation-2020`: RED quality closes templates after its term.
    #[must_use]
    pub fn escalation_2020() -> Self {
        Self { red_quality: RedQuality::DenyTemplates, ..Self::meta() }
    }

    /// The policy that a preset stands for.
    #[must_use]
    pub fn of(preset: Preset) -> Self {
        match preset {
            Preset::Meta => Self::meta(),
            Preset::Sinch => Self::sinch(),
            Preset::Maxcontact => Self::maxcontact(),
            Preset::Escalation2020 => Self::escalation_2020(),
        }
    }

    /// Names the kinds that open a window.
    pub fn set_window_kinds(&mut self, kinds: &[InboundKind]) {
        self.window_kinds = kinds.iter().fold(0, |bits, kind| bits | 1 << kind.number());
    }

    /// Whether `kind` opens a window (rule 3).
    #[must_use]
    pub const fn opens_window(&self, kind: InboundKind) -> bool {
        self.window_kinds & (1 << kind.number()) != 0
    }

    /// The kinds that open a window, ascending.
    pub fn window_kinds(&self) -> impl Iterator<Item = InboundKind> + '_ {
        InboundKind::ALL.iter().copied().filter(|kind| self.opens_window(*kind))
    }
}

/// Rule 3: what the platform lets open a window.
const META_WINDOW_KINDS: [InboundKind; 13] = [
    InboundKind::Text,
    InboundKind::Image,
    InboundKind::Audio,
    InboundKind::Video,
    InboundKind::Document,
    InboundKind::Sticker,
    InboundKind::Location,
    InboundKind::Contacts,
    InboundKind::Order,
    InboundKind::Button,
    InboundKind::Interactive,
    InboundKind::Call,
    InboundKind::CallAccepted,
];
