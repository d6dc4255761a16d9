//! Accounts and the policies they adopted, as readers see them.

use crate::consent::account::{AsOf, Known, Noted, PolicyVersion};
use crate::consent::time::Time;
use crate::consent::words::{Account, Seq};
use crate::ledger::{CheckError, Ledger};

/// A policy that an account has or had, and when the ledger recorded it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AdoptedPolicy {
    /// The policy; version 0 was never adopted.
    pub policy: PolicyVersion,
    /// When the ledger recorded it; none for version 0.
    pub recorded_at: Option<Time>,
}

/// The policies of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyHistory {
    /// The one in force at the time asked about.
    pub in_force: AdoptedPolicy,
    /// All that it adopted, by the time since which each holds; the latest of them where there are too many.
    pub versions: Vec<AdoptedPolicy>,
    /// The time asked about.
    pub at: Time,
}

/// An account, in short.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountSummary {
    /// Its name.
    pub name: String,
    /// Its trail's number.
    pub trail: u64,
    /// The policy in force now.
    pub policy: PolicyVersion,
}

impl Ledger {
    /// The policy in force at a time (none: now), and the latest `most` that the account adopted.
    ///
    /// # Errors
    /// Where there is no such account.
    pub fn policies(&self, account: &Account, at: Option<Time>, most: usize) -> Result<PolicyHistory, CheckError> {
        let at = at.unwrap_or_else(|| self.latest_instant());
        let read = |known: &crate::ledger::memory::state::AccountState| {
            let all = || known.facts.policies().rev();
            let adopted =
                |(noted, policy): (Noted, &PolicyVersion)| AdoptedPolicy { policy: policy.clone(), recorded_at: Some(noted.recorded_at) };
            let mut versions: Vec<AdoptedPolicy> = all().take(most).map(adopted).collect();
            versions.reverse();
            let policy = known.facts.policy(AsOf { at, known: Known::default() });
            let recorded_at = all().find(|(noted, _)| noted.seq == policy.fact.seq).map(|(noted, _)| noted.recorded_at);
            PolicyHistory { in_force: AdoptedPolicy { policy, recorded_at }, versions, at }
        };
        self.with_account(account, read).ok_or_else(|| CheckError::AccountUnknown { account: account.to_string() })
    }

    /// The version of the policy that this entry recorded; none where it recorded none.
    #[must_use]
    pub fn policy_version(&self, account: &Account, seq: Seq) -> Option<u32> {
        self.with_account(account, |account| {
            account.facts.policies().find(|(noted, _)| noted.seq == seq).map(|(_, policy)| policy.version)
        })?
    }

    /// At most `most` accounts whose names come after this one, ascending.
    #[must_use]
    pub fn accounts(&self, after: &str, most: usize) -> Vec<AccountSummary> {
        let as_of = AsOf { at: self.latest_instant(), known: Known::default() };
        let mut accounts: Vec<_> = self.shared.state.accounts().into_iter().filter(|(name, _)| &**name > after).collect();
        accounts.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let summary = |(name, account): (Box<str>, crate::ledger::memory::state::AccountState)| AccountSummary {
            name: name.into(),
            trail: account.trail,
            policy: account.facts.policy(as_of),
        };
        accounts.into_iter().take(most).map(summary).collect()
    }

    /// Now, and never before the last entry: a clock set back must not look past what was recorded.
    pub(in crate::ledger) fn latest_instant(&self) -> Time {
        self.now().max(self.shared.state.head().recorded_at)
    }
}
