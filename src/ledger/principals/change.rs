//! Adds principals, gives them new credentials, and revokes them: each an entry of the ledger's own trail, committed alone.

use tokio::sync::oneshot;

use crate::consent::role::{Role, Roles};
use crate::consent::time::Time;
use crate::consent::words::{Account, Sender};
use crate::ledger::Ledger;
use crate::ledger::memory::state::State;
use crate::ledger::principals::api_key::{ApiKey, KeySecret};
use crate::ledger::principals::principal::{Credential, FIRST, Principal};
use crate::ledger::principals::roll::{PrincipalEvent, Told};
use crate::ledger::writing::batch::{Batch, Planned, Sealer};
use crate::ledger::writing::committer::acknowledged;
use crate::ledger::writing::job::Job;
use crate::ledger::writing::record::{Acknowledgement, Actor, RecordError};
use crate::proto::{PrincipalAdded, PrincipalRevoked};

/// By what a principal is to be known.
#[derive(Clone, Debug)]
pub enum NewCredential {
    /// By an API key made of this.
    Key(KeySecret),
    /// By the client certificate with this SHA-256 (DER).
    Certificate([u8; 32]),
}

/// When new credentials end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ends {
    /// At this time.
    At(Time),
    /// Never.
    Never,
    /// They last as long as those before them were given for.
    AsBefore,
}

/// What is to be changed.
#[derive(Clone, Debug)]
pub enum Change {
    /// A principal is added.
    Add {
        /// Its name, for people.
        name: String,
        /// What it may do; at least one.
        roles: Roles,
        /// In which accounts; empty: in all.
        accounts: Vec<Account>,
        /// For which senders; empty: for all.
        senders: Vec<Sender>,
        /// By what it is known.
        credential: NewCredential,
        /// When that ends.
        ends: Ends,
    },
    /// A principal gets new credentials.
    Rotate {
        /// Which one.
        principal: u32,
        /// By what it is known from now on.
        credential: NewCredential,
        /// When that ends.
        ends: Ends,
        /// For how long the ones before are still taken, in microseconds.
        overlap_micros: i64,
    },
    /// A principal is let in no more.
    Revoke {
        /// Which one.
        principal: u32,
    },
}

