//! Decision receipts as files.

use consent_ledger::proof::tlog_proof::TlogProof;
use consent_ledger::proto::DecisionReceiptIssued;
use consent_ledger::proto::clear_part::Fact;
use prost::Message;
use serde_json::{Value, json};

use super::{Kind, text, with};
use crate::support::forger::goods::Goods;
use crate::support::forger::judges::Case;
use crate::support::forger::owner::signed;
use crate::support::forger::stored::Stored;
use crate::support::forger::{from_base64, to_base64};

/// The receipt's file, changed.
fn receipt(goods: &Goods, change: impl FnOnce(&mut Value)) -> Case {
    let mut file: Value = serde_json::from_slice(&goods.receipt).unwrap();
    change(&mut file);
    Case::new(file.to_string(), &goods.key)
}

/// What was signed, changed, in its file.
fn issued(file: &mut Value, change: impl FnOnce(&mut DecisionReceiptIssued)) {
    let mut issued = DecisionReceiptIssued::decode(from_base64(file["receipt"].as_str().unwrap()).as_slice()).unwrap();
    change(&mut issued);
    file["receipt"] = to_base64(issued.encode_to_vec()).into();
}

/// What was signed, changed and signed again by the owner.
fn owned(goods: &Goods, change: impl FnOnce(&mut DecisionReceiptIssued)) -> Case {
    let entry = stored(goods);
    receipt(goods, |file| {
        issued(file, |issued| {
            change(issued);
            signed(goods, &entry, issued);
        });
    })
}

/// The entry that records the receipt.
fn stored(goods: &Goods) -> Stored {
    let seq = goods.whole.of_kind("decision_receipt_issued")[0];
    goods.whole.stored(seq, &goods.keys)
}

/// The proof in the receipt's file, changed.
fn inclusion(goods: &Goods, change: impl FnOnce(&mut TlogProof)) -> Case {
    receipt(goods, |file| {
        let mut proof: TlogProof = file["inclusion"].as_str().unwrap().parse().unwrap();
        change(&mut proof);
        file["inclusion"] = proof.to_string().into();
    })
}

/// The first entry in the receipt's file, changed.
fn created(goods: &Goods, change: impl FnOnce(&mut Stored)) -> Case {
    receipt(goods, |file| {
        let mut entry = Stored::read(&from_base64(file["ledger_created"].as_str().unwrap()), &goods.keys);
        change(&mut entry);
        file["ledger_created"] = to_base64(entry.bytes()).into();
    })
}

