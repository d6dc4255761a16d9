//! One principal: its roles, where it may use them, and its credentials.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::consent::role::Roles;
use crate::consent::time::Time;
use crate::consent::words::{Account, Sender};

/// The first number of a principal; those below are fixed, see [`crate::ledger::writing::record::Actor`].
pub const FIRST: u32 = 256;

/// When credentials end that never do, and that ended at once.
const NEVER: i64 = i64::MAX;
const AT_ONCE: i64 = i64::MIN;

/// Where something may be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reach<T> {
    /// Everywhere.
    All,
    /// In these; in none where it is empty.
    Only(Vec<T>),
}

impl<T: PartialEq> Reach<T> {
    /// All where nothing is named.
    #[must_use]
    pub fn of(named: Vec<T>) -> Self {
        if named.is_empty() { Self::All } else { Self::Only(named) }
    }

    /// Whether it is everywhere.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// Whether it holds one.
    #[must_use]
    pub fn contains(&self, one: &T) -> bool {
        match self {
            Self::All => true,
            Self::Only(named) => named.contains(one),
        }
    }

    /// Whether it holds all of another.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::Only(_), Self::All) => false,
            (Self::Only(_), Self::Only(others)) => others.iter().all(|one| self.contains(one)),
        }
    }

    /// Those named; none where it is everywhere.
    #[must_use]
    pub fn named(&self) -> &[T] {
        match self {
            Self::All => &[],
            Self::Only(named) => named,
        }
    }
}

/// By what a principal is known. Its end is read by whoever holds it, at any time and without a lock.
pub struct Credential {
    pub(super) digest: [u8; 32],
    pub(super) is_certificate: bool,
    pub(super) added_at: Time,
    pub(super) expires_at: Option<Time>,
    ends: AtomicI64,
}

impl Credential {
    pub(super) fn new(digest: [u8; 32], is_certificate: bool, added_at: Time, expires_at: Option<Time>) -> Self {
        let ends = AtomicI64::new(expires_at.map_or(NEVER, Time::micros));
        Self { digest, is_certificate, added_at, expires_at, ends }
    }

    /// Whether it is taken at `now`: half-open, at the instant at which it ends it is not.
    #[must_use]
    pub fn is_live(&self, now: Time) -> bool {
        now.micros() < self.ends.load(Ordering::Acquire)
    }

    /// Whether it was ended, and did not only run out.
    #[must_use]
    pub fn was_ended(&self) -> bool {
        self.ends() != self.expires_at
    }

    /// When it ends; none: never. A time long past where it was ended at once.
    #[must_use]
    pub fn ends(&self) -> Option<Time> {
        let ends = self.ends.load(Ordering::Acquire);
        (ends != NEVER).then(|| Time::from_micros(ends))
    }

    /// Whether it is a client certificate, and not an API key.
    #[must_use]
    pub const fn is_certificate(&self) -> bool {
        self.is_certificate
    }

    /// When it expires; none: never.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Time> {
        self.expires_at
    }

    /// For how long it was given, in microseconds; none: for good.
    #[must_use]
    pub fn term(&self) -> Option<i64> {
        self.expires_at.map(|end| end.micros().saturating_sub(self.added_at.micros()))
    }

    /// Ends it then, where it does not end earlier; at once where no time is given.
    pub(super) fn end(&self, at: Option<Time>) {
        self.ends.fetch_min(at.map_or(AT_ONCE, Time::micros), Ordering::AcqRel);
    }
}

/// Without the digest.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("is_certificate", &self.is_certificate).field("ends", &self.ends()).finish_non_exhaustive()
    }
}

/// Somebody who may call.
#[derive(Clone, Debug)]
pub struct Principal {
    pub(super) number: u32,
    pub(super) name: String,
    pub(super) roles: Roles,
    pub(super) accounts: Reach<Account>,
    /// The same by trail numbers, as stored.
    pub(super) account_trails: Vec<u64>,
    pub(super) senders: Reach<Sender>,
    /// The newest last.
    pub(super) credentials: Vec<Arc<Credential>>,
    pub(super) added_at: Time,
    pub(super) revoked_at: Option<Time>,
}

impl Principal {
    /// Its number, by which entries name it.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Its name, for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it may do.
    #[must_use]
    pub const fn roles(&self) -> Roles {
        self.roles
    }

    /// In which accounts.
    #[must_use]
    pub const fn accounts(&self) -> &Reach<Account> {
        &self.accounts
    }

    /// For which senders.
    #[must_use]
    pub const fn senders(&self) -> &Reach<Sender> {
        &self.senders
    }

    /// Whether it is bound to no account, or to the one with this trail number among others.
    #[must_use]
    pub fn is_in(&self, account: u64) -> bool {
        self.accounts.is_all() || self.account_trails.contains(&account)
    }

    /// The credential given last.
    #[must_use]
    pub fn credential(&self) -> Option<&Credential> {
        self.credentials.last().map(AsRef::as_ref)
    }

    /// Until when an earlier credential than the last is still taken at `now`; none: none is.
    #[must_use]
    pub fn earlier_until(&self, now: Time) -> Option<Time> {
        let earlier = self.credentials.split_last().map_or(&[][..], |(_, earlier)| earlier);
        earlier.iter().filter(|earlier| earlier.is_live(now)).filter_map(|earlier| earlier.ends()).max()
    }

    /// When it was added.
    #[must_use]
    pub const fn added_at(&self) -> Time {
        self.added_at
    }

    /// When it was revoked; none: it was not.
    #[must_use]
    pub const fn revoked_at(&self) -> Option<Time> {
        self.revoked_at
    }

    /// Whether a credential of it is taken at `now`.
    #[must_use]
    pub fn is_live(&self, now: Time) -> bool {
        self.credentials.iter().any(|credential| credential.is_live(now))
    }

    /// Whether it may do in the whole ledger what its roles say.
    #[must_use]
    pub const fn is_unbound(&self) -> bool {
        self.accounts.is_all() && self.senders.is_all()
    }
}

/// A principal, and by which of its credentials it is known.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Who.
    pub principal: Arc<Principal>,
    /// By what.
    pub credential: Arc<Credential>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_ends_at_its_instant_and_earlier_where_it_is_told_but_never_later() {
        let at = Time::from_micros;
        let credential = Credential::new([1; 32], false, at(10), Some(at(100)));
        assert!(credential.is_live(at(99)) && !credential.is_live(at(100)));
        assert_eq!((credential.term(), credential.was_ended()), (Some(90), false));
        credential.end(Some(at(200)));
        assert!(!credential.is_live(at(100)), "it never lasts longer than it was given");
        credential.end(Some(at(50)));
        assert!(credential.is_live(at(49)) && !credential.is_live(at(50)) && credential.was_ended());
        credential.end(None);
        assert!(!credential.is_live(at(i64::MIN)));
    }

    #[test]
    fn a_reach_that_names_nobody_is_nowhere() {
        let only = |named: &[u8]| Reach::Only(named.to_vec());
        assert!(Reach::of(Vec::<u8>::new()).is_all() && !only(&[]).contains(&1));
        assert!(Reach::All.covers(&only(&[1])) && !only(&[1]).covers(&Reach::All));
        assert!(only(&[1, 2]).covers(&only(&[2])) && !only(&[1]).covers(&only(&[1, 2])));
    }
}
