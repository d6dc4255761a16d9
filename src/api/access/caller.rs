//! Who calls, once it is known.

use tonic::codegen::http::Extensions;
use tonic::{Request, Status};

use crate::api::status;
use crate::consent::role::Roles;
use crate::consent::time::Time;
use crate::consent::words::{Account, Sender};
use crate::ledger::Ledger;
use crate::ledger::principals::principal::{Holder, Principal, Reach};
use crate::ledger::writing::record::Actor;

/// Who was let in by the door, and whom to ask whether they still are. It lies among a request's extensions.
#[derive(Clone)]
pub(super) struct LetIn {
    pub(super) caller: Caller,
    pub(super) by: Ledger,
}

/// Who calls. Only this module's parent makes one.
#[derive(Clone, Debug)]
pub struct Caller(Who);

#[derive(Clone, Debug)]
enum Who {
    /// A program on this machine, of a ledger that has no principals.
    Local,
    /// A principal.
    Principal(Holder),
}

impl Caller {
    /// A program on this machine, of a ledger that has no principals: it may do everything.
    #[cfg(not(test))]
    pub(super) const fn local() -> Self {
        Self(Who::Local)
    }

    /// The same, for tests of what is behind the door.
    #[cfg(test)]
    pub(crate) const fn local() -> Self {
        Self(Who::Local)
    }

    /// A principal.
    #[cfg(not(test))]
    pub(super) const fn principal(holder: Holder) -> Self {
        Self(Who::Principal(holder))
    }

    /// The same, for tests of what is behind the door.
    #[cfg(test)]
    pub(crate) const fn principal(holder: Holder) -> Self {
        Self(Who::Principal(holder))
    }

    /// Who makes this request.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` where nobody was let in: a request that came past the door is answered by nobody. So is one whose
    /// message came so late that its caller would not be let in any more.
    pub fn of<T>(request: &Request<T>) -> Result<Self, Status> {
        let extensions = request.extensions();
        let caller = Self::among(extensions).ok_or_else(status::credentials_missing)?;
        if let Some(LetIn { by, .. }) = extensions.get() {
            caller.still(by)?;
        }
        Ok(caller.clone())
    }

    /// Who was let in with these extensions.
    #[must_use]
    pub fn among(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<LetIn>().map(|let_in| &let_in.caller).or_else(|| extensions.get::<Self>())
    }

    /// By which entries name it.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.holder().map_or(Actor::LOCAL, |holder| Actor::from_number(holder.principal.number()))
    }

    /// What it may do.
    #[must_use]
    pub fn roles(&self) -> Roles {
        self.holder().map_or(Roles::ALL, |holder| holder.principal.roles())
    }

    /// In which accounts.
    #[must_use]
    pub fn accounts(&self) -> &Reach<Account> {
        self.holder().map_or(&Reach::All, |holder| holder.principal.accounts())
    }

    /// For which senders.
    #[must_use]
    pub fn senders(&self) -> &Reach<Sender> {
        self.holder().map_or(&Reach::All, |holder| holder.principal.senders())
    }

    /// Whether it may do something in the account with this trail number.
    #[must_use]
    pub fn may_in(&self, account: u64) -> bool {
        self.holder().is_none_or(|holder| holder.principal.is_in(account))
    }

    /// The principal; none for a program on this machine.
    #[must_use]
    pub fn as_principal(&self) -> Option<&Principal> {
        self.holder().map(|holder| holder.principal.as_ref())
    }

    /// When the credentials that it showed end; none: never.
    #[must_use]
    pub fn ends(&self) -> Option<Time> {
        self.holder().and_then(|holder| holder.credential.ends())
    }

    /// Whether it would still be let in: a principal until its credentials end, others until the first principal is added.
    ///
    /// # Errors
    /// Why not.
    pub fn still(&self, ledger: &Ledger) -> Result<(), Status> {
        match &self.0 {
            Who::Local if ledger.has_principals() => Err(status::credentials_missing()),
            Who::Local => Ok(()),
            Who::Principal(_) => self.is_live(ledger.now()),
        }
    }

    /// Whether its credentials are taken at this time.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn is_live(&self, now: Time) -> Result<(), Status> {
        match self.holder() {
            Some(holder) if !holder.credential.is_live(now) => Err(status::credentials_ended(&holder.credential)),
            _ => Ok(()),
        }
    }

    /// Who it is and by what it was let in; none for a program on this machine.
    const fn holder(&self) -> Option<&Holder> {
        match &self.0 {
            Who::Local => None,
            Who::Principal(holder) => Some(holder),
        }
    }
}
