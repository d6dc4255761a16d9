//! Version 1 of the bytes opens for ever: golden files are decoded and encoded again, and a whole data directory written
//! in the past is verified, opened and asked. The files in `tests/data/` are never written anew.

use std::path::{Path, PathBuf};

use consent_ledger::consent::time::Time;
use consent_ledger::consent::words::{Account, Category, Permission, PlatformPreference, Reason, Seq};
use consent_ledger::ledger::bytes::block::Block;
use consent_ledger::ledger::bytes::entry::{Entry, EntryError, EntryHash, Header, TrailLink};
use consent_ledger::ledger::bytes::kind::kind_of;
use consent_ledger::ledger::keys::keyring::{Keyring, Slot, key_commitment};
use consent_ledger::ledger::keys::secrets::{LedgerId, Secrets};
use consent_ledger::ledger::proving::verify::verify_data_dir;
use consent_ledger::ledger::storage::disk::RealDisk;
use consent_ledger::ledger::storage::journal::{Journal, Piece, Resume, Segment, ledger_id_of, read_segment};
use consent_ledger::ledger::writing::record::What;
use consent_ledger::proto::{self, ClearPart, IdentifierReference, clear_part::Fact};
use prost::Message;

use crate::support::bench::{self, answer, copy, event, link, may, moves, named, open, opt_in, opt_out, says, who};

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

fn fact_of(n: u64) -> Fact {
    let sender = || "106540352242922".to_owned();
    match n {
        1 => Fact::LedgerCreated(proto::LedgerCreated {
            ledger_id: vec![7; 16],
            origin: "ledger.example/1".to_owned(),
            format: 1,
            checkpoint_public_key: vec![8; 32],
            receipt_public_key: vec![9; 32],
        }),
        2 => Fact::OptedIn(proto::OptedIn { sender: sender(), categories: vec![1, 2], method: 1, expires_at: -5, has_evidence: true }),
        3 => Fact::OptedOut(proto::OptedOut { sender: String::new(), categories: vec![1, 2, 3, 4], method: 3, keyword_sender: sender() }),
        4 => Fact::InboundMessageReceived(proto::InboundMessageReceived {
            sender: sender(),
            kind: 1,
            keyword: 1,
            holds_opt_out_word: true,
            possible_opt_out: false,
        }),
        5 => Fact::IdentifiersLinked(proto::IdentifiersLinked {}),
        6 => Fact::ContactErased(proto::ContactErased {
            trails: vec![2, 300],
            suppression_tokens: vec![vec![1; 32]],
            former_identifiers: vec![],
        }),
        _ => Fact::SendFailed(proto::SendFailed { sender: sender(), code: 131_050 }),
    }
}

/// Entries of several kinds from fixed inputs, each linked to the one before it; what is sealed are fixed bytes.
fn entries() -> Vec<Vec<u8>> {
    let mut entries: Vec<Vec<u8>> = Vec::new();
    for n in 1..=7u64 {
        let clear = ClearPart {
            key_commitment: if n == 2 { vec![3; 32] } else { Vec::new() },
            occurred_at: 1_772_323_200_000_000 + i64::try_from(n).unwrap(),
            claimed_at: if n == 4 { -1 } else { 0 },
            identifiers: vec![IdentifierReference { trail: 0, ordinal: 1 }, IdentifierReference { trail: 200, ordinal: 2 }],
            effect: 1,
            fact: Some(fact_of(n)),
            ..ClearPart::default()
        };
        let sealed = if n == 2 { [&[0u8, 0, 0, 33][..], &[0xEE; 33]].concat() } else { Vec::new() };
        let header = Header {
            kind: kind_of(&fact_of(n)),
            flags: u16::from(n == 2),
            seq: Seq::new(n),
            previous_hash: entries.last().map_or(EntryHash::ZERO, |entry| EntryHash::of(entry)),
            recorded_at: Time::from_micros(1_772_323_300_000_000),
            account: 1,
            actor: 2,
            secret_version: 1,
            link: TrailLink { trail: 2, trail_seq: n, previous: Seq::new(n - 1) },
            second: if n == 5 { TrailLink { trail: 3, trail_seq: 1, previous: Seq::NONE } } else { TrailLink::default() },
            event_id_digest: [u8::try_from(n).unwrap(); 16],
            clear_length: u32::try_from(clear.encoded_len()).unwrap(),
            sealed_length: u32::try_from(sealed.len()).unwrap(),
        };
        entries.push([header.encode().to_vec(), clear.encode_to_vec(), sealed].concat());
    }
    entries
}

fn blocks() -> Vec<Block> {
    let entries = entries();
    vec![Block::new(Seq::new(1), 3, &entries[..3].concat()), Block::new(Seq::new(4), 4, &entries[3..].concat())]
}

