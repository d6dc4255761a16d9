//! Times of messages, as the exports write them: RFC 3339 in UTC.

use prost_types::Timestamp;

use crate::consent::time::Time;

/// A time from a message.
#[must_use]
pub fn of(timestamp: &Timestamp) -> Time {
    Time::from_micros(timestamp.seconds.saturating_mul(1_000_000).saturating_add(i64::from(timestamp.nanos / 1_000)))
}

/// The first instant that is written: that of year 1.
const FIRST: Time = Time::from_micros(-62_135_596_800_000_000);

/// The last: with any offset, its year still has four digits.
const LAST: Time = Time::from_micros(253_402_207_200_999_999);

/// Whether a time can be written at all: from 0001-01-01T00:00:00Z to 9999-12-30T22:00:00.999999Z.
#[must_use]
pub fn is_written(time: Time) -> bool {
    (FIRST..=LAST).contains(&time)
}

/// A time as text; empty where it is absent.
#[must_use]
pub fn text(timestamp: Option<&Timestamp>) -> String {
    timestamp.map(|timestamp| of(timestamp).to_string()).unwrap_or_default()
}
