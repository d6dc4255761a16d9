//! The bytes of an entry: its clear part encoded, its personal part sealed, both behind the header that links it.

use prost::Message;

use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::bytes::entry::{EntryHash, FLAG_CAUSED, FLAG_INTRODUCES, FLAG_INTRODUCES_SECOND, HEADER_BYTES, Header, TrailLink};
use crate::ledger::bytes::kind::kind_of;
use crate::ledger::bytes::seal::{Cipher, NONCE_BYTES, TAG_BYTES};
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
    /// Seals an entry and puts its bytes into the open block; gives their hash.
    pub(in crate::ledger) fn close(&mut self, sealer: &Sealer, mut planned: Planned, place: Place) -> Result<EntryHash, RecordError> {
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
        let box_bytes = |text: usize| if text == 0 { 0 } else { NONCE_BYTES + text + TAG_BYTES };
        let parts = [(key, planned.sealed), (second_key, planned.second_sealed)];
        let boxes = parts.map(|(key, part)| key.map(|key| (key, box_bytes(part.encoded_len()), part)));
        let boxes = || boxes.iter().flatten();
        // A last box with nothing in it is left out; an empty one before a full one keeps the order.
        let kept = boxes().enumerate().filter(|(_, (_, length, _))| *length > 0).last().map_or(0, |(last, _)| last + 1);
        let (clear_length, sealed_length) = (clear.encoded_len(), boxes().take(kept).map(|(_, length, _)| 4 + length).sum::<usize>());
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
            clear_length: u32::try_from(clear_length).unwrap_or(u32::MAX),
            sealed_length: u32::try_from(sealed_length).unwrap_or(u32::MAX),
        };
        let bytes = self.open.bytes_mut();
        let from = bytes.len();
        bytes.reserve(HEADER_BYTES + clear_length + sealed_length);
        bytes.extend_from_slice(&header.encode());
        clear.encode_raw(bytes);
        let written = boxes().take(kept).try_for_each(|(key, length, part)| {
            bytes.extend_from_slice(&u32::try_from(*length).unwrap_or(u32::MAX).to_be_bytes());
            if *length == 0 { Ok(()) } else { Cipher::new(key).append(bytes, from, |bytes| part.encode_raw(bytes)) }
        });
        if let Err(error) = written {
            bytes.truncate(from);
            return Err(unavailable(error.to_string()));
        }
        let hash = EntryHash::of(bytes.get(from..).unwrap_or_default());
        self.open.added(seq);
        Ok(hash)
    }
}
