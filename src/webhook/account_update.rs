//! `account_update`: the platform forbids an account something, or tells what else became of it.
//!
//! ```text
//! {"event": "ACCOUNT_RESTRICTION", "restriction_info": [
//!    {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 1641330498}, …]}
//! {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "April 17, 2025"}}
//! ```
//!
//! A restriction names no sender, so it is the whole account's. A reinstatement says that a ban is over, and nothing of what
//! else is forbidden: that lasts until its own end.

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
    let what = match event.as_str() {
        "ACCOUNT_RESTRICTION" => restriction(value)?.map(|restriction| What::Restrict { sender: None, restriction }),
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
    what.map(|what| Ok(Said { occurred_at: Some(change.told_at()?), what })).into_iter().collect()
}

/// The one restriction of a value; none where it forbids no message.
fn restriction(value: &Object) -> Result<Option<Restriction>, Unplaceable> {
    let told = match value.get(RESTRICTIONS) {
        Some(Value::Array(told)) if told.len() == 1 => told.first(),
        told => told,
    };
    let told = told.and_then(Value::as_object).ok_or(Unplaceable::Missing { what: "the restriction" })?;
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
    Ok(Some(Restriction { kinds: vec![kind], until: expiration(told) }))
}

/// When a restriction ends; none where that is not told or does not read: it then binds until it is lifted (rule 10).
fn expiration(told: &Object) -> Option<Time> {
    time(told, "expiration").ok().or_else(|| text(told, "expiration")?.parse().ok())
}

/// A ban, already from the day on which it is announced, since it has no end; or that it is over.
fn ban(value: &Object) -> Result<What, Unplaceable> {
    let state = object(value, "ban_info").and_then(|ban| text(ban, "waba_ban_state"));
    match state.ok_or(Unplaceable::Missing { what: "ban_info.waba_ban_state" })?.as_str() {
        "DISABLE" | "SCHEDULE_FOR_DISABLE" => {
            Ok(What::Restrict { sender: None, restriction: Restriction { kinds: vec![RestrictionKind::All], until: None } })
        }
        "REINSTATE" => Ok(What::Lift { sender: None, kinds: vec![RestrictionKind::All] }),
        other => Err(Unplaceable::word("ban state", other)),
    }
}
