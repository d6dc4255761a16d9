//! `account_update`: the platform forbids an account something, or tells what else became of it.
//!
//! ```text
//! {"event": "ACCOUNT_RESTRICTION", "restriction_info": [
//!    {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1641330498}, …]}
//! {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "April 17, 2025"}}
//! ```
//!
//! A restriction names no sender, so it is the whole account's. Nothing in it ends one early: not a reinstatement either,
//! which is kept until a rule says what it lifts.

use serde_json::{Value, json};

use super::change::{Change, Said};
use super::json::{Object, object, text, time};
use super::update::Unplaceable;
use crate::consent::sender::{Restriction, RestrictionKind};
use crate::consent::time::Time;
use crate::ledger::writing::record::What;

/// The list of restrictions in a change's value.
const RESTRICTIONS: &str = "restriction_info";

/// The value of a change, one for each restriction in it: an unknown one takes no other with it.
pub(super) fn restrictions_apart(value: &Object) -> Vec<Object> {
    let apart = |restriction: &Value| {
        let others = value.iter().filter(|(key, _)| *key != RESTRICTIONS).map(|(key, other)| (key.clone(), other.clone()));
        others.chain([(RESTRICTIONS.to_owned(), json!([restriction]))]).collect()
    };
    match value.get(RESTRICTIONS) {
        Some(Value::Array(restrictions)) if restrictions.len() > 1 => restrictions.iter().map(apart).collect(),
        _ => vec![value.clone()],
    }
}

/// What an account update says.
pub(super) fn account_update(change: &Change<'_>, value: &Object) -> Result<Vec<Said>, Unplaceable> {
    let event = text(value, "event").ok_or(Unplaceable::Missing { what: "the account's event" })?;
    let restriction = match event.as_str() {
        "ACCOUNT_RESTRICTION" => restriction(value)?,
        "DISABLED_UPDATE" => Some(ban(value)?),
        // A violation is a warning: what it closes is told as a restriction. The others are about prices, partners and who
        // may use the account over the API; where nobody may, the platform takes no message.
        "ACCOUNT_VIOLATION"
        | "ACCOUNT_DELETED"
        | "ACCOUNT_OFFBOARDED"
        | "ACCOUNT_RECONNECTED"
        | "AD_ACCOUNT_LINKED"
        | "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE"
        | "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE"
        | "MM_LITE_TERMS_SIGNED"
        | "PARTNER_ADDED"
        | "PARTNER_APP_INSTALLED"
        | "PARTNER_APP_UNINSTALLED"
        | "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE"
        | "PARTNER_REMOVED"
        | "VERIFIED_ACCOUNT"
        | "VOLUME_BASED_PRICING_TIER_UPDATE" => None,
        other => return Err(Unplaceable::word("account event", other)),
    };
    let said = |restriction| Ok(Said { occurred_at: change.told_at()?, what: What::Restrict { sender: None, restriction } });
    restriction.map(said).into_iter().collect()
}

/// The one restriction of a value; none where it forbids no message.
fn restriction(value: &Object) -> Result<Option<Restriction>, Unplaceable> {
    let told = match value.get(RESTRICTIONS).and_then(Value::as_array).map(Vec::as_slice) {
        Some([told]) => told.as_object().ok_or(Unplaceable::Missing { what: "the restriction" })?,
        _ => return Err(Unplaceable::Missing { what: "the restriction" }),
    };
    let kind = text(told, "restriction_type").ok_or(Unplaceable::Missing { what: "the restriction's type" })?;
    let kind = match kind.as_str() {
        "RESTRICTED_BIZ_INITIATED_MESSAGING" => RestrictionKind::BusinessInitiated,
        "RESTRICTED_CUSTOMER_INITIATED_MESSAGING" => RestrictionKind::CustomerInitiated,
        // About numbers, calls and the making of templates; Direct Send is a way without a registered template.
        "RESTRICTED_ADD_PHONE_NUMBER_ACTION"
        | "RESTRICTED_BIZ_INITIATED_AND_USER_INITIATED_CALLING"
        | "RESTRICTED_BUSINESS_INITIATED_CALLING"
        | "RESTRICTED_USER_INITIATED_CALLING"
        | "RESTRICTED_USER_INITIATED_CALLING_CALL_BUTTON_HIDDEN"
        | "RESTRICTED_UTILITY_TEMPLATES"
        | "RESTRICTED_DIRECT_SEND_UTILITY_TEMPLATES" => return Ok(None),
        other => return Err(Unplaceable::word("restriction type", other)),
    };
    Ok(Some(Restriction { kinds: vec![kind], until: expiration(told)? }))
}

/// When a restriction ends; none where that is not told, as null, 0 or not at all: it then binds for good (rule 10).
fn expiration(told: &Object) -> Result<Option<Time>, Unplaceable> {
    match told.get("expiration") {
        None | Some(Value::Null) => Ok(None),
        Some(_) => match time(told, "expiration") {
            Ok(end) => Ok(Some(end).filter(|end| *end != Time::from_micros(0))),
            Err(_) => Err(Unplaceable::Expiration),
        },
    }
}

/// A ban, already from the day on which it is announced: it has no end.
fn ban(value: &Object) -> Result<Restriction, Unplaceable> {
    let state = object(value, "ban_info").and_then(|ban| text(ban, "waba_ban_state"));
    match state.ok_or(Unplaceable::Missing { what: "ban_info.waba_ban_state" })?.as_str() {
        "DISABLE" | "SCHEDULE_FOR_DISABLE" => Ok(Restriction { kinds: vec![RestrictionKind::All], until: None }),
        "REINSTATE" => Err(Unplaceable::Reinstated),
        other => Err(Unplaceable::word("ban state", other)),
    }
}
