//! The deadline that a call comes with: `grpc-timeout: 500m`, at most eight digits and a unit.
//!
//! What is past its deadline is not begun, what waits stops waiting, and a stream ends.

use std::time::Duration;

use tonic::codegen::http::{HeaderMap, HeaderName};

/// The header.
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The most digits.
const DIGITS: usize = 8;

/// How long a call may take, where it says so; what is no timeout is as none.
#[must_use]
pub fn of(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 60 * 60),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(TIMEOUT, text.parse().unwrap());
        of(&headers)
    }

    #[test]
    fn a_timeout_is_digits_and_a_unit() {
        assert_eq!(read("0n"), Some(Duration::ZERO));
        assert_eq!(read("500m"), Some(Duration::from_millis(500)));
        assert_eq!(read("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        for bad in ["", "S", "5", "123456789S", "-1S", "1s", "1.5S", "S5"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
        assert_eq!(of(&HeaderMap::new()), None);
    }
}
