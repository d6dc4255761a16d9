//! Doubt means no: what may refuse counts, what would permit does not.

use serde_json::{Value, json};

use super::parse::parse;
use super::rescue::refusal_of;
use super::update::Update;
use crate::ledger::writing::record::{TEXT_MAX_BYTES, What};

fn facts(field: &str, value: &Value) -> Vec<super::update::Fact> {
    let mut whole = json!({"metadata": {"phone_number_id": "100", "display_phone_number": "1"}});
    whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
    let body = json!({"entry": [{"id": "1", "time": 1_768_212_000, "changes": [{"field": field, "value": whole}]}]});
    let fact = |update| match update {
        Update::Record(fact) | Update::Words(fact) => Some(*fact),
        _ => None,
    };
    parse(body.to_string().as_bytes()).into_iter().filter_map(fact).collect()
}

fn system(system: &Value) -> Value {
    json!({"messages": [{"from": "447400123456", "id": "w", "timestamp": "1768212000", "type": "system", "system": system}]})
}

#[test]
fn what_takes_something_back_is_refused_at_once_where_it_is_dated_ahead() {
    let moved = system(&json!({"type": "user_changed_number", "wa_id": "447400123457"}));
    let device = system(&json!({"type": "customer_identity_changed"}));
    let banned = json!({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}});
    let lifted = json!({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "REINSTATE"}});
    let resumed = json!({"user_preferences": [
        {"wa_id": "447400123456", "category": "marketing_messages", "value": "resume", "timestamp": 1_768_212_000}]});
    for (field, value, refuses) in [
        ("messages", moved, true),
        ("messages", device, true),
        ("account_update", banned, true),
        ("account_update", lifted, false),
        ("user_preferences", resumed, false),
    ] {
        let facts = facts(field, &value);
        assert_eq!(facts.len(), 1, "{value}");
        assert_eq!(facts.iter().filter_map(refusal_of).count(), usize::from(refuses), "{value}");
    }
}

#[test]
fn a_refusal_without_a_readable_time_counts_from_when_the_provider_told_it() {
    let preference = json!({"user_preferences": [{"wa_id": "447400123456", "category": "marketing_messages", "value": "stop"}]});
    let status = json!({"statuses": [{"id": "w", "status": "failed", "recipient_id": "447400123456", "errors": [{"code": 131_050}]}]});
    for (field, value) in [("user_preferences", preference), ("messages", status)] {
        let times: Vec<_> = facts(field, &value).iter().map(|fact| fact.occurred_at.unwrap().micros()).collect();
        assert_eq!(times, [1_768_212_000_000_000], "{value}");
    }
}

#[test]
fn words_of_a_message_that_is_too_long_are_cut_and_its_id_is_left_out() {
    let long = "é".repeat(TEXT_MAX_BYTES);
    let message = json!({"messages": [{"from": "447400123456", "id": "w".repeat(600), "timestamp": "1768212000", "type": "button",
        "button": {"text": "STOP", "payload": format!("x{long}")}}]});
    let [fact] = &facts("messages", &message)[..] else { panic!("its words are expected") };
    let What::Inbound { text, payload, message_id, .. } = &fact.what else { panic!("{:?}", fact.what) };
    assert_eq!((text.as_deref(), message_id), (Some("STOP"), &None));
    assert_eq!(payload.as_ref().unwrap().len(), TEXT_MAX_BYTES - 1);
}
