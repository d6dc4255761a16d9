//! Between protos and what people read: times, hashes, words.

use prost_types::Timestamp;

use super::error::CliError;
use crate::api::map;
use crate::consent::time::Time;
use crate::consent::words::{Category, Effect, Method, Permission, Reason};

/// A time from a message; none where it is absent.
#[must_use]
pub fn time(timestamp: Option<&Timestamp>) -> Option<Time> {
    timestamp
        .map(|timestamp| Time::from_micros(timestamp.seconds.saturating_mul(1_000_000).saturating_add(i64::from(timestamp.nanos / 1_000))))
}

/// A time in a message.
#[must_use]
pub fn timestamp(time: Option<Time>) -> Option<Timestamp> {
    time.map(map::timestamp)
}

/// A time as text; `otherwise` where it is absent.
#[must_use]
pub fn time_or(timestamp: Option<&Timestamp>, otherwise: &str) -> String {
    time(timestamp).map_or_else(|| otherwise.to_owned(), |time| time.to_string())
}

/// A number and what it counts: `1 body`, `2 bodies`.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Identifiers, separated by `, `; those that no key opened are told.
#[must_use]
pub fn contacts(contacts: &[String]) -> String {
    if contacts.is_empty() { "(unreadable)".into() } else { contacts.join(", ") }
}

/// A category's name.
#[must_use]
pub fn category(number: i32) -> String {
    Category::from_number(number).map_or_else(|| format!("category {number}"), |word| word.to_string())
}

/// Names of categories, separated by `, `; `none` where there are none.
#[must_use]
pub fn categories(numbers: &[i32]) -> String {
    if numbers.is_empty() { "none".into() } else { numbers.iter().map(|number| category(*number)).collect::<Vec<_>>().join(", ") }
}

/// A method's name.
#[must_use]
pub fn method(number: i32) -> String {
    Method::from_number(number).map_or_else(|| format!("method {number}"), |word| word.to_string())
}

/// An effect's name, as in `APPLIED`.
#[must_use]
pub fn effect(number: i32) -> String {
    Effect::from_number(number).map_or_else(|| format!("EFFECT_{number}"), |word| word.as_str().to_uppercase())
}

/// A reason's code.
#[must_use]
pub fn reason(number: i32) -> String {
    Reason::from_number(number).map_or_else(|| format!("REASON_{number}"), |word| word.to_string())
}

/// The permission of an answer.
///
/// # Errors
/// Where this program does not know the word: then it cannot tell.
pub fn permission(number: i32) -> Result<Permission, CliError> {
    Permission::from_number(number)
        .ok_or_else(|| CliError::unexpected(format!("the server answered with permission {number}, which this program does not know")))
}
