//! What is stored, in words: `ClearPart` and `SealedPart` as ProtoJSON, with the field names of `entry.proto`.
//!
//! ```text
//! {"occurred_at":"1772359200000000","identifiers":[{"ordinal":1}],"effect":"EFFECT_APPLIED","opted_in":{"method":"METHOD_WEBSITE"}}
//! ```
//!
//! 64-bit integers are strings, enum values names (numbers where this program does not know them), bytes base64, defaults left
//! out. It is worked out from the stored bytes and the descriptors of the protos, so a field that is added is never forgotten.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::proto::DESCRIPTORS;

/// Why bytes could not be put in words.
#[derive(Debug, thiserror::Error)]
pub enum OpenedError {
    /// The program's own descriptors do not hold the message.
    #[error("this program carries no description of {message}; install it anew")]
    NotDescribed {
        /// The message.
        message: &'static str,
    },
    /// The bytes are no such message.
    #[error("the bytes are no {message}: {source}")]
    NotAMessage {
        /// The message.
        message: &'static str,
        /// What is wrong with them.
        source: prost_reflect::prost::DecodeError,
    },
    /// It holds what JSON cannot.
    #[error("{message} does not go into JSON: {source}")]
    NotJson {
        /// The message.
        message: &'static str,
        /// Why.
        source: serde_json::Error,
    },
}

/// A stored message that serializes as ProtoJSON.
#[derive(Debug)]
pub struct Opened {
    name: &'static str,
    message: DynamicMessage,
}

const CLEAR: &str = "consent.v1.ClearPart";
const SEALED: &str = "consent.v1.SealedPart";

/// What is described, found once.
struct Described {
    clear: Option<MessageDescriptor>,
    sealed: Option<MessageDescriptor>,
}

static DESCRIBED: LazyLock<Described> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(DESCRIPTORS).ok();
    let find = |name| pool.as_ref().and_then(|pool| pool.get_message_by_name(name));
    Described { clear: find(CLEAR), sealed: find(SEALED) }
});

impl Opened {
    /// A clear part, from its stored bytes.
    ///
    /// # Errors
    /// Where they are none.
    pub fn clear(bytes: &[u8]) -> Result<Self, OpenedError> {
        Self::read(CLEAR, DESCRIBED.clear.as_ref(), bytes)
    }

    /// A sealed part, from the bytes that were sealed.
    ///
    /// # Errors
    /// Where they are none.
    pub fn sealed(bytes: &[u8]) -> Result<Self, OpenedError> {
        Self::read(SEALED, DESCRIBED.sealed.as_ref(), bytes)
    }

    fn read(name: &'static str, described: Option<&MessageDescriptor>, bytes: &[u8]) -> Result<Self, OpenedError> {
        let described = described.ok_or(OpenedError::NotDescribed { message: name })?;
        let message = DynamicMessage::decode(described.clone(), bytes);
        let message = message.map_err(|source| OpenedError::NotAMessage { message: name, source })?;
        Ok(Self { name, message })
    }

    /// The message with its descriptor.
    pub(super) const fn message(&self) -> &DynamicMessage {
        &self.message
    }

    fn value(&self) -> Result<Value, OpenedError> {
        serde_json::to_value(self).map_err(|source| OpenedError::NotJson { message: self.name, source })
    }
}

impl Serialize for Opened {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.message.serialize_with_options(serializer, &SerializeOptions::new().use_proto_field_name(true))
    }
}

/// A clear part in words, from its stored bytes.
///
/// # Errors
/// Where they are none.
pub fn clear(bytes: &[u8]) -> Result<Value, OpenedError> {
    Opened::clear(bytes)?.value()
}

/// A sealed part in words, from the bytes that were sealed.
///
/// # Errors
/// Where they are none.
pub fn sealed(bytes: &[u8]) -> Result<Value, OpenedError> {
    Opened::sealed(bytes)?.value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::clear_part::Fact;
    use crate::proto::{ClearPart, Evidence, EvidenceField, IdentifierReference, IdentifiersLinked, OptedIn, SealedPart};
    use prost::Message;
    use serde_json::json;

    #[test]
    fn a_clear_part_has_the_names_of_the_protos_and_leaves_defaults_out() {
        let fact = OptedIn { categories: vec![1, 99], method: 1, expires_at: 5, has_evidence: true, ..Default::default() };
        let part = ClearPart {
            key_commitment: vec![0xfb, 0xff],
            occurred_at: 1_772_359_200_000_000,
            identifiers: vec![IdentifierReference { trail: 0, ordinal: 1 }],
            effect: 1,
            fact: Some(Fact::OptedIn(fact)),
            ..Default::default()
        };
        let expected = json!({
            "key_commitment": "+/8=",
            "occurred_at": "1772359200000000",
            "identifiers": [{ "ordinal": 1 }],
            "effect": "EFFECT_APPLIED",
            "opted_in": { "categories": ["CATEGORY_MARKETING", 99], "method": "METHOD_WEBSITE", "expires_at": "5", "has_evidence": true },
        });
        assert_eq!(clear(&part.encode_to_vec()).unwrap(), expected);
    }

    #[test]
    fn a_fact_without_fields_is_an_empty_object_and_a_part_without_fields_too() {
        let part = ClearPart { fact: Some(Fact::IdentifiersLinked(IdentifiersLinked {})), ..Default::default() };
        assert_eq!(clear(&part.encode_to_vec()).unwrap(), json!({ "identifiers_linked": {} }));
        assert_eq!(sealed(&[]).unwrap(), json!({}));
    }

    #[test]
    fn a_sealed_part_keeps_every_text_as_it_is() {
        let hostile = "=HYPERLINK(\"x\")\0\u{202e}<script>\r\n";
        let evidence = Evidence {
            text: hostile.into(),
            file_line: u64::MAX,
            file_sha256: vec![1; 32],
            other: vec![EvidenceField { name: "a".into(), value: String::new() }],
            ..Default::default()
        };
        let part = SealedPart { identifiers: vec!["+447400123456".into()], evidence: Some(evidence), ..Default::default() };
        let expected = json!({
            "identifiers": ["+447400123456"],
            "evidence": {
                "text": hostile, "file_line": "18446744073709551615", "file_sha256": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
                "other": [{ "name": "a" }],
            },
        });
        assert_eq!(sealed(&part.encode_to_vec()).unwrap(), expected);
    }

    #[test]
    fn bytes_that_are_no_message_are_refused() {
        assert!(matches!(clear(&[0xff]), Err(OpenedError::NotAMessage { message: CLEAR, .. })));
    }
}
