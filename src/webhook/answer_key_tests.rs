//! Whole bodies against their answer keys: those that were recorded, and one or more of every shape that is known.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::parse;
use super::parse_tests::answer;

/// What the body under `name` in `dir` says, as the key writes it.
fn said(dir: &Path, name: &str) -> String {
    let updates = parse(&std::fs::read(dir.join(name)).unwrap());
    updates.iter().map(answer).collect::<Vec<_>>().join("; ")
}

/// Every body of the folder says what its line in `ANSWERS.md` says, and there is a line for each.
fn holds(dir: &str, bodies: usize) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(dir);
    let key = std::fs::read_to_string(dir.join("ANSWERS.md")).unwrap_or_default();
    let expected: BTreeMap<&str, &str> =
        key.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | ")).collect();
    let names = std::fs::read_dir(&dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let names: BTreeSet<String> = names.filter(|name| Path::new(name).extension().is_some_and(|ending| ending == "json")).collect();
    let differ: Vec<String> = names
        .iter()
        .map(|name| (name, said(&dir, name)))
        .filter(|(name, said)| expected.get(name.as_str()) != Some(&said.as_str()))
        .map(|(name, said)| format!("| `{name}` | {said} |"))
        .collect();
    assert!(differ.is_empty(), "these say something else:\n{}", differ.join("\n"));
    assert_eq!((names.len(), expected.len()), (bodies, bodies), "one line per body");
}

#[test]
fn every_recorded_body_says_what_its_answer_key_says() {
    holds("wa_webhooks", 41);
}

#[test]
fn every_shape_says_what_its_answer_key_says() {
    holds("webhook_shapes", 94);
}

/// The lists of a body's changes, turned round.
fn turned(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().rev().map(turned).collect()),
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), turned(member))).collect(),
        scalar => scalar.clone(),
    }
}

#[test]
fn the_order_of_items_in_a_body_changes_nothing_of_what_each_of_them_says() {
    let mut turned_round = 0;
    for dir in ["wa_webhooks", "webhook_shapes"] {
        for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(dir)).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            let Ok(body) = serde_json::from_slice::<Value>(&bytes) else { continue };
            let sorted = |body: &Value| {
                let mut answers: Vec<String> = parse(body.to_string().as_bytes()).iter().map(answer).collect();
                answers.sort();
                answers
            };
            // Several answers of one form, and several errors of one status, are told in their order.
            let (forwards, backwards) = (sorted(&body), sorted(&turned(&body)));
            assert_eq!(forwards, backwards, "{body}");
            turned_round += usize::from(forwards.len() > 1);
        }
    }
    assert!(turned_round > 15, "{turned_round} bodies hold several items");
}
