//! The bytes of an entry: its clear part encoded, its personal part sealed, both behind the header that links it.

use prost::Message;

use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::bytes::entry::{FLAG_CAUSED, FLAG_INTRODUCES, FLAG_INTRODUCES_SECOND, HEADER_BYTES, Header, TrailLink};
use crate::ledger::bytes::kind::kind_of;
use crate::ledger::bytes::seal::{self, NONCE_BYTES, TAG_BYTES};
use crate::ledger::evidence::receipt;
use crate::ledger::keys::keyring::key_commitment;
use crate::ledger::memory::fold::references;
use crate::ledger::writing::batch::{Batch, Planned, Sealer};
use crate::ledger::writing::record::RecordError;
use crate::proto::{ClearPart, clear_part::Fact};

/// Where an entry stands.
#[derive(Clone, Copy)]
pub(in crate::ledger) struct Place {
    pub(in crate::ledger) seq: Seq,
    pub(in crate::ledger) link: TrailLink,
    pub(in crate::ledger) second: TrailLink,
}

impl Batch {
    /// Seals an entry and puts its bytes together.
    pub(in crate::ledger) fn close(&mut self, sealer: &Sealer, mut planned: Planned, place: Place) -> Result<Vec<u8>, RecordError> {
        let unavailable = |reason: String| RecordError::Unavailable { reason };
        let Place { seq, link, second } = place;
        let mut clear = ClearPart {
            occurred_at: planned.occurred_at.micros(),
            claimed_at: planned.claimed_at.map(Time::micros).unwrap_or_default(),
            identifiers: references(&planned.keys, planned.trail),
            second_identifiers: references(&planned.second_keys, planned.second),
            effect: planned.effect.map(|effect| effect.number().into()).unwrap_or_default(),
            original_seq: planned.original.map(|(seq, _)| seq.number()).unwrap_or_default(),
            original_recorded_at: planned.original.map(|(_, at)| at.micros()).unwrap_or_default(),
            ..ClearPart::default()
        };
        let kind = kind_of(&planned.fact);
        let mut keys = [None, None];
        for (place, link) in [link, second].into_iter().enumerate().filter(|(_, link)| link.trail != 0) {
            let key = self.key(&sealer.keyring, link.trail)?;
            if link.trail_seq == 1 {
                let commitment = key_commitment(sealer.secrets.ledger_id(), link.trail, &key).to_vec();
                *(if place == 0 { &mut clear.key_commitment } else { &mut clear.second_key_commitment }) = commitment;
            }
            if let Some(slot) = keys.get_mut(place) {
                *slot = Some(key);
            }
        }
        let [key, second_key] = keys;
        if let (Fact::DecisionReceiptIssued(issued), Some(key)) = (&mut planned.fact, &key) {
            receipt::sign(issued, &sealer.secrets, (planned.account, planned.trail), key, planned.sealed.identifiers.first());
        }
        clear.fact = Some(planned.fact);
        let boxes: Vec<_> =
            [(key, planned.sealed), (second_key, planned.second_sealed)].into_iter().filter_map(|(key, part)| Some((key?, part))).collect();
        let plain: Vec<Vec<u8>> = boxes.iter().map(|(_, part)| part.encode_to_vec()).collect();
        // A last box with nothing in it is left out; an empty one before a full one keeps the order.
        let kept = plain.iter().rposition(|part| !part.is_empty()).map_or(0, |last| last + 1);
        let clear = clear.encode_to_vec();
        let box_bytes = |part: &Vec<u8>| 4 + if part.is_empty() { 0 } else { NONCE_BYTES + part.len() + TAG_BYTES };
        let sealed_length: usize = plain.iter().take(kept).map(box_bytes).sum();
        let introduces = if planned.introduces { FLAG_INTRODUCES } else { 0 };
        let introduces_second = if planned.introduces_second { FLAG_INTRODUCES_SECOND } else { 0 };
        let header = Header {
            kind,
            flags: introduces | introduces_second | if planned.caused { FLAG_CAUSED } else { 0 },
            seq,
            previous_hash: self.head.hash,
            recorded_at: self.now,
            account: planned.account,
            actor: planned.actor.number(),
            secret_version: sealer.secrets.in_force().lookup,
            link,
            second,
            event_id_digest: planned.event_id_digest,
            clear_length: u32::try_from(clear.len()).unwrap_or(u32::MAX),
            sealed_length: u32::try_from(sealed_length).unwrap_or(u32::MAX),
        };
        let mut entry = Vec::with_capacity(HEADER_BYTES + clear.len() + sealed_length);
        entry.extend_from_slice(&header.encode());
        entry.extend_from_slice(&clear);
        for ((key, _), part) in boxes.iter().zip(&plain).take(kept) {
            let length = box_bytes(part) - 4;
            entry.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
            if !part.is_empty() {
                let closed = seal::seal(key, &entry, part).map_err(|error| unavailable(error.to_string()))?;
                entry.extend_from_slice(&closed);
            }
        }
        Ok(entry)
    }
}
