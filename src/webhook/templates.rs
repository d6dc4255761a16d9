//! `message_template_status_update`, `template_category_update`, `message_template_quality_update`: what became of a
//! template, found by name and language. One that nobody registered stays unknown: the change waits for its registration.
//!
//! ```text
//! {"event": "PAUSED", "message_template_name": "abandoned_cart", "message_template_language": "en", …}
//! {"new_category": "UTILITY", "correct_category": "MARKETING", "category_update_timestamp": 1746169200, …}   announced
//! {"new_category": "MARKETING", "previous_category": "UTILITY", …}                                          moved
//! {"new_quality_score": "YELLOW", "previous_quality_score": "GREEN", …}
//! ```

use super::change::{Change, Said};
use super::json::{Object, text};
use super::quality::rating;
use super::update::Unplaceable;
use crate::consent::template::{TemplateKey, TemplateStatus};
use crate::consent::words::Category;
use crate::ledger::writing::record::What;

/// What a change of status says.
pub(super) fn template_status(change: &Change<'_>, value: &Object) -> Result<Vec<Said>, Unplaceable> {
    let key = key(value)?;
    let event = text(value, "event").ok_or(Unplaceable::Missing { what: "the template's event" })?;
    let status = match event.as_str() {
        "APPROVED" | "REINSTATED" => TemplateStatus::Approved,
        // Locked is how a pause was told before; where it is not one, it still rests.
        "PAUSED" | "LOCKED" => TemplateStatus::Paused,
        "REJECTED" => TemplateStatus::Rejected,
        "DISABLED" | "ARCHIVED" | "DELETED" | "PENDING_DELETION" => TemplateStatus::Disabled,
        "PENDING" | "IN_APPEAL" => TemplateStatus::Pending,
        // At risk, and still sent; that there may be no more templates says nothing of this one.
        "FLAGGED" | "LIMIT_EXCEEDED" => return Ok(Vec::new()),
        "UNARCHIVED" => return Err(Unplaceable::Unarchived),
        other => return Err(Unplaceable::word("template event", other)),
    };
    // The platform may approve in another category than was asked for. Before, the category is only asked for.
    let category = match status {
        TemplateStatus::Approved => category(value, "message_template_category")?,
        _ => None,
    };
    changed(change, What::ChangeTemplate { key, category, status: Some(status), quality: None })
}

/// What a change of category says: `new_category` is always the present one, `correct_category` is only announced.
pub(super) fn template_category(change: &Change<'_>, value: &Object) -> Result<Vec<Said>, Unplaceable> {
    let key = key(value)?;
    match category(value, "new_category")? {
        Some(category) => changed(change, What::ChangeTemplate { key, category: Some(category), status: None, quality: None }),
        None if value.contains_key("correct_category") => Ok(Vec::new()),
        None => Err(Unplaceable::Missing { what: "new_category" }),
    }
}

/// What a change of quality says: for people, it closes nothing.
pub(super) fn template_quality(change: &Change<'_>, value: &Object) -> Result<Vec<Said>, Unplaceable> {
    let key = key(value)?;
    let score = text(value, "new_quality_score").ok_or(Unplaceable::Missing { what: "new_quality_score" })?;
    match rating(&score)? {
        Some(quality) => changed(change, What::ChangeTemplate { key, category: None, status: None, quality: Some(quality) }),
        None => Ok(Vec::new()),
    }
}

fn changed(change: &Change<'_>, what: What) -> Result<Vec<Said>, Unplaceable> {
    Ok(vec![Said { occurred_at: Some(change.told_at()?), what }])
}

fn key(value: &Object) -> Result<TemplateKey, Unplaceable> {
    let name = text(value, "message_template_name").ok_or(Unplaceable::Missing { what: "the template's name" })?;
    let language = text(value, "message_template_language").ok_or(Unplaceable::Missing { what: "the template's language" })?;
    TemplateKey::new(&name, &language).map_err(|error| Unplaceable::Template { error })
}

/// The category under `key`, one of those that templates have; none where there is nothing.
fn category(value: &Object, key: &str) -> Result<Option<Category>, Unplaceable> {
    let Some(word) = value.get(key).filter(|word| !word.is_null()) else { return Ok(None) };
    let word = word.as_str().unwrap_or_default();
    let known = word.to_ascii_lowercase().parse().ok().filter(|category| Category::TEMPLATE.contains(category));
    known.map(Some).ok_or_else(|| Unplaceable::word("template category", word))
}
