//! Times of messages, as the exports write them: RFC 3339 in UTC.

use prost_types::Timestamp;

use crate::consent::time::Time;

/// A time from a message.
#[must_use]
pub fn of(timestamp: &Timestamp) -> Time {
    Time::from_micros(timestamp.seconds.saturating_mul(1_000_000).saturating_add(i64::from(timestamp.nanos / 1_000)))
}

/// A time as text; empty where it is absent.
#[must_use]
pub fn text(timestamp: Option<&Timestamp>) -> String {
    timestamp.map(|timestamp| of(timestamp).to_string()).unwrap_or_default()
}
