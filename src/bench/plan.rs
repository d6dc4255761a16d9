//! What is measured, and how much of it.

use std::time::Duration;

use super::rows::Measurement;

/// What is measured, and how much of it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What, in order.
    pub measurements: Vec<Measurement>,
    /// How many contacts and events are loaded.
    pub sizes: Sizes,
    /// How long and how often.
    pub effort: Effort,
}

/// How many contacts and events are loaded before anything is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sizes {
    contacts: u64,
    events: u64,
}

/// Not sizes that can be measured.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
pub enum SizesError {
    /// Too few or too many contacts.
    #[error("{contacts} contacts; {MIN} to {MAX} can be measured", MIN = Sizes::CONTACTS_MIN, MAX = Sizes::CONTACTS_MAX)]
    Contacts {
        /// How many were asked for.
        contacts: u64,
    },
    /// Too few events to tell what an event costs from what a contact costs.
    #[error("{events} events of {contacts} contacts; at least two for each are needed")]
    Events {
        /// How many were asked for.
        events: u64,
        /// Of how many.
        contacts: u64,
    },
}

impl Sizes {
    /// A tenth of them must still be a batch.
    pub const CONTACTS_MIN: u64 = 1_000;

    /// So many phone numbers are made up.
    pub const CONTACTS_MAX: u64 = 1_000_000_000;

    /// So many contacts and events.
    ///
    /// # Errors
    /// Where they are too few or too many.
    pub const fn new(contacts: u64, events: u64) -> Result<Self, SizesError> {
        if contacts < Self::CONTACTS_MIN || contacts > Self::CONTACTS_MAX {
            return Err(SizesError::Contacts { contacts });
        }
        if events / 2 < contacts {
            return Err(SizesError::Events { events, contacts });
        }
        Ok(Self { contacts, events })
    }

    /// How many contacts.
    #[must_use]
    pub const fn contacts(self) -> u64 {
        self.contacts
    }

    /// How many events.
    #[must_use]
    pub const fn events(self) -> u64 {
        self.events
    }

    /// A tenth of both.
    #[must_use]
    pub const fn tenth(self) -> Self {
        Self { contacts: self.contacts / 10, events: self.events / 10 }
    }
}

/// How long and how often is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effort {
    /// Rounds of each side.
    pub rounds: usize,
    /// How long a round takes.
    pub round: Duration,
    /// How long each side runs before anything counts.
    pub warm_up: Duration,
    /// How often what takes long is repeated: a start, a verification.
    pub repeats: usize,
    /// Calls of a round where one waits for the other.
    pub one_at_a_time: u32,
    /// Questions of one stream.
    pub streamed: usize,
    /// Checks a second where records are committed beside them.
    pub checks_per_s: u32,
    /// Records a second beside them.
    pub records_per_s: u32,
}

impl Effort {
    /// What figures are published with.
    pub const FULL: Self = Self {
        rounds: 5,
        round: Duration::from_secs(4),
        warm_up: Duration::from_secs(2),
        repeats: 3,
        one_at_a_time: 500,
        streamed: 10_000,
        checks_per_s: 2_000,
        records_per_s: 10_000,
    };

    /// Enough to see that everything works.
    pub const QUICK: Self = Self {
        rounds: 2,
        round: Duration::from_millis(100),
        warm_up: Duration::from_millis(20),
        repeats: 1,
        one_at_a_time: 10,
        streamed: 500,
        checks_per_s: 200,
        records_per_s: 500,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_cannot_be_told_apart_are_refused() {
        assert_eq!(Sizes::new(999, 10_000), Err(SizesError::Contacts { contacts: 999 }));
        assert_eq!(Sizes::new(1_000, 1_999), Err(SizesError::Events { events: 1_999, contacts: 1_000 }));
        assert_eq!(Sizes::new(1_000, 2_000).map(Sizes::tenth), Ok(Sizes { contacts: 100, events: 200 }));
    }
}
