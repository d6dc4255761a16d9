//! Messages in protobuf's JSON: strictly in, completely out.
//!
//! ```text
//! in   {"contact":"+447400123456","min_position":"6"}       names in lowerCamelCase or as in the protos; nothing unknown
//! out  {"acknowledgement":{"seq":"6","entryHash":"…","duplicate":false,"effect":"EFFECT_APPLIED","causedSeq":"0"}}
//! ```

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor, SerializeOptions};
use serde_json::Value;
use tonic::{Code, Status};

use super::calls::PACKAGE;
use super::faults::faults;
use super::leap;
use crate::api::status;
use crate::export::json::{self, BoundedError};
use crate::proto::{DESCRIPTORS, ErrorReason};

/// The largest whole number up to which a JSON number that is not written as an integer keeps every one.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The most JSON values in one body: the largest batch has 10,000 contacts. It bounds what a body of few bytes may take in memory.
const VALUES_MAX: usize = 50_000;

/// 64-bit integers are strings, enum values names; what has no value of its own is there with its default.
const WRITTEN: SerializeOptions = SerializeOptions::new().skip_default_fields(false);

/// Why the calls could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The program's own descriptors do not decode.
    #[error("this program's descriptors do not read; install it anew")]
    Descriptors(#[from] prost_reflect::DescriptorError),
    /// They do not hold a call.
    #[error("this program carries no description of {name}; install it anew")]
    NotDescribed {
        /// What they do not hold.
        name: String,
    },
    /// The description of the calls does not go into JSON.
    #[error("the description of the calls could not be written")]
    Description(#[from] serde_json::Error),
}

/// The program's own descriptors.
///
/// # Errors
/// Where they do not decode.
pub fn pool() -> Result<DescriptorPool, SetUpError> {
    Ok(DescriptorPool::decode(DESCRIPTORS)?)
}

/// The descriptor of an rpc.
///
/// # Errors
/// Where there is none.
pub fn method(pool: &DescriptorPool, service: &str, rpc: &str) -> Result<MethodDescriptor, SetUpError> {
    let service = pool.get_service_by_name(&format!("{PACKAGE}.{service}"));
    let method = service.and_then(|service| service.methods().find(|method| method.name() == rpc));
    method.ok_or_else(|| SetUpError::NotDescribed { name: rpc.to_owned() })
}

/// Reads a message and gives it as protobuf.
///
/// # Errors
/// Where the body is no JSON object, or not this message: every field at fault is named.
pub fn read(message: &MessageDescriptor, body: &[u8]) -> Result<Vec<u8>, Status> {
    let mut members = match json::bounded(body, VALUES_MAX) {
        Ok(Value::Object(members)) => members,
        Ok(_) => return Err(malformed("the body is JSON, but no object")),
        Err(BoundedError::TooMany { most }) => return Err(malformed(&format!("the body holds more than {most} JSON values"))),
        Err(_) if body.trim_ascii().is_empty() => return Err(malformed("the body is empty; it must be a JSON object")),
        Err(error) => return Err(malformed(&format!("the body is not JSON in UTF-8: {error}"))),
    };
    if members.values().any(is_inexact) {
        return Err(malformed("a number in the body is too large to be exact as a JSON number; write it as a string"));
    }
    leap::settle(message, &mut members);
    let faults = faults(message, &members);
    if !faults.is_empty() {
        return Err(status::invalid(&faults));
    }
    let read = DynamicMessage::deserialize(message.clone(), Value::Object(members));
    Ok(read.map_err(|_| malformed("the body is not the message that this path takes"))?.encode_to_vec())
}

/// Writes a message that is given as protobuf, and ends the line.
///
/// # Errors
/// Where the bytes are not that message.
pub fn write(message: MessageDescriptor, bytes: &[u8]) -> Result<Vec<u8>, Status> {
    let mut json = Vec::with_capacity(bytes.len().saturating_mul(4));
    let written = DynamicMessage::decode(message, bytes).ok().map(|message| {
        let mut out = serde_json::Serializer::new(&mut json);
        message.serialize_with_options(&mut out, &WRITTEN)
    });
    if !matches!(written, Some(Ok(()))) {
        return Err(status::interrupted());
    }
    json.push(b'\n');
    Ok(json)
}

fn malformed(message: &str) -> Status {
    status::over_http(Code::InvalidArgument, ErrorReason::BodyMalformed, message.to_owned())
}

/// Whether it holds a number that others may read as another one.
fn is_inexact(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64() && number.as_f64().is_none_or(|number| number.abs() >= EXACT),
        Value::Array(items) => items.iter().any(is_inexact),
        Value::Object(members) => members.values().any(is_inexact),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{Acknowledgement, CheckSendRequest, CheckTemplate};
    use prost_types::Timestamp;
    use tonic_types::StatusExt;

    fn check() -> MessageDescriptor {
        pool().unwrap().get_message_by_name("consent.v1.CheckSendRequest").unwrap()
    }

    fn read_check(body: &str) -> Result<CheckSendRequest, Status> {
        read(&check(), body.as_bytes()).map(|bytes| CheckSendRequest::decode(bytes.as_slice()).unwrap())
    }

    fn reason(status: &Status) -> String {
        status.get_error_details().error_info().unwrap().reason.clone()
    }

    #[test]
    fn both_spellings_names_and_numbers_are_read() {
        let expected = CheckSendRequest {
            contact: "+447400123456".into(),
            sender: "1".into(),
            category: 1,
            min_position: 6,
            known_at: Some(Timestamp { seconds: 1_772_359_200, nanos: 500_000_000 }),
            template: Some(CheckTemplate { name: "news".into(), language: "en".into(), parameters: 2 }),
            receipt: true,
            ..Default::default()
        };
        let rest = r#""contact":"+447400123456","sender":"1","template":{"name":"news","language":"en","parameters":2},"receipt":true"#;
        for body in [
            format!(r#"{{{rest},"category":"CATEGORY_MARKETING","minPosition":"6","knownAt":"2026-03-01T10:00:00.5Z"}}"#),
            format!(r#" {{{rest},"category":1,"min_position":6,"known_at":"2026-03-01T11:00:00.5+01:00","at":null}} "#),
            format!("{{{rest},\"category\":1,\"min_position\":6.0,\"known_at\":\"2026-03-01T10:00:00.500Z\",\n\"knownSeq\":0}}"),
        ] {
            assert_eq!(read_check(&body).unwrap(), expected, "{body}");
        }
        assert_eq!(read_check("{}").unwrap(), CheckSendRequest::default());
    }

    #[test]
    fn what_is_no_json_object_is_refused() {
        let deep = format!("{{\"template\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000));
        for body in [
            "",
            " \n",
            "null",
            "[]",
            "\"{}\"",
            "{",
            "{}{}",
            "{'contact':''}",
            "{\"contact\":\"a\",}",
            "{\"contact\":\"a\",\"contact\":\"b\"}",
            "{\"template\":{\"name\":\"a\",\"name\":\"b\"}}",
            "{\"minPosition\":18446744073709551616}",
            "{\"minPosition\":1e300}",
            "{\"minPosition\":1e999}",
            "{\"minPosition\":NaN}",
            "{\"contact\":\"\\ud800\"}",
            "\u{feff}{}",
            deep.as_str(),
        ] {
            let status = read_check(body).unwrap_err();
            assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "BODY_MALFORMED"), "{body}");
        }
        let status = read(&check(), b"{\"contact\":\"\xff\"}").unwrap_err();
        assert_eq!(reason(&status), "BODY_MALFORMED");
    }

    #[test]
    fn a_body_of_more_values_than_any_request_has_is_refused_before_they_are_built() {
        let body = |contacts: usize| format!("{{\"contact\":[{}]}}", vec!["{}"; contacts].join(","));
        // The object, the list and its items.
        let status = read_check(&body(VALUES_MAX - 2)).unwrap_err();
        assert_eq!(reason(&status), "FIELD_MALFORMED");
        let status = read_check(&body(VALUES_MAX - 1)).unwrap_err();
        assert_eq!((reason(&status).as_str(), status.message()), ("BODY_MALFORMED", "the body holds more than 50000 JSON values"));
        // It stops there: what follows is not even read.
        let status = read_check(&body(VALUES_MAX).replace("]}", "] no JSON")).unwrap_err();
        assert_eq!(status.message(), "the body holds more than 50000 JSON values");
    }

    #[test]
    fn what_is_left_out_on_the_wire_is_written_all_the_same() {
        let descriptor = pool().unwrap().get_message_by_name("consent.v1.Acknowledgement").unwrap();
        let bytes = Acknowledgement { seq: u64::MAX, entry_hash: vec![0xfb, 0xff], effect: 1, ..Default::default() }.encode_to_vec();
        let json = String::from_utf8(write(descriptor.clone(), &bytes).unwrap()).unwrap();
        let expected = r#"{"seq":"18446744073709551615","entryHash":"+/8=","duplicate":false,"effect":"EFFECT_APPLIED","causedSeq":"0"}"#;
        assert_eq!(json, format!("{expected}\n"));
        assert!(write(descriptor, b"\xff").is_err());
    }
}
