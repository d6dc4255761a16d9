//! What fuzzers begin with: real things, small. Run by hand where a target is new; what is there already stays.

use std::path::Path;

use consent_ledger::consent::facts::Facts;
use consent_ledger::json::codec::pool;
use consent_ledger::ledger::bytes::seal::Key;
use consent_ledger::ledger::keys::secrets::LedgerId;
use consent_ledger::ledger::memory::packed::pack;
use consent_ledger::ledger::starting::snapshot;
use consent_ledger::ledger::storage::disk::RealDisk;
use consent_ledger::ledger::storage::journal::{Piece, Segment, ledger_id_of, read_segment};
use consent_ledger::proto::record_stream_request::Event;
use consent_ledger::proto::{self, RecordStreamRequest};
use consent_ledger::webhook::dead_letters::{DeadLetters, NewDeadLetter};
use prost::Message;
use prost_types::Timestamp;

use super::folder;

fn data(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)).unwrap()
}

fn put(target: &str, name: &str, parts: &[&[u8]]) {
    let dir = folder("corpus").join(target);
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join(name);
    if !file.exists() {
        std::fs::write(file, parts.concat()).unwrap();
    }
}

/// The blocks of the ledger that was written once.
fn blocks(ledger: &str) -> Vec<consent_ledger::ledger::bytes::block::Block> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(ledger).join("journal/00000000000000000001.journal");
    let segment = Segment { first: consent_ledger::consent::words::Seq::new(1), path };
    let id = ledger_id_of(&RealDisk, &segment).unwrap();
    let pieces = read_segment(&RealDisk, &segment, id).unwrap().0;
    pieces.into_iter().filter_map(|piece| if let Piece::Frame(frame) = piece { Some(frame.block) } else { None }).collect()
}

#[test]
#[ignore = "writes seeds of fuzz/corpus that are missing"]
fn the_seeds_are_written() {
    stored();
    ledgers();
    handed_out();
    texts();
    requests();
    json();
    dead_letters();
}

fn stored() {
    put("block", "golden", &[&data("golden/block.bin")]);
    put("block", "golden-frames", &[&data("golden/segment.bin")[72..]]);
    let entry = data("golden/entry-3.bin");
    let numbers = [3_u64, 3, (1 << 32) | 1].map(u64::to_be_bytes);
    put("block", "an-entry-under-right-checksums", &[numbers.as_flattened(), &entry]);
    for n in 1..=7 {
        put("entry", &format!("golden-{n}"), &[&data(&format!("golden/entry-{n}.bin"))]);
    }
    for ledger in ["ledger-v1", "ledger-v1-rotated"] {
        for block in blocks(ledger) {
            for entry in block.entries() {
                put("entry", &format!("clear-part-of-kind-{}", entry.header.kind), &[entry.clear_bytes()]);
            }
        }
    }
    put("journal", "golden", &[&[0], &data("golden/segment.bin")]);
    put("snapshot", "facts-of-nobody", &[&pack(&Facts::default())]);
    let written = tempfile::tempdir().unwrap();
    let path = written.path().join("snapshot");
    let ledger = crate::support::bench::open(written.path());
    for n in 0..3 {
        let contact = format!("+44740012345{n}");
        crate::support::bench::put(&ledger, n, crate::support::bench::opt_in(&contact));
        crate::support::bench::put(&ledger, 10 + n, crate::support::bench::says(&[&contact], "please stop. thank you"));
    }
    crate::support::bench::put(&ledger, 20, crate::support::bench::moves("+447400123450", "+447400123459"));
    ledger.close();
    let bytes = std::fs::read(path).unwrap();
    let id = LedgerId(bytes[8..24].try_into().unwrap());
    let read = snapshot::read(&RealDisk, &written.path().join("snapshot"), id).unwrap();
    read.state.each_trail(|number, trail| {
        if number > 1 {
            put("snapshot", &format!("facts-{number}"), &[&trail.facts]);
        }
    });
    put("snapshot", "contacts", &[&[0], &bytes]);
}

