//! Times as lists hold them.
//!
//! ```text
//! 2026-03-01T10:00:00Z         RFC 3339, with any offset
//! 2026-03-01 10:00[:30[.5]]    local: needs --time-zone; without seconds for an opt-in the first instant of the minute, for an
//!                              opt-out its last, but never later than now
//! 2026-03-01                   a day: for an opt-in its first instant, for an opt-out its last
//! 01/03/2026 10:00             needs --date-format dmy or mdy too
//! 1772359200000                13 digits: milliseconds since 1970
//! ```
//!
//! Where a time leaves doubt, the answer is no: of two instants an opt-in takes the earlier and an opt-out the later, so that the
//! opt-out outranks.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::field::Field;
use super::refused::{Reason, Refused};
use crate::consent::time::Time;

/// How times without an offset are read.
#[derive(Clone, Debug)]
pub struct Times {
    zone: Option<TimeZone>,
    order: Option<DateFormat>,
    now: Time,
}

/// In which order a date is written, or what a number counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum DateFormat {
    /// Day, month, year: 31/12/2026
    Dmy,
    /// Month, day, year: 12/31/2026
    Mdy,
    /// Seconds since 1970
    EpochS,
}

/// Of two instants that a text may mean, which one is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// The earlier: for what permits.
    Earlier,
    /// The later: for what forbids.
    Later,
}

/// Where local times belong.
#[derive(Clone, Debug)]
pub struct Zone(pub TimeZone);

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = if text.eq_ignore_ascii_case("utc") { Ok(TimeZone::UTC) } else { TimeZone::get(text) };
        known.map(Self).map_err(|_| format!("{text:?} is no time zone; give its IANA name, as in America/Sao_Paulo, or UTC"))
    }
}

impl Times {
    /// With a zone for local times, and the order of dates; what is imported now.
    #[must_use]
    pub fn new(zone: Option<Zone>, order: Option<DateFormat>, now: Time) -> Self {
        Self { zone: zone.map(|zone| zone.0), order, now }
    }

    /// Reads the time of a field.
    ///
    /// # Errors
    /// Where it is no time, or more than the side would decide is in doubt.
    pub fn read(&self, field: Field, text: &str, side: Side) -> Result<Time, Refused> {
        let text = text.trim();
        if let Ok(time) = text.parse::<Time>() {
            return Ok(time);
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.number(field, text);
        }
        let (date, clock) = split(text);
        let (date, clock) = (self.date(field, date)?, clock.map(|clock| wall_clock(clock).ok_or_else(|| malformed(field))).transpose()?);
        let Some(zone) = &self.zone else {
            return Err(Refused::field(field, Reason::TimeWithoutZone, "a local time: give --time-zone, as in --time-zone Europe/London"));
        };
        match clock {
            Some(clock) => {
                let time = instant(field, zone, date.at(clock.hour, clock.minute, clock.second.unwrap_or(0), clock.nanos), side)?;
                Ok(if clock.second.is_none() && side == Side::Later { self.end_of_minute(time) } else { time })
            }
            None => day(field, zone, date, side),
        }
    }

    /// An opt-out at some second of this minute outranks an opt-in at any other.
    fn end_of_minute(&self, begin: Time) -> Time {
        begin.plus_micros(MINUTE_MICROS - 1).min(self.now).max(begin)
    }

    fn number(&self, field: Field, text: &str) -> Result<Time, Refused> {
        let micros = match (text.len(), self.order) {
            (13, _) => text.parse::<i64>().ok().and_then(|millis| millis.checked_mul(1_000)),
            (9 | 10, Some(DateFormat::EpochS)) => text.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000_000)),
            _ => None,
        };
        micros.filter(|micros| *micros > 0).map(Time::from_micros).ok_or_else(|| malformed(field))
    }

    fn date(&self, field: Field, text: &str) -> Result<Date, Refused> {
        let mut parts = text.split(['-', '/', '.']);
        let (Some(first), Some(second), Some(third), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(malformed(field));
        };
        let (year, month, day) = match (first.len(), third.len(), self.order) {
            (4, 1..=2, _) => (first, second, third),
            (1..=2, 4, Some(DateFormat::Dmy)) => (third, second, first),
            (1..=2, 4, Some(DateFormat::Mdy)) => (third, first, second),
            (1..=2, 4, _) => {
                return Err(Refused::field(field, Reason::TimeAmbiguous, "nobody can tell day from month: give --date-format dmy or mdy"));
            }
            _ => return Err(malformed(field)),
        };
        let number = |text: &str| (text.len() <= 4).then(|| digits(text)).flatten();
        let (Some(year), Some(month), Some(day)) = (number(year), number(month), number(day)) else { return Err(malformed(field)) };
        let small = |number: i16| i8::try_from(number).unwrap_or(i8::MAX);
        Date::new(year, small(month), small(day)).map_err(|_| malformed(field))
    }
}

