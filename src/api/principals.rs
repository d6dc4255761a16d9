//! The principals of `AdminService`: who may call.
//!
//! Whoever can give credentials can give them to themselves. So an operator that is bound to accounts or senders gives no more
//! than it has: its roles, its accounts, its senders, and no longer than it lasts; and it rotates, revokes and sees only
//! principals that have no more than it. An operator that is bound to nothing may give everything, in entries that stay.

use prost_types::Duration;
use tonic::Status;

use super::access::Caller;
use super::parse::Fields;
use super::{map, status};
use crate::consent::role::{Role, Roles};
use crate::consent::time::Time;
use crate::consent::words::{Account, Sender};
use crate::ledger::Ledger;
use crate::ledger::principals::api_key::KeySecret;
use crate::ledger::principals::change::{Change, ChangeError, Changed, Ends, NewCredential};
use crate::ledger::principals::principal::{Credential, FIRST, Principal, Reach};
use crate::proto::{
    self, AddPrincipalRequest, AddPrincipalResponse, ErrorReason, ListPrincipalsRequest, ListPrincipalsResponse, PrincipalState,
    RevokePrincipalRequest, RevokePrincipalResponse, RotatePrincipalRequest, RotatePrincipalResponse,
};

/// The most principals of a page, and how many it has where nothing was asked for.
const PAGE: (usize, usize) = (1_000, 100);

/// The most accounts, and the most senders, of one principal.
pub const BOUND_MAX: usize = 100;

/// The longest name, in bytes.
pub const NAME_MAX_BYTES: usize = 64;

/// For how long earlier credentials are taken where nothing was said: 24 hours, in microseconds; and the most that may be asked.
const OVERLAP: i64 = 24 * 3_600_000_000;
const OVERLAP_MAX: i64 = 30 * 24 * 3_600_000_000;

/// Answers `AddPrincipal`.
pub(super) async fn add(ledger: &Ledger, caller: &Caller, request: &AddPrincipalRequest) -> Result<AddPrincipalResponse, Status> {
    let mut fields = Fields::of(caller);
    let name = fields.principal_name("name", &request.name);
    let roles = fields.roles("roles", &request.roles);
    let accounts = fields.bound_accounts("accounts", &request.accounts);
    let senders = fields.bound_senders("senders", &request.senders);
    let expires_at = fields.time("expires_at", request.expires_at.as_ref());
    let certificate = fields.certificate("certificate_sha256", &request.certificate_sha256);
    let ends = expires_at.map_or(Ends::Never, Ends::At);
    let wanted = Wanted { roles, accounts: Reach::of(accounts.clone()), senders: Reach::of(senders.clone()), ends: expires_at };
    fields.finish(|| Some(()))?;
    wanted.is_within(caller)?;
    may_take(caller, certificate)?;
    let change = Change::Add { name: name.to_owned(), roles, accounts, senders, credential: credential(certificate)?, ends };
    let (principal, changed) = changed(ledger, caller, change).await?;
    let api_key = changed.key.as_ref().map(|key| key.text().to_owned()).unwrap_or_default();
    Ok(AddPrincipalResponse { principal, api_key, acknowledgement: Some(map::acknowledgement(changed.acknowledgement)) })
}

/// Answers `RotatePrincipal`.
pub(super) async fn rotate(ledger: &Ledger, caller: &Caller, request: &RotatePrincipalRequest) -> Result<RotatePrincipalResponse, Status> {
    let mut fields = Fields::of(caller);
    let number = fields.principal("principal", request.principal);
    let overlap_micros = fields.overlap("overlap", request.overlap.as_ref());
    let expires_at = fields.time("expires_at", request.expires_at.as_ref());
    if request.never_expires && request.expires_at.is_some() {
        fields.refuse("expires_at", ErrorReason::FieldsConflict, "never_expires is set");
    }
    let certificate = fields.certificate("certificate_sha256", &request.certificate_sha256);
    fields.finish(|| Some(()))?;
    let ends = match expires_at {
        Some(at) => Ends::At(at),
        None if request.never_expires => Ends::Never,
        None => Ends::AsBefore,
    };
    let known = known(ledger, caller, number)?;
    let term = known.credential().and_then(Credential::term);
    let until = match ends {
        Ends::At(at) => Some(at),
        Ends::Never => None,
        Ends::AsBefore => term.map(|micros| ledger.now().plus_micros(micros)),
    };
    Wanted { ends: until, ..Wanted::of(&known) }.is_within(caller)?;
    may_take(caller, certificate)?;
    let change = Change::Rotate { principal: number, credential: credential(certificate)?, ends, overlap_micros };
    let (principal, changed) = changed(ledger, caller, change).await?;
    let api_key = changed.key.as_ref().map(|key| key.text().to_owned()).unwrap_or_default();
    Ok(RotatePrincipalResponse { principal, api_key, acknowledgement: Some(map::acknowledgement(changed.acknowledgement)) })
}

