//! What the parser makes of bodies: the recorded ones against their answer key, and the ways in which others differ.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Fact, Update, parse};
use crate::consent::identifier::Identifier;
use crate::ledger::writing::record::What;

const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wa_webhooks");

/// One line per update, as the answer key writes it.
pub(super) fn answer(update: &Update) -> String {
    let list = |contact: &[Identifier]| contact.iter().map(Identifier::as_str).collect::<Vec<_>>().join(" ");
    match update {
        Update::NoFact => "no fact".to_owned(),
        Update::DeadLetter(unplaced) => format!("dead letter: {}", unplaced.reason),
        Update::Words(fact) => {
            let Fact { event_id, occurred_at, what, item } = fact.as_ref();
            let fact = Fact { event_id: event_id.clone(), occurred_at: *occurred_at, what: what.clone(), item: item.clone() };
            format!("words: {}", answer(&Update::Record(Box::new(fact))))
        }
        Update::Record(fact) => match &fact.what {
            What::Inbound { contact, sender, kind, text, payload, .. } => {
                let words = [("text", text), ("payload", payload)];
                let words: String = words.iter().filter_map(|(name, words)| Some(format!(" {name}={:?}", words.as_ref()?))).collect();
                format!("inbound {kind} at {sender} from {}{words}", list(contact))
            }
            What::Preference { contact, sender, preference } => format!("preference {preference} at {sender} from {}", list(contact)),
            What::SendFailed { contact, sender, code, .. } => format!("send failed {code} at {sender} for {}", list(contact)),
            What::Move { from, to, .. } => format!("move from {} to {}", from.as_str(), to.as_str()),
            What::IdentityKeyChange { contact, sender, .. } => format!("identity key change at {sender} of {}", list(contact)),
            What::Restrict { sender: None, restriction } => {
                let until = restriction.until.map_or_else(|| "for good".to_owned(), |until| format!("until {until}"));
                format!("restriction {} of the account {until}", restriction.kinds.iter().map(ToString::to_string).collect::<String>())
            }
            What::Lift { sender: None, kinds } => {
                format!("restriction {} of the account lifted", kinds.iter().map(ToString::to_string).collect::<String>())
            }
            What::ReportQuality { sender, quality } => format!("quality {quality} of {sender}"),
            What::ChangeTemplate { key, category, status, quality } => {
                let said = [category.map(|to| format!(" category {to}")), status.map(|to| format!(" status {to}"))];
                let said: String = said.into_iter().chain([quality.map(|to| format!(" quality {to}"))]).flatten().collect();
                format!("template {} {}:{said}", key.name(), key.language())
            }
            other => panic!("no webhook says {other:?}"),
        },
    }
}

fn answers(body: &Value) -> Vec<String> {
    parse(body.to_string().as_bytes()).iter().map(answer).collect()
}

fn facts(body: &str) -> Vec<Fact> {
    let fact = |update| if let Update::Record(fact) = update { *fact } else { panic!("{update:?}") };
    parse(body.as_bytes()).into_iter().map(fact).collect()
}

fn event_id(value: &Value) -> String {
    let [fact] = &facts(&messages(value).to_string())[..] else { panic!("one fact is expected") };
    fact.event_id.as_str().to_owned()
}

fn change(field: &str, value: &Value) -> Value {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": field, "value": value}]}]})
}

/// A body of one change with these messages (and other parts of its value).
fn messages(value: &Value) -> Value {
    let mut whole = json!({"messaging_product": "whatsapp", "metadata": {"phone_number_id": "100"}});
    whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
    change("messages", &whole)
}

fn text(from: &str, body: &str) -> Value {
    json!({"from": from, "id": "wamid.A", "timestamp": "1768212000", "type": "text", "text": {"body": body}})
}

#[test]
fn recorded_messages_under_one_id_are_all_told_apart() {
    let mut ids = BTreeSet::new();
    let mut count = 0;
    for file in std::fs::read_dir(RECORDED).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|ending| ending == "json") {
            for update in parse(&std::fs::read(&file).unwrap()) {
                if let Update::Record(fact) = update {
                    count += 1;
                    ids.insert(fact.event_id.as_str().to_owned());
                }
            }
        }
    }
    assert_eq!((ids.len(), count), (29, 29));
}

#[test]
fn a_time_may_be_a_string_or_an_integer_and_names_the_same_event() {
    let mut integer = text("447400123456", "hi");
    integer["timestamp"] = json!(1_768_212_000);
    assert_eq!(event_id(&json!({"messages": [text("447400123456", "hi")]})), event_id(&json!({"messages": [integer]})));
}

