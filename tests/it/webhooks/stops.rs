//! A STOP is never lost, whatever it comes in, and what shows nobody writing opens nothing. On the real server.

use std::path::Path;

use consent_ledger::ledger::clock::{Clock, SystemClock};
use consent_ledger::proto::clear_part::Fact;
use consent_ledger::proto::{CheckSendRequest, Permission, Reason, RecordOptInRequest};
use prost_types::Timestamp;
use serde_json::{Value, json};

use super::{SECRET, dead_letters, recorded, replay, start};
use crate::support::cli::cli;
use crate::support::client::{Client, opt_in, question, runtime};
use crate::support::server::Server;

const SENDER: &str = "2001";

fn deliver(server: &Server, dir: &Path, body: &Value) {
    let path = dir.join("body.json");
    std::fs::write(&path, body.to_string()).unwrap();
    let said = replay(server, SECRET, &path);
    assert_eq!(said.code, 0, "{said:?}");
}

fn body(field: &str, value: &Value) -> Value {
    let mut whole = json!({ "metadata": { "display_phone_number": "447400000001", "phone_number_id": SENDER } });
    whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": field, "value": whole }] }] })
}

/// A message from the `n`-th contact.
fn message(n: usize, kind: &str, rest: &Value) -> Value {
    let mut message = json!({ "from": phone(n), "id": format!("wamid.{n}"), "timestamp": now().to_string(), "type": kind });
    message.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    message
}

fn phone(n: usize) -> String {
    format!("4474009{n:05}")
}

fn now() -> u64 {
    u64::try_from(SystemClock.now().micros() / 1_000_000).unwrap()
}

fn an_hour_ago() -> Timestamp {
    Timestamp { seconds: i64::try_from(now()).unwrap() - 3_600, nanos: 0 }
}

fn answers(server: &Server, contacts: usize) -> Vec<(Permission, Reason)> {
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        let mut answers = Vec::new();
        for n in 0..contacts {
            let request = CheckSendRequest { category: 1, ..question(&format!("+{}", phone(n)), SENDER) };
            let decision = client.check(request).await.unwrap();
            answers.push((decision.permission(), decision.reasons().next().unwrap()));
        }
        answers
    })
}

#[test]
fn wherever_a_stop_stands_its_person_is_opted_out() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(&dir);
    let reply = |inner: Value| json!({ "interactive": inner });
    let live = [
        message(0, "text", &json!({ "text": { "body": "Stop." } })),
        message(1, "image", &json!({ "image": { "id": "1", "caption": "SAIR" } })),
        message(2, "audio", &json!({ "audio": { "id": "1", "caption": "stop" } })),
        message(3, "button", &json!({ "button": { "text": "No more", "payload": "STOP" } })),
        message(4, "interactive", &reply(json!({ "type": "button_reply", "button_reply": { "id": "x", "title": "Unsubscribe" } }))),
        message(5, "interactive", &reply(json!({ "type": "list_reply", "list_reply": { "id": "STOP", "title": "x" } }))),
        message(
            6,
            "interactive",
            &reply(json!({ "type": "nfm_reply", "nfm_reply": { "response_json": "{\"flow_token\": \"t\", \"wish\": \"stop\"}" } })),
        ),
        message(7, "order", &json!({ "order": { "text": "STOP", "product_items": [] } })),
        message(8, "edit", &json!({ "edit": { "message": { "type": "text", "text": { "body": "STOP" } } } })),
        message(9, "text", &json!({ "group_id": "G", "text": { "body": "stop" } })),
        message(10, "hologram", &json!({ "hologram": { "deep": [{ "caption": "Stop!" }] } })),
        message(11, "text", &json!({ "timestamp": "then", "text": { "body": "stop" } })),
        message(12, "text", &json!({ "timestamp": 0, "text": { "body": "stop" } })),
        message(13, "text", &json!({ "timestamp": (now() + 3_600).to_string(), "text": { "body": "stop" } })),
        message(14, "interactive", &reply(json!({ "type": "mind_reply", "mind_reply": { "text": "STOP" } }))),
    ];
    let standby = [message(15, "text", &json!({ "text": { "body": "stop" } }))];
    let before = json!([{ "threads": [{ "id": phone(16), "messages": [message(16, "text", &json!({ "text": { "body": "Stop" } }))] }] }]);
    let told = [json!({ "wa_id": phone(17), "category": "marketing_messages", "value": "stop", "timestamp": now() + 3_600 })];
    let failed =
        [json!({ "id": "wamid.F", "status": "failed", "recipient_id": phone(18), "timestamp": now(), "errors": [{ "code": "131050" }] })];
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        for n in 0..19 {
            let request = RecordOptInRequest { occurred_at: Some(an_hour_ago()), ..opt_in(&format!("+{}", phone(n)), "") };
            client.opt_in(request).await.unwrap();
        }
    });
    assert!(answers(&server, 19).iter().all(|answer| *answer == (Permission::TemplateOnly, Reason::OptedIn)));
    deliver(&server, dir.path(), &body("messages", &json!({ "messages": live, "statuses": failed })));
    deliver(&server, dir.path(), &body("standby", &json!({ "standby": { "messages": standby } })));
    deliver(&server, dir.path(), &body("history", &json!({ "history": before })));
    deliver(&server, dir.path(), &body("user_preferences", &json!({ "user_preferences": told })));
    let stopped = [Reason::RecipientOptedOut, Reason::PlatformMarketingStopped];
    for (n, (permission, reason)) in answers(&server, 19).into_iter().enumerate() {
        assert!(permission == Permission::Nothing && stopped.contains(&reason), "contact {n}: {permission:?} {reason:?}");
    }
    // Unknown, undated and of the future: kept besides, to be placed once that is possible.
    assert_eq!(dead_letters(&server).len(), 6);
}

