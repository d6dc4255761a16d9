//! Forged receipts before the verifier that has nothing but the pinned key: each is told apart by name.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use consent_ledger::export::receipt::ReceiptError;
use consent_ledger::export::receipt_file::{ReceiptFile, write};
use consent_ledger::ledger::evidence::receipt::Receipt;
use consent_ledger::proof::note::VerifierKey;
use consent_ledger::proto::DecisionReceiptIssued;
use prost::Message;
use serde_json::{Value, json};

use super::{Bench, CONTACT, OTHER, marketing};
use crate::support::bench::{opt_in, opt_out, put};

/// Two ledgers with a receipt of two contacts each.
struct Forger {
    honest: Value,
    other: Value,
    foreign: Value,
    key: VerifierKey,
    foreign_key: VerifierKey,
}

impl Forger {
    fn new() -> Self {
        let mine = |contact: &str| {
            let dir = tempfile::tempdir().unwrap();
            let bench = Bench::open(dir.path());
            put(&bench.ledger, 0, opt_in(contact));
            put(&bench.ledger, 1, opt_out(OTHER));
            let receipts = [contact, OTHER].map(|contact| value(&bench.ask(&marketing(contact)).1));
            (receipts, bench.ledger.checkpoint_key().clone())
        };
        let ([honest, other], key) = mine(CONTACT);
        let ([foreign, _], foreign_key) = mine(CONTACT);
        Self { honest, other, foreign, key, foreign_key }
    }

    /// The honest file, changed.
    fn changed(&self, change: impl FnOnce(&mut Value)) -> Value {
        let mut value = self.honest.clone();
        change(&mut value);
        value
    }

    /// The honest file with members of another.
    fn with(&self, other: &Value, members: &[&str]) -> Value {
        self.changed(|value| members.iter().for_each(|member| value[*member] = other[*member].clone()))
    }

    /// The honest file with the signed bytes changed, and what people read with them.
    fn signed(&self, change: impl FnOnce(&mut DecisionReceiptIssued)) -> Value {
        let mut receipt = ReceiptFile::parse(&self.honest.to_string()).unwrap().receipt;
        change(&mut receipt.issued);
        value(&receipt)
    }

    fn bytes(&self, change: impl FnOnce(&mut Vec<u8>)) -> Value {
        self.changed(|value| {
            let mut bytes = BASE64.decode(value["receipt"].as_str().unwrap()).unwrap();
            change(&mut bytes);
            value["receipt"] = BASE64.encode(bytes).into();
        })
    }
}

fn value(receipt: &Receipt) -> Value {
    serde_json::from_str(&write(receipt).unwrap()).unwrap()
}

fn verified(text: &str, key: &VerifierKey) -> Result<u64, ReceiptError> {
    ReceiptFile::parse(text)?.verify(key).map(|verified| verified.checkpoint.size)
}

/// What the verifier says of this file, by name and in words.
fn refused(file: &Value, key: &VerifierKey) -> (&'static str, String) {
    let error = verified(&file.to_string(), key).expect_err(&file.to_string());
    (error.name(), error.to_string())
}