#[test]
fn a_redelivery_is_recognised_whatever_the_order_of_keys_and_the_wrapping() {
    let first = r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"100","display_phone_number":"1"},
        "contacts":[{"profile":{"name":"A"},"wa_id":"447400123456"}],"messages":[{"from":"447400123456","id":"wamid.A","timestamp":"1768212000","type":"text","text":{"body":"hi"}}]}}]}]}"#;
    let again = r#"{"entry":[{"changes":[{"value":{"messages":[{"text":{"body":"hi"},"type":"text","timestamp":"1768212000","id":"wamid.A","from":"447400123456"}],
        "contacts":[{"wa_id":"447400123456","profile":{"name":"B"}}],"metadata":{"phone_number_id":"100"}},"field":"standby"}],"id":"2"}]}"#;
    let id = |body: &str| facts(body)[0].event_id.as_str().to_owned();
    assert_eq!(id(first), id(again));
    assert!(id(first).len() <= 128);
}

#[test]
fn other_words_another_sender_or_another_person_under_one_id_are_another_event() {
    let base = event_id(&json!({"messages": [text("447400123456", "hi")]}));
    assert_ne!(base, event_id(&json!({"messages": [text("447400123456", "hi!")]})));
    assert_ne!(base, event_id(&json!({"messages": [text("447400123457", "hi")]})));
    assert_ne!(base, event_id(&json!({"metadata": {"phone_number_id": "101"}, "messages": [text("447400123456", "hi")]})));
}

#[test]
fn contacts_may_be_missing_and_one_that_differs_from_the_sender_of_the_message_links_nothing() {
    assert_eq!(
        answers(&messages(&json!({"messages": [text("447400123456", "hi")]}))),
        ["inbound text at 100 from +447400123456 text=\"hi\""]
    );
    let body = messages(&json!({"contacts": [{"wa_id": "972987654321", "user_id": "US.1"}], "messages": [text("447400123456", "hi")]}));
    assert_eq!(answers(&body), ["inbound text at 100 from +447400123456 text=\"hi\""]);
    let mut named = text("447400123456", "hi");
    named["from_user_id"] = json!("US.1");
    let body =
        messages(&json!({"contacts": [{"wa_id": "972987654321", "user_id": "US.1", "parent_user_id": "US.ENT.1"}], "messages": [named]}));
    assert_eq!(answers(&body), ["inbound text at 100 from +447400123456 US.1 text=\"hi\""]);
}

#[test]
fn contacts_are_compared_as_numbers_of_the_plan_not_as_digits() {
    let body = messages(&json!({"contacts": [{"wa_id": "5511961234567", "user_id": "BR.1"}], "messages": [text("551161234567", "oi")]}));
    assert_eq!(answers(&body), ["inbound text at 100 from +5511961234567 BR.1 text=\"oi\""]);
}

#[test]
fn contacts_that_contradict_each_other_link_nothing() {
    let contacts = json!([{"wa_id": "447400123456", "user_id": "GB.1"}, {"wa_id": "447400123456", "user_id": "GB.2"}]);
    let body = messages(&json!({"contacts": contacts, "messages": [text("447400123456", "hi")]}));
    assert_eq!(answers(&body), ["inbound text at 100 from +447400123456 text=\"hi\""]);
}

#[test]
fn a_person_without_a_phone_number_is_found_by_user_id_alone() {
    let message = json!({"from_user_id": "US.13", "id": "wamid.U", "timestamp": "1779094800", "type": "text", "text": {"body": "Stop"}});
    let contacts = json!([{"user_id": "US.13", "parent_user_id": "US.ENT.9"}, {"user_id": "US.14"}]);
    let expected = "inbound text at 100 from US.13 US.ENT.9 text=\"Stop\"";
    assert_eq!(answers(&messages(&json!({"contacts": contacts, "messages": [message]}))), [expected]);
}

#[test]
fn a_message_that_names_nobody_is_its_only_contacts_and_else_nobodys() {
    let message = json!({"id": "wamid.U", "timestamp": "1779094800", "type": "image", "image": {"id": "1"}});
    let one = json!({"contacts": [{"user_id": "US.13"}], "messages": [message]});
    assert_eq!(answers(&messages(&one)), ["inbound unsupported at 100 from US.13"], "it may refuse, and opens nothing");
    let parent = json!({"contacts": [{"parent_user_id": "US.ENT.9"}], "messages": [message]});
    let two = json!({"contacts": [{"user_id": "US.13"}, {"user_id": "US.14"}], "messages": [message]});
    for nobody in [parent, two, json!({"messages": [message]})] {
        assert_eq!(answers(&messages(&nobody)), ["dead letter: the contact is missing"]);
    }
}

