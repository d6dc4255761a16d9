//! What is wrong with the fields of a message in JSON, every one of them, without repeating a value.
//!
//! ```text
//! {"sendr":"1001","minPosition":-1}
//! sendr         FIELD_UNKNOWN     there is no such field; "sender" is one
//! min_position  FIELD_MALFORMED   not a whole number from 0 to 18446744073709551615
//! ```
//!
//! Whether a field takes a value is asked of the library that reads the message. Its words are not used: they show values.

use std::collections::HashSet;

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use serde::de::value::MapDeserializer;
use serde_json::{Map, Value};

use crate::api::status::Violation;
use crate::consent::nearest::nearest;
use crate::proto::ErrorReason;

/// As many faults are told of one message.
const MOST: usize = 100;

/// The longest name that is repeated in an error, in bytes.
const NAME_MAX: usize = 64;

/// A name that is repeated in an error has this many digits at most: no phone number is one.
const DIGITS_MAX: usize = 3;

/// Everything that keeps these members from being this message.
pub fn faults(message: &MessageDescriptor, members: &Map<String, Value>) -> Vec<Violation> {
    let mut search = Search { found: Vec::new() };
    search.message(message, members, "");
    search.found
}

struct Search {
    found: Vec<Violation>,
}

impl Search {
    /// `at` is the path of the message, with its dot, or nothing.
    fn message(&mut self, message: &MessageDescriptor, members: &Map<String, Value>, at: &str) {
        let mut seen = HashSet::new();
        for (name, value) in members {
            if self.is_full() {
                return;
            }
            let field = message.get_field_by_json_name(name).or_else(|| message.get_field_by_name(name));
            match field {
                None => self.unknown(message, name, at),
                Some(field) if !seen.insert(field.number()) => {
                    let said = format!("given twice, as {} and {}", field.name(), field.json_name());
                    self.add(format!("{at}{}", field.name()), ErrorReason::FieldRepeated, said);
                }
                Some(field) => self.field(&field, value, &format!("{at}{}", field.name())),
            }
        }
    }

    fn field(&mut self, field: &FieldDescriptor, value: &Value, path: &str) {
        match (value, field.kind()) {
            // Absent.
            (Value::Null, _) => {}
            (Value::Object(members), Kind::Message(message)) if !field.is_list() && !is_written_as_text(&message) => {
                self.message(&message, members, &format!("{path}."));
            }
            _ if takes(field, value) => {}
            (Value::Array(items), _) if field.is_list() => {
                for (place, item) in items.iter().enumerate() {
                    if self.is_full() {
                        return;
                    }
                    if !takes(field, &Value::Array(vec![item.clone()])) {
                        self.malformed(&field.kind(), format!("{path}[{place}]"));
                    }
                }
            }
            _ if field.is_list() => self.add(path.to_owned(), ErrorReason::FieldMalformed, "not a list".to_owned()),
            (_, kind) => self.malformed(&kind, path.to_owned()),
        }
    }

    fn unknown(&mut self, message: &MessageDescriptor, name: &str, at: &str) {
        let names: Vec<String> = message.fields().map(|field| field.json_name().to_owned()).collect();
        let meant = nearest(name, names.iter().map(String::as_str)).map(|name| format!("; {name:?} is one")).unwrap_or_default();
        let (path, said) = if is_shown(name) {
            (format!("{at}{name}"), format!("there is no such field{meant}"))
        } else {
            (at.trim_end_matches('.').to_owned(), "there is a field of a name that none has; it is not repeated here".to_owned())
        };
        self.add(path, ErrorReason::FieldUnknown, said);
    }

    fn malformed(&mut self, kind: &Kind, path: String) {
        self.add(path, ErrorReason::FieldMalformed, format!("not {}", wanted(kind)));
    }

    /// Whether as many were found as are told.
    fn is_full(&self) -> bool {
        self.found.len() >= MOST
    }

