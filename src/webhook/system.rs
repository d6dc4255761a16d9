//! `system` messages: the platform tells that a person's number, user ID or identity key changed.
//!
//! ```text
//! {"from": "16505551234", "type": "system", "system": {"type": "user_changed_number", "wa_id": "12195555358",
//!  "previous_user_id": "US.100…", "user_id": "US.200…", "body": "User Sheena changed from 16505551234 to 12195555358"}, …}
//! {"type": "system", "system": {"type": "user_changed_user_id", "user_id": "US.200…",
//!  "body": "User Sheena changed from US.100… to US.200…"}, …}
//! ```

use super::change::{Change, Said};
use super::contact::{FROM, read_user_id};
use super::json::{Object, object, text};
use super::messages::message_id;
use super::update::Unplaceable;
use crate::consent::identifier::Identifier;
use crate::ledger::writing::record::What;

/// What a system message says.
pub(super) fn system(change: &Change<'_>, message: &Object) -> Result<Vec<Said>, Unplaceable> {
    let system = object(message, "system").ok_or(Unplaceable::Missing { what: "system" })?;
    let kind = text(system, "type").ok_or(Unplaceable::Missing { what: "system.type" })?;
    let sender = change.sender()?;
    let occurred_at = change.refused_at(message);
    let message_id = message_id(message)?;
    let moves = match kind.as_str() {
        "user_changed_number" | "customer_changed_number" => number_change(message, system)?,
        "user_changed_user_id" => std::iter::once(user_id_change(message, system)?).chain(parent_change(system)).collect(),
        "customer_identity_changed" | "user_identity_changed" => {
            let contact = change.contact(message, &FROM)?;
            return Ok(vec![Said { occurred_at, what: What::IdentityKeyChange { contact, sender: sender.clone(), message_id } }]);
        }
        other => return Err(Unplaceable::word("system message type", other)),
    };
    if moves.iter().any(|(from, to)| from == to) {
        return Err(Unplaceable::MovedNowhere);
    }
    let said = |(from, to)| Said { occurred_at, what: What::Move { from, to, message_id: message_id.clone() } };
    Ok(moves.into_iter().map(said).collect())
}

/// The moves of whatever is told of both sides: the number, the user ID, or both. The old number stands in a field or, as
/// the platform documents it, in the body.
fn number_change(message: &Object, system: &Object) -> Result<Vec<(Identifier, Identifier)>, Unplaceable> {
    let phone = |digits: String| Identifier::from_wa_id(&digits).map_err(|error| Unplaceable::Contact { error });
    let new = text(system, "wa_id").or_else(|| text(system, "new_wa_id"));
    let old = text(message, "from").or_else(|| from_the_end_of(&text(system, "body")?, new.as_ref()?));
    let user_ids = told_user_id(system, "previous_user_id").or_else(|| told_user_id(message, FROM.user_id));
    let user_ids = user_ids.zip(told_user_id(system, "user_id")).filter(|(old, new)| old != new);
    let phones = match (old, new) {
        (Some(old), Some(new)) => Some((phone(old)?, phone(new)?)),
        // People may hide their number: then the user ID is all there is.
        _ if user_ids.is_some() => None,
        _ => return Err(Unplaceable::NoContact),
    };
    Ok([phones, user_ids, parent_change(system)].into_iter().flatten().collect())
}

/// The user ID's move; the old one stands in a field or, as the platform documents it, at the end of the body.
fn user_id_change(message: &Object, system: &Object) -> Result<(Identifier, Identifier), Unplaceable> {
    let new = text(system, "user_id").ok_or(Unplaceable::NoContact)?;
    let told = text(system, "previous_user_id").or_else(|| text(message, FROM.user_id).filter(|old| *old != new));
    let old = told.or_else(|| from_the_end_of(&text(system, "body")?, &new)).ok_or(Unplaceable::NoContact)?;
    Ok((read_user_id(&old)?, read_user_id(&new)?))
}

/// The move of the user ID at the parent business, where both are told.
fn parent_change(system: &Object) -> Option<(Identifier, Identifier)> {
    told_user_id(system, "previous_parent_user_id").zip(told_user_id(system, "parent_user_id")).filter(|(old, new)| old != new)
}

fn told_user_id(of: &Object, key: &str) -> Option<Identifier> {
    text(of, key).and_then(|given| read_user_id(&given).ok())
}

/// `A` of a body that ends with "changed from A to B". The person's own name stands before it, so only the end counts.
fn from_the_end_of(body: &str, new: &str) -> Option<String> {
    let (_, old) = body.strip_suffix(new)?.strip_suffix(" to ")?.rsplit_once(" changed from ")?;
    Some(old.to_owned())
}
