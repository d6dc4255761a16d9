//! What one commit erases, until it is durable and the keys are gone.

use crate::consent::facts::Fact;
use crate::consent::identity::IdentifierKey;
use crate::ledger::keys::secrets::{Digest16, Token};
use crate::ledger::memory::state::State;
use crate::proto::ContactErased;

/// What a commit erases and suppresses.
#[derive(Default)]
pub struct Erasing {
    /// Each erasure: its fact, the suppressed identifiers that stay known, and what is recorded of it.
    pub erased: Vec<(Fact, Vec<IdentifierKey>, ContactErased)>,
    /// Identifiers it introduces that an earlier erasure left a token of.
    pub suppressed: Vec<(IdentifierKey, Fact)>,
    /// Identifiers of erased trails that it introduces again, each with its new trail.
    pub introduced_again: Vec<(IdentifierKey, u64)>,
    /// Look-up digests that nothing needs any more.
    pub forgotten: Vec<Digest16>,
}

impl Erasing {
    /// The trails whose keys must go once the commit is durable.
    #[must_use]
    pub fn trails(&self) -> Vec<u64> {
        self.erased.iter().flat_map(|(_, _, erased)| erased.trails.iter().copied()).collect()
    }

    /// Whether a token is among those that it leaves.
    #[must_use]
    pub fn leaves(&self, token: Token) -> bool {
        self.erased.iter().any(|(_, _, erased)| erased.suppression_tokens.iter().any(|left| *left == token.bytes()))
    }

    /// From here on every reader knows that something was erased, before anything is missing.
    pub fn publish(self, state: &State) {
        let mut erasures = state.erasures_mut();
        for (fact, keys, erased) in &self.erased {
            erasures.note(*fact, keys, erased);
        }
        for (key, trail) in self.introduced_again {
            erasures.introduced(key, trail);
        }
        for (key, fact) in self.suppressed {
            erasures.suppress(key, fact);
        }
        drop(erasures);
        for trail in self.erased.iter().flat_map(|(_, _, erased)| &erased.trails) {
            state.forget_possible_opt_outs(*trail);
            state.forget_matters(*trail);
        }
        state.forget_identifiers(&self.forgotten);
    }
}
