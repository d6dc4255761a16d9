//! What was told of principals, as the snapshot keeps it.
//!
//! ```text
//! seq varint | length varint | ClearPart with occurred_at and the fact
//! ```

use prost::Message;

use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::memory::packed::{put_varint, take_varint};
use crate::ledger::principals::roll::{PrincipalEvent, Told};
use crate::proto::ClearPart;

/// Appends an event.
pub fn put_event(bytes: &mut Vec<u8>, event: &PrincipalEvent) {
    let clear = ClearPart { occurred_at: event.at.micros(), fact: Some(event.told.fact()), ..ClearPart::default() };
    put_varint(bytes, event.seq.number());
    put_varint(bytes, clear.encoded_len() as u64);
    bytes.extend_from_slice(&clear.encode_to_vec());
}

/// Takes an event off the front; none where there is none.
pub fn take_event(bytes: &mut &[u8]) -> Option<PrincipalEvent> {
    let seq = Seq::new(take_varint(bytes)?);
    let length = usize::try_from(take_varint(bytes)?).ok()?;
    let (clear, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    let clear = ClearPart::decode(clear).ok()?;
    Some(PrincipalEvent { seq, at: Time::from_micros(clear.occurred_at), told: Told::of(clear.fact.as_ref()?)? })
}
