//! Instants and lengths of time, to the microsecond. The core never reads a clock: time is an argument.

/// An instant, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(i64);

impl Time {
    /// An instant from microseconds since 1970.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The instant `micros` later; stays at the last instant where the sum does not fit.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Whether a clock that shows this cannot be right, when something was recorded at `last`.
    #[must_use]
    pub const fn is_far_behind(self, last: Self) -> bool {
        self.plus_micros(CLOCK_TOLERANCE_MICROS).0 < last.0
    }

    /// The instant `hours` later.
    #[must_use]
    pub const fn plus_hours(self, hours: u32) -> Self {
        self.plus_micros((hours as i64) * HOUR)
    }

    /// The instant `days` of 24 hours later.
    #[must_use]
    pub const fn plus_days(self, days: u32) -> Self {
        self.plus_micros((days as i64) * 24 * HOUR)
    }
}

/// RFC 3339 in UTC, for people; microseconds where it has them.
impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => timestamp.fmt(f),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl std::fmt::Debug for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// Not an RFC 3339 time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{given:?} is not an RFC 3339 time such as 2026-03-01T10:00:00Z")]
pub struct TimeError {
    given: String,
}

impl std::str::FromStr for Time {
    type Err = TimeError;

    /// Reads RFC 3339 with an offset; what is finer than a microsecond is cut off. A leap second has no instant of its own: all of
    /// it is the last microsecond of the second before, behind whatever came within that and before the next.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let timestamp = text.parse::<jiff::Timestamp>().map_err(|_| TimeError { given: text.to_owned() })?;
        let micros = timestamp.as_microsecond();
        let is_leap = text.get(16..19) == Some(":60");
        Ok(Self(if is_leap { micros.div_euclid(SECOND) * SECOND + SECOND - 1 } else { micros }))
    }
}

/// Microseconds in a second.
const SECOND: i64 = 1_000_000;

/// Microseconds in an hour.
const HOUR: i64 = 3_600_000_000;

/// How far ahead of the ledger's clock a claimed time may lie, and how far the clock behind the last entry: 5 minutes, in
/// microseconds (rule 1).
pub const CLOCK_TOLERANCE_MICROS: i64 = 300_000_000;
