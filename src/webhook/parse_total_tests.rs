//! The parser is total: whatever part of a recorded body is something else, every item still comes to something, and what
//! is kept of it can be read again with the same result.

use std::collections::BTreeSet;

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
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wa_webhooks")).unwrap() {
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
