//! JSON Lines and CSV, from hand-made pieces.

use consent_ledger::export::csv::{COLUMNS, Csv};
use consent_ledger::export::jsonl::Jsonl;
use consent_ledger::export::pieces::Format as _;
use consent_ledger::proto::export_begin::Claim;
use consent_ledger::proto::{
    Entry, Evidence, EvidenceField, ExportBegin, ExportSelection, IncludedClaim, RangeClaim, SealedPart, TrailHead, TrailKey,
};
use serde_json::{Value, json};

use super::made::{begin, entry, opted_in, sealed, seconds, taken, wrote};
use super::{CONTACT, HOSTILE};

fn lines(entries: Vec<Entry>) -> Vec<String> {
    let written = taken(Jsonl::new(Vec::new()), entries).into_inner();
    let text = String::from_utf8(written).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(str::to_owned).collect()
}

/// The names of an object's members, in the order in which they are written.
fn members(line: &str) -> Vec<String> {
    let object: Value = serde_json::from_str(line).unwrap();
    let mut names: Vec<String> = object.as_object().unwrap().keys().cloned().collect();
    names.sort_by_key(|name| line.find(&format!("\"{name}\":")).unwrap());
    names
}

#[test]
fn a_line_has_the_members_of_the_page_in_its_order() {
    let lines = lines(vec![entry(1, 0, opted_in("", &[1]), sealed())]);
    assert_eq!(lines.len(), 4);
    assert_eq!(members(&lines[0]), ["format", "ledger_id", "origin", "made_at", "selection", "claim", "checkpoint", "heads"]);
    assert_eq!(members(&lines[1]), ["seq", "entry_hash", "recorded_at", "account", "trail", "kind", "entry", "clear", "sealed"]);
    assert_eq!(lines[2], format!("{{\"left_out\":4,\"root\":\"{}\"}}", "7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u4="));
    assert_eq!(lines[3], "{\"entries\":1,\"left_out\":4}");
    let entry: Value = serde_json::from_str(&lines[1]).unwrap();
    assert_eq!(entry["recorded_at"], "2026-03-01T00:00:00Z");
    let clear = json!({
        "occurred_at": "1772323200000000", "identifiers": [{ "trail": "2", "ordinal": 1 }], "effect": "EFFECT_APPLIED",
        "opted_in": { "categories": ["CATEGORY_MARKETING"], "method": "METHOD_WEBSITE" },
    });
    assert_eq!((&entry["clear"], &entry["sealed"]), (&clear, &json!({ "identifiers": [CONTACT] })));
}

#[test]
fn what_is_absent_in_an_entry_has_no_member() {
    let unknown = Entry { seq: 1, raw: vec![1, 2, 3], erased: true, second_trail: 7, ..Default::default() };
    let lines = lines(vec![unknown]);
    assert_eq!(members(&lines[1]), ["seq", "entry_hash", "recorded_at", "account", "trail", "second_trail", "entry", "erased"]);
}

#[test]
fn the_first_line_says_what_was_asked_and_what_is_claimed() {
    let first = |begin: ExportBegin| {
        let mut form = Jsonl::new(Vec::new());
        form.begin(begin).unwrap();
        serde_json::from_slice::<Value>(&form.into_inner()).unwrap()
    };
    let selection =
        ExportSelection { all_accounts: true, sender: "1".into(), recorded_from: Some(seconds(0)), from_seq: 5, ..Default::default() };
    let range = Claim::Range(RangeClaim { from_seq: 5, to_seq: 9 });
    let line = first(ExportBegin { selection: Some(selection), claim: Some(range), ..begin(9) });
    assert_eq!(line["selection"], json!({ "all_accounts": true, "sender": "1", "recorded_from": "1970-01-01T00:00:00Z", "from_seq": 5 }));
    assert_eq!(line["claim"], json!({ "kind": "range", "from": 5, "to": 9 }));
    assert_eq!(line.get("heads").or(line.get("keys")), None);
    let included = first(ExportBegin { claim: Some(Claim::Included(IncludedClaim {})), ..begin(9) });
    assert_eq!(included["claim"], json!({ "kind": "included" }));
    let head = TrailHead { trail: 2, trail_seq: 3, last_seq: 9, blind: vec![0; 3], path: vec![vec![0; 3]] };
    let bundle = first(ExportBegin { keys: vec![TrailKey { trail: 2, key: vec![0; 3] }], heads: vec![head], ..begin(9) });
    assert_eq!(bundle["claim"], json!({ "kind": "complete", "as_of": 9, "account": 1, "contact_trails": [2], "shared_trails": [] }));
    assert_eq!(bundle["keys"], json!([{ "trail": 2, "key": "AAAA" }]));
    assert_eq!(bundle["heads"], json!([{ "trail": 2, "trail_seq": 3, "last_seq": 9, "blind": "AAAA", "path": ["AAAA"] }]));
}

