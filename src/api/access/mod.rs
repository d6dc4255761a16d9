//! Who may call what.
//!
//! ```text
//! request ──▶ admit: the method's row ── credentials ── role ──▶ the service, with a Caller among the extensions
//!                │                                                  └──▶ Fields::of(&caller): account and sender, field by field
//!                └──▶ UNAUTHENTICATED (nobody we know) or PERMISSION_DENIED (somebody who may not)
//! ```
//!
//! gRPC and JSON over HTTP go through the same [`admit_within`]. No service makes a request's account or sender but through
//! [`Fields`](super::parse::Fields), which are made from a [`Caller`] and refuse what the caller is not bound to; where a
//! method never asked for an account, they refuse a caller who is bound to one.

mod body;
pub mod bounds;
pub mod caller;
mod credentials;
pub mod layer;
pub mod methods;

use tonic::Status;
use tonic::codegen::http::{Extensions, HeaderMap};

pub use caller::Caller;
use credentials::Shown;
use methods::{Method, Needs};

use super::connections::Peer;
use super::limits::Limits;
use super::limits::key::Key;
use super::status;
use crate::ledger::Ledger;

/// Lets a request in, or does not; what is refused is charged to where it came from: by its rate, refusals are no faster than calls.
///
/// # Errors
/// `UNIMPLEMENTED` where there is no such method, `UNAUTHENTICATED`, `PERMISSION_DENIED`;
/// `RESOURCE_EXHAUSTED` where refused calls come too fast from there.
pub fn admit_within(
    limits: &Limits,
    ledger: &Ledger,
    path: &str,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> Result<(&'static Method, Option<Caller>), Status> {
    admit(ledger, path, headers, extensions).or_else(|refusal| {
        limits.charge_refused(Key::of_peer(extensions))?;
        Err(refusal)
    })
}

/// Lets a request to `path` in, or does not. The caller is none where the method asks nobody who they are.
///
/// # Errors
/// `UNIMPLEMENTED` where there is no such method, `UNAUTHENTICATED`, `PERMISSION_DENIED`.
fn admit(ledger: &Ledger, path: &str, headers: &HeaderMap, extensions: &Extensions) -> Result<(&'static Method, Option<Caller>), Status> {
    // What has no row is served to nobody.
    let method = methods::find(path).ok_or_else(status::no_such_method)?;
    let peer = extensions.get::<Peer>();
    // What was shown is looked at whether it is needed or not: wrong credentials are a mistake to be told of.
    let caller = match Shown::read(headers, peer)? {
        Shown::Key(key) => Some(credentials::holder(ledger.holder_of_key(&key), ledger.now())?),
        // Before anybody was added, the machine's own programs are all that may call.
        Shown::Certificate(_) | Shown::Nothing if !ledger.has_principals() && peer.is_some_and(Peer::is_on_this_machine) => {
            Some(Caller::local())
        }
        Shown::Certificate(digest) if method.needs.asks_who() => {
            Some(credentials::holder(ledger.holder_of_certificate(&digest), ledger.now())?)
        }
        Shown::Nothing if method.needs.asks_who() => return Err(status::credentials_missing()),
        Shown::Certificate(_) | Shown::Nothing => None,
    };
    if let (Needs::Role(roles), Some(caller)) = (method.needs, &caller)
        && !caller.roles().meets(roles)
    {
        return Err(status::role_missing(roles));
    }
    if let (Some(peer), Some(_)) = (peer, &caller) {
        peer.becomes_known();
    }
    Ok((method, caller))
}
