//! Questions by their answers: the permission and the reason that decides.

use crate::consent::decide::Decision;
use crate::consent::words::{Permission, Reason};
use crate::ledger::reading::answer::CheckError;
use crate::measure::Spread;

/// Reasons have numbers below this.
const REASONS: usize = 64;

/// Permissions have numbers below this.
const PERMISSIONS: usize = 4;

/// Where the counters of what was not answered begin.
const UNANSWERED: usize = PERMISSIONS * REASONS;

/// Why a question was not answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Unanswered {
    /// No such account.
    AccountUnknown,
    /// The log had not reached the position asked for.
    BehindPosition,
    /// The clock was too far behind.
    ClockBehind,
    /// The ledger could not tell.
    Unavailable,
}

impl Unanswered {
    /// All of them, with their spelling.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::AccountUnknown, "account_unknown"),
        (Self::BehindPosition, "behind_position"),
        (Self::ClockBehind, "clock_behind"),
        (Self::Unavailable, "unavailable"),
    ];
}

/// Questions by their answers.
#[derive(Debug)]
pub struct Checked(Spread);

impl Default for Checked {
    fn default() -> Self {
        Self(Spread::new(UNANSWERED + Unanswered::ALL.len()))
    }
}

impl Checked {
    /// Counts an answer.
    pub fn answered(&self, decision: &Decision) {
        let reason = decision.reasons.first().map_or(0, |reason| reason.number());
        self.0.count(place(decision.permission, reason));
    }

    /// Counts a question that has none.
    pub fn unanswered(&self, error: &CheckError) {
        let why = match error {
            CheckError::AccountUnknown { .. } => Unanswered::AccountUnknown,
            CheckError::BehindPosition { .. } => Unanswered::BehindPosition,
            CheckError::ClockBehind { .. } => Unanswered::ClockBehind,
            CheckError::Unavailable { .. } => Unanswered::Unavailable,
        };
        self.0.count(UNANSWERED + why as usize);
    }

    /// How many were answered so.
    #[must_use]
    pub fn read(&self, permission: Permission, decisive: Reason) -> u64 {
        self.0.read(place(permission, decisive.number()))
    }

    /// How many were not answered, for this reason.
    #[must_use]
    pub fn read_unanswered(&self, why: Unanswered) -> u64 {
        self.0.read(UNANSWERED + why as usize)
    }
}

fn place(permission: Permission, reason: u8) -> usize {
    usize::from(permission.number()) * REASONS + usize::from(reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::words::Categories;

    fn decision(permission: Permission, reasons: Vec<Reason>) -> Decision {
        let (allowed, deciding_seqs) = (Categories::NONE, Vec::new());
        Decision { permission, reasons, allowed, window_closes_at: None, valid_until: None, deciding_seqs }
    }

    #[test]
    fn every_answer_has_a_place_of_its_own() {
        let mut places = Vec::new();
        for permission in Permission::ALL {
            places.extend(Reason::ALL.iter().map(|reason| place(*permission, reason.number())));
        }
        let count = places.len();
        places.sort_unstable();
        places.dedup();
        assert!(places.len() == count && places.iter().all(|place| *place < UNANSWERED));
    }

    #[test]
    fn the_first_reason_counts_and_what_was_not_answered_counts_apart() {
        let checked = Checked::default();
        checked.answered(&decision(Permission::Nothing, vec![Reason::RecipientOptedOut, Reason::OutsideAllowedSendingWindow]));
        checked.unanswered(&CheckError::Unavailable { reason: String::new() });
        assert_eq!(checked.read(Permission::Nothing, Reason::RecipientOptedOut), 1);
        assert_eq!(checked.read(Permission::Nothing, Reason::OutsideAllowedSendingWindow), 0);
        assert_eq!(Unanswered::ALL.map(|(why, _)| checked.read_unanswered(why)), [0, 0, 0, 1]);
    }
}
