//! A principal for people, and a key that is shown once.
//!
//! ```text
//! stdout   clk_256_J0aXq…                                     the key alone, so that it can go into a file
//! stderr   principal 256: ops; operator; all accounts; all senders; active, never expires
//! ```

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::cli::error::CliError;
use crate::cli::output::Output;
use crate::cli::words::time_or;
use crate::consent::role::Role;
use crate::proto::{Principal, PrincipalState};

/// Shows what was made: the key alone on stdout, or all of it as JSON.
///
/// # Errors
/// Where the server said nothing, or stdout cannot be written to: then the key is lost, and another one must be made.
pub fn show(output: Output, principal: Option<Principal>, api_key: &str) -> Result<(), CliError> {
    let principal = principal.ok_or_else(|| CliError::unexpected("the server answered without a principal"))?;
    let line = line(&principal);
    let with_key = || {
        let mut value = value(&principal);
        if let (Some(object), false) = (value.as_object_mut(), api_key.is_empty()) {
            object.insert("api_key".into(), api_key.into());
        }
        value
    };
    let printed = output.print(with_key, || if api_key.is_empty() { line.clone() } else { api_key.to_owned() });
    printed.map_err(|error| error.hint(format!("the key of principal {} is lost: `keys rotate` makes another", principal.principal)))?;
    if !output.is_json() && !api_key.is_empty() {
        eprintln!("{line}\nthe key is shown this once; the ledger keeps only its hash");
    }
    Ok(())
}

/// A principal on a line.
pub fn line(principal: &Principal) -> String {
    let list = |names: &[String], all: &str| if names.is_empty() { all.to_owned() } else { names.join(", ") };
    let by = if principal.by_certificate { "certificate" } else { "key" };
    let mut state = match principal.state() {
        PrincipalState::Revoked => format!("revoked {}", time_or(principal.revoked_at.as_ref(), "")),
        PrincipalState::Expired => format!("expired {}", time_or(principal.expires_at.as_ref(), "")),
        PrincipalState::Active | PrincipalState::Unspecified if principal.expires_at.is_none() => "active, never expires".to_owned(),
        PrincipalState::Active | PrincipalState::Unspecified => format!("active until {}", time_or(principal.expires_at.as_ref(), "")),
    };
    if principal.earlier_until.is_some() {
        let _ = write!(state, ", the {by} before until {}", time_or(principal.earlier_until.as_ref(), ""));
    }
    format!(
        "principal {}: {}; {}; {}; {}; by {by}, {state}",
        principal.principal,
        principal.name,
        roles(principal).join(", "),
        list(&principal.accounts, "all accounts"),
        list(&principal.senders, "all senders"),
    )
}

/// A principal as JSON.
pub fn value(principal: &Principal) -> Value {
    let time = |time: &Option<prost_types::Timestamp>| time.as_ref().map(|time| time_or(Some(time), ""));
    json!({
        "principal": principal.principal,
        "name": principal.name,
        "roles": roles(principal),
        "accounts": principal.accounts,
        "senders": principal.senders,
        "state": state(principal),
        "by": if principal.by_certificate { "certificate" } else { "api_key" },
        "added_at": time(&principal.added_at),
        "expires_at": time(&principal.expires_at),
        "earlier_until": time(&principal.earlier_until),
        "revoked_at": time(&principal.revoked_at),
    })
}

fn state(principal: &Principal) -> &'static str {
    match principal.state() {
        PrincipalState::Active => "active",
        PrincipalState::Expired => "expired",
        PrincipalState::Revoked => "revoked",
        PrincipalState::Unspecified => "unknown",
    }
}

fn roles(principal: &Principal) -> Vec<&'static str> {
    principal.roles.iter().filter_map(|role| Role::from_number(*role)).map(Role::as_str).collect()
}