fn ledgers() {
    for (mode, name) in [(1, "first"), (2, "rotated"), (0x81, "first-mended"), (0x82, "rotated-mended")] {
        put("journal", name, &[&[mode]]);
        put("journal", &format!("{name}-written-over"), &[&[mode], &[0, 0, 1, 0x80, 2, 7, 7]]);
        put("journal", &format!("{name}-cut"), &[&[mode], &[0, 3, 4, 0, 0]]);
    }
    put("snapshot", "whole", &[&[1]]);
    put("snapshot", "edited", &[&[1], &[0, 0, 0, 0x60, 2, 7, 7]]);
    put("snapshot", "forged", &[&[0x81], &[0, 0, 0, 0x60, 2, 7, 7]]);
    for mode in [0, 1] {
        put("keyring", &format!("whole-{mode}"), &[&[mode]]);
        put("keyring", &format!("one-file-damaged-{mode}"), &[&[mode], &[0, 0, 0, 0x50, 2, 7, 7]]);
        put("keyring", &format!("both-damaged-{mode}"), &[&[mode], &[0, 0, 0, 0x50, 1, 7], &[1, 0, 0, 0x50, 1, 7]]);
        put("keyring", &format!("a-slot-in-anothers-place-{mode}"), &[&[mode], &[0, 4, 0, 0x40, 64, 0, 0x80]]);
        put("keyring", &format!("slots-emptied-{mode}"), &[&[mode], &[0, 0, 0, 0x40, 64], &[0; 64], &[1, 0, 0, 0x40, 64], &[0; 64]]);
    }
    put("keyring", "secrets-of-the-first-version", &[&[2], &[9; 96]]);
    let record = |what: u8, number: u64| [&[what][..], &number.to_be_bytes(), &[what; 32]].concat();
    let records: Vec<u8> = [(1, 0), (2, 2), (3, 0), (4, 12), (5, 0), (6, 1), (7, 1)].into_iter().flat_map(|(a, b)| record(a, b)).collect();
    put("keyring", "secrets-of-the-second-version", &[&[3], &records]);
    for mode in [0, 1, 2, 3, 5, 7] {
        put("recovery", &format!("whole-{mode}"), &[&[mode]]);
        put("recovery", &format!("journal-written-over-{mode}"), &[&[mode], &[0, 0, 8, 0, 2, 7, 7]]);
        put("recovery", &format!("journal-cut-{mode}"), &[&[mode], &[0, 3, 8, 0, 0]]);
    }
    put("recovery", "key-damaged", &[&[1], &[2, 0, 0, 0x50, 1, 7], &[3, 0, 0, 0x50, 1, 7]]);
    put("recovery", "snapshot-forged", &[&[7], &[1, 0, 0, 0x60, 2, 7, 7]]);
}

fn handed_out() {
    for (name, file) in [("checkpoint", "latest.checkpoint"), ("key", "ledger.key")] {
        put("checkpoint", name, &[&data(&format!("evidence/{file}"))]);
    }
    put("checkpoint", "signed", &[&12_u64.to_be_bytes(), &1_772_323_200_u64.to_be_bytes(), &[9; 32]]);
    let head = [&12_u64.to_be_bytes()[..], &1_772_323_200_u64.to_be_bytes(), &[9; 32]].concat();
    put("checkpoint", "size-changed", &[&head, &[0, 0, 0, 19, 1], b"3"]);
    put("checkpoint", "line-added", &[&head, &[0, 1, 0xFF, 0xFF, 21], "— someone AAAAAAA=\n".as_bytes()]);
    put("proof", "inclusion", &[&data("evidence/entry.proof")]);
    put("proof", "consistency", &[&data("evidence/grown.proof")]);
    for (size, index) in [(0_u64, 0_u64), (0x2F_0063, 40), (0x08_000F, 7), (0x01_0001, 1)] {
        put("proof", &format!("tree-{size}"), &[&size.to_be_bytes(), &index.to_be_bytes(), &0_u64.to_be_bytes()]);
        put("proof", &format!("forged-{size}"), &[&size.to_be_bytes(), &index.to_be_bytes(), &1_u64.to_be_bytes(), &[0, 3, 0, 32, 0]]);
    }
    for mode in 0..8 {
        put("export", &format!("whole-{mode}"), &[&[mode]]);
        put("export", &format!("edited-{mode}"), &[&[mode], &[0, 0, 1, 0, 1, b'1']]);
        put("export", &format!("cut-{mode}"), &[&[mode], &[0, 3, 1, 0, 0]]);
    }
    put("export", "as-it-is", &[&[8], &data("evidence/latest.checkpoint")]);
    put("export", "receipt-as-it-is", &[&[8], &data("evidence/receipt.json")]);
}

