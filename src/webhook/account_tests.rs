//! What the parser makes of bodies about accounts, senders and templates.

use serde_json::{Value, json};

use super::parse_tests::answer;
use super::{Update, parse};

fn body(field: &str, value: &Value) -> Value {
    let change = json!({ "field": field, "value": value });
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "10229", "time": 1_772_359_200, "changes": [change] }] })
}

fn answers(body: &Value) -> Vec<String> {
    parse(body.to_string().as_bytes()).iter().map(answer).collect()
}

fn says(field: &str, value: &Value) -> String {
    let [said] = &answers(&body(field, value))[..] else { panic!("one item is expected") };
    said.clone()
}

fn template(rest: &Value) -> Value {
    let mut value = json!({ "message_template_id": 1, "message_template_name": "news", "message_template_language": "pt_BR" });
    value.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    value
}

fn restrictions(told: &Value) -> Value {
    body("account_update", &json!({ "event": "ACCOUNT_RESTRICTION", "restriction_info": told }))
}

fn event_ids(body: &Value) -> Vec<String> {
    let id = |update| if let Update::Record(fact) = update { fact.event_id.as_str().to_owned() } else { panic!("{update:?}") };
    parse(body.to_string().as_bytes()).into_iter().map(id).collect()
}

#[test]
fn every_event_of_a_template_says_its_status_and_only_an_approval_its_category() {
    let status = |event: &str| {
        says("message_template_status_update", &template(&json!({ "event": event, "message_template_category": "MARKETING" })))
    };
    for event in ["APPROVED", "REINSTATED"] {
        assert_eq!(status(event), "template news pt_BR: category marketing status approved");
    }
    for (event, expected) in [
        ("PAUSED", "paused"),
        ("LOCKED", "paused"),
        ("REJECTED", "rejected"),
        ("DISABLED", "disabled"),
        ("ARCHIVED", "disabled"),
        ("DELETED", "disabled"),
        ("PENDING_DELETION", "disabled"),
        ("PENDING", "pending"),
        ("IN_APPEAL", "pending"),
    ] {
        assert_eq!(status(event), format!("template news pt_BR: status {expected}"));
    }
    assert_eq!([status("FLAGGED"), status("LIMIT_EXCEEDED")], ["no fact", "no fact"]);
    assert!(status("UNARCHIVED").starts_with("dead letter: the template is no longer archived"));
    assert_eq!(status("POLISHED"), "dead letter: template event \"POLISHED\" is not known");
    let bare = says("message_template_status_update", &template(&json!({ "event": "APPROVED" })));
    assert_eq!(bare, "template news pt_BR: status approved");
    let strange = template(&json!({ "event": "APPROVED", "message_template_category": "OTP" }));
    assert_eq!(says("message_template_status_update", &strange), "dead letter: template category \"OTP\" is not known");
}

#[test]
fn a_category_that_is_only_announced_does_not_count() {
    let category = |value: &Value| says("template_category_update", &template(value));
    let announced = json!({ "correct_category": "MARKETING", "new_category": "UTILITY", "category_update_timestamp": "1772445600" });
    assert_eq!(category(&announced), "template news pt_BR: category utility");
    assert_eq!(category(&json!({ "correct_category": "MARKETING" })), "no fact");
    assert_eq!(
        category(&json!({ "previous_category": "UTILITY", "new_category": "MARKETING" })),
        "template news pt_BR: category marketing"
    );
    assert_eq!(category(&json!({ "new_category": "SERVICE" })), "dead letter: template category \"SERVICE\" is not known");
    assert_eq!(category(&json!({})), "dead letter: new_category is missing");
    assert_eq!(category(&json!({ "new_category": 7 })), "dead letter: template category \"\" is not known");
}

#[test]
fn the_quality_of_a_template_is_kept_and_that_there_is_none_is_not() {
    let quality = |score: &str| says("message_template_quality_update", &template(&json!({ "new_quality_score": score })));
    assert_eq!(
        ["GREEN", "YELLOW", "RED"].map(quality),
        ["green", "yellow", "red"].map(|word| format!("template news pt_BR: quality {word}"))
    );
    assert_eq!(quality("UNKNOWN"), "no fact");
    assert_eq!(quality("BLUE"), "dead letter: quality \"BLUE\" is not known");
}

#[test]
fn a_template_without_a_name_that_one_can_have_is_kept() {
    let mut nameless = template(&json!({ "event": "PAUSED" }));
    nameless["message_template_name"] = json!(["news"]);
    assert_eq!(says("message_template_status_update", &nameless), "dead letter: the template's name is missing");
    nameless["message_template_name"] = json!("x".repeat(513));
    assert!(says("message_template_status_update", &nameless).starts_with("dead letter: the template cannot be found: "));
}

#[test]
fn restrictions_of_messages_are_the_accounts_and_an_unknown_one_takes_no_other_with_it() {
    let told = json!([
        { "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": "1772445600", "remediation": "…" },
        { "restriction_type": "RESTRICTED_LAUGHING", "expiration": 1_772_445_600 },
        { "restriction_type": "RESTRICTED_CUSTOMER_INITIATED_MESSAGING" },
        { "restriction_type": "RESTRICTED_BIZ_INITIATED_AND_USER_INITIATED_CALLING", "expiration": 1_772_445_600 },
        { "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": "soon" },
        "RESTRICTED",
        { "restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": 0 },
    ]);
    let expected = [
        "restriction business_initiated of the account until 2026-03-02T10:00:00Z",
        "dead letter: restriction type \"RESTRICTED_LAUGHING\" is not known",
        "restriction customer_initiated of the account for good",
        "no fact",
        "restriction business_initiated of the account for good",
        "dead letter: the restriction is missing",
        "restriction business_initiated of the account for good",
    ];
    assert_eq!(answers(&restrictions(&told)), expected);
    for none in [json!([]), json!(null), json!("RESTRICTED")] {
        assert_eq!(answers(&restrictions(&none)), ["dead letter: the restriction is missing"]);
    }
}

