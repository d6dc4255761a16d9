//! Whether calls should be sent here, and if not, why not: one answer for gRPC's health, `GET /readyz` and `status`.
//!
//! ```text
//! not ready: starting: replaying the log, entry 412000 of 1000000 (41 %)
//! not ready: draining: the server is shutting down
//! not ready: ledger stopped: it writes no more; its log says why, a restart recovers what was acknowledged
//! not ready: dead letters not kept: a write failed; restart once the disk is right
//! ```

use std::fmt;

/// Why calls should not be sent here now. Nothing personal, and no path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NotReady {
    /// The ledger opens.
    Starting {
        /// How far it has come.
        progress: String,
    },
    /// The server was told to stop.
    Draining,
    /// The ledger no longer writes.
    LedgerStopped,
    /// What webhooks bring and cannot be placed is lost.
    DeadLettersNotKept,
}

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting { progress } => write!(f, "starting: {progress}"),
            Self::Draining => f.write_str("draining: the server is shutting down"),
            Self::LedgerStopped => {
                f.write_str("ledger stopped: it writes no more; its log says why, a restart recovers what was acknowledged")
            }
            Self::DeadLettersNotKept => f.write_str("dead letters not kept: a write failed; restart once the disk is right"),
        }
    }
}

/// The first of these that holds, of a server whose ledger is open.
#[must_use]
pub const fn why_not(draining: bool, ledger_writes: bool, dead_letters_kept: bool) -> Option<NotReady> {
    if !ledger_writes {
        Some(NotReady::LedgerStopped)
    } else if draining {
        Some(NotReady::Draining)
    } else if !dead_letters_kept {
        Some(NotReady::DeadLettersNotKept)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_that_stopped_comes_before_all_else() {
        assert_eq!(why_not(false, true, true), None);
        assert_eq!(why_not(true, false, false), Some(NotReady::LedgerStopped));
        assert_eq!(why_not(true, true, false), Some(NotReady::Draining));
        assert_eq!(why_not(false, true, false), Some(NotReady::DeadLettersNotKept));
    }
}
