//! What stands beside an entry's bytes, and clear parts that are not written as they must be.

use consent_ledger::proto::clear_part::Fact;
use serde_json::{Value, json};

use super::{Kind, lines};
use crate::support::forger::file::File;
use crate::support::forger::goods::{Goods, Keys};
use crate::support::forger::judges::Case;

/// The whole log with something else stated beside its second opt-in.
fn stated(goods: &Goods, change: impl FnOnce(&mut Value)) -> Case {
    lines(goods, &goods.whole, |file| {
        let seq = file.of_kind("opted_in")[1];
        change(file.line(seq));
    })
}

/// The whole log with other bytes as the clear part of its second opt-in, and hash and line right for them.
fn encoded(goods: &Goods, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Case {
    lines(goods, &goods.whole, |file| {
        let seq = file.of_kind("opted_in")[1];
        let mut stored = file.stored(seq, &Keys::new());
        stored.clear = change(stored.clear);
        let bytes = stored.bytes();
        file.put(seq, &bytes);
        let hash = hex::encode(crate::support::forger::stored::Stored::hash(&bytes).bytes());
        file.line(seq)["entry_hash"] = hash.into();
    })
}

/// A good opt-in of the whole log with evidence.
fn sealed(file: &mut File) -> &mut Value {
    let seq = file.of_kind("opted_in")[0];
    &mut file.line(seq)["sealed"]
}

pub const KINDS: &[Kind] = &[
    Kind { name: "another seq is stated", code: "STATED_DIFFERS", forge: |goods| stated(goods, |line| line["seq"] = 77.into()) },
    Kind {
        name: "another hash is stated",
        code: "STATED_DIFFERS",
        forge: |goods| stated(goods, |line| line["entry_hash"] = "ab".repeat(32).into()),
    },
    Kind {
        name: "another time is stated",
        code: "STATED_DIFFERS",
        forge: |goods| stated(goods, |line| line["recorded_at"] = "2026-01-01T00:00:00Z".into()),
    },
    Kind {
        name: "a time a nanosecond later is stated",
        code: "STATED_DIFFERS",
        forge: |goods| {
            stated(goods, |line| {
                let at = line["recorded_at"].as_str().unwrap().trim_end_matches('Z').to_owned();
                let (seconds, decimals) = at.split_once('.').unwrap_or((&at, ""));
                line["recorded_at"] = format!("{seconds}.{decimals:0<8}1Z").into();
            })
        },
    },
    Kind { name: "another account is stated", code: "STATED_DIFFERS", forge: |goods| stated(goods, |line| line["account"] = 9.into()) },
    Kind { name: "another trail is stated", code: "STATED_DIFFERS", forge: |goods| stated(goods, |line| line["trail"] = 9.into()) },
    Kind {
        name: "a second trail is stated that there is not",
        code: "STATED_DIFFERS",
        forge: |goods| stated(goods, |line| line["second_trail"] = 9.into()),
    },
    Kind {
        name: "no second trail is stated, as zero",
        code: "STATED_DIFFERS",
        forge: |goods| stated(goods, |line| line["second_trail"] = 0.into()),
    },
    Kind {
        name: "the second trail is not stated",
        code: "STATED_DIFFERS",
        forge: |goods| {
            lines(goods, &goods.whole, |file| {
                let seq = file.of_kind("identifiers_linked")[0];
                file.line(seq).as_object_mut().unwrap().remove("second_trail");
            })
        },
    },
    Kind { name: "another kind is stated", code: "STATED_DIFFERS", forge: |goods| stated(goods, |line| line["kind"] = "opted_out".into()) },
    Kind {
        name: "no kind is stated",
        code: "STATED_DIFFERS",
        forge: |goods| stated(goods, |line| drop(line.as_object_mut().unwrap().remove("kind"))),
    },
    Kind {
        name: "another category is stated than the clear part has",
        code: "STATED_DIFFERS",
        forge: |goods| stated(goods, |line| line["clear"]["opted_in"]["categories"] = json!(["CATEGORY_UTILITY"])),
    },
    Kind {
        name: "a member is stated that the clear part has not",
        code: "STATED_DIFFERS",
        forge: |goods| stated(goods, |line| line["clear"]["opted_in"]["note"] = "by phone".into()),
    },
    Kind {
        name: "a default is stated that the clear part leaves out",
        code: "STATED_DIFFERS",
        forge: |goods| stated(goods, |line| line["clear"]["opted_in"]["expires_at"] = "0".into()),
    },
    Kind {
        name: "a number is stated where the clear part has a text of it",
        code: "STATED_DIFFERS",
        forge: |goods| {
            stated(goods, |line| {
                let at: u64 = line["clear"]["occurred_at"].as_str().unwrap().parse().unwrap();
                line["clear"]["occurred_at"] = at.into();
            })
        },
    },
    Kind {
        name: "true is stated where the clear part has one",
        code: "STATED_DIFFERS",
        forge: |goods| stated(goods, |line| line["clear"]["identifiers"] = json!([{ "ordinal": true }])),
    },
    Kind {
        name: "a fraction of zero is stated behind a number of the clear part",
        code: "STATED_DIFFERS",
        forge: |goods| stated(goods, |line| line["clear"]["identifiers"] = json!([{ "ordinal": 1.0 }])),
    },
    Kind {
        name: "no clear part is stated",
        code: "STATED_DIFFERS",
        forge: |goods| stated(goods, |line| drop(line.as_object_mut().unwrap().remove("clear"))),
    },
    Kind {
        name: "something is stated as sealed where nothing is",
        code: "STATED_DIFFERS",
        forge: |goods| {
            lines(goods, &goods.whole, |file| {
                let sealed = sealed(file).clone();
                file.line(1)["sealed"] = sealed;
            })
        },
    },
    Kind {
        name: "an entry that seals nothing is called erased",
        code: "STATED_DIFFERS",
        forge: |goods| lines(goods, &goods.whole, |file| file.line(1)["erased"] = true.into()),
    },
    Kind {
        name: "an entry is called not erased",
        code: "UNREADABLE",
        forge: |goods| {
            lines(goods, &goods.whole, |file| {
                let place = file.lines.iter().position(|line| line.get("erased").is_some()).unwrap();
                file.lines[place]["erased"] = false.into();
            })
        },
    },
    Kind {
        name: "a field of the clear part is written out though it has its default",
        code: "NOT_CANONICAL",
        forge: |goods| encoded(goods, |clear| [&clear[..34], &[0x12, 0x00], &clear[34..]].concat()),
    },
    Kind {
        name: "the clear part ends with a field that nobody knows",
        code: "NOT_CANONICAL",
        forge: |goods| encoded(goods, |clear| [clear.as_slice(), &[0xf8, 0x07, 0x01]].concat()),
    },
    Kind {
        name: "the clear part's first field comes last",
        code: "NOT_CANONICAL",
        forge: |goods| encoded(goods, |clear| [&clear[34..], &clear[..34]].concat()),
    },
    Kind {
        name: "the clear part's first field comes twice",
        code: "NOT_CANONICAL",
        forge: |goods| encoded(goods, |clear| [&clear[..34], &clear].concat()),
    },
    Kind {
        name: "a number of the clear part is longer than it need be",
        code: "NOT_CANONICAL",
        forge: |goods| encoded(goods, |clear| [&[0x8a, 0x00], &clear[1..]].concat()),
    },
    Kind {
        name: "the clear part has two facts",
        code: "NOT_CANONICAL",
        forge: |goods| encoded(goods, |clear| [clear.as_slice(), &[0x82, 0x04, 0x00]].concat()),
    },
    Kind {
        name: "categories of the future, stated as their numbers, in an entry that breaks the chain",
        code: "CHAIN_BROKEN",
        forge: |goods| {
            lines(goods, &goods.whole, |file| {
                let seq = file.of_kind("opted_in")[1];
                let mut stored = file.stored(seq, &Keys::new());
                stored.edit(|clear| {
                    let Some(Fact::OptedIn(opted_in)) = &mut clear.fact else { panic!("an opt-in is expected") };
                    opted_in.categories = vec![77, -1];
                });
                file.restate(seq, &stored.bytes());
            })
        },
    },
];
