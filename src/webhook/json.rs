//! Reading the provider's JSON leniently: text and times arrive as strings and as numbers.

use serde_json::{Map, Value};

use super::update::Unplaceable;
use crate::consent::time::Time;

/// A JSON object.
pub type Object = Map<String, Value>;

/// The object under `key`, if it is one.
pub fn object<'a>(of: &'a Object, key: &str) -> Option<&'a Object> {
    of.get(key).and_then(Value::as_object)
}

/// The items of a list; a single object that stands where a list should is a list of one.
pub fn many(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(items) => Some(items),
        Value::Object(_) => Some(std::slice::from_ref(value)),
        _ => None,
    }
}

/// The text under `key`: a string that is not blank, or an integer's digits.
pub fn text(of: &Object, key: &str) -> Option<String> {
    match of.get(key)? {
        Value::String(text) => Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned),
        Value::Number(number) if number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// The words of a person under `key`, exactly as they are: a string that is not empty.
pub fn words(of: &Object, key: &str) -> Option<String> {
    of.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The time under `timestamp`, as [`time`] reads it.
pub fn timestamp(of: &Object) -> Result<Time, Unplaceable> {
    time(of, "timestamp")
}

/// The time under `key`: seconds since 1970 as a string or a number, with or without a fraction; milliseconds and
/// microseconds are told from seconds by their size. What lies before 2001 is no time: nothing of this provider is that old,
/// and a zero that stands for "not known" would put a STOP before every opt-in.
pub fn time(of: &Object, key: &str) -> Result<Time, Unplaceable> {
    let read = match of.get(key) {
        Some(Value::String(text)) => instant(text.trim()),
        Some(Value::Number(number)) => instant(&number.to_string()),
        _ => None,
    };
    read.map(Time::from_micros).ok_or(Unplaceable::Time)
}

/// Microseconds since 1970.
fn instant(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let units: i64 = whole.parse().ok()?;
    match units {
        1_000_000_000..100_000_000_000 => {
            let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
            units.checked_mul(1_000_000)?.checked_add(micros)
        }
        100_000_000_000..100_000_000_000_000 => units.checked_mul(1_000),
        100_000_000_000_000..100_000_000_000_000_000 => Some(units),
        _ => None,
    }
}

/// The JSON text of `value` with object keys ascending by bytes and no white space.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            members.sort_by_key(|(key, _)| *key);
            list(out, ['{', '}'], members, |(key, member), out| {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write(member, out);
            });
        }
        Value::Array(items) => list(out, ['[', ']'], items, write),
        scalar => out.push_str(&scalar.to_string()),
    }
}

fn list<T>(out: &mut String, [open, close]: [char; 2], items: impl IntoIterator<Item = T>, mut item: impl FnMut(T, &mut String)) {
    out.push(open);
    for (place, each) in items.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        item(each, out);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn canonical_text_does_not_depend_on_the_order_of_keys() {
        let one: Value = serde_json::from_str(r#"{"b": [1, {"y": "é\n", "x": null}], "a": true}"#).unwrap();
        let two: Value = serde_json::from_str(r#"{"a":true,"b":[1,{"x":null,"y":"\u00e9\n"}]}"#).unwrap();
        assert_eq!(canonical(&one), r#"{"a":true,"b":[1,{"x":null,"y":"é\n"}]}"#);
        assert_eq!(canonical(&one), canonical(&two));
    }

    #[test]
    fn a_time_is_read_from_a_string_and_from_a_number_in_any_unit_and_from_nothing_else() {
        let of = |value: Value| timestamp(json!({ "timestamp": value }).as_object().unwrap());
        let expected = Ok(Time::from_micros(1_731_705_721_000_000));
        for same in [
            json!("1731705721"),
            json!(" 1731705721 "),
            json!(1_731_705_721),
            json!(1_731_705_721.0),
            json!("1731705721.000"),
            json!("1731705721000"),
            json!(1_731_705_721_000_i64),
            json!(1_731_705_721_000_000_i64),
        ] {
            assert_eq!(of(same.clone()), expected, "{same}");
        }
        assert_eq!(of(json!("1731705721.25")), Ok(Time::from_micros(1_731_705_721_250_000)));
        for bad in [
            json!(null),
            json!("<TIMESTAMP>"),
            json!(""),
            json!("."),
            json!(0),
            json!(-1),
            json!(u64::MAX),
            json!(1.5),
            json!(1e30),
            json!("+1731705721"),
            json!("1731705721s"),
            json!("2026-03-01T10:00:00Z"),
            json!([1_731_705_721]),
        ] {
            assert_eq!(of(bad.clone()), Err(Unplaceable::Time), "{bad}");
        }
    }
}