#[test]
fn an_honest_receipt_holds_and_each_forgery_is_told_by_name() {
    let forger = Forger::new();
    for (file, key) in [(&forger.honest, &forger.key), (&forger.other, &forger.key), (&forger.foreign, &forger.foreign_key)] {
        assert!(verified(&file.to_string(), key).unwrap() >= 1);
    }
    let named = |members: &[&str]| forger.with(&forger.foreign, members);
    let proof =
        |change: fn(&str) -> String| forger.changed(|value| value["inclusion"] = change(value["inclusion"].as_str().unwrap()).into());
    let second = |value: &Value| value["ledger_created"].as_str().map(|text| BASE64.decode(text).unwrap()).unwrap();
    let forgeries: Vec<(Value, &str, &str)> = vec![
        (json!([]), "UNREADABLE", ""),
        (forger.changed(|value| drop(value.as_object_mut().unwrap().remove("seq"))), "UNREADABLE", "seq"),
        (forger.changed(|value| value["note"] = "x".into()), "UNREADABLE", "note"),
        (forger.changed(|value| drop(value["decision"].as_object_mut().unwrap().remove("valid_until"))), "UNREADABLE", "valid_until"),
        (
            forger.changed(|value| value["ledger_id"] = value["ledger_id"].as_str().unwrap().to_uppercase().into()),
            "UNREADABLE",
            "ledger_id",
        ),
        (forger.changed(|value| value["receipt"] = "%".into()), "UNREADABLE", "receipt"),
        (forger.changed(|value| value["entry_hash"] = "ab".into()), "UNREADABLE", "entry_hash"),
        (forger.changed(|value| value["format"] = "consent-ledger/receipt/v2".into()), "FORMAT_UNKNOWN", "v2"),
        (forger.bytes(|bytes| bytes.extend([0x40, 0x00])), "NOT_CANONICAL", ""),
        (forger.bytes(|bytes| bytes.extend([0xF8, 0x07, 0x01])), "NOT_CANONICAL", ""),
        (forger.bytes(|bytes| bytes.truncate(9)), "NOT_CANONICAL", ""),
        (forger.signed(|issued| issued.signature.truncate(63)), "NOT_CANONICAL", ""),
        (forger.signed(|issued| issued.opt_out_confirmation = true), "NOT_CANONICAL", "question"),
        (forger.signed(|issued| issued.permission = 9), "NOT_CANONICAL", "answer"),
        (forger.signed(|issued| issued.deciding_seqs = vec![3, 3]), "NOT_CANONICAL", "answer"),
        (forger.changed(|value| value["seq"] = value["decision"]["position"]["seq"].clone()), "OUT_OF_ORDER", ""),
        (forger.foreign.clone(), "WRONG_ORIGIN", ""),
        (forger.changed(|value| value["ledger_created"] = "Q0xFAQ==".into()), "NOT_LEDGER_CREATED", "cut short"),
        (
            forger.changed(|value| value["ledger_created"] = BASE64.encode([second(value), vec![0]].concat()).into()),
            "NOT_LEDGER_CREATED",
            "behind",
        ),
        (
            forger.changed(|value| {
                let mut bytes = second(value);
                bytes[15] = 2;
                value["ledger_created"] = BASE64.encode(bytes).into();
            }),
            "NOT_LEDGER_CREATED",
            "seq 2",
        ),
        (proof(|text| text.replacen("tlog-proof@v1", "tlog-proof@v2", 1)), "UNREADABLE", "inclusion"),
        (proof(|text| text.replacen("index 0", "index 1", 1)), "UNREADABLE", "index 1"),
        (proof(|text| text.split_once("\n\n").unwrap().0.to_owned() + "\n\nnothing\n"), "CHECKPOINT_MALFORMED", ""),
        (named(&["inclusion"]), "WRONG_ORIGIN", ""),
        (named(&["ledger_created"]), "NOT_INCLUDED", ""),
        (named(&["ledger_id"]), "WRONG_LEDGER", "ledger_id"),
        (named(&["receipt", "decision"]), "RECEIPT_INVALID", ""),
        (forger.with(&forger.other, &["receipt", "decision", "seq"]), "RECEIPT_INVALID", ""),
        (forger.with(&forger.other, &["trail"]), "RECEIPT_INVALID", ""),
        (forger.changed(|value| value["account"] = 2.into()), "RECEIPT_INVALID", ""),
        (forger.signed(|issued| issued.permission = 1), "RECEIPT_INVALID", ""),
        (forger.signed(|issued| issued.asked_at += 1), "RECEIPT_INVALID", ""),
        (forger.signed(|issued| issued.identifier_digest[0] ^= 1), "RECEIPT_INVALID", ""),
    ];
    for (file, name, says) in forgeries {
        let (found, words) = refused(&file, &forger.key);
        assert_eq!(found, name, "{words}\n{file:#}");
        assert!(words.contains(says), "{words}");
    }
}

#[test]
fn what_people_read_is_what_was_signed() {
    let forger = Forger::new();
    let members = forger.honest["decision"].as_object().unwrap().clone();
    assert_eq!(members.len(), 13);
    for (member, said) in members {
        let other = match said {
            Value::String(_) => "something else".into(),
            Value::Bool(said) => (!said).into(),
            Value::Number(_) => 99.into(),
            Value::Array(mut said) => {
                said.pop();
                said.push(if member == "deciding_seqs" { 99.into() } else { "NONE".into() });
                Value::Array(said)
            }
            Value::Object(mut said) => {
                said["seq"] = 99.into();
                Value::Object(said)
            }
            Value::Null if member == "template" => json!({ "name": "a", "language": "en", "parameters": 0 }),
            Value::Null => "2026-03-01T00:00:00Z".into(),
        };
        let file = forger.changed(|value| value["decision"][&member] = other);
        let (name, words) = refused(&file, &forger.key);
        assert_eq!((name, words), ("STATED_DIFFERS", format!("decision.{member} is not what was signed")));
    }
    // The same member twice: one is read by people, the other by programs.
    let twice = forger.honest.to_string().replacen(r#""permission":"#, r#""permission":"FREE_FORM","permission":"#, 1);
    assert_eq!(verified(&twice, &forger.key).unwrap_err().name(), "UNREADABLE");
}

#[test]
fn another_key_of_the_same_name_is_not_the_ledgers() {
    let forger = Forger::new();
    let stranger = VerifierKey::new(forger.key.name(), forger.foreign_key.public_key()).unwrap();
    assert_eq!(refused(&forger.honest, &stranger).0, "WRONG_KEY");
    // A checkpoint of another size under the honest signatures.
    let lines = |value: &Value| value["inclusion"].as_str().unwrap().to_owned();
    let size = lines(&forger.honest).lines().skip_while(|line| *line != forger.key.name()).nth(1).unwrap().to_owned();
    let grown = lines(&forger.honest).replacen(&format!("\n{size}\n"), &format!("\n{size}0\n"), 1);
    assert_eq!(refused(&forger.changed(|value| value["inclusion"] = grown.into()), &forger.key).0, "BAD_SIGNATURE");
    assert!(DecisionReceiptIssued::decode(BASE64.decode(forger.honest["receipt"].as_str().unwrap()).unwrap().as_slice()).is_ok());
}
