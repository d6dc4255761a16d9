//! Lengths of time on the command line.

use std::str::FromStr;

use prost_types::Duration;

/// A length of time as it is typed: a number and s, m, h or d.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Length {
    seconds: i64,
}

impl Length {
    /// As the clock measures it.
    #[must_use]
    pub const fn time(self) -> std::time::Duration {
        std::time::Duration::from_secs(self.seconds.unsigned_abs())
    }

    /// As a message holds it.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration { seconds: self.seconds, nanos: 0 }
    }
}

/// Not a length of time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{given:?} is no length of time such as 90s, 15m, 24h or 7d")]
pub struct LengthError {
    given: String,
}

impl FromStr for Length {
    type Err = LengthError;

    fn from_str(text: &str) -> Result<Self, LengthError> {
        let error = || LengthError { given: text.to_owned() };
        let unit = text.chars().last().filter(char::is_ascii_alphabetic).ok_or_else(error)?;
        let unit_seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 24 * 3_600,
            _ => return Err(error()),
        };
        let number = text.strip_suffix(unit).and_then(|number| number.parse::<u32>().ok()).ok_or_else(error)?;
        Ok(Self { seconds: i64::from(number) * unit_seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_a_number_and_a_unit() {
        let seconds = |text: &str| text.parse::<Length>().map(|length| length.seconds);
        assert_eq!(["0s", "90s", "15m", "24h", "30d"].map(|text| seconds(text).unwrap()), [0, 90, 900, 86_400, 2_592_000]);
        for text in ["", "24", "h", "-1h", "1.5h", "24H", "24 h", "1w", "1d2h"] {
            assert_eq!(seconds(text), Err(LengthError { given: text.to_owned() }));
        }
    }
}
