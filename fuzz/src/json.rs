//! Bodies of the calls in JSON. The first byte says of which, and whether the rest is JSON or the message itself.

use std::sync::LazyLock;

use consent_ledger::json::codec::{pool, read, write};
use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use serde_json::Value;

static MESSAGES: LazyLock<Vec<MessageDescriptor>> = LazyLock::new(|| {
    let Ok(pool) = pool() else { panic!("the program's own descriptors read") };
    let named = pool.all_messages().filter(|message| message.parent_message().is_none());
    named.filter(|message| message.name().ends_with("Request") || message.name().ends_with("Response")).collect()
});

/// Every body is read or refused with all that is wrong; what is read is written such that it says the same message to the library that
/// knows the format. Our own door is stricter: it takes no enum's zero where somebody wrote it.
pub fn check(bytes: &[u8]) {
    let Some(([which, form], body)) = bytes.split_first_chunk::<2>() else { return };
    let message = &MESSAGES[usize::from(*which) % MESSAGES.len()];
    let json = if form & 1 == 0 { body.to_vec() } else { write(message.clone(), body).unwrap_or_default() };
    let Ok(wire) = read(message, &json) else { return };
    let Ok(written) = write(message.clone(), &wire) else { panic!("{} that was read cannot be written: {wire:?}", message.name()) };
    let again = serde_json::from_slice::<Value>(&written).ok().and_then(|json| DynamicMessage::deserialize(message.clone(), json).ok());
    assert_eq!(again.map(|again| again.encode_to_vec()), Some(wire), "{}", message.name());
}