#[test]
fn one_bad_neighbour_takes_nobody_with_it() {
    let bad = json!({"from": "447400123456", "id": "wamid.B", "timestamp": "then", "type": "text", "text": {"body": "hi"}});
    let good = messages(&json!({"messages": [text("447400123456", "1"), bad, 7, text("447400123457", "2")]}));
    let mut body = good.clone();
    body["entry"] = json!([3, {"id": "no changes"}, good["entry"][0], {"changes": ["no object", {"field": "messages"}, good["entry"][0]["changes"][0]]}]);
    let five = [
        "inbound text at 100 from +447400123456 text=\"1\"",
        "words: inbound unsupported at 100 from +447400123456 text=\"hi\"",
        "dead letter: the time is not seconds since 1970",
        "dead letter: messages is not a list of objects",
        "inbound text at 100 from +447400123457 text=\"2\"",
    ];
    let mut expected = vec!["dead letter: an entry is not an object", "dead letter: changes is missing"];
    expected.extend(five);
    expected.extend(["dead letter: a change is not an object", "dead letter: the change's value is missing"]);
    expected.extend(five);
    assert_eq!(answers(&body), expected);
}

#[test]
fn unknown_types_fields_and_lists_are_kept_each_with_what_it_takes_to_read_it_again() {
    let hologram =
        json!({"from": "447400123456", "id": "wamid.H", "timestamp": "1768212000", "type": "hologram", "hologram": {"id": "77"}});
    let value = json!({"contacts": [{"wa_id": "447400123456"}, {"wa_id": "447400123457"}], "holograms": [{"id": "1"}],
        "messages": [text("447400123457", "hi"), hologram]});
    let updates = parse(messages(&value).to_string().as_bytes());
    let [Update::Record(_), Update::DeadLetter(message), Update::DeadLetter(list)] = &updates[..] else { panic!("{updates:?}") };
    assert_eq!(message.reason, "message type \"hologram\" is not known");
    assert_eq!(list.reason, "the list \"holograms\" is not known");
    let kept: Value = serde_json::from_slice(&message.item.payload).unwrap();
    let value = &kept["entry"][0]["changes"][0]["value"];
    assert_eq!((&value["messages"], &value["contacts"]), (&json!([hologram]), &json!([{"wa_id": "447400123456"}])));
    assert_eq!(
        parse(&message.item.payload).iter().map(answer).collect::<Vec<_>>(),
        ["dead letter: message type \"hologram\" is not known"]
    );
    let later = change("hologram_update", &json!({"decision": "APPROVED"}));
    assert_eq!(answers(&later), ["dead letter: field \"hologram_update\" is not known"]);
}

#[test]
fn a_fact_read_again_from_what_is_kept_of_it_has_the_same_event_id() {
    let value = json!({"contacts": [{"wa_id": "447400123456", "user_id": "GB.1"}, {"wa_id": "447400123457", "user_id": "GB.2"}],
        "messages": [text("447400123456", "1"), text("447400123457", "2")]});
    for fact in facts(&messages(&value).to_string()) {
        let again = facts(std::str::from_utf8(&fact.item.payload).unwrap());
        assert_eq!(again[0].event_id, fact.event_id);
    }
}

#[test]
fn what_is_no_body_at_all_is_kept_whole() {
    for (body, reason) in [
        ("STOP", "the body is not JSON"),
        ("[]", "the body is not an object"),
        ("{}", "entry is missing"),
        ("", "the body is not JSON"),
        (r#"{"object":"page","entry":[]}"#, "the body's object is not whatsapp_business_account"),
    ] {
        let updates = parse(body.as_bytes());
        let [Update::DeadLetter(unplaced)] = &updates[..] else { panic!("{updates:?}") };
        assert_eq!((unplaced.reason.as_str(), unplaced.item.payload.as_slice()), (reason, body.as_bytes()));
    }
}

#[test]
fn captions_buttons_chosen_rows_and_edits_are_read_for_keywords() {
    let of = |message: Value| {
        let mut whole = json!({"from": "447400123456", "id": "wamid.A", "timestamp": "1768212000"});
        whole.as_object_mut().unwrap().extend(message.as_object().unwrap().clone());
        answers(&messages(&json!({"messages": [whole]}))).remove(0)
    };
    let from = "at 100 from +447400123456";
    assert_eq!(of(json!({"type": "document", "document": {"caption": "Stop!"}})), format!("inbound document {from} text=\"Stop!\""));
    assert_eq!(of(json!({"type": "voice", "voice": {"id": "1"}})), format!("inbound audio {from}"));
    let row = json!({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "stop", "title": "No"}}});
    assert_eq!(of(row), format!("inbound interactive {from} text=\"No\" payload=\"stop\""));
    assert_eq!(of(json!({"type": "interactive", "interactive": {"type": "nfm_reply"}})), format!("inbound interactive {from}"));
    assert_eq!(
        of(json!({"type": "edit", "edit": {"message": {"type": "text", "text": {"body": "STOP"}}}})),
        format!("inbound edit {from} text=\"STOP\"")
    );
    assert_eq!(of(json!({"type": "request_welcome"})), format!("inbound welcome {from}"));
    assert_eq!(of(json!({"type": "text", "group_id": "G", "text": {"body": "hi all"}})), format!("inbound group {from} text=\"hi all\""));
    assert_eq!(of(json!({"type": "text", "text": {}})), "dead letter: text.body is missing");
}

