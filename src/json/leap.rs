//! Leap seconds in JSON: the library that reads times takes them for the second before, so that what came within one would stand
//! in front of what came before it. They are written anew as [`Time`](crate::consent::time::Time) reads them.
//!
//! ```text
//! 2016-12-31T23:59:60.25Z    ->    2016-12-31T23:59:59.999999Z
//! ```

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

/// Writes every leap second in the times of a message as the last microsecond of the second before it.
pub fn settle(message: &MessageDescriptor, members: &mut Map<String, Value>) {
    for (name, value) in members {
        if let Some(field) = message.get_field_by_json_name(name).or_else(|| message.get_field_by_name(name)) {
            settle_in(&field, value);
        }
    }
}

fn settle_in(field: &FieldDescriptor, value: &mut Value) {
    let Kind::Message(message) = field.kind() else { return };
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| settle_in(field, item)),
        Value::Object(members) => settle(&message, members),
        Value::String(text) if message.full_name() == "google.protobuf.Timestamp" => {
            if let Some(settled) = settled(text) {
                *text = settled;
            }
        }
        _ => {}
    }
}

/// None where it is no leap second.
fn settled(text: &str) -> Option<String> {
    let (minute, rest) = text.split_at_checked(16)?;
    let rest = rest.strip_prefix(":60")?;
    let offset = rest.strip_prefix('.').map_or(rest, |fraction| fraction.trim_start_matches(|c: char| c.is_ascii_digit()));
    Some(format!("{minute}:59.999999{offset}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leap_second_is_the_last_instant_of_the_second_before_it() {
        for (text, expected) in [
            ("2016-12-31T23:59:60Z", Some("2016-12-31T23:59:59.999999Z")),
            ("2016-12-31T23:59:60.25Z", Some("2016-12-31T23:59:59.999999Z")),
            ("2017-01-01T00:59:60.5+01:00", Some("2017-01-01T00:59:59.999999+01:00")),
            ("2016-12-31T23:59:60x", Some("2016-12-31T23:59:59.999999x")),
            ("2016-12-31T23:59:59Z", None),
            ("2016-12-31", None),
            (":60", None),
        ] {
            assert_eq!(settled(text).as_deref(), expected, "{text}");
        }
    }
}
