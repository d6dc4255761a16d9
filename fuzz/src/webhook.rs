//! Webhook bodies.

use consent_ledger::webhook::{Item, Update, parse};
use serde_json::Value;

/// Every body comes to something, unless a list in it is empty; each item of it is kept such that it can be read again with the same result, and a redelivery
/// in another spelling of the same JSON has the same event ids.
pub fn check(body: &[u8]) {
    let updates = parse(body);
    assert!(!updates.is_empty() || holds_an_empty_list(body), "a body came to nothing");
    for update in &updates {
        let Some(item) = item(update) else { continue };
        let again = parse(&item.payload);
        assert!(again.iter().any(|other| is_same(update, other)), "{update:?} became {again:?}");
    }
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        let spelled = serde_json::to_vec_pretty(&value).unwrap_or_default();
        // What is no object of ours is kept in the bytes that came.
        let ids = |updates: &[Update]| updates.iter().filter_map(event_id).collect::<Vec<_>>();
        assert_eq!(ids(&parse(&spelled)), ids(&updates), "another spelling");
    }
}

fn holds_an_empty_list(body: &[u8]) -> bool {
    let body: String = String::from_utf8_lossy(body).split(|c: char| c.is_ascii_whitespace()).collect();
    body.contains("[]") || body.contains("null")
}

fn item(update: &Update) -> Option<&Item> {
    match update {
        Update::NoFact => None,
        Update::Record(fact) | Update::Words(fact) => Some(&fact.item),
        Update::DeadLetter(unplaced) => Some(&unplaced.item),
    }
}

fn event_id(update: &Update) -> Option<String> {
    match update {
        Update::Record(fact) | Update::Words(fact) => Some(format!("{:?}", fact.event_id)),
        Update::NoFact | Update::DeadLetter(_) => None,
    }
}

fn is_same(one: &Update, other: &Update) -> bool {
    match (one, other) {
        (Update::Record(one), Update::Record(other)) | (Update::Words(one), Update::Words(other)) => {
            one.event_id == other.event_id
                && one.occurred_at == other.occurred_at
                && format!("{:?}", one.what) == format!("{:?}", other.what)
        }
        (Update::DeadLetter(one), Update::DeadLetter(other)) => one.reason == other.reason && one.item == other.item,
        _ => false,
    }
}