fn segment(dir: &Path) -> Vec<u8> {
    let resume = Resume { tail: None, last: Seq::NONE, last_hash: EntryHash::ZERO };
    let mut journal = Journal::resume(std::sync::Arc::new(RealDisk), dir, LedgerId([7; 16]), &resume).unwrap();
    journal.append(&blocks(), EntryHash::ZERO).unwrap();
    journal.close().unwrap();
    std::fs::read(dir.join("00000000000000000001.journal")).unwrap()
}

#[test]
fn entries_blocks_and_a_segment_have_the_bytes_they_always_had() {
    for (n, entry) in entries().iter().enumerate() {
        let golden = std::fs::read(data(&format!("golden/entry-{}.bin", n + 1))).unwrap();
        assert_eq!(&golden, entry, "entry {}", n + 1);
        let (read, rest) = Entry::split(&golden).unwrap();
        assert!(rest.is_empty());
        assert_eq!(read.header.encode(), golden[..144]);
        assert_eq!(read.clear().unwrap().encode_to_vec(), read.clear_bytes());
        assert_eq!(read.boxes().len(), usize::from(n == 1));
    }
    let golden = std::fs::read(data("golden/block.bin")).unwrap();
    assert_eq!(Block::decode(golden.clone()).unwrap(), blocks()[0]);
    assert_eq!(golden, blocks()[0].bytes());
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(std::fs::read(data("golden/segment.bin")).unwrap(), segment(dir.path()));
    let segment = Segment { first: Seq::new(1), path: data("golden/segment.bin") };
    let (pieces, end) = read_segment(&RealDisk, &segment, LedgerId([7; 16])).unwrap();
    let found: Vec<&Block> =
        pieces.iter().filter_map(|piece| if let Piece::Frame(frame) = piece { Some(&frame.block) } else { None }).collect();
    assert_eq!((found, pieces.len()), (blocks().iter().collect(), 2));
    assert_eq!((end, ledger_id_of(&RealDisk, &segment)), (std::fs::metadata(&segment.path).unwrap().len(), Some(LedgerId([7; 16]))));
}

#[test]
fn a_clear_part_that_is_not_canonical_is_refused() {
    let entry = &entries()[3];
    let header = Header::decode(entry).unwrap();
    let clear = &entry[144..144 + header.clear_length as usize];
    let read = |kind: u16, clear: &[u8]| {
        let header = Header { kind, clear_length: u32::try_from(clear.len()).unwrap(), ..header };
        let bytes = [&header.encode()[..], clear].concat();
        Entry::split(&bytes).unwrap().0.clear()
    };
    let refused = |clear: &[u8]| matches!(read(50, clear), Err(EntryError::NotCanonical { .. }));
    assert!(read(50, clear).is_ok());
    assert!(clear.ends_with(&[0x18, 1, 0x20, 1]), "the message's last fields are keyword and holds_opt_out_word");
    let fact = (0..clear.len()).rfind(|at| clear[*at..].starts_with(&[0x92, 0x03])).unwrap();
    let (before, message) = clear.split_at(fact);
    assert!(refused(&[message, before].concat()), "out of order");
    assert!(refused(&[&[0x38, 0x81, 0x00][..], message].concat()), "a varint that is too long");
    assert!(refused(&[&[0x18, 0x00][..], clear].concat()), "a default written out");
    assert!(refused(&[&[0x38, 0x01][..], clear].concat()), "a field twice");
    assert!(refused(&[clear, &[0xF8, 0x07, 0x01][..]].concat()), "a field nobody knows");
    assert!(refused(&[clear, message].concat()), "the fact twice");
    assert!(refused(&[clear, &[0x82, 0x04, 0x00][..]].concat()), "two facts");
    assert!(refused(&clear[..clear.len() - 1]), "cut short");
    assert!(matches!(read(49, clear), Err(EntryError::NotCanonical { .. })), "another kind in the header");
    assert!(matches!(read(127, before), Err(EntryError::UnknownKind { kind: 127, .. })));
    let mut other = entry.clone();
    other[3] = 2;
    assert!(matches!(Entry::split(&other), Err(EntryError::UnknownVersion { version: 2 })));
}