    fn add(&mut self, field: String, reason: ErrorReason, message: String) {
        if !self.is_full() {
            self.found.push(Violation { field, reason, message });
        }
    }
}

/// Whether the field takes the value, by the library that reads the message; an enum's zero is no value.
fn takes(field: &FieldDescriptor, value: &Value) -> bool {
    let members = MapDeserializer::<_, serde_json::Error>::new(std::iter::once((field.name(), value)));
    let read = DynamicMessage::deserialize(field.parent_message().clone(), members);
    read.is_ok_and(|message| !matches!(field.kind(), Kind::Enum(_)) || !says_nothing(&message.get_field(field)))
}

/// Whether it is, or holds, the zero of an enum: given explicitly it would stand for a field that was left out.
fn says_nothing(value: &prost_reflect::Value) -> bool {
    match value {
        prost_reflect::Value::EnumNumber(number) => *number == 0,
        prost_reflect::Value::List(items) => items.iter().any(says_nothing),
        _ => false,
    }
}

/// Messages that stand as a string.
fn is_written_as_text(message: &MessageDescriptor) -> bool {
    message.full_name().starts_with("google.protobuf.")
}

/// Names that could be somebody's number or id are not repeated.
fn is_shown(name: &str) -> bool {
    let is_plain =
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_plain && name.len() <= NAME_MAX && name.chars().filter(char::is_ascii_digit).count() <= DIGITS_MAX
}

