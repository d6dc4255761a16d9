//! JSON read strictly: no member twice in an object, no member that is not specified.

use std::cell::Cell;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::{DeserializeOwned, DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::consent::time::Time;
use crate::export::time::is_written;

/// How deep values may be nested, the outermost counted.
const DEPTH: usize = 64;

/// One line's value.
///
/// # Errors
/// Where it is no JSON, a member comes twice, or values are nested too deeply.
pub fn value(line: &[u8]) -> Result<Value, serde_json::Error> {
    read(line, &Cell::new(Some(usize::MAX)))
}

/// Why there is no value of a bounded size.
#[derive(Debug, thiserror::Error)]
pub enum BoundedError {
    /// It holds too many values; building stopped at the first too many.
    #[error("more than {most} values")]
    TooMany {
        /// As many it may hold.
        most: usize,
    },
    /// It is no JSON, has a member twice, or is nested too deeply.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// [`value`] of `most` values at most: itself, every item, and every member's value. A few bytes of JSON may take a hundred times as
/// many in memory, so that a bound on bytes is none on memory.
///
/// # Errors
/// As [`value`], and where it holds more.
pub fn bounded(text: &[u8], most: usize) -> Result<Value, BoundedError> {
    let left = Cell::new(Some(most));
    let value = read(text, &left);
    if left.get().is_none() { Err(BoundedError::TooMany { most }) } else { Ok(value?) }
}

fn read(text: &[u8], left: &Cell<Option<usize>>) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Once { depth: DEPTH, left }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// A value in which no object has a member twice, nested so deep at most, of so many values at most.
struct Once<'a> {
    depth: usize,
    /// How many values may still come; none once there was one too many.
    left: &'a Cell<Option<usize>>,
}

impl Once<'_> {
    /// What stands in a list or an object of it.
    fn within<E: Error>(&self) -> Result<usize, E> {
        self.depth.checked_sub(1).ok_or_else(|| E::custom("nested too deeply"))
    }
}

impl<'de> DeserializeSeed<'de> for Once<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.left.set(self.left.get().and_then(|left| left.checked_sub(1)));
        if self.left.get().is_none() {
            return Err(D::Error::custom("too many values"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let depth = self.within()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Once { depth, left: self.left })? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let depth = self.within()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(Once { depth, left: self.left })?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member comes twice"));
            }
        }
        Ok(object.into())
    }
}

/// A struct that stands as an object: serde would take a list of its members too.
///
/// # Errors
/// Where it is no object, or not that struct.
pub fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    let members = Map::deserialize(deserializer)?;
    T::deserialize(Value::Object(members)).map_err(D::Error::custom)
}

/// A list of such structs, in a member that may be left out.
///
/// # Errors
/// Where it is no list of objects, or one of them is not that struct.
pub fn objects<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<Vec<T>>, D::Error> {
    let items = Vec::<Map<String, Value>>::deserialize(deserializer)?;
    let items = items.into_iter().map(|members| T::deserialize(Value::Object(members)));
    items.collect::<Result<_, _>>().map(Some).map_err(D::Error::custom)
}

/// Base64 with padding, in its one spelling.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bytes(pub Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64.decode(text).map(Self).map_err(|_| D::Error::custom("base64 is expected"))
    }
}

/// Base64 of 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bytes32(pub [u8; 32]);

impl<'de> Deserialize<'de> for Bytes32 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Bytes(bytes) = Bytes::deserialize(deserializer)?;
        bytes.try_into().map(Self).map_err(|_| D::Error::custom("base64 of 32 bytes is expected"))
    }
}

/// Lower-case hex of `N` bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hex<const N: usize>(pub [u8; N]);

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; N];
        let read = hex::decode_to_slice(&text, &mut bytes).is_ok() && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        if read { Ok(Self(bytes)) } else { Err(D::Error::custom(format!("{} hex digits are expected", 2 * N))) }
    }
}

/// `true`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct True;

impl<'de> Deserialize<'de> for True {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if bool::deserialize(deserializer)? { Ok(Self) } else { Err(D::Error::custom("true is expected, or nothing")) }
    }
}

/// RFC 3339 in UTC, with `Z` and at most nine decimals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instant {
    /// To the microsecond.
    pub time: Time,
    /// Whether there is anything finer.
    pub is_finer: bool,
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        instant(&text).ok_or_else(|| D::Error::custom("a time in UTC is expected"))
    }
}

fn instant(text: &str) -> Option<Instant> {
    let body = text.strip_suffix('Z')?;
    let (seconds, decimals) = body.split_once('.').unwrap_or((body, "0"));
    let has_form = seconds.len() == 19
        && seconds.bytes().zip(*b"0000-00-00T00:00:00").all(|(byte, form)| if form == b'0' { byte.is_ascii_digit() } else { byte == form })
        && !seconds.ends_with("60")
        && (1..=9).contains(&decimals.len())
        && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let finer = decimals.get(6..).unwrap_or_default();
    let time = text.parse().ok().filter(|time| is_written(*time))?;
    has_form.then_some(Instant { time, is_finer: finer.bytes().any(|digit| digit != b'0') })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_comes_twice_is_refused_however_deep() {
        assert!(value(br#"{"a":1,"b":[{"c":1,"c":1}]}"#).is_err());
        assert!(value(br#"{"a":1,"b":[{"c":1,"d":1}]}"#).is_ok());
        assert!(value(b"{} {}").is_err());
    }

    #[test]
    fn values_are_nested_64_deep_at_most() {
        let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(value(nested(64).as_bytes()).is_ok());
        assert!(value(nested(65).as_bytes()).is_err());
    }

    #[test]
    fn a_time_has_one_form() {
        assert!(instant("2026-11-20T14:24:24.39141Z").is_some_and(|instant| !instant.is_finer));
        assert!(instant("2026-11-20T14:24:24.391410001Z").is_some_and(|instant| instant.is_finer));
        for text in [
            "2026-11-20T14:24:24+00:00",
            "2026-11-20 14:24:24Z",
            "2026-11-20T14:24:24.Z",
            "2026-13-20T14:24:24Z",
            "26-11-20T14:24:24Z",
            "0000-12-31T23:59:59Z",
            "9999-12-30T22:00:01Z",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
