//! An account's rules. A policy is complete: nothing in it refers to a preset's later meaning.

use super::keyword::Keywords;
use super::words::InboundKind;

/// What an ordinary message does after an opt-out (rule 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InboundAfterOptOut {
    /// It allows free-form messages while its window is open.
    ServiceWindow,
    /// It also undoes older keyword opt-outs at that sender.
    Lifts,
    /// Nothing.
    Ignore,
}

/// How far a keyword or a platform stop reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// The sender that received it.
    Sender,
    /// All senders of the account.
    Account,
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
    /// How far a keyword reaches.
    pub keyword_scope: Scope,
    /// How far a platform stop reaches.
    pub platform_stop_scope: Scope,
    /// After how many days an opt-in ends by itself; none: never.
    pub opt_in_valid_days: Option<u32>,
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
            keyword_scope: Scope::Sender,
            platform_stop_scope: Scope::Account,
            opt_in_valid_days: None,
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