fn texts() {
    let said =
        ["STOP", "🛑 Stop! ", "STOP MARKETING", "Stop. Thank you", "vou sair agora", "opt  out", "ＳＴＯＰ", "s\u{200B}top", "start\nstop"];
    for (n, said) in said.iter().enumerate() {
        put("keywords", &format!("said-{n}"), &["停止\n".as_bytes(), said.as_bytes()]);
    }
    put("keywords", "own", &["Não quero\nolá, não quero mais".as_bytes()]);
    let contacts = [
        "+44 7400 123456",
        "whatsapp:+447400123456",
        "'+447400123456",
        "(11) 96123-4567",
        "5511961234567",
        "+521 222 123 4567",
        "4.47E+11",
        "US.13491208655302741918",
        "0044 7400 123456",
        "+39 06 69812345",
        "=\"+447400123456\"",
        "tel:+1-202-555-0100",
    ];
    for (n, contact) in contacts.iter().enumerate() {
        put("phones", &format!("contact-{n}"), &[contact.as_bytes()]);
    }
    put("import", "generic", &[&[1], &data("imports/generic.csv")]);
    put("import", "hubspot", &[&[3], &data("imports/hubspot-contacts.csv")]);
    put("import", "hubspot-lines", &[&[5], &data("imports/hubspot-statuses.jsonl")]);
    put("import", "salesforce", &[&[4], &data("imports/salesforce-messaging-users.csv")]);
    put("import", "salesforce-consents", &[&[4], &data("imports/salesforce-contact-point-type-consents.csv")]);
    put("import", "semicolons", &[&[2], b"sep=;\r\ntelefone;acao\r\n\"(11) 96123-4567\";sim\r\n"]);
    let wide: Vec<u8> =
        "contact,action,occurred_at\n+447400123456,stop,2026-02-01T10:00:00Z\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    put("import", "wide", &[&[6], &wide]);
    put("import", "tabs", &[&[7], b"phone\tname\n+447400123456\tAnn \"A\n"]);
    for body in
        ["message_text_stop", "message_form_of_several_answers", "standby_flat_and_nested", "preferences", "system_number_and_previous_ids"]
    {
        put("webhook", body, &[&data(&format!("webhook_shapes/{body}.json"))]);
    }
    put("webhook", "almost-json", &["{\"entry\":[{\"changes\":[{\"field\":\"messages\",\"value\":{\"a\":1e999}}]}]}\0".as_bytes()]);
}

const fn at(seconds: i64) -> Timestamp {
    Timestamp { seconds, nanos: 500_000_000 }
}

fn requests() {
    let contact = || "+447400123456".to_owned();
    let (sender, user_id) = (|| "1001".to_owned(), || "GB.1".to_owned());
    let evidence = proto::Evidence { text: "I agree".into(), ip_address: "::1".into(), file_sha256: vec![7; 32], ..Default::default() };
    let events = [
        Event::OptIn(proto::RecordOptInRequest {
            contact: contact(),
            sender: sender(),
            categories: vec![1, 2],
            method: 1,
            occurred_at: Some(at(1_772_000_000)),
            expires_at: Some(at(1_773_000_000)),
            evidence: Some(evidence),
            event_id: "a".into(),
            ..Default::default()
        }),
        Event::OptOut(proto::RecordOptOutRequest { contact: user_id(), method: 3, ..Default::default() }),
        Event::InboundMessage(proto::RecordInboundMessageRequest {
            contacts: vec![contact(), user_id()],
            sender: sender(),
            kind: 1,
            text: "STOP".into(),
            ..Default::default()
        }),
        Event::ProviderFeedback(proto::RecordProviderFeedbackRequest {
            contacts: vec![contact()],
            sender: sender(),
            code: 131_050,
            ..Default::default()
        }),
        Event::PlatformPreference(proto::RecordPlatformPreferenceRequest {
            contacts: vec![contact()],
            sender: sender(),
            preference: 1,
            ..Default::default()
        }),
        Event::ConfirmationSent(proto::RecordConfirmationSentRequest { contact: contact(), sender: sender(), ..Default::default() }),
        Event::LinkIdentifiers(proto::LinkIdentifiersRequest { contacts: vec![contact(), user_id()], ..Default::default() }),
        Event::ChangeNumber(proto::ChangeNumberRequest { from: contact(), to: "+447400123457".into(), ..Default::default() }),
        Event::ChangeUserId(proto::ChangeUserIdRequest { from: user_id(), to: "GB.2".into(), ..Default::default() }),
        Event::IdentityChange(proto::ReportIdentityChangeRequest { contacts: vec![contact()], sender: sender(), ..Default::default() }),
    ];
    for (n, event) in events.into_iter().enumerate() {
        put("request", &format!("event-{n}"), &[&[0], &RecordStreamRequest { event: Some(event) }.encode_to_vec()]);
    }
    let template = proto::CheckTemplate { name: "news".into(), language: "en".into(), parameters: 2 };
    let check = proto::CheckSendRequest {
        contact: contact(),
        sender: sender(),
        category: 1,
        known_seq: 3,
        template: Some(template),
        ..Default::default()
    };
    put("request", "check", &[&[1], &check.encode_to_vec()]);
    put("request", "declaration", &[&[2], &proto::DeclareSenderRequest { sender: sender(), ..Default::default() }.encode_to_vec()]);
    put("request", "report", &[&[3], &proto::ReportStandingRequest::default().encode_to_vec()]);
    put("request", "standing", &[&[4], &proto::GetSenderStandingRequest { sender: sender(), ..Default::default() }.encode_to_vec()]);
    put("request", "template", &[&[5], &proto::RegisterTemplateRequest::default().encode_to_vec()]);
    put("request", "template-changed", &[&[6], &proto::ChangeTemplateRequest::default().encode_to_vec()]);
    put("request", "templates", &[&[7], &proto::ListTemplatesRequest::default().encode_to_vec()]);
    put("request", "policy", &[&[8], &proto::PolicyChoice::default().encode_to_vec()]);
}