/// A minute, in microseconds.
const MINUTE_MICROS: i64 = 60_000_000;

/// The last microsecond of a second, in nanoseconds.
const LAST_MICROSECOND: i32 = 999_999_000;

/// A time of day.
struct Clock {
    hour: i8,
    minute: i8,
    /// None where it is told to the minute.
    second: Option<i8>,
    nanos: i32,
}

/// The date, and the time of day where there is one.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once(['T', ' ']) {
        Some((date, clock)) => (date, Some(clock.trim())),
        None => (text, None),
    }
}

/// `10:00`, `10:00:30.5`, `2:30 PM`.
fn wall_clock(text: &str) -> Option<Clock> {
    let half = |suffix: &str| {
        let (head, tail) = text.split_at_checked(text.len().checked_sub(2)?)?;
        tail.eq_ignore_ascii_case(suffix).then(|| head.trim_end())
    };
    let (text, half) = match (half("am"), half("pm")) {
        (Some(text), _) => (text, Some(0)),
        (_, Some(text)) => (text, Some(12)),
        _ => (text, None),
    };
    let mut parts = text.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next());
    if parts.next().is_some() {
        return None;
    }
    let to_the_minute = second.is_none();
    let (second, fraction) = second.map_or(("0", ""), |second| second.split_once(['.', ',']).unwrap_or((second, "")));
    let hour = match (digits(hour)?, half) {
        (hour @ 1..=12, Some(half)) => hour % 12 + half,
        (hour @ 0..=23, None) => hour,
        _ => return None,
    };
    let (minute, second) = (digits(minute).filter(|minute| *minute < 60)?, digits(second).filter(|second| *second <= 60)?);
    let nanos = if fraction.is_empty() {
        0
    } else if fraction.len() <= 9 && fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("{fraction:0<9}").parse::<i32>().ok()?
    } else {
        return None;
    };
    // A leap second, as times with an offset are read.
    let (second, nanos) = if second == 60 { (59, LAST_MICROSECOND) } else { (i8::try_from(second).ok()?, nanos) };
    let second = (!to_the_minute).then_some(second);
    Some(Clock { hour: i8::try_from(hour).ok()?, minute: i8::try_from(minute).ok()?, second, nanos })
}

/// One to four digits.
fn digits(text: &str) -> Option<i16> {
    let well_formed = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    well_formed.then(|| text.parse().ok()).flatten()
}

fn instant(field: Field, zone: &TimeZone, local: DateTime, side: Side) -> Result<Time, Refused> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
        return Err(Refused::field(
            field,
            Reason::TimeNotOnClocks,
            "clocks skipped this time when they were put forward: it is another time, or another time zone",
        ));
    }
    let taken = match side {
        Side::Earlier => ambiguous.earlier(),
        Side::Later => ambiguous.later(),
    };
    taken.map(|taken| Time::from_micros(taken.as_microsecond())).map_err(|_| malformed(field))
}

/// The first instant of a day, or its last microsecond.
fn day(field: Field, zone: &TimeZone, date: Date, side: Side) -> Result<Time, Refused> {
    let start = |date: Date| date.to_zoned(zone.clone()).map(|zoned| zoned.timestamp().as_microsecond());
    let micros = match side {
        Side::Earlier => start(date),
        Side::Later => date.tomorrow().and_then(start).map(|next| next - 1),
    };
    micros.map(Time::from_micros).map_err(|_| malformed(field))
}

