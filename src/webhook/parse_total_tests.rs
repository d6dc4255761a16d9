//! The parser is total: whatever part of a recorded body is something else, every item still comes to something, and what
//! is kept of it can be read again with the same result.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Update, parse};

/// JSON pointers to every part of `value`.
fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
    out.push(at.to_owned());
    match value {
        Value::Object(members) => members.iter().for_each(|(key, member)| pointers(member, &format!("{at}/{key}"), out)),
        Value::Array(items) => items.iter().enumerate().for_each(|(place, item)| pointers(item, &format!("{at}/{place}"), out)),
        _ => {}
    }
}

#[test]
fn any_part_of_a_recorded_body_may_be_something_else_and_what_is_kept_reads_the_same_again() {
    let strangers = [
        json!(null),
        json!(true),
        json!(-1),
        json!(7),
        json!(""),
        json!("<PLACEHOLDER>"),
        json!([]),
        json!([1]),
        json!({}),
        json!({"a": [1]}),
    ];
    let mut reasons = BTreeSet::new();
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let files = ["wa_webhooks", "webhook_shapes"].into_iter().flat_map(|dir| std::fs::read_dir(data.join(dir)).unwrap());
    for file in files {
        let Ok(body) = serde_json::from_slice::<Value>(&std::fs::read(file.unwrap().path()).unwrap()) else { continue };
        let mut places = Vec::new();
        pointers(&body, "", &mut places);
        for (place, stranger) in places.iter().flat_map(|place| strangers.iter().map(move |stranger| (place, stranger))) {
            let mut changed = body.clone();
            *changed.pointer_mut(place).unwrap() = stranger.clone();
            for update in parse(changed.to_string().as_bytes()) {
                let (item, reason) = match &update {
                    Update::NoFact => continue,
                    Update::Record(fact) | Update::Words(fact) => (&fact.item, None),
                    Update::DeadLetter(unplaced) => (&unplaced.item, Some(&unplaced.reason)),
                };
                let again = parse(&item.payload);
                let same = |other: &Update| match (&update, other) {
                    (Update::Record(one), Update::Record(two)) | (Update::Words(one), Update::Words(two)) => one.event_id == two.event_id,
                    (Update::DeadLetter(one), Update::DeadLetter(two)) => one.reason == two.reason && one.item == two.item,
                    _ => false,
                };
                assert!(again.iter().any(same), "{place} = {stranger}: {update:?} became {again:?}");
                reasons.extend(reason.cloned());
            }
        }
    }
    assert!(reasons.len() > 20, "many ways to be wrong were met: {reasons:?}");
}

/// Names and words that mean something somewhere, so that random values get far.
const NAMES: [&str; 26] = [
    "messages",
    "statuses",
    "calls",
    "user_preferences",
    "message_echoes",
    "history",
    "threads",
    "standby",
    "contacts",
    "metadata",
    "phone_number_id",
    "display_phone_number",
    "from",
    "from_user_id",
    "wa_id",
    "user_id",
    "id",
    "timestamp",
    "type",
    "text",
    "body",
    "interactive",
    "edit",
    "message",
    "errors",
    "event",
];
const WORDS: [&str; 14] = [
    "text",
    "system",
    "edit",
    "interactive",
    "nfm_reply",
    "connect",
    "failed",
    "447400123456",
    "GB.1",
    "1772359200",
    "stop",
    "",
    "ACCOUNT_RESTRICTION",
    "\u{0}",
];
const FIELDS: [&str; 7] = ["messages", "standby", "calls", "history", "user_preferences", "account_update", "smb_message_echoes"];

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(&WORDS[..]).prop_map(Value::from),
    ];
    leaf.prop_recursive(7, 48, 6, |inner| {
        let name = prop::sample::select(&NAMES[..]).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_a_change_holds_is_read_and_what_is_kept_of_it_can_be_read_again(
        field in prop::sample::select(&FIELDS[..]),
        value in anything(),
    ) {
        let body = json!({ "entry": [{ "id": "1", "time": 1_772_359_200, "changes": [{ "field": field, "value": value }] }] });
        for update in parse(body.to_string().as_bytes()) {
            let item = match update {
                Update::NoFact => continue,
                Update::Record(fact) | Update::Words(fact) => fact.item,
                Update::DeadLetter(unplaced) => unplaced.item,
            };
            prop_assert!(!parse(&item.payload).is_empty());
        }
    }

    #[test]
    fn bytes_that_are_anything_are_read(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert!(!parse(&bytes).is_empty());
    }
}