/// What a field of this kind takes, in words that continue "not".
fn wanted(kind: &Kind) -> String {
    match kind {
        Kind::Bool => "true or false".to_owned(),
        Kind::String => "a string".to_owned(),
        Kind::Bytes => "a string of base64".to_owned(),
        Kind::Double | Kind::Float => "a number".to_owned(),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => format!("a whole number from {} to {}", i32::MIN, i32::MAX),
        Kind::Uint32 | Kind::Fixed32 => format!("a whole number from 0 to {}", u32::MAX),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => format!("a whole number from {} to {}", i64::MIN, i64::MAX),
        Kind::Uint64 | Kind::Fixed64 => format!("a whole number from 0 to {}", u64::MAX),
        Kind::Enum(values) => {
            let names: Vec<String> = values.values().filter(|value| value.number() != 0).map(|value| value.name().to_owned()).collect();
            format!("one of {}", names.join(", "))
        }
        Kind::Message(message) => match message.full_name() {
            "google.protobuf.Timestamp" => "a time as in \"2026-03-01T10:00:00Z\"".to_owned(),
            "google.protobuf.Duration" => "a duration in seconds as in \"86400s\"".to_owned(),
            _ => "an object".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::codec::pool;

    fn found(message: &str, body: &str) -> Vec<String> {
        let message = pool().unwrap().get_message_by_name(&format!("consent.v1.{message}")).unwrap();
        let members: Map<String, Value> = serde_json::from_str(body).unwrap();
        let faults = faults(&message, &members).into_iter();
        faults
            .map(|fault| format!("{} {}: {}", fault.field, fault.reason.as_str_name().trim_start_matches("ERROR_REASON_"), fault.message))
            .collect()
    }

    #[test]
    fn a_slip_in_a_name_is_named_with_what_was_meant() {
        assert_eq!(found("CheckSendRequest", r#"{"sendr":"1"}"#), ["sendr FIELD_UNKNOWN: there is no such field; \"sender\" is one"]);
        let found = found("CheckSendRequest", r#"{"template":{"nam":"x","zzzzzzzz":1}}"#);
        assert_eq!(
            found,
            [
                "template.nam FIELD_UNKNOWN: there is no such field; \"name\" is one",
                "template.zzzzzzzz FIELD_UNKNOWN: there is no such field"
            ]
        );
    }

    #[test]
    fn every_kind_says_what_it_takes() {
        for (message, body, expected) in [
            ("CheckSendRequest", r#"{"contact":447400123456}"#, "contact FIELD_MALFORMED: not a string"),
            ("CheckSendRequest", r#"{"receipt":"yes"}"#, "receipt FIELD_MALFORMED: not true or false"),
            (
                "CheckSendRequest",
                r#"{"minPosition":-1}"#,
                "min_position FIELD_MALFORMED: not a whole number from 0 to 18446744073709551615",
            ),
            (
                "CheckSendRequest",
                r#"{"minPosition":1.5}"#,
                "min_position FIELD_MALFORMED: not a whole number from 0 to 18446744073709551615",
            ),
            ("CheckSendRequest", r#"{"at":1772359200}"#, "at FIELD_MALFORMED: not a time as in \"2026-03-01T10:00:00Z\""),
            ("CheckSendRequest", r#"{"at":"2026-03-01"}"#, "at FIELD_MALFORMED: not a time as in \"2026-03-01T10:00:00Z\""),
            ("CheckSendRequest", r#"{"at":{"seconds":1}}"#, "at FIELD_MALFORMED: not a time as in \"2026-03-01T10:00:00Z\""),
            ("CheckSendRequest", r#"{"template":"news"}"#, "template FIELD_MALFORMED: not an object"),
            (
                "CheckSendRequest",
                r#"{"template":{"parameters":4294967296}}"#,
                "template.parameters FIELD_MALFORMED: not a whole number from 0 to 4294967295",
            ),
            ("BatchCheckSendRequest", r#"{"contacts":"+44"}"#, "contacts FIELD_MALFORMED: not a list"),
            ("BatchCheckSendRequest", r#"{"contacts":["+44",null,7]}"#, "contacts[1] FIELD_MALFORMED: not a string"),
            ("RequestErasureRequest", r#"{"delay":3600}"#, "delay FIELD_MALFORMED: not a duration in seconds as in \"86400s\""),
            ("RecordOptInRequest", r#"{"eventId":"a","event_id":"a"}"#, "event_id FIELD_REPEATED: given twice, as event_id and eventId"),
        ] {
            assert_eq!(found(message, body)[0], expected, "{body}");
        }
        let category = &found("CheckSendRequest", r#"{"category":"MARKETING"}"#)[0];
        assert!(category.starts_with("category FIELD_MALFORMED: not one of CATEGORY_MARKETING, CATEGORY_UTILITY"), "{category}");
        assert!(!category.contains("UNSPECIFIED"));
        assert_eq!(found("BatchCheckSendRequest", r#"{"contacts":["+44",null,7]}"#).len(), 2);
    }

    #[test]
    fn an_enum_s_zero_is_no_way_to_leave_a_field_out() {
        for zero in ["0", "0.0", "-0", "\"CATEGORY_UNSPECIFIED\""] {
            let found = found("CheckSendRequest", &format!("{{\"category\":{zero}}}"));
            assert!(
                found.len() == 1 && found[0].starts_with("category FIELD_MALFORMED: not one of CATEGORY_MARKETING"),
                "{zero}: {found:?}"
            );
        }
        let found = found("RecordOptInRequest", r#"{"categories":[1,0,"CATEGORY_UNSPECIFIED"],"method":null}"#);
        assert!(found.len() == 2 && found[0].starts_with("categories[1] ") && found[1].starts_with("categories[2] "), "{found:?}");
    }

    #[test]
    fn a_name_that_could_be_a_person_is_not_repeated() {
        for name in ["+447400123456", "447400123456", "n447400123456", "US.1349", "wamid.HBg", "a b", "", &"x".repeat(65)] {
            let found = found("CheckSendRequest", &serde_json::json!({ name: 1 }).to_string());
            assert_eq!(found, [" FIELD_UNKNOWN: there is a field of a name that none has; it is not repeated here"], "{name}");
        }
    }

    #[test]
    fn so_many_faults_are_told_and_no_more() {
        let contacts = vec![7; MOST + 1];
        assert_eq!(found("BatchCheckSendRequest", &serde_json::json!({ "contacts": contacts }).to_string()).len(), MOST);
    }
}