fn rows(entries: Vec<Entry>) -> (String, Vec<Vec<String>>) {
    let written = taken(Csv::new(Vec::new()), entries).into_inner().unwrap();
    let text = String::from_utf8(written).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    (text, rows)
}

fn column(row: &[String], name: &str) -> String {
    row[COLUMNS.iter().position(|column| *column == name).unwrap()].clone()
}

#[test]
fn a_spreadsheet_gets_utf_8_with_its_mark_and_a_row_an_entry() {
    let (text, rows) = rows(vec![entry(1, 0, opted_in("1001", &[1, 2]), sealed()), entry(2, 1, wrote("1001"), sealed())]);
    assert!(text.starts_with("\u{feff}seq,recorded_at,occurred_at,"), "{text}");
    assert_eq!(text.matches("\r\n").count(), 3);
    assert_eq!(rows.len(), 3);
    let told = ["seq", "kind", "contact", "sender", "categories", "method", "effect", "occurred_at"].map(|name| column(&rows[1], name));
    let expected =
        ["1", "opted_in", "'+447400123456", "1001", "marketing, utility", "website", "applied", "2026-03-01T00:00:00Z"].map(str::to_owned);
    assert_eq!(told, expected);
    assert_eq!(column(&rows[2], "message_kind"), "text");
    assert_eq!(column(&rows[2], "entry_hash").len(), 64);
}

#[test]
fn no_cell_is_a_formula_whatever_somebody_wrote() {
    let evidence = Evidence {
        text: HOSTILE.into(),
        url: "+1".into(),
        user_agent: "-1".into(),
        file_name: "\u{ff1d}1".into(),
        other: vec![EvidenceField { name: "@a".into(), value: "=b".into() }],
        ..Default::default()
    };
    let sealed = SealedPart { evidence: Some(evidence), event_id: "\t=1".into(), text: "a\r=1".into(), ..sealed() };
    let (_, rows) = rows(vec![entry(1, 0, opted_in("", &[1]), sealed)]);
    for cell in &rows[1] {
        let first = cell.chars().next().unwrap_or('x');
        assert!(!"=+-@\t\r\n\u{ff1d}".contains(first), "{cell:?}");
        assert!(!cell.contains('\0'));
    }
    let text = column(&rows[1], "evidence_text");
    assert!(text.starts_with("'=HYPERLINK(\"http://evil.example\";\"click\")\u{fffd}"), "{text:?}");
    assert!(text.contains("second; '=1+1"), "{text:?}");
    assert_eq!(column(&rows[1], "evidence_other"), "'@a: =b");
}

#[test]
fn a_text_longer_than_a_cell_is_cut_and_says_so() {
    let evidence = Evidence { text: "x".repeat(40_000), ..Default::default() };
    let (_, rows) = rows(vec![entry(1, 0, opted_in("", &[1]), SealedPart { evidence: Some(evidence), ..sealed() })]);
    let text = column(&rows[1], "evidence_text");
    assert!(text.len() <= 32_767 && text.ends_with("[cut: 40000 characters, more than a cell holds]"), "{}", text.len());
}
