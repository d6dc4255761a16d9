//! What an entry costs before it reaches the disk, step by step: drafted, digested, sealed, encoded, linked, framed. Run with
//! `cargo bench --bench entries`.
//!
//! The event is an opt-in as a shop's website records it: an event id, a text and a URL as evidence. Its sealed part has some 110 bytes,
//! the whole entry some 330.

#![allow(clippy::unwrap_used, reason = "a benchmark that panics has failed")]

use consent_ledger::consent::identifier::Identifier;
use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Categories, Category, Method, Seq};
use consent_ledger::ledger::bytes::block::Block;
use consent_ledger::ledger::bytes::entry::{EntryHash, Header, TrailLink};
use consent_ledger::ledger::bytes::frame;
use consent_ledger::ledger::bytes::seal::{Cipher, Key};
use consent_ledger::ledger::keys::secrets::Secrets;
use consent_ledger::ledger::storage::disk::RealDisk;
use consent_ledger::ledger::writing::draft::{Draft, FileCounts, fact, sealed};
use consent_ledger::ledger::writing::record::{Evidence, What};
use consent_ledger::proto::{ClearPart, SealedPart};
use divan::{Bencher, black_box};
use prost::Message;

const AT: Time = Time::from_micros(1_772_323_200_000_000);

/// Entries of a block of about 4 KiB.
const TOGETHER: u32 = 13;

fn main() {
    divan::main();
}

fn contact() -> Identifier {
    "+4915123456789".parse().unwrap()
}

fn opt_in() -> What {
    What::OptIn {
        contact: contact(),
        sender: Some("106540352242922".parse().unwrap()),
        categories: Categories::NONE.with(Category::Marketing).with(Category::Utility),
        method: Method::Website,
        expires_at: None,
        evidence: Evidence {
            text: "Yes, send me offers and news by WhatsApp.".into(),
            url: "https://shop.example/checkout".into(),
            ..Evidence::default()
        },
    }
}

fn sealed_part() -> SealedPart {
    SealedPart { event_id: "shop-2026-03:1234567".into(), content_digest: vec![7; 16], ..sealed(&opt_in(), false) }
}

fn clear_part() -> ClearPart {
    ClearPart { occurred_at: AT.micros(), effect: 1, fact: fact(&opt_in()), ..ClearPart::default() }
}

fn header() -> Header {
    Header {
        kind: 3,
        flags: 0,
        seq: Seq::new(30_000_000),
        previous_hash: EntryHash::of(b"the one before"),
        recorded_at: AT,
        account: 1,
        actor: 1,
        secret_version: 1,
        link: TrailLink { trail: 5_000_000, trail_seq: 3, previous: Seq::new(20_000_000) },
        second: TrailLink::default(),
        event_id_digest: [9; 16],
        clear_length: 60,
        sealed_length: 140,
    }
}

fn entry() -> Vec<u8> {
    let mut entry = header().encode().to_vec();
    clear_part().encode(&mut entry).unwrap();
    let key = Cipher::new(&Key::from_bytes([7; 32]));
    key.append(&mut entry, 0, |entry| sealed_part().encode_raw(entry)).unwrap();
    entry
}

/// From what was asked to what is stored, with its size, and the content by which a second use of an event id is compared.
#[divan::bench]
fn draft(bencher: Bencher<'_, '_>) {
    let what = opt_in();
    bencher.bench(|| {
        let draft = Draft::of(black_box(&what));
        (draft.stored_bytes(), draft.content(FileCounts::No))
    });
}

/// By which a contact is found: what a check cannot do without either.
#[divan::bench]
fn identifier_digest(bencher: Bencher<'_, '_>) {
    let dir = tempfile::tempdir().unwrap();
    let (secrets, contact) = (Secrets::open(&RealDisk, dir.path(), true).unwrap(), contact());
    bencher.bench(|| secrets.identifier_digest(1, black_box(&contact)));
}

/// The personal part, under a key that was not made ready: every contact has its own.
#[divan::bench]
fn seal(bencher: Bencher<'_, '_>) {
    let (key, part, before) = (Key::from_bytes([7; 32]), sealed_part(), header().encode());
    bencher.with_inputs(|| Vec::with_capacity(512)).bench_values(|mut bytes: Vec<u8>| {
        bytes.extend_from_slice(&before);
        Cipher::new(black_box(&key)).append(&mut bytes, 0, |bytes| part.encode_raw(bytes)).unwrap();
        bytes
    });
}

/// The same part read again.
#[divan::bench]
fn open(bencher: Bencher<'_, '_>) {
    let (key, before) = (Key::from_bytes([7; 32]), header().encode());
    let closed = Cipher::new(&key).seal(&before, &sealed_part().encode_to_vec()).unwrap();
    bencher.bench(|| Cipher::new(black_box(&key)).open(&before, black_box(&closed)).unwrap());
}

/// Header and clear part.
#[divan::bench]
fn encode(bencher: Bencher<'_, '_>) {
    let (header, clear) = (header(), clear_part());
    bencher.bench(|| (black_box(&header).encode(), black_box(&clear).encode_to_vec()));
}

/// The hash that the next entry holds.
#[divan::bench]
fn link(bencher: Bencher<'_, '_>) {
    let entry = entry();
    bencher.bench(|| EntryHash::of(black_box(&entry)));
}

/// A block of entries in its frame, as the journal gets it.
#[divan::bench]
fn block_and_frame(bencher: Bencher<'_, '_>) {
    let entries = entry().repeat(TOGETHER as usize);
    bencher.with_inputs(|| Vec::with_capacity(8_192)).bench_values(|mut out| {
        let block = Block::new(Seq::new(1), TOGETHER, black_box(&entries));
        frame::encode(&mut out, &block, (Seq::new(1), TOGETHER), Seq::NONE);
        out
    });
}