fn json() {
    let pool = pool().unwrap();
    let outermost = pool.all_messages().filter(|message| message.parent_message().is_none());
    let names: Vec<String> =
        outermost.map(|message| message.name().to_owned()).filter(|name| name.ends_with("Request") || name.ends_with("Response")).collect();
    let bodies = [
        (
            "CheckSendRequest",
            r#"{"contact":"+447400123456","sender":"1","category":"CATEGORY_MARKETING","min_position":"6","knownAt":"2026-03-01T10:00:00.5Z","template":{"name":"news","parameters":2},"receipt":true}"#,
        ),
        ("BatchCheckSendRequest", r#"{"contacts":["+447400123456","GB.1"],"sender":"1","category":1,"at":null}"#),
        (
            "RecordOptInRequest",
            r#"{"contact":"+447400123456","categories":["CATEGORY_UTILITY",1],"method":"METHOD_FORM","evidence":{"fileSha256":"AAEC_-==","fileLine":7.0}}"#,
        ),
        ("RequestErasureRequest", r#"{"contact":"+447400123456","delay":"86400s"}"#),
        ("RehearseStreamResponse", r#"{"acknowledgement":{"seq":"18446744073709551615","effect":"EFFECT_APPLIED"}}"#),
    ];
    for (name, body) in bodies {
        let which = u8::try_from(names.iter().position(|known| known == name).unwrap()).unwrap();
        put("json", name, &[&[which, 0], body.as_bytes()]);
    }
    let which = u8::try_from(names.iter().position(|known| known == "RecordStreamRequest").unwrap()).unwrap();
    let event =
        Event::OptOut(proto::RecordOptOutRequest { contact: "GB.1".into(), method: 3, occurred_at: Some(at(1)), ..Default::default() });
    put("json", "from-the-wire", &[&[which, 1], &RecordStreamRequest { event: Some(event) }.encode_to_vec()]);
}

fn dead_letters() {
    let dir = tempfile::tempdir().unwrap();
    let now = "2026-03-01T10:00:00Z".parse().unwrap();
    let letters = DeadLetters::open(dir.path(), &Key::from_bytes([7; 32]), now).unwrap();
    let letter = |payload: &str| NewDeadLetter {
        account: "default".parse().unwrap(),
        received_at: now,
        field: "messages".into(),
        reason: "the change's value is missing".into(),
        payload: payload.into(),
    };
    letters.append(&[letter("{\"a\":1}"), letter("{\"b\":2}")]).unwrap();
    let first = letters.list(&"default".parse().unwrap()).unwrap()[0].id;
    letters.resolve(&[first], now).unwrap();
    let read = |ending: &str| std::fs::read(dir.path().join("dead-letters").join(format!("2026-03-01.{ending}"))).unwrap();
    let (key, log) = (read("key"), read("log"));
    put("dead_letters", "two-and-one-resolved", &[&[0], &key, &log]);
    put("dead_letters", "torn", &[&[0], &key, &log[..log.len() - 5]]);
    put("dead_letters", "damaged", &[&[0], &key, &log[..30], &log[31..]]);
    put("dead_letters", "forged", &[&[1], &key, &log[..30], &[9], &log[31..]]);
}