fn malformed(field: Field) -> Refused {
    Refused::field(field, Reason::TimeMalformed, "not a time such as 2026-03-01T10:00:00Z or 2026-03-01 10:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(zone: &str, order: Option<DateFormat>, text: &str, side: Side) -> Result<String, String> {
        let now = "2026-11-01T10:00:20Z".parse().unwrap();
        let times = Times::new((!zone.is_empty()).then(|| zone.parse().unwrap()), order, now);
        times.read(Field::OccurredAt, text, side).map(|time| time.to_string()).map_err(|refused| refused.reason.into_owned())
    }

    #[test]
    fn a_time_with_an_offset_needs_nothing_else() {
        for text in [
            "2026-03-01T10:00:00Z",
            "2026-03-01T07:00:00-03:00",
            "2026-03-01 10:00:00Z",
            "2026-03-01T10:00:00.000Z",
            "2026-03-01T10:00:00.000+0000",
            "1772359200000",
        ] {
            assert_eq!(read("", None, text, Side::Earlier), Ok("2026-03-01T10:00:00Z".into()), "{text}");
        }
    }

    #[test]
    fn a_local_time_needs_its_zone() {
        assert_eq!(read("", None, "2026-03-01 10:00", Side::Earlier), Err("TIME_WITHOUT_ZONE".into()));
        assert_eq!(read("America/Sao_Paulo", None, "2026-03-01 10:00", Side::Earlier), Ok("2026-03-01T13:00:00Z".into()));
        assert_eq!(read("UTC", None, "2026/3/1 10:00:30.25", Side::Earlier), Ok("2026-03-01T10:00:30.25Z".into()));
    }

    #[test]
    fn day_and_month_are_told_apart_only_where_somebody_said_how() {
        assert_eq!(read("UTC", None, "01/03/2026 10:00", Side::Earlier), Err("TIME_AMBIGUOUS".into()));
        assert_eq!(read("UTC", None, "13/03/2026 10:00", Side::Earlier), Err("TIME_AMBIGUOUS".into()), "not row by row");
        assert_eq!(read("UTC", Some(DateFormat::Dmy), "01/03/2026 10:00", Side::Earlier), Ok("2026-03-01T10:00:00Z".into()));
        assert_eq!(read("UTC", Some(DateFormat::Mdy), "3/1/2026 2:30 PM", Side::Earlier), Ok("2026-03-01T14:30:00Z".into()));
        assert_eq!(read("UTC", Some(DateFormat::Mdy), "13/03/2026", Side::Earlier), Err("TIME_MALFORMED".into()));
        assert_eq!(read("UTC", Some(DateFormat::Dmy), "01.03.2026 12:05 am", Side::Earlier), Ok("2026-03-01T00:05:00Z".into()));
    }

    #[test]
    fn of_two_instants_an_opt_in_takes_the_earlier_and_an_opt_out_the_later() {
        let twice = "2026-10-25 01:30";
        assert_eq!(read("Europe/London", None, twice, Side::Earlier), Ok("2026-10-25T00:30:00Z".into()));
        assert_eq!(read("Europe/London", None, twice, Side::Later), Ok("2026-10-25T01:30:59.999999Z".into()));
        assert_eq!(read("Europe/London", None, "2026-06-01", Side::Earlier), Ok("2026-05-31T23:00:00Z".into()));
        assert_eq!(read("Europe/London", None, "2026-06-01", Side::Later), Ok("2026-06-01T22:59:59.999999Z".into()));
    }

    #[test]
    fn an_opt_out_to_the_minute_is_taken_at_its_end_but_never_later_than_now() {
        assert_eq!(read("UTC", None, "2026-03-01 10:00", Side::Later), Ok("2026-03-01T10:00:59.999999Z".into()));
        assert_eq!(read("UTC", None, "2026-03-01 10:00", Side::Earlier), Ok("2026-03-01T10:00:00Z".into()));
        assert_eq!(read("UTC", None, "2026-03-01 10:00:00", Side::Later), Ok("2026-03-01T10:00:00Z".into()));
        assert_eq!(read("UTC", None, "2026-11-01 10:00", Side::Later), Ok("2026-11-01T10:00:20Z".into()));
        assert_eq!(read("UTC", None, "2026-11-01 10:05", Side::Later), Ok("2026-11-01T10:05:00Z".into()), "the server refuses it");
    }

    #[test]
    fn a_time_that_clocks_skipped_is_refused() {
        assert_eq!(read("Europe/London", None, "2026-03-29 01:30", Side::Later), Err("TIME_NOT_ON_CLOCKS".into()));
    }

    #[test]
    fn seconds_are_read_only_where_somebody_said_so() {
        assert_eq!(read("", None, "1772359200", Side::Earlier), Err("TIME_MALFORMED".into()));
        assert_eq!(read("", Some(DateFormat::EpochS), "1772359200", Side::Earlier), Ok("2026-03-01T10:00:00Z".into()));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "2026-02-30",
            "2026-03-01 25:00",
            "2026-03-01 10",
            "46082",
            "2026-03-01 10:00:00:00",
            "20260301",
            "1.7e12",
            "0000000000000",
        ] {
            assert_eq!(read("UTC", None, text, Side::Earlier), Err("TIME_MALFORMED".into()), "{text}");
        }
        assert!("Mars/Olympus".parse::<Zone>().is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_time_or_refused(text in "[0-9T:/ .,+\\-ampAMPZ]{0,30}|\\PC{0,30}") {
            for side in [Side::Earlier, Side::Later] {
                let _ = read("Europe/London", Some(DateFormat::Dmy), &text, side);
            }
        }
    }
}
