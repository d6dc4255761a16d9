//! The events that facts are folded from. A new kind breaks the build wherever it matters.

use super::time::Time;
use super::words::{Categories, InboundKind, PlatformPreference, Seq};

/// A sender by the small number the ledger gave it; facts hold many of these.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SenderNumber(u32);

impl SenderNumber {
    /// All senders of the account.
    pub const ALL: Self = Self(0);

    /// The sender with this number; 0 stands for all.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// Something a contact did, or that happened to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// When the person acted.
    pub at: Time,
    /// The entry that recorded it.
    pub seq: Seq,
    /// What it was.
    pub act: Act,
}

/// What an event was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// The contact opted in.
    OptIn {
        /// For this sender, or all.
        sender: SenderNumber,
        /// For these categories.
        categories: Categories,
        /// Until then; none: for good.
        expires_at: Option<Time>,
        /// Imported without evidence (rule 14).
        weak: bool,
    },
    /// The contact opted out.
    OptOut {
        /// For this sender, or all.
        sender: SenderNumber,
        /// For these categories.
        categories: Categories,
        /// The sender that received the keyword which caused it.
        keyword_sender: Option<SenderNumber>,
    },
    /// The contact wrote, called or pressed a button.
    Inbound {
        /// The sender that received it.
        sender: SenderNumber,
        /// What came in.
        kind: InboundKind,
        /// Whether its text holds an opt-out keyword as a word anywhere.
        holds_opt_out_word: bool,
    },
    /// The contact told the platform whether it wants marketing.
    Preference {
        /// The sender it was told for.
        sender: SenderNumber,
        /// What it told.
        preference: PlatformPreference,
    },
    /// The platform refused a message.
    SendFailed {
        /// The sender that tried.
        sender: SenderNumber,
        /// The platform's error code.
        code: u32,
    },
    /// The one confirmation after an opt-out keyword was sent.
    ConfirmationSent {
        /// The sender that sent it.
        sender: SenderNumber,
    },
    /// The identity key of the contact's device changed.
    IdentityKeyChanged,
}

impl Act {
    /// Whether a person did it: what the platform reports and what the business sends shows nobody behind an identifier.
    #[must_use]
    pub const fn is_of_a_person(&self) -> bool {
        match self {
            Self::OptIn { .. } | Self::OptOut { .. } | Self::Inbound { .. } | Self::Preference { .. } => true,
            Self::SendFailed { .. } | Self::ConfirmationSent { .. } | Self::IdentityKeyChanged => false,
        }
    }
}

/// The platform says that the contact stopped marketing.
pub const CODE_MARKETING_STOPPED: u32 = 131_050;

/// The platform says that the customer service window is closed.
pub const CODE_WINDOW_CLOSED: u32 = 131_047;
