//! What the fields of a change are about, and who reads them. `docs/webhooks.md` says of each what it comes to.

use super::account_update::account_update;
use super::calls::call;
use super::change::{Change, Said};
use super::echoes::echo;
use super::history::{message_of_before, not_shared};
use super::json::Object;
use super::messages::message;
use super::preferences::preference;
use super::quality::quality;
use super::statuses::status;
use super::templates::{template_category, template_quality, template_status};
use super::update::Unplaceable;

/// Reads one item.
pub(super) type Room = fn(&Change<'_>, &Object) -> Result<Vec<Said>, Unplaceable>;

/// What a field's changes are about.
pub(super) enum About {
    /// People: lists of items.
    People(&'static [(&'static str, Room)]),
    /// An account, a sender or a template: the change is one item itself.
    Account(Room),
    /// Nothing that a permission rests on.
    Nothing,
    /// Nobody knows.
    Unknown,
}

/// The lists of changes about people.
const LISTS: &[(&str, Room)] = &[
    ("messages", message),
    ("statuses", status),
    ("calls", call),
    ("user_preferences", preference),
    ("message_echoes", echo),
    // A click on a link in a message of ours: it names nobody.
    ("user_actions", nothing),
];

/// The same, of what was written before the number came to the API.
const LISTS_OF_BEFORE: &[(&str, Room)] = &[("history", not_shared), ("messages", message_of_before), ("message_echoes", echo)];

/// Fields that are about our own doings, about money, groups and address books: no rule asks for them.
const NOTHING: [&str; 19] = [
    "account_alerts",
    "account_review_update",
    "account_settings_update",
    "automatic_events",
    "business_capability_update",
    "flows",
    "group_lifecycle_update",
    "group_participants_update",
    "group_settings_update",
    "group_status_update",
    "message_template_components_update",
    "messaging_handovers",
    "partner_solutions",
    "payment_configuration_update",
    "phone_number_name_update",
    "security",
    "smb_app_state_sync",
    "template_correct_category_detection",
    "tracking_events",
];

/// What the changes of `field` are about.
pub(super) fn about(field: &str) -> About {
    match field {
        "messages" | "standby" | "calls" | "user_preferences" | "smb_message_echoes" | "message_echoes" => About::People(LISTS),
        "history" => About::People(LISTS_OF_BEFORE),
        "account_update" => About::Account(account_update),
        "message_template_status_update" => About::Account(template_status),
        "template_category_update" => About::Account(template_category),
        "message_template_quality_update" => About::Account(template_quality),
        "phone_number_quality_update" => About::Account(quality),
        _ if NOTHING.contains(&field) => About::Nothing,
        _ => About::Unknown,
    }
}

/// Whether a part of a change's value is a list that is read, or one that only says more about the others.
pub(super) fn is_list(name: &str) -> bool {
    matches!(name, "contacts" | "errors") || LISTS.iter().chain(LISTS_OF_BEFORE).any(|(list, _)| *list == name)
}

#[expect(clippy::unnecessary_wraps, reason = "a room may refuse")]
const fn nothing(_: &Change<'_>, _: &Object) -> Result<Vec<Said>, Unplaceable> {
    Ok(Vec::new())
}