/// What a change came to.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The principal's number.
    pub principal: u32,
    /// Its new API key, where it got one: here and nowhere else.
    pub key: Option<ApiKey>,
    /// Where it stands.
    pub acknowledgement: Acknowledgement,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum ChangeError {
    /// No such account.
    #[error("the account {account:?} does not exist")]
    AccountUnknown {
        /// The name given.
        account: String,
    },
    /// No such principal.
    #[error("there is no principal {principal}")]
    PrincipalUnknown {
        /// The number given.
        principal: u32,
    },
    /// It was revoked before.
    #[error("principal {principal} was revoked at {at}")]
    Revoked {
        /// Which one.
        principal: u32,
        /// When.
        at: Time,
    },
    /// The first principal has to be able to add others.
    #[error("the first principal must be an operator bound to no account and no sender: from then on every call needs credentials")]
    FirstNotOperator,
    /// The certificate is another principal's.
    #[error("the certificate is another principal's")]
    CertificateTaken,
    /// It would end before it began.
    #[error("{ends} is not later than now, {now}")]
    EndsNotLater {
        /// When it would end.
        ends: Time,
        /// The ledger's clock.
        now: Time,
    },
    /// The operating system gives no random numbers.
    #[error("no random numbers for a key: {reason}")]
    NoRandomNumbers {
        /// What it said.
        reason: String,
    },
    /// The ledger does not record.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// A change that waits for the committer.
pub struct Changing {
    change: Change,
    actor: Actor,
    answer: oneshot::Sender<Result<Changed, ChangeError>>,
}

/// One that is answered once the commit is durable.
pub struct ChangeDone {
    changed: Result<Changed, ChangeError>,
    answer: oneshot::Sender<Result<Changed, ChangeError>>,
}

impl Changing {
    /// Whether it ends credentials: then it goes on while there is any room on the disk.
    pub(in crate::ledger) const fn takes_back(&self) -> bool {
        matches!(self.change, Change::Rotate { .. } | Change::Revoke { .. })
    }

    /// Puts its entry into the batch, where there is room for it.
    pub(in crate::ledger) fn push(self, room: Result<(), RecordError>, state: &State, sealer: &Sealer, batch: &mut Batch) -> ChangeDone {
        let changed = room.map_err(ChangeError::from).and_then(|()| push(&self.change, self.actor, state, sealer, batch));
        ChangeDone { changed, answer: self.answer }
    }

    /// Nothing becomes of it.
    pub fn fail(self, error: &RecordError) {
        let _ = self.answer.send(Err(error.clone().into()));
    }
}

impl ChangeDone {
    /// Whether there is an entry of it.
    #[must_use]
    pub const fn is_recorded(&self) -> bool {
        self.changed.is_ok()
    }

    /// It is durable.
    pub fn finish(self) {
        let _ = self.answer.send(self.changed);
    }

    /// It is not.
    pub fn fail(self, error: &RecordError) {
        let _ = self.answer.send(Err(error.clone().into()));
    }
}

fn push(change: &Change, actor: Actor, state: &State, sealer: &Sealer, batch: &mut Batch) -> Result<Changed, ChangeError> {
    let (principal, key, told) = told(change, state, batch.now)?;
    let event = PrincipalEvent { seq: batch.head.seq.next(), at: batch.now, told };
    let (seq, hash) = batch.push(state, sealer, Planned::new(0, actor, batch.now, 0, event.told.fact()))?;
    batch.principals.push(event);
    Ok(Changed { principal, key, acknowledgement: acknowledged(seq, hash) })
}

fn told(change: &Change, state: &State, now: Time) -> Result<(u32, Option<ApiKey>, Told), ChangeError> {
    match change {
        Change::Add { name, roles, accounts, senders, credential, ends } => {
            let is_first = state.principals().is_empty();
            if is_first && !(roles.contains(Role::Operator) && accounts.is_empty() && senders.is_empty()) {
                return Err(ChangeError::FirstNotOperator);
            }
            let trail = |account: &Account| {
                let known = state.account(account.as_str()).map(|account| account.trail);
                known.ok_or_else(|| ChangeError::AccountUnknown { account: account.to_string() })
            };
            let mut trails = accounts.iter().map(trail).collect::<Result<Vec<u64>, _>>()?;
            trails.sort_unstable();
            trails.dedup();
            let principal = state.principals().highest().map_or(FIRST, |highest| highest.saturating_add(1));
            let mut senders: Vec<String> = senders.iter().map(ToString::to_string).collect();
            senders.sort_unstable();
            senders.dedup();
            let added = PrincipalAdded {
                principal,
                name: name.clone(),
                roles: roles.iter().map(|role| role.number().into()).collect(),
                accounts: trails,
                senders,
                ..PrincipalAdded::default()
            };
            with_credential(added, credential, *ends, None, state, now)
        }
        Change::Rotate { principal, credential, ends, overlap_micros } => {
            let known = standing(state, *principal)?;
            let added = PrincipalAdded {
                principal: known.number,
                name: known.name.clone(),
                roles: known.roles.iter().map(|role| role.number().into()).collect(),
                accounts: known.account_trails.clone(),
                senders: known.senders.named().iter().map(ToString::to_string).collect(),
                earlier_until: if *overlap_micros > 0 { now.plus_micros(*overlap_micros).micros() } else { 0 },
                ..PrincipalAdded::default()
            };
            let term = known.credential().and_then(Credential::term);
            with_credential(added, credential, *ends, term, state, now)
        }
        Change::Revoke { principal } => {
            let known = standing(state, *principal)?;
            Ok((known.number, None, Told::Revoked(PrincipalRevoked { principal: known.number })))
        }
    }
}

/// A principal that was not revoked.
fn standing(state: &State, principal: u32) -> Result<std::sync::Arc<Principal>, ChangeError> {
    let known = state.principals().principal(principal).ok_or(ChangeError::PrincipalUnknown { principal })?;
    match known.revoked_at {
        Some(at) => Err(ChangeError::Revoked { principal, at }),
        None => Ok(known),
    }
}

fn with_credential(
    added: PrincipalAdded,
    credential: &NewCredential,
    ends: Ends,
    term: Option<i64>,
    state: &State,
    now: Time,
) -> Result<(u32, Option<ApiKey>, Told), ChangeError> {
    let ends = match ends {
        Ends::At(at) => Some(at),
        Ends::Never => None,
        Ends::AsBefore => term.map(|micros| now.plus_micros(micros)),
    };
    if let Some(ends) = ends.filter(|ends| *ends <= now) {
        return Err(ChangeError::EndsNotLater { ends, now });
    }
    let principal = added.principal;
    let (digest, is_certificate, key) = match credential {
        NewCredential::Key(secret) => {
            let key = ApiKey::new(principal, secret);
            (key.digest(), false, Some(key))
        }
        NewCredential::Certificate(digest) => {
            let holder = state.principals().holder_of_certificate(digest);
            if holder.is_some_and(|holder| holder.principal.number != principal && holder.credential.is_live(now)) {
                return Err(ChangeError::CertificateTaken);
            }
            (*digest, true, None)
        }
    };
    let expires_at = ends.map(Time::micros).unwrap_or_default();
    let added = PrincipalAdded { credential_digest: digest.to_vec(), is_certificate, expires_at, ..added };
    Ok((principal, key, Told::Added(added)))
}

impl Ledger {
    /// Changes who may call; answers once it is durable.
    ///
    /// # Errors
    /// Where it is refused, or the ledger no longer writes.
    pub async fn change_principal(&self, change: Change, actor: Actor) -> Result<Changed, ChangeError> {
        let waiting = self.submit_change(change, actor)?;
        waiting.await.unwrap_or_else(|_| Err(self.gone().into()))
    }

    /// The same, and blocks until it is durable.
    ///
    /// # Errors
    /// As [`Ledger::change_principal`].
    pub fn change_principal_blocking(&self, change: Change, actor: Actor) -> Result<Changed, ChangeError> {
        let waiting = self.submit_change(change, actor)?;
        waiting.blocking_recv().unwrap_or_else(|_| Err(self.gone().into()))
    }

    fn submit_change(&self, change: Change, actor: Actor) -> Result<oneshot::Receiver<Result<Changed, ChangeError>>, ChangeError> {
        let (answer, waiting) = oneshot::channel();
        self.shared.queue.send(Job::ChangePrincipal(Box::new(Changing { change, actor, answer })))?;
        Ok(waiting)
    }
}
