//! Until when a certificate is valid, and when to speak up about it.

use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use crate::consent::time::Time;

/// So many days before its end a certificate should have been renewed.
const SOON_DAYS: u32 = 14;

/// Microseconds in a day.
const DAY: i64 = 86_400_000_000;

/// Until when the certificate (DER) is valid.
///
/// # Errors
/// Where it is none.
pub fn expires_at(certificate: &[u8]) -> Result<Time, x509_cert::der::Error> {
    let certificate = Certificate::from_der(certificate)?;
    let end = certificate.tbs_certificate.validity.not_after.to_unix_duration();
    Ok(Time::from_micros(i64::try_from(end.as_micros()).unwrap_or(i64::MAX)))
}

/// How much time is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Left {
    /// None: clients refuse it.
    Expired,
    /// So many whole days, too few.
    Days(u32),
    /// Enough.
    Enough,
}

/// How much time is left at `now`.
#[must_use]
pub fn left(expires_at: Time, now: Time) -> Left {
    if expires_at <= now {
        return Left::Expired;
    }
    if now.plus_days(SOON_DAYS) < expires_at {
        return Left::Enough;
    }
    let days = expires_at.micros().saturating_sub(now.micros()) / DAY;
    Left::Days(u32::try_from(days).unwrap_or(SOON_DAYS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_weeks_before_its_end_it_is_soon_and_at_its_end_it_is_over() {
        let end = Time::from_micros(100 * DAY);
        let at = |micros: i64| left(end, Time::from_micros(micros));
        assert_eq!(at(86 * DAY - 1), Left::Enough);
        assert_eq!(at(86 * DAY), Left::Days(14));
        assert_eq!(at(100 * DAY - 1), Left::Days(0));
        assert_eq!(at(100 * DAY), Left::Expired);
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        assert!(expires_at(b"").is_err());
        assert!(expires_at(&[0x30, 0x03, 0x02, 0x01, 0x01]).is_err());
    }
}
