//! `user_preferences`: a person told the platform whether it wants marketing from us.
//!
//! ```text
//! {"wa_id": "16505551234", "category": "marketing_messages", "value": "stop", "timestamp": 1731705721}
//! ```

use super::change::{Change, Said};
use super::contact::OWN;
use super::json::{Object, text, timestamp};
use super::update::Unplaceable;
use crate::ledger::writing::record::What;

/// What a preference says.
pub(super) fn preference(change: &Change<'_>, preference: &Object) -> Result<Vec<Said>, Unplaceable> {
    let category = text(preference, "category").ok_or(Unplaceable::Missing { what: "the preference's category" })?;
    if category != "marketing_messages" {
        return Err(Unplaceable::word("preference category", &category));
    }
    let value = text(preference, "value").ok_or(Unplaceable::Missing { what: "the preference's value" })?;
    let what = What::Preference {
        preference: value.to_ascii_lowercase().parse().map_err(|_| Unplaceable::word("preference value", &value))?,
        contact: change.contact(preference, &OWN)?,
        sender: change.sender()?.clone(),
    };
    Ok(vec![Said { occurred_at: timestamp(preference)?, what }])
}
