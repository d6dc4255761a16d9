//! The two steps of an erasure, and legal holds: what a compliance officer asks for, and why it may be refused.

use crate::consent::identifier::Identifier;
use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::writing::draft;
use crate::proto;
use crate::proto::clear_part::Fact;

/// How long an erasure waits: 0 to 30 days, the month that GDPR Article 12(3) gives.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Delay(i64);

impl Delay {
    /// Where nothing was said: 24 hours.
    pub const DEFAULT: Self = Self(24 * 3_600_000_000);

    /// The longest: 30 days.
    pub const MAX: Self = Self(30 * 24 * 3_600_000_000);

    /// So many microseconds; none where that is less than 0 or more than 30 days.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Option<Self> {
        if micros < 0 || micros > Self::MAX.0 { None } else { Some(Self(micros)) }
    }

    /// Its microseconds.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }
}

/// A step of an officer, or of the ledger on an officer's behalf.
#[derive(Clone, Debug)]
pub enum Step {
    /// A contact is to be erased.
    Request {
        /// Who.
        contact: Identifier,
        /// From when it is recorded.
        delay: Delay,
        /// Whether a keyed token of each identifier will stay.
        keep_suppression: bool,
    },
    /// What waits to be erased of a contact is cancelled.
    Cancel {
        /// Who.
        contact: Identifier,
    },
    /// A legal hold is set or released.
    Hold {
        /// Who.
        contact: Identifier,
        /// Whether it is set.
        held: bool,
    },
    /// A request that is due is carried out.
    CarryOut {
        /// Its entry.
        request: Seq,
    },
}

impl Step {
    /// Who is named; none where an entry stands for them.
    #[must_use]
    pub const fn contact(&self) -> Option<&Identifier> {
        match self {
            Self::Request { contact, .. } | Self::Cancel { contact } | Self::Hold { contact, .. } => Some(contact),
            Self::CarryOut { .. } => None,
        }
    }

    /// The fact, as far as it is known before the committer has looked: with the delay in place of the due time, and without
    /// what is closed. None for [`Step::CarryOut`].
    #[must_use]
    pub fn fact(&self) -> Option<Fact> {
        match self {
            Self::Request { delay, keep_suppression, .. } => Some(draft::erasure_requested(delay.micros(), *keep_suppression)),
            Self::Cancel { .. } => Some(Fact::ErasureCancelled(proto::ErasureCancelled::default())),
            Self::Hold { held, .. } => Some(Fact::LegalHoldChanged(proto::LegalHoldChanged { held: *held, hold_seqs: Vec::new() })),
            Self::CarryOut { .. } => None,
        }
    }
}

/// Why a step was not taken. Nothing of it was stored.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum StepRefused {
    /// The contact's data must be kept.
    #[error("the contact is under a legal hold, set at seq {hold}")]
    LegalHold {
        /// The entry that set it.
        hold: Seq,
    },
    /// One waits already.
    #[error("an erasure of the contact waits already: it was asked for at seq {request} and is due at {due_at}")]
    Waits {
        /// The request's entry.
        request: Seq,
        /// When it happens.
        due_at: Time,
    },
    /// There is nothing to cancel or to carry out.
    #[error("no erasure of the contact waits")]
    NothingWaits,
    /// Nothing is left to erase.
    #[error("the contact was erased already, at seq {erasure}")]
    AlreadyErased {
        /// The entry.
        erasure: Seq,
    },
    /// There is nothing to release.
    #[error("the contact is under no legal hold")]
    NoHold,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_at_most_a_month() {
        assert_eq!(Delay::from_micros(0).map(Delay::micros), Some(0));
        assert_eq!(Delay::from_micros(Delay::MAX.micros()), Some(Delay::MAX));
        assert_eq!((Delay::from_micros(-1), Delay::from_micros(Delay::MAX.micros() + 1)), (None, None));
    }
}