#[test]
fn a_ban_closes_everything_and_a_reinstatement_lifts_it() {
    let ban = |state: Value| says("account_update", &json!({ "event": "DISABLED_UPDATE", "ban_info": { "waba_ban_state": state } }));
    for state in ["DISABLE", "SCHEDULE_FOR_DISABLE"] {
        assert_eq!(ban(json!(state)), "restriction all of the account for good");
    }
    assert_eq!(ban(json!("REINSTATE")), "restriction all of the account lifted");
    assert_eq!(ban(json!("ASLEEP")), "dead letter: ban state \"ASLEEP\" is not known");
    assert_eq!(ban(json!(["DISABLE"])), "dead letter: ban_info.waba_ban_state is missing");
    assert_eq!(says("account_update", &json!({ "event": "ACCOUNT_MELTED" })), "dead letter: account event \"ACCOUNT_MELTED\" is not known");
}

#[test]
fn a_flagged_number_is_red_where_its_sender_is_known_for_sure() {
    let quality = |rest: Value| {
        let mut value = json!({ "display_phone_number": "15550783881", "event": "FLAGGED", "current_limit": "TIER_10K" });
        value.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        says("phone_number_quality_update", &value)
    };
    let metadata = |number: &str| json!({ "metadata": { "display_phone_number": number, "phone_number_id": "100" } });
    assert_eq!(quality(metadata("+1 555-078-3881")), "quality red of 100");
    let unknown =
        "dead letter: the sender is named by its display number, not its phone_number_id: rate it with `consent-ledger sender rate`";
    assert_eq!(quality(json!({})), unknown);
    assert_eq!(quality(metadata("15550783882")), unknown);
    assert_eq!(quality(json!({ "metadata": { "phone_number_id": "100" } })), unknown);
    for event in ["ONBOARDING", "UPGRADE", "DOWNGRADE", "THROUGHPUT_UPGRADE"] {
        assert_eq!(quality(json!({ "event": event })), "no fact");
    }
    assert!(quality(json!({ "event": "UNFLAGGED" })).starts_with("dead letter: the number is no longer flagged"));
    assert_eq!(quality(json!({ "event": "PAINTED" })), "dead letter: number event \"PAINTED\" is not known");
}

#[test]
fn what_no_rule_asks_for_is_no_fact() {
    let capability = json!({ "max_daily_conversation_per_phone": 100, "max_phone_numbers_per_business": 2 });
    assert_eq!(says("business_capability_update", &capability), "no fact");
}

#[test]
fn a_redelivery_is_recognised_and_another_account_another_time_or_other_words_are_another_event() {
    let told = |kind: &str| json!([{ "restriction_type": kind, "expiration": 1_772_445_600 }]);
    let (business, customer) = ("RESTRICTED_BIZ_INITIATED_MESSAGING", "RESTRICTED_CUSTOMER_INITIATED_MESSAGING");
    let base = restrictions(&told(business));
    let mut later = base.clone();
    later["entry"][0]["time"] = json!("1772359200");
    assert_eq!(event_ids(&base), event_ids(&later), "a time may be a string");
    later["entry"][0]["time"] = json!(1_772_359_201);
    let mut other = base.clone();
    other["entry"][0]["id"] = json!("10230");
    for different in [later, other, restrictions(&told(customer))] {
        assert_ne!(event_ids(&base), event_ids(&different));
    }
    // Two in one body are the events that each is alone, also read again from what is kept of them.
    let both = json!([told(business)[0], told(customer)[0]]);
    assert_eq!(event_ids(&restrictions(&both)), [event_ids(&base), event_ids(&restrictions(&told(customer)))].concat());
}

#[test]
fn without_the_entrys_time_or_id_nothing_is_placed() {
    let base = body("message_template_status_update", &template(&json!({ "event": "PAUSED" })));
    for (key, reason) in [("time", "the time is not seconds since 1970"), ("id", "the entry's id is missing")] {
        let mut without = base.clone();
        without["entry"][0].as_object_mut().unwrap().remove(key);
        assert_eq!(answers(&without), [format!("dead letter: {reason}")]);
    }
}

#[test]
fn entries_and_changes_of_one_body_answer_each_for_itself() {
    let paused = body("message_template_status_update", &template(&json!({ "event": "PAUSED" })));
    let mut several = paused.clone();
    let strange = json!({ "field": "account_update", "value": { "event": 7 } });
    let changes = json!([strange, paused["entry"][0]["changes"][0], { "field": "messages", "value": { "metadata": {}, "statuses": [] } }]);
    several["entry"] = json!([{ "id": "1", "time": 1_772_359_200, "changes": changes }, paused["entry"][0]]);
    let expected =
        ["dead letter: account event \"7\" is not known", "template news pt_BR: status paused", "template news pt_BR: status paused"];
    assert_eq!(answers(&several), expected);
}
