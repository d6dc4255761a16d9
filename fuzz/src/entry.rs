//! Entries: as bytes, and as a clear part behind a header that is right.

use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::Seq;
use consent_ledger::ledger::bytes::entry::{Entry, EntryHash, HEADER_BYTES, Header, TrailLink};
use consent_ledger::ledger::bytes::kind::{is_known, kind_name, kind_of};
use consent_ledger::proto::ClearPart;
use prost::Message;

/// An entry that reads is made of the bytes that it says, each of them in one place only; a clear part that reads has one spelling.
pub fn check(bytes: &[u8]) {
    if let Ok((entry, rest)) = Entry::split(bytes) {
        holds(&entry);
        assert_eq!([entry.bytes, rest].concat(), bytes);
    }
    let kind = ClearPart::decode(bytes).ok().and_then(|clear| clear.fact).map(|fact| kind_of(&fact));
    let wrapped = [header(kind.unwrap_or(48), bytes.len()).encode().as_slice(), bytes].concat();
    let Ok((entry, [])) = Entry::split(&wrapped) else {
        assert!(wrapped.len() > 1 << 20, "an entry with a right header was refused");
        return;
    };
    holds(&entry);
    let canonical = ClearPart::decode(bytes).is_ok_and(|clear| clear.fact.is_some() && clear.encode_to_vec() == bytes);
    assert_eq!(entry.clear().is_ok(), canonical, "a clear part is read where it is canonical, and only there");
}

fn header(kind: u16, clear: usize) -> Header {
    Header {
        kind,
        flags: 0,
        seq: Seq::new(7),
        previous_hash: EntryHash::ZERO,
        recorded_at: Time::from_micros(1_772_323_300_000_000),
        account: 1,
        actor: 2,
        secret_version: 1,
        link: TrailLink { trail: 2, trail_seq: 7, previous: Seq::new(6) },
        second: TrailLink::default(),
        event_id_digest: [0; 16],
        clear_length: u32::try_from(clear).unwrap_or(u32::MAX),
        sealed_length: 0,
    }
}

fn holds(entry: &Entry<'_>) {
    let header = entry.header;
    assert_eq!(entry.bytes.get(..HEADER_BYTES), Some(header.encode().as_slice()));
    assert_eq!(entry.bytes.len(), header.entry_length());
    assert_eq!(entry.hash(), EntryHash::of(entry.bytes));
    if let Ok(clear) = entry.clear() {
        assert_eq!(clear.encode_to_vec(), entry.clear_bytes());
        let fact = clear.fact.as_ref();
        assert!(is_known(header.kind) && fact.is_some_and(|fact| kind_of(fact) == header.kind && !kind_name(fact).is_empty()));
    }
    let mut at = HEADER_BYTES + header.clear_length as usize;
    for sealed in entry.boxes() {
        at += 4;
        assert_eq!(sealed.bound_to, &entry.bytes[..at], "a box is bound to everything before it");
        at += sealed.sealed.len();
    }
    assert!(at <= entry.bytes.len());
}
