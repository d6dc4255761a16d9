//! Pieces made by hand.

use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::Seq;
use consent_ledger::export::pieces::{Format, Pieces};
use consent_ledger::ledger::bytes::entry::{EntryHash, Header, TrailLink};
use consent_ledger::ledger::bytes::kind::kind_of;
use consent_ledger::proto::clear_part::Fact;
use consent_ledger::proto::export_begin::Claim;
use consent_ledger::proto::export_piece::Piece;
use consent_ledger::proto::{
    Checkpoint, ClearPart, CompleteClaim, Entry, ExportBegin, ExportEnd, ExportPiece, ExportSelection, IdentifierReference,
    InboundMessageReceived, LeftOut, OptedIn, OptedOut, SealedPart,
};
use prost::Message;
use prost_types::Timestamp;

/// 2026-03-01T00:00:00Z, in seconds.
pub const START: i64 = 1_772_323_200;

const HOUR: i64 = 3_600;

/// The first piece of an export over so many entries.
pub fn begin(size: u64) -> ExportBegin {
    let claim = CompleteClaim { as_of: size, account: 1, contact_trails: vec![2], shared_trails: vec![] };
    ExportBegin {
        ledger_id: vec![0xab; 16],
        origin: "example.com/ledger".into(),
        made_at: Some(seconds(START + 1_000 * HOUR)),
        selection: Some(ExportSelection { account: "default".into(), contacts: vec![super::CONTACT.into()], ..Default::default() }),
        claim: Some(Claim::Complete(claim)),
        checkpoint: Some(Checkpoint { note: "a note\n".into(), size, root: vec![0xcd; 32], signed_at: Some(seconds(START)) }),
        ..Default::default()
    }
}

/// An entry of the contact, so many hours after the start.
pub fn entry(seq: u64, hours: i64, fact: Fact, sealed: SealedPart) -> Entry {
    let happened = START + hours * HOUR;
    let clear = ClearPart {
        occurred_at: happened * 1_000_000,
        identifiers: sealed.identifiers.iter().map(|_| IdentifierReference { trail: 2, ordinal: 1 }).collect(),
        effect: 1,
        fact: Some(fact),
        ..Default::default()
    };
    stored(seq, happened, clear, sealed)
}

fn stored(seq: u64, recorded_at: i64, clear: ClearPart, sealed: SealedPart) -> Entry {
    let bytes = clear.encode_to_vec();
    let header = Header {
        kind: clear.fact.as_ref().map_or(0, kind_of),
        flags: 0,
        seq: Seq::new(seq),
        previous_hash: EntryHash::ZERO,
        recorded_at: Time::from_micros(recorded_at * 1_000_000),
        account: 1,
        actor: 1,
        secret_version: 1,
        link: TrailLink { trail: 2, trail_seq: seq, previous: Seq::new(seq - 1) },
        second: TrailLink::default(),
        event_id_digest: [0; 16],
        clear_length: u32::try_from(bytes.len()).unwrap(),
        sealed_length: 0,
    };
    let raw = [header.encode().as_slice(), &bytes].concat();
    Entry {
        seq,
        entry_hash: EntryHash::of(&raw).bytes().to_vec(),
        recorded_at: Some(seconds(recorded_at)),
        account: 1,
        trail: 2,
        trail_seq: seq,
        kind: consent_ledger::api::map::kind(&clear).into(),
        clear: Some(clear),
        sealed: Some(sealed),
        raw,
        ..Default::default()
    }
}

/// The contact's identifier, sealed.
pub fn sealed() -> SealedPart {
    SealedPart { identifiers: vec![super::CONTACT.into()], ..Default::default() }
}

/// An opt-in to these categories on a web page, at a sender or at all.
pub fn opted_in(sender: &str, categories: &[i32]) -> Fact {
    Fact::OptedIn(OptedIn { sender: sender.into(), categories: categories.to_vec(), method: 1, ..Default::default() })
}

/// An opt-out from these categories by e-mail.
pub fn opted_out(sender: &str, categories: &[i32]) -> Fact {
    Fact::OptedOut(OptedOut { sender: sender.into(), categories: categories.to_vec(), method: 9, ..Default::default() })
}

/// A text message.
pub fn wrote(sender: &str) -> Fact {
    Fact::InboundMessageReceived(InboundMessageReceived { sender: sender.into(), kind: 1, ..Default::default() })
}

/// The pieces of an export of these entries, which follow each other from seq 1 on.
pub fn pieces(entries: Vec<Entry>) -> Vec<ExportPiece> {
    let count = entries.len() as u64;
    let end = ExportEnd { entries: count, left_out: 4 };
    let entries = entries.into_iter().map(Piece::Entry);
    let left_out = Piece::LeftOut(LeftOut { count: 4, root: vec![0xee; 32] });
    let pieces = std::iter::once(Piece::Begin(begin(count + 4))).chain(entries).chain([left_out, Piece::End(end)]);
    pieces.map(|piece| ExportPiece { piece: Some(piece) }).collect()
}

/// Hands an export of these entries to a form.
pub fn taken<F: Format>(form: F, entries: Vec<Entry>) -> F {
    let mut taking = Pieces::new(form);
    for piece in pieces(entries) {
        taking.take(piece).unwrap();
    }
    taking.finish().unwrap().0
}

pub const fn seconds(seconds: i64) -> Timestamp {
    Timestamp { seconds, nanos: 0 }
}