#[test]
fn a_stop_follows_to_the_new_number_and_to_the_new_user_id_that_a_number_change_names() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(&dir);
    let said = message(0, "text", &json!({ "from_user_id": "GB.1", "text": { "body": "STOP" } }));
    let system = json!({ "type": "user_changed_number", "wa_id": phone(1), "previous_user_id": "GB.1", "user_id": "GB.2" });
    deliver(&server, dir.path(), &body("messages", &json!({ "messages": [said] })));
    deliver(&server, dir.path(), &body("messages", &json!({ "messages": [message(0, "system", &json!({ "system": system }))] })));
    runtime().block_on(async {
        let client = Client::connect(&server.url()).await;
        for contact in [format!("+{}", phone(1)), "GB.2".to_owned()] {
            let decision = client.check(CheckSendRequest { category: 1, ..question(&contact, SENDER) }).await.unwrap();
            assert!(
                decision.reasons().any(|reason| reason.as_str_name().contains("OPT_OUT") || reason.as_str_name().contains("OPTED_OUT")),
                "{:?}",
                decision.reasons().collect::<Vec<_>>()
            );
        }
    });
    assert!(dead_letters(&server).is_empty());
}

#[test]
fn what_was_written_before_the_number_came_to_the_api_opens_no_window() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(&dir);
    let ours = json!({ "from": "447400000001", "id": "wamid.O", "timestamp": now(), "type": "text", "text": { "body": "Stop!" } });
    let theirs = message(0, "text", &json!({ "text": { "body": "hello" } }));
    deliver(
        &server,
        dir.path(),
        &body("history", &json!({ "history": [{ "threads": [{ "id": phone(0), "messages": [ours, theirs] }] }] })),
    );
    let kinds: Vec<i32> = recorded(&server)
        .into_iter()
        .filter_map(|entry| match entry.clear?.fact? {
            Fact::InboundMessageReceived(fact) => Some(fact.kind),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, [22]);
    let check = cli(&["check", "--contact", &format!("+{}", phone(0)), "--sender", SENDER, "--server", &server.url()]);
    assert_eq!((check.code, check.first_word()), (1, "NOTHING"));
}

#[test]
fn every_shape_is_answered_200_and_a_redelivery_adds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(&dir);
    let shapes = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/webhook_shapes");
    let said = replay(&server, SECRET, &shapes);
    assert_eq!((said.code, said.out.lines().last()), (0, Some("94 bodies: 94 answered 200")), "{said:?}");
    let (entries, letters) = (recorded(&server), dead_letters(&server));
    assert_eq!(replay(&server, SECRET, &shapes).code, 0);
    assert_eq!((recorded(&server).len(), dead_letters(&server)), (entries.len(), letters));
}
