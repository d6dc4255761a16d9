//! The file as a text: its lines, its JSON, its claim.

use serde_json::json;

use super::{Kind, lines, text, with};
use crate::support::forger::judges::Case;

pub const KINDS: &[Kind] = &[
    Kind {
        name: "a member that nobody specified",
        code: "UNREADABLE",
        forge: |goods| lines(goods, &goods.whole, |file| file.first()["note"] = "trust me".into()),
    },
    Kind {
        name: "a member twice, with two values",
        code: "UNREADABLE",
        forge: |goods| text(goods, &goods.whole.bytes(), |file| with(file, "\"account\":1,", "\"account\":1,\"account\":2,")),
    },
    Kind {
        name: "a member twice, deep in what an entry says",
        code: "UNREADABLE",
        forge: |goods| {
            let twice = "\"method\":\"METHOD_PAPER\",\"method\":\"METHOD_PAPER\"";
            text(goods, &goods.whole.bytes(), |file| with(file, "\"method\":\"METHOD_PAPER\"", twice))
        },
    },
    Kind {
        name: "a member is missing",
        code: "UNREADABLE",
        forge: |goods| lines(goods, &goods.whole, |file| drop(file.first().as_object_mut().unwrap().remove("made_at"))),
    },
    Kind {
        name: "the time is none",
        code: "UNREADABLE",
        forge: |goods| lines(goods, &goods.whole, |file| file.first()["made_at"] = "2026-02-30T10:00:00Z".into()),
    },
    Kind {
        name: "a number as a text",
        code: "UNREADABLE",
        forge: |goods| lines(goods, &goods.whole, |file| file.line(3)["seq"] = "3".into()),
    },
    Kind {
        name: "a number with a fraction of zero",
        code: "UNREADABLE",
        forge: |goods| text(goods, &goods.whole.bytes(), |file| with(file, "\"seq\":3,", "\"seq\":3.0,")),
    },
    Kind {
        name: "null where a member is left out",
        code: "UNREADABLE",
        forge: |goods| lines(goods, &goods.whole, |file| file.line(3)["second_trail"] = json!(null)),
    },
    Kind {
        name: "a list where an object is due",
        code: "UNREADABLE",
        forge: |goods| {
            lines(goods, &goods.bundle, |file| {
                let keys = file.first()["keys"].as_array_mut().unwrap();
                for key in keys {
                    *key = json!([key["trail"], key["key"]]);
                }
            })
        },
    },
    Kind {
        name: "hex in capitals",
        code: "UNREADABLE",
        forge: |goods| {
            lines(goods, &goods.whole, |file| {
                let hash = file.line(3)["entry_hash"].as_str().unwrap().to_uppercase();
                file.line(3)["entry_hash"] = hash.into();
            })
        },
    },
    Kind {
        name: "base64 with spare bits",
        code: "UNREADABLE",
        forge: |goods| {
            lines(goods, &goods.bundle, |file| {
                let root = file.lines.iter_mut().find(|line| line.get("root").is_some()).unwrap();
                let spare = root["root"].as_str().unwrap().replace('=', "");
                let last = spare.chars().last().unwrap();
                // Its two lowest bits are nobody's.
                let next = char::from(u8::try_from(last).unwrap() + 1);
                root["root"] = format!("{}{next}=", &spare[..spare.len() - 1]).into();
            })
        },
    },
    Kind {
        name: "half of a pair of surrogates",
        code: "UNREADABLE",
        forge: |goods| text(goods, &goods.whole.bytes(), |file| with(file, "\"origin\":\"", "\"origin\":\"\\ud800")),
    },
    Kind {
        name: "the first line is a list, which no file of these begins with",
        code: "CHECKPOINT_MALFORMED",
        forge: |goods| lines(goods, &goods.whole, |file| *file.first() = json!([file.first().clone()])),
    },
    Kind {
        name: "an entry's line is a list",
        code: "UNREADABLE",
        forge: |goods| lines(goods, &goods.whole, |file| file.lines[4] = json!([file.lines[4].clone()])),
    },
    Kind {
        name: "the first line names no format",
        code: "UNREADABLE",
        forge: |goods| lines(goods, &goods.whole, |file| file.first()["format"] = 1.into()),
    },
    Kind {
        name: "the claim is of no kind",
        code: "UNREADABLE",
        forge: |goods| lines(goods, &goods.whole, |file| file.first()["claim"] = json!({ "from": 1, "to": 2 })),
    },
    Kind {
        name: "a line that is neither an entry nor what is left out",
        code: "UNREADABLE",
        forge: |goods| lines(goods, &goods.whole, |file| file.lines[4] = json!({ "note": "nothing of interest" })),
    },
    Kind {
        name: "a last line that is none",
        code: "UNREADABLE",
        forge: |goods| lines(goods, &goods.whole, |file| *file.last() = json!({ "entries": 3 })),
    },
    Kind {
        name: "half an entry stands where the last line is due",
        code: "UNREADABLE",
        forge: |goods| lines(goods, &goods.whole, |file| *file.last() = json!({ "entry": "" })),
    },
    Kind {
        name: "a format of later days",
        code: "FORMAT_UNKNOWN",
        forge: |goods| {
            lines(goods, &goods.whole, |file| {
                file.first()["format"] = "consent-ledger/export/v2".into();
                file.first()["compression"] = "none".into();
            })
        },
    },
    Kind {
        name: "the file ends within a line",
        code: "CUT_SHORT",
        forge: |goods| {
            let bytes = goods.whole.bytes();
            Case::new(&bytes[..bytes.len() / 2], &goods.key)
        },
    },
    Kind {
        name: "the file ends after an entry",
        code: "CUT_SHORT",
        forge: |goods| lines(goods, &goods.whole, |file| file.lines.truncate(5)),
    },
    Kind { name: "the last line is missing", code: "CUT_SHORT", forge: |goods| lines(goods, &goods.whole, |file| drop(file.lines.pop())) },
    Kind {
        name: "the last line feed is missing",
        code: "CUT_SHORT",
        forge: |goods| text(goods, &goods.bundle.bytes(), |file| file.trim_end().to_owned()),
    },
    Kind {
        name: "the last line counts another number of entries",
        code: "CUT_SHORT",
        forge: |goods| {
            lines(goods, &goods.contact, |file| {
                let entries = file.last()["entries"].as_u64().unwrap();
                file.last()["entries"] = (entries + 1).into();
            })
        },
    },
    Kind {
        name: "something stands behind the last line",
        code: "OUT_OF_ORDER",
        forge: |goods| text(goods, &goods.whole.bytes(), |file| format!("{file} ")),
    },
    Kind {
        name: "the last line counts wrongly, and something stands behind it",
        code: "CUT_SHORT",
        forge: |goods| text(goods, &goods.whole.bytes(), |file| with(file, "\"left_out\":0}", "\"left_out\":1}") + "{}\n"),
    },
    Kind {
        name: "an entry stands behind the last of the checkpoint",
        code: "OUT_OF_ORDER",
        forge: |goods| {
            lines(goods, &goods.whole, |file| {
                let again = file.lines[1].clone();
                file.lines.insert(file.lines.len() - 1, again);
            })
        },
    },
    Kind {
        name: "the last line stands in the middle",
        code: "OUT_OF_ORDER",
        forge: |goods| {
            lines(goods, &goods.whole, |file| {
                let last = file.lines.pop().unwrap();
                file.lines.truncate(6);
                file.lines.push(last);
            })
        },
    },
    Kind {
        name: "a claim that there is not",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| lines(goods, &goods.whole, |file| file.first()["claim"] = json!({ "kind": "everything" })),
    },
    Kind {
        name: "a claim with more than it has",
        code: "UNREADABLE",
        forge: |goods| lines(goods, &goods.contact, |file| file.first()["claim"] = json!({ "kind": "included", "all": true })),
    },
    Kind {
        name: "a range that reaches past the checkpoint",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| {
            lines(goods, &goods.whole, |file| {
                let to = file.first()["claim"]["to"].as_u64().unwrap();
                file.first()["claim"]["to"] = (to + 1).into();
            })
        },
    },
    Kind {
        name: "a contact's entries, passed off as a whole range",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| lines(goods, &goods.contact, |file| file.first()["claim"] = json!({ "kind": "range", "from": 1, "to": 4 })),
    },
    Kind {
        name: "an entry of a claimed range is left out",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| lines(goods, &goods.whole, |file| file.leave_out(5)),
    },
    Kind {
        name: "keys in an export that claims no trails",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| {
            lines(goods, &goods.contact, |file| {
                let mut bundle = goods.bundle.clone();
                file.first()["keys"] = bundle.first()["keys"].clone();
            })
        },
    },
    Kind {
        name: "heads in an export that claims no trails",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| {
            lines(goods, &goods.contact, |file| {
                let mut bundle = goods.bundle.clone();
                file.first()["heads"] = bundle.first()["heads"].clone();
            })
        },
    },
    Kind {
        name: "a range that begins an entry too early",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| lines(goods, &goods.range, |file| file.first()["claim"]["from"] = 4.into()),
    },
    Kind {
        name: "a range that ends an entry too late",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| lines(goods, &goods.range, |file| file.first()["claim"]["to"] = 13.into()),
    },
    Kind {
        name: "a range that ends before it begins",
        code: "CLAIM_UNFOUNDED",
        forge: |goods| lines(goods, &goods.range, |file| file.first()["claim"]["to"] = 4.into()),
    },
    Kind {
        name: "the file says that it is of another ledger",
        code: "WRONG_ORIGIN",
        forge: |goods| lines(goods, &goods.whole, |file| file.first()["origin"] = "example.com/other".into()),
    },
    Kind {
        name: "the file says that its ledger has another identity",
        code: "WRONG_LEDGER",
        forge: |goods| lines(goods, &goods.whole, |file| file.first()["ledger_id"] = "00".repeat(16).into()),
    },
];
