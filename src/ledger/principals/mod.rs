//! Who may call: principals, as the log's own trail names them, and the credentials by which they are known.

pub mod api_key;
pub mod change;
pub mod kept;
pub mod principal;
pub mod roll;

use std::sync::Arc;

use crate::ledger::Ledger;
use crate::ledger::memory::state::State;
use crate::ledger::principals::api_key::PresentedKey;
use crate::ledger::principals::principal::{Holder, Principal};
use crate::ledger::principals::roll::{PrincipalEvent, Roll};

impl State {
    /// Who may call, to read.
    pub fn principals(&self) -> impl std::ops::Deref<Target = Roll> + '_ {
        self.principals.read()
    }

    /// Folds in what was said about a principal.
    pub fn apply_principal(&self, event: PrincipalEvent) {
        let accounts = self.accounts();
        let named = |number| accounts.iter().find(|(_, account)| account.trail == number).and_then(|(name, _)| name.parse().ok());
        self.principals.write().apply(event, &named);
    }
}

impl Ledger {
    /// Every principal there ever was, ascending by number.
    #[must_use]
    pub fn principals(&self) -> Vec<Arc<Principal>> {
        self.shared.state.principals().all()
    }

    /// The principal with this number.
    #[must_use]
    pub fn principal(&self, number: u32) -> Option<Arc<Principal>> {
        self.shared.state.principals().principal(number)
    }

    /// Whether a principal was ever added: from then on every caller needs credentials.
    #[must_use]
    pub fn has_principals(&self) -> bool {
        !self.shared.state.principals().is_empty()
    }

    /// Whether anybody has credentials that are taken now.
    #[must_use]
    pub fn has_live_principal(&self) -> bool {
        let now = self.now();
        self.shared.state.principals().all().iter().any(|principal| principal.is_live(now))
    }

    /// Whose API key that is, whether it is still taken or not.
    #[must_use]
    pub fn holder_of_key(&self, key: &PresentedKey) -> Option<Holder> {
        self.shared.state.principals().holder_of_key(key)
    }

    /// Whose certificate that is, by its SHA-256, whether it is still taken or not.
    #[must_use]
    pub fn holder_of_certificate(&self, digest: &[u8; 32]) -> Option<Holder> {
        self.shared.state.principals().holder_of_certificate(digest)
    }
}