/// A ledger with every kind of event that can be recorded today.
fn write_ledger(dir: &Path) {
    let ledger = open(dir);
    let put = |seconds, what| ledger.record_blocking(event(seconds, what)).unwrap();
    let sender = || "1".parse().unwrap();
    let shop: Account = "shop".parse().unwrap();
    ledger
        .record_blocking(consent_ledger::ledger::writing::record::Record { account: shop.clone(), ..event(0, What::CreateAccount) })
        .unwrap();
    let mut policy = consent_ledger::consent::policy::Policy::meta();
    policy.keep_message_text = true;
    put(1, bench::adopts(policy));
    ledger.record_blocking(named("first", event(10, opt_in("+447400123456")))).unwrap();
    put(11, opt_in("+447400123457"));
    put(12, says(&["+447400123457"], "STOP"));
    put(13, says(&["+447400123458", "GB.1"], "hello"));
    put(14, opt_in("+447400123459"));
    put(15, opt_out("GB.2"));
    put(16, link("+447400123459", "GB.2"));
    put(17, opt_in("+447400123460"));
    put(18, opt_out("+447400123460"));
    put(19, moves("+447400123460", "+447400123461"));
    put(20, What::Preference { contact: vec![who("+447400123456")], sender: sender(), preference: PlatformPreference::Stop });
    put(21, What::Preference { contact: vec![who("+447400123456")], sender: sender(), preference: PlatformPreference::Resume });
    put(22, What::SendFailed { contact: vec![who("+447400123458")], sender: sender(), code: 131_047, message_id: Some("wamid.x".into()) });
    put(23, What::ConfirmationSent { contact: who("+447400123457"), sender: sender() });
    put(24, What::IdentityKeyChange { contact: vec![who("+447400123462")], sender: sender(), message_id: None });
    put(25, moves("GB.3", "GB.4"));
    ledger
        .record_blocking(consent_ledger::ledger::writing::record::Record { account: shop, ..event(26, opt_out("+447400123456")) })
        .unwrap();
    ledger.close();
}

#[test]
fn a_data_directory_of_version_1_opens_and_answers_as_it_did() {
    let dir = tempfile::tempdir().unwrap();
    copy(&data("ledger-v1"), dir.path());
    let report = verify_data_dir(dir.path(), |_, _| ()).unwrap();
    assert!(report.journal_ok, "{:?}", report.problems);
    let ledger = open(dir.path());
    assert_eq!(ledger.head().seq, Seq::new(report.entries));
    assert_eq!(ledger.head().hash, report.head.hash);
    let reasons = |contact| answer(&ledger, contact, None).decision.reasons[0];
    assert_eq!(may(&ledger, "+447400123456"), Permission::TemplateOnly);
    assert_eq!(reasons("+447400123457"), Reason::RecipientOptedOut);
    assert_eq!(ledger.check(&bench::question("GB.1", Category::Service, None)).unwrap().decision.reasons[1], Reason::PlatformClosedWindow);
    assert_eq!(reasons("+447400123459"), Reason::RecipientOptedOut);
    assert_eq!(reasons("+447400123460"), Reason::ContactNumberChanged);
    assert_eq!(reasons("+447400123461"), Reason::RecipientOptedOut);
    let again = ledger.record_blocking(named("first", event(10, opt_in("+447400123456")))).unwrap();
    assert!(again.duplicate);
    ledger.close();
    drop(ledger);
    let report = verify_data_dir(dir.path(), |_, _| ()).unwrap();
    assert!(report.ok(), "{:?}", report.problems);
}

#[test]
fn the_keyring_and_the_secrets_of_version_1_open_with_their_master_key() {
    let secrets = Secrets::open(&RealDisk, &data("ledger-v1/secrets"), false).unwrap();
    let keyring = Keyring::open_to_read(&RealDisk, &data("ledger-v1/keyring"), secrets.ledger_id(), secrets.master()).unwrap();
    let id = secrets.ledger_id();
    let segment = Segment { first: Seq::new(1), path: data("ledger-v1/journal/00000000000000000001.journal") };
    let (pieces, _) = read_segment(&RealDisk, &segment, id).unwrap();
    let mut committed = 0;
    for piece in &pieces {
        let Piece::Frame(frame) = piece else { panic!("{piece:?}") };
        for entry in frame.block.entries() {
            let commitment = entry.clear().unwrap().key_commitment;
            if !commitment.is_empty() {
                let trail = entry.header.link.trail;
                let Slot::Live(key) = keyring.slot(trail).unwrap() else { panic!("trail {trail} has no key") };
                assert_eq!(key_commitment(id, trail, &key).to_vec(), commitment);
                committed += 1;
            }
        }
    }
    assert!(committed > 8, "{committed} trails");
}

#[test]
#[ignore = "writes the golden files; run once for each version of the format"]
fn golden_files_are_written() {
    std::fs::create_dir_all(data("golden")).unwrap();
    for (n, entry) in entries().iter().enumerate() {
        std::fs::write(data(&format!("golden/entry-{}.bin", n + 1)), entry).unwrap();
    }
    std::fs::write(data("golden/block.bin"), blocks()[0].bytes()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(data("golden/segment.bin"), segment(dir.path())).unwrap();
    assert!(!data("ledger-v1").exists(), "version 1 is written once");
    write_ledger(&data("ledger-v1"));
    std::fs::remove_dir_all(data("ledger-v1/sled")).unwrap();
}
