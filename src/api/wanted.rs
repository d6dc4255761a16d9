//! Whether an answer is still waited for: what takes long looks now and then, and stops.

use std::sync::{Arc, Weak};

/// Held by whoever waits.
#[derive(Default, Debug)]
pub struct Waiting(Arc<()>);

/// Asked by whoever works.
#[derive(Clone, Debug)]
pub struct Wanted(Weak<()>);

impl Waiting {
    /// What the work asks.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        Wanted(Arc::downgrade(&self.0))
    }
}

impl Wanted {
    /// Whether somebody waits: the caller is there, and its deadline has not passed.
    #[must_use]
    pub fn is_still(&self) -> bool {
        self.0.strong_count() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_waits_for_is_not_wanted() {
        let waiting = Waiting::default();
        let wanted = waiting.wanted();
        assert!(wanted.is_still());
        drop(waiting);
        assert!(!wanted.is_still());
    }
}