pub const KINDS: &[Kind] = &[
    Kind {
        name: "a receipt of a later format",
        code: "FORMAT_UNKNOWN",
        forge: |goods| {
            receipt(goods, |file| {
                file["format"] = "consent-ledger/receipt/v2".into();
                file["hash"] = "sha3".into();
            })
        },
    },
    Kind {
        name: "a receipt with a member that nobody specified",
        code: "UNREADABLE",
        forge: |goods| receipt(goods, |file| file["contact"] = "+447400123456".into()),
    },
    Kind {
        name: "a receipt with a member twice",
        code: "UNREADABLE",
        forge: |goods| text(goods, &goods.receipt, |file| with(file, "\"seq\":", "\"seq\": 1, \"seq\":")),
    },
    Kind {
        name: "a receipt whose answer lacks a member that is null",
        code: "UNREADABLE",
        forge: |goods| receipt(goods, |file| drop(file["decision"].as_object_mut().unwrap().remove("valid_until"))),
    },
    Kind {
        name: "a receipt's position as a list",
        code: "UNREADABLE",
        forge: |goods| {
            receipt(goods, |file| {
                let position = json!([file["decision"]["position"]["seq"], file["decision"]["position"]["hash"]]);
                file["decision"]["position"] = position;
            })
        },
    },
    Kind {
        name: "a receipt that is cut short",
        code: "UNREADABLE",
        forge: |goods| Case::new(&goods.receipt[..goods.receipt.len() / 2], &goods.key),
    },
    Kind {
        name: "a receipt's hash in capitals",
        code: "UNREADABLE",
        forge: |goods| receipt(goods, |file| file["entry_hash"] = file["entry_hash"].as_str().unwrap().to_uppercase().into()),
    },
    Kind {
        name: "the permission of a receipt is stated otherwise",
        code: "STATED_DIFFERS",
        forge: |goods| receipt(goods, |file| file["decision"]["permission"] = "NOTHING".into()),
    },
    Kind {
        name: "the reasons of a receipt are stated in another order",
        code: "STATED_DIFFERS",
        forge: |goods| receipt(goods, |file| file["decision"]["reasons"] = json!(["OPTED_IN"])),
    },
    Kind {
        name: "the time of a receipt is stated with one more digit",
        code: "STATED_DIFFERS",
        forge: |goods| {
            receipt(goods, |file| {
                let at = file["decision"]["at"].as_str().unwrap().trim_end_matches('Z').to_owned();
                file["decision"]["at"] = format!("{at}0Z").into();
            })
        },
    },
    Kind {
        name: "the deciding entries of a receipt are stated otherwise",
        code: "STATED_DIFFERS",
        forge: |goods| receipt(goods, |file| file["decision"]["deciding_seqs"] = json!([1])),
    },
    Kind {
        name: "the position of a receipt is stated otherwise",
        code: "STATED_DIFFERS",
        forge: |goods| receipt(goods, |file| file["decision"]["position"]["hash"] = "ab".repeat(32).into()),
    },
    Kind {
        name: "the sender of a receipt is stated otherwise",
        code: "STATED_DIFFERS",
        forge: |goods| receipt(goods, |file| file["decision"]["sender"] = "1002".into()),
    },
    Kind {
        name: "a bit of a receipt's signature is another",
        code: "RECEIPT_INVALID",
        forge: |goods| receipt(goods, |file| issued(file, |issued| issued.signature[10] ^= 1)),
    },
    Kind {
        name: "another answer in a receipt, and beside it too",
        code: "RECEIPT_INVALID",
        forge: |goods| {
            receipt(goods, |file| {
                issued(file, |issued| issued.permission = 3);
                file["decision"]["permission"] = "NOTHING".into();
            })
        },
    },
    Kind {
        name: "another digest of the contact in a receipt",
        code: "RECEIPT_INVALID",
        forge: |goods| receipt(goods, |file| issued(file, |issued| issued.identifier_digest[0] ^= 1)),
    },
    Kind {
        name: "a receipt for another account",
        code: "RECEIPT_INVALID",
        forge: |goods| receipt(goods, |file| file["account"] = 99.into()),
    },
    Kind { name: "a receipt for another trail", code: "RECEIPT_INVALID", forge: |goods| receipt(goods, |file| file["trail"] = 99.into()) },
    Kind {
        name: "a receipt that rests on what came after it",
        code: "OUT_OF_ORDER",
        forge: |goods| receipt(goods, |file| file["seq"] = file["decision"]["position"]["seq"].clone()),
    },
    Kind {
        name: "a receipt with a field that nobody knows",
        code: "NOT_CANONICAL",
        forge: |goods| {
            receipt(goods, |file| {
                let longer = [from_base64(file["receipt"].as_str().unwrap()).as_slice(), &[0xf8, 0x07, 0x01]].concat();
                file["receipt"] = to_base64(longer).into();
            })
        },
    },
    Kind {
        name: "a receipt without a signature",
        code: "NOT_CANONICAL",
        forge: |goods| receipt(goods, |file| issued(file, |issued| issued.signature.clear())),
    },
    Kind {
        name: "the owner signs an answer for a reason that there is not",
        code: "NOT_CANONICAL",
        forge: |goods| owned(goods, |issued| issued.reasons = vec![9]),
    },
    Kind {
        name: "the owner signs an answer that is none",
        code: "NOT_CANONICAL",
        forge: |goods| owned(goods, |issued| issued.permission = 0),
    },
    Kind {
        name: "the owner signs deciding entries in disorder",
        code: "NOT_CANONICAL",
        forge: |goods| owned(goods, |issued| issued.deciding_seqs = vec![7, 3]),
    },
    Kind {
        name: "the owner signs a question that no sender asked",
        code: "NOT_CANONICAL",
        forge: |goods| owned(goods, |issued| issued.sender = "no such sender".into()),
    },
    Kind {
        name: "the owner signs a question about a template and a confirmation at once",
        code: "NOT_CANONICAL",
        forge: |goods| owned(goods, |issued| issued.opt_out_confirmation = true),
    },
    Kind {
        name: "the owner signs a question about a template without a language",
        code: "NOT_CANONICAL",
        forge: |goods| owned(goods, |issued| issued.template_language.clear()),
    },
    Kind {
        name: "the owner signs another answer and forgets the one that people read",
        code: "STATED_DIFFERS",
        forge: |goods| owned(goods, |issued| issued.policy_version += 1),
    },
    Kind {
        name: "a receipt says that it is of another ledger",
        code: "WRONG_ORIGIN",
        forge: |goods| receipt(goods, |file| file["origin"] = "example.com/other".into()),
    },
    Kind {
        name: "a receipt says that its ledger has another identity",
        code: "WRONG_LEDGER",
        forge: |goods| receipt(goods, |file| file["ledger_id"] = "00".repeat(16).into()),
    },
    Kind {
        name: "a receipt rests on an entry that is not the first",
        code: "NOT_LEDGER_CREATED",
        forge: |goods| receipt(goods, |file| file["ledger_created"] = to_base64(goods.whole.entry(2)).into()),
    },
    Kind {
        name: "a byte stands behind a receipt's first entry",
        code: "NOT_LEDGER_CREATED",
        forge: |goods| {
            receipt(goods, |file| {
                let longer = [from_base64(file["ledger_created"].as_str().unwrap()).as_slice(), &[0]].concat();
                file["ledger_created"] = to_base64(longer).into();
            })
        },
    },
    Kind {
        name: "a receipt's first entry names another receipt key",
        code: "NOT_INCLUDED",
        forge: |goods| {
            created(goods, |entry| {
                entry.edit(|clear| {
                    let Some(Fact::LedgerCreated(created)) = &mut clear.fact else { panic!("the first entry is expected") };
                    created.receipt_public_key = vec![7; 32];
                });
            })
        },
    },
    Kind {
        name: "a receipt's first entry follows from another",
        code: "NOT_LEDGER_CREATED",
        forge: |goods| {
            created(goods, |entry| {
                entry.header.previous_hash = consent_ledger::ledger::bytes::entry::EntryHash::from_bytes([7; 32]);
            })
        },
    },
    Kind { name: "a receipt's proof is of another entry", code: "UNREADABLE", forge: |goods| inclusion(goods, |proof| proof.index = 1) },
    Kind { name: "a receipt's path is another", code: "NOT_INCLUDED", forge: |goods| inclusion(goods, |proof| proof.path[0][0] ^= 1) },
    Kind {
        name: "a receipt's checkpoint is another ledger's",
        code: "WRONG_ORIGIN",
        forge: |goods| inclusion(goods, |proof| proof.checkpoint.clone_from(&goods.other_checkpoint)),
    },
    Kind {
        name: "a receipt's checkpoint was changed",
        code: "BAD_SIGNATURE",
        forge: |goods| {
            inclusion(goods, |proof| {
                let size = proof.checkpoint.lines().nth(1).unwrap().to_owned();
                proof.checkpoint = with(&proof.checkpoint, &format!("\n{size}\n"), &format!("\n{size}1\n"));
            })
        },
    },
    Kind {
        name: "a receipt's checkpoint is staler than the one that was kept",
        code: "OLDER_IS_NEWER",
        forge: |goods| Case::new(goods.receipt.clone(), &goods.key).with_older(&goods.checkpoint),
    },
];
