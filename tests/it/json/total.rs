//! Whatever arrives is answered, and what is refused leaves nothing behind.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::client::runtime;
use crate::support::http::{OPT_IN, head, post};
use crate::support::server::Server;

const CASES: u32 = 400;

/// JSON of any shape, its names often those that the message has.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(1)),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["+447400987654", "US.1349", "100", "CATEGORY_MARKETING", "METHOD_WEBSITE", "2026-03-01T10:00:00Z"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..6).prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    let known = ["contact", "sender", "categories", "method", "occurredAt", "expires_at", "eventId", "evidence", "text", "other", "name"];
    prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,8}"]
}

/// An opt-in that is changed in some places, and then perhaps in its bytes.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let changed = prop::collection::vec((name(), anything()), 0..3).prop_map(|changes| {
        let mut good = json!({ "contact": "+447400987654", "categories": [1], "method": "METHOD_WEBSITE" });
        good.as_object_mut().unwrap().extend(changes);
        good
    });
    let json = prop_oneof![3 => changed, 1 => anything()].prop_map(|value| value.to_string().into_bytes());
    (json, prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>()))).prop_map(|(mut bytes, flipped)| {
        if let Some((place, byte)) = flipped {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        bytes
    })
}

#[test]
fn arbitrary_json_is_recorded_or_refused_and_nothing_in_between() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), &[]);
    let runtime = runtime();
    let mut statuses = std::collections::BTreeSet::new();
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let statuses_of = std::cell::RefCell::new(&mut statuses);
    runner
        .run(&body(), |body| {
            let (before, answer, after) =
                runtime.block_on(async { (head(&server).await, post(&server, OPT_IN, body).await, head(&server).await) });
            statuses_of.borrow_mut().insert(answer.status);
            if answer.status == 200 {
                let seq = answer.json()["acknowledgement"]["seq"].as_str().unwrap().parse::<u64>().unwrap();
                prop_assert!((before + 1..=after).contains(&seq) || answer.json()["acknowledgement"]["duplicate"] == true);
            } else {
                prop_assert!((400..500).contains(&answer.status), "{answer:?}");
                prop_assert!(!answer.refused().2.is_empty());
                prop_assert!(!answer.body.contains("447400987654"), "{answer:?}");
                prop_assert_eq!(before, after);
            }
            Ok(())
        })
        .unwrap();
    assert!(statuses.contains(&200) && statuses.contains(&400), "both happened: {statuses:?}");
    assert_eq!(server.terminate().code(), Some(0));
}