/// Answers `RevokePrincipal`.
pub(super) async fn revoke(ledger: &Ledger, caller: &Caller, request: &RevokePrincipalRequest) -> Result<RevokePrincipalResponse, Status> {
    let mut fields = Fields::of(caller);
    let number = fields.principal("principal", request.principal);
    fields.finish(|| Some(()))?;
    let known = known(ledger, caller, number)?;
    Wanted { ends: caller.ends(), ..Wanted::of(&known) }.is_within(caller)?;
    let (principal, changed) = changed(ledger, caller, Change::Revoke { principal: number }).await?;
    Ok(RevokePrincipalResponse { principal, acknowledgement: Some(map::acknowledgement(changed.acknowledgement)) })
}

/// Answers `ListPrincipals`.
pub(super) fn list(ledger: &Ledger, caller: &Caller, request: ListPrincipalsRequest) -> Result<ListPrincipalsResponse, Status> {
    let mut fields = Fields::of(caller);
    fields.of_nobody();
    let size = fields.page_size("page_size", request.page_size, PAGE.1, PAGE.0);
    fields.finish(|| Some(()))?;
    let (now, all) = (ledger.now(), ledger.principals());
    let mut seen = all.iter().filter(|principal| principal.number() >= request.from_principal && sees(caller, principal));
    let principals = seen.by_ref().take(size).map(|found| principal(found, now)).collect();
    Ok(ListPrincipalsResponse { principals, next_principal: seen.next().map_or(0, |next| next.number()) })
}

/// What somebody is to have.
struct Wanted {
    roles: Roles,
    accounts: Reach<Account>,
    senders: Reach<Sender>,
    ends: Option<Time>,
}

impl Wanted {
    fn of(principal: &Principal) -> Self {
        let (accounts, senders) = (principal.accounts().clone(), principal.senders().clone());
        Self { roles: principal.roles(), accounts, senders, ends: None }
    }

    /// A caller that is bound gives no more than it has.
    fn is_within(&self, caller: &Caller) -> Result<(), Status> {
        if caller.as_principal().is_none_or(Principal::is_unbound) {
            return Ok(());
        }
        let lasts = caller.ends().is_none_or(|own| self.ends.is_some_and(|ends| ends <= own));
        let within = [
            (caller.accounts().covers(&self.accounts), "accounts"),
            (caller.senders().covers(&self.senders), "senders"),
            (caller.roles().covers(self.roles), "roles"),
            (lasts, "expires_at"),
        ];
        within.iter().find(|(within, _)| !within).map_or(Ok(()), |(_, what)| Err(status::grant_not_allowed(what)))
    }
}

/// Whether a caller is shown a principal, and so may know its name: one that is in none but the caller's own accounts.
pub(super) fn sees(caller: &Caller, principal: &Principal) -> bool {
    caller.accounts().covers(principal.accounts()) && caller.senders().covers(principal.senders())
}

/// An entry with the name of whoever recorded it, where the caller may know it.
pub(super) fn with_name(ledger: &Ledger, caller: &Caller, entry: proto::Entry) -> proto::Entry {
    let known = (entry.actor >= FIRST).then(|| ledger.principal(entry.actor)).flatten().filter(|known| sees(caller, known));
    proto::Entry { actor_name: known.map(|known| known.name().to_owned()).unwrap_or_default(), ..entry }
}

/// The principal, where the caller may know of it. Others are the same as none.
fn known(ledger: &Ledger, caller: &Caller, number: u32) -> Result<std::sync::Arc<Principal>, Status> {
    let known = ledger.principal(number).filter(|known| sees(caller, known));
    known.ok_or_else(|| status::of_change(&ChangeError::PrincipalUnknown { principal: number }))
}

/// A certificate is known to whoever it was shown to: a bound operator would take another account's, or learn that it is taken.
fn may_take(caller: &Caller, certificate: Option<[u8; 32]>) -> Result<(), Status> {
    let unbound = caller.as_principal().is_none_or(Principal::is_unbound);
    if certificate.is_none() || unbound { Ok(()) } else { Err(status::grant_not_allowed("certificate_sha256")) }
}

fn credential(certificate: Option<[u8; 32]>) -> Result<NewCredential, Status> {
    if let Some(digest) = certificate {
        return Ok(NewCredential::Certificate(digest));
    }
    let secret = KeySecret::random().map_err(|error| status::of_change(&ChangeError::NoRandomNumbers { reason: error.to_string() }))?;
    Ok(NewCredential::Key(secret))
}