#[test]
fn a_failed_status_is_one_fact_per_code_and_receipts_are_none_whoever_they_are_for() {
    let failed = json!({"id": "wamid.O", "status": "failed", "timestamp": 1_771_399_800, "recipient_id": "34612345678",
        "errors": [{"code": 131_047}, {"title": "no code"}, {"code": "131050"}]});
    let read = json!({"id": "wamid.O", "status": "read", "timestamp": "x", "recipient_id": "<PLACEHOLDER>"});
    let paid = json!({"type": "payment", "status": "failed", "recipient_id": "34612345678", "timestamp": 1});
    let expected = ["send failed 131047 at 100 for +34612345678", "send failed 131050 at 100 for +34612345678", "no fact", "no fact"];
    assert_eq!(answers(&messages(&json!({"statuses": [failed, read, paid]}))), expected);
    let mut codeless = failed.clone();
    codeless["errors"] = json!([{"title": "no code"}]);
    let mut group = failed;
    group["recipient_type"] = json!("group");
    let expected =
        ["dead letter: a failed status without a numeric error code", "dead letter: a failed message to a group: no single contact"];
    assert_eq!(answers(&messages(&json!({"statuses": [codeless, group]}))), expected);
}

#[test]
fn our_call_counts_once_accepted_and_theirs_from_the_first_ring() {
    let status =
        |word: &str| json!({"id": "wacid.B", "type": "call", "status": word, "timestamp": "1776244208", "recipient_id": "972502345670"});
    let call = |event: &str, direction: &str| json!({"id": "wacid.A", "from": "972502345678", "event": event, "direction": direction, "timestamp": "1776183600"});
    let value = json!({"metadata": {"phone_number_id": "100"}, "statuses": [status("RINGING"), status("REJECTED"), status("ACCEPTED")],
        "calls": [call("connect", "USER_INITIATED"), call("terminate", "USER_INITIATED"), call("connect", "BUSINESS_INITIATED"), call("hold", "USER_INITIATED")]});
    let expected = [
        "no fact",
        "no fact",
        "inbound call_accepted at 100 from +972502345670",
        "inbound call at 100 from +972502345678",
        "no fact",
        "no fact",
        "dead letter: call event \"hold\" is not known",
    ];
    assert_eq!(answers(&change("calls", &value)), expected);
}

#[test]
fn a_user_ids_change_is_read_from_the_end_of_the_body_which_no_name_can_reach() {
    let system = |body: &str| {
        let system = json!({"type": "user_changed_user_id", "user_id": "US.200", "body": body});
        answers(&messages(&json!({"messages": [{"id": "wamid.S", "timestamp": "1768212000", "type": "system", "system": system}]})))
            .remove(0)
    };
    assert_eq!(system("User Ann changed from US.100 to US.200"), "move from US.100 to US.200");
    assert_eq!(system("User Eve changed from US.1 to US.200 changed from US.100 to US.200"), "move from US.100 to US.200");
    assert_eq!(system("User Eve changed from US.1 to US.3"), "dead letter: the contact is missing");
    let both = json!({"from": "447400123456", "from_user_id": "GB.1", "id": "wamid.S", "timestamp": "1768212000", "type": "system",
        "system": {"type": "user_changed_number", "wa_id": "447400123457", "user_id": "GB.2"}});
    assert_eq!(answers(&messages(&json!({"messages": [both]}))), ["move from +447400123456 to +447400123457", "move from GB.1 to GB.2"]);
}

#[test]
fn a_thousand_updates_in_one_body_are_all_read() {
    let many: Vec<Value> = (0..1_000).map(|n| text(&format!("4474001{n:05}"), "hi")).collect();
    assert_eq!(facts(&messages(&json!({"messages": many})).to_string()).len(), 1_000);
}

#[test]
fn no_debug_output_shows_what_somebody_wrote() {
    let update = parse(messages(&json!({"messages": [text("447400123456", "secret words")]})).to_string().as_bytes());
    let Update::Record(fact) = &update[0] else { panic!("a fact is expected") };
    assert!(!format!("{:?}", fact.item).contains("secret words"));
}
