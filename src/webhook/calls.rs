//! `calls`: a person called us, or a call of ours went on.
//!
//! ```text
//! {"id": "wacid.HBg…", "from": "972987654321", "event": "connect", "direction": "USER_INITIATED", "timestamp": "1752583107"}
//! ```

use super::change::{Change, Said};
use super::contact::FROM;
use super::json::{Object, text, timestamp};
use super::messages::{is_in_group, message_id};
use super::update::Unplaceable;
use crate::consent::words::InboundKind;
use crate::ledger::writing::record::What;

/// What a call event says: a person's call counts from its first ring, answered or not (rule 3). That a call of ours was
/// accepted comes as a status.
pub(super) fn call(change: &Change<'_>, call: &Object) -> Result<Vec<Said>, Unplaceable> {
    let event = text(call, "event").ok_or(Unplaceable::Missing { what: "the call's event" })?;
    let direction = text(call, "direction");
    match (event.as_str(), direction.as_deref()) {
        // In a group it is no call to this sender alone.
        ("connect", Some("USER_INITIATED")) if is_in_group(call) => Ok(Vec::new()),
        ("connect", Some("USER_INITIATED")) if change.is_echo(call) || !change.shows_a_person(call, &FROM) => Err(Unplaceable::NotTheirs),
        ("connect", Some("USER_INITIATED")) => {
            let what = What::Inbound {
                contact: change.contact(call, &FROM)?,
                sender: change.sender()?.clone(),
                kind: InboundKind::Call,
                text: None,
                payload: None,
                message_id: message_id(call)?,
            };
            Ok(vec![Said { occurred_at: Some(timestamp(call)?), what }])
        }
        ("connect", Some("BUSINESS_INITIATED")) | ("terminate", _) => Ok(Vec::new()),
        ("connect", None) => Err(Unplaceable::Missing { what: "the call's direction" }),
        ("connect", Some(other)) => Err(Unplaceable::word("call direction", other)),
        (other, _) => Err(Unplaceable::word("call event", other)),
    }
}