async fn changed(ledger: &Ledger, caller: &Caller, change: Change) -> Result<(Option<proto::Principal>, Changed), Status> {
    let changed = ledger.change_principal(change, caller.actor()).await.map_err(|error| status::of_change(&error))?;
    let now = ledger.now();
    Ok((ledger.principal(changed.principal).map(|known| principal(&known, now)), changed))
}

/// A principal as a message: nothing of its key.
#[must_use]
pub fn principal(known: &Principal, now: Time) -> proto::Principal {
    let state = match known.revoked_at() {
        Some(_) => PrincipalState::Revoked,
        None if known.is_live(now) => PrincipalState::Active,
        None => PrincipalState::Expired,
    };
    let credential = known.credential();
    let mut accounts: Vec<String> = known.accounts().named().iter().map(ToString::to_string).collect();
    accounts.sort_unstable();
    proto::Principal {
        principal: known.number(),
        name: known.name().to_owned(),
        roles: known.roles().iter().map(|role| role.number().into()).collect(),
        accounts,
        senders: known.senders().named().iter().map(ToString::to_string).collect(),
        state: state.into(),
        by_certificate: credential.is_some_and(Credential::is_certificate),
        added_at: Some(map::timestamp(known.added_at())),
        expires_at: credential.and_then(Credential::expires_at).map(map::timestamp),
        earlier_until: known.earlier_until(now).map(map::timestamp),
        revoked_at: known.revoked_at().map(map::timestamp),
    }
}

impl Fields<'_> {
    fn principal_name<'t>(&mut self, field: &str, text: &'t str) -> &'t str {
        if text.trim().is_empty() || text.len() > NAME_MAX_BYTES || text.chars().any(char::is_control) {
            self.refuse(field, ErrorReason::NameMalformed, format!("a name is 1 to {NAME_MAX_BYTES} bytes without control characters"));
        }
        text
    }

    fn principal(&mut self, field: &str, number: u32) -> u32 {
        // Held against the caller once it is known who it is.
        self.of_nobody();
        if number == 0 {
            self.refuse(field, ErrorReason::PrincipalMissing, "the principal's number is needed, as ListPrincipals gives it");
        }
        number
    }

    fn roles(&mut self, field: &str, numbers: &[i32]) -> Roles {
        if numbers.is_empty() {
            self.refuse(field, ErrorReason::RoleEmpty, "at least one role is needed");
        }
        let mut roles = Roles::NONE;
        for (place, number) in numbers.iter().enumerate() {
            let field = format!("{field}[{place}]");
            if *number == 0 {
                self.refuse(field, ErrorReason::RoleEmpty, "the role is unspecified");
            } else if let Some(role) = self.word(&field, *number, Role::from_number, ErrorReason::RoleUnknown, "role") {
                roles = roles.with(role);
            }
        }
        roles
    }

    /// The accounts that somebody is bound to; none: all, which only whoever is bound to none may give.
    fn bound_accounts(&mut self, field: &str, names: &[String]) -> Vec<Account> {
        if names.is_empty() {
            self.whole_ledger(field);
        }
        if names.len() > BOUND_MAX {
            self.refuse(field, ErrorReason::TooManyAccounts, format!("{} accounts, at most {BOUND_MAX} are allowed", names.len()));
            return Vec::new();
        }
        names.iter().enumerate().filter_map(|(place, name)| self.named_account(&format!("{field}[{place}]"), name)).collect()
    }

    /// The senders that somebody is bound to; none: all, which only whoever is bound to none may give.
    fn bound_senders(&mut self, field: &str, names: &[String]) -> Vec<Sender> {
        if names.is_empty() {
            self.all_senders(field);
        }
        if names.len() > BOUND_MAX {
            self.refuse(field, ErrorReason::TooManySenders, format!("{} senders, at most {BOUND_MAX} are allowed", names.len()));
            return Vec::new();
        }
        names.iter().enumerate().filter_map(|(place, name)| self.sender(&format!("{field}[{place}]"), name)).collect()
    }

    fn certificate(&mut self, field: &str, digest: &[u8]) -> Option<[u8; 32]> {
        let found = digest.try_into().ok();
        if found.is_none() && !digest.is_empty() {
            self.refuse(field, ErrorReason::CertificateMalformed, format!("{} bytes, not the 32 of a SHA-256", digest.len()));
        }
        found
    }

    fn overlap(&mut self, field: &str, asked: Option<&Duration>) -> i64 {
        let Some(asked) = asked else { return OVERLAP };
        let micros = asked.seconds.checked_mul(1_000_000).and_then(|micros| micros.checked_add((asked.nanos / 1_000).into()));
        micros.filter(|micros| asked.nanos >= 0 && (0..=OVERLAP_MAX).contains(micros)).unwrap_or_else(|| {
            self.refuse(field, ErrorReason::OverlapOutOfRange, "an overlap is 0 to 30 days");
            OVERLAP
        })
    }
}
