//! Bodies of the calls in JSON. The first byte says of which, and whether the rest is JSON or the message itself.

use std::sync::LazyLock;

use consent_ledger::json::codec::{pool, read, write};
use prost_reflect::MessageDescriptor;

static MESSAGES: LazyLock<Vec<MessageDescriptor>> = LazyLock::new(|| {
    let Ok(pool) = pool() else { panic!("the program's own descriptors read") };
    let named = pool.all_messages().filter(|message| message.parent_message().is_none());
    named.filter(|message| message.name().ends_with("Request") || message.name().ends_with("Response")).collect()
});

/// Every body is read or refused with all that is wrong; what is read is written and read again as the same message.
pub fn check(bytes: &[u8]) {
    let Some(([which, form], body)) = bytes.split_first_chunk::<2>() else { return };
    let message = &MESSAGES[usize::from(*which) % MESSAGES.len()];
    let json = if form & 1 == 0 { body.to_vec() } else { write(message.clone(), body).unwrap_or_default() };
    let Ok(wire) = read(message, &json) else { return };
    let Ok(written) = write(message.clone(), &wire) else { panic!("{} that was read cannot be written: {wire:?}", message.name()) };
    let again = read(message, &written);
    assert_eq!(again.as_ref().map_err(|status| status.message().to_owned()), Ok(&wire), "{}", message.name());
    assert_eq!(write(message.clone(), &wire).ok(), Some(written));
}
