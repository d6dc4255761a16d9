//! `user_preferences`: a person told the platform whether it wants marketing from us.
//!
//! ```text
//! {"wa_id": "16505551234", "category": "marketing_messages", "value": "stop", "timestamp": 1731705721}
//! ```

use super::change::{Change, Said};
use super::contact::OWN;
use super::json::{Object, text, timestamp};
use super::update::Unplaceable;
use crate::consent::words::PlatformPreference;
use crate::ledger::writing::record::What;

/// What a preference says.
pub(super) fn preference(change: &Change<'_>, preference: &Object) -> Result<Vec<Said>, Unplaceable> {
    let category = text(preference, "category").ok_or(Unplaceable::Missing { what: "the preference's category" })?;
    let value = text(preference, "value").ok_or(Unplaceable::Missing { what: "the preference's value" })?;
    let told = value.to_ascii_lowercase().parse().map_err(|_| Unplaceable::word("preference value", &value));
    // A stop counts under any name that marketing may have, and without a time of its own.
    let stops = told == Ok(PlatformPreference::Stop) && category.to_ascii_lowercase().starts_with("marketing");
    if category != "marketing_messages" && !stops {
        return Err(Unplaceable::word("preference category", &category));
    }
    let what = What::Preference { preference: told?, contact: change.contact(preference, &OWN)?, sender: change.sender()?.clone() };
    if stops {
        return Ok(vec![Said { occurred_at: change.refused_at(preference), what }]);
    }
    if !change.shows_a_person(preference, &OWN) {
        return Err(Unplaceable::NotTheirs);
    }
    Ok(vec![Said { occurred_at: Some(timestamp(preference)?), what }])
}
