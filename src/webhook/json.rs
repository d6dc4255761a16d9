//! Reading the provider's JSON leniently: text and times arrive as strings and as integers.

use serde_json::{Map, Value};

use super::update::Unplaceable;
use crate::consent::time::Time;

/// A JSON object.
pub type Object = Map<String, Value>;

/// The object under `key`, if it is one.
pub fn object<'a>(of: &'a Object, key: &str) -> Option<&'a Object> {
    of.get(key).and_then(Value::as_object)
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

/// The time under `timestamp`: seconds since 1970, as a string or an integer.
pub fn timestamp(of: &Object) -> Result<Time, Unplaceable> {
    time(of, "timestamp")
}

/// The time under `key`: seconds since 1970, as a string or an integer.
pub fn time(of: &Object, key: &str) -> Result<Time, Unplaceable> {
    let seconds: u64 = text(of, key).and_then(|text| text.parse().ok()).ok_or(Unplaceable::Time)?;
    let micros = i64::try_from(seconds).ok().and_then(|seconds| seconds.checked_mul(1_000_000)).ok_or(Unplaceable::Time)?;
    Ok(Time::from_micros(micros))
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
    fn a_time_is_read_from_a_string_and_from_an_integer_and_from_nothing_else() {
        let of = |value: Value| timestamp(json!({ "timestamp": value }).as_object().unwrap());
        assert_eq!(of(json!("1731705721")), Ok(Time::from_micros(1_731_705_721_000_000)));
        assert_eq!(of(json!(1_731_705_721)), of(json!("1731705721")));
        for bad in [json!(null), json!("<TIMESTAMP>"), json!(-1), json!(u64::MAX), json!(1.5), json!("2026-03-01T10:00:00Z")] {
            assert_eq!(of(bad.clone()), Err(Unplaceable::Time), "{bad}");
        }
    }
}
