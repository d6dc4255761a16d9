//! What the provider tells of accounts, numbers and templates, on the real server: checks close, and nothing opens by doubt.

use consent_ledger::api::map::timestamp;
use consent_ledger::consent::time::Time;
use consent_ledger::proto::{
    Category, CheckSendRequest, CheckTemplate, GetSenderStandingRequest, ListTemplatesRequest, Permission, Quality, Reason,
    RecordInboundMessageRequest, RecordOptInRequest, RegisterTemplateRequest, SenderState, TemplateStatus,
};
use prost_types::Timestamp;
use serde_json::{Value, json};

use super::{SECRET, dead_letters, recorded, replay, start};
use crate::support::client::{Client, opt_in, question, runtime, text};
use crate::support::server::Server;

const CONTACT: &str = "+447400123456";
const SENDER: &str = "100";

/// 1 March 2026, 10:00.
const TOLD: i64 = 1_772_359_200;
const HOUR: i64 = 3_600;

fn at(seconds: i64) -> Timestamp {
    timestamp(Time::from_micros(seconds * 1_000_000))
}

/// A running server, and someone who opted in to marketing and wrote an hour before anything is told.
struct World {
    dir: tempfile::TempDir,
    server: Server,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = start(&dir);
        let world = Self { dir, server };
        world.with(async |client| {
            client.opt_in(RecordOptInRequest { occurred_at: Some(at(TOLD - HOUR)), ..opt_in(CONTACT, "") }).await.unwrap();
            let wrote = text(CONTACT, SENDER, "hello");
            client.inbound(RecordInboundMessageRequest { occurred_at: Some(at(TOLD - HOUR)), ..wrote }).await.unwrap();
        });
        world
    }

    fn with<T>(&self, ask: impl AsyncFnOnce(Client) -> T) -> T {
        runtime().block_on(async { ask(Client::connect(&self.server.url()).await).await })
    }

    /// Delivers a body of one change, told so many seconds after [`TOLD`].
    fn told(&self, later: i64, field: &str, value: &Value) {
        let change = json!({ "field": field, "value": value });
        let body =
            json!({ "object": "whatsapp_business_account", "entry": [{ "id": "10229", "time": TOLD + later, "changes": [change] }] });
        let path = self.dir.path().join("body.json");
        std::fs::write(&path, body.to_string()).unwrap();
        assert_eq!(replay(&self.server, SECRET, &path).code, 0);
    }

    fn template(&self, later: i64, field: &str, rest: &Value) {
        let mut value = json!({ "message_template_id": 1, "message_template_name": "news", "message_template_language": "en" });
        value.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        self.told(later, field, &value);
    }

    fn registers(&self, later: i64, name: &str) {
        let request = RegisterTemplateRequest {
            name: name.into(),
            language: "en".into(),
            category: Category::Marketing.into(),
            status: TemplateStatus::Approved.into(),
            occurred_at: Some(at(TOLD + later)),
            ..Default::default()
        };
        self.with(async |client| client.admin.clone().register_template(request).await.unwrap());
    }

    /// What is answered so many seconds after [`TOLD`]: the permission and the decisive reason.
    fn asked(&self, later: i64, request: CheckSendRequest) -> (Permission, Reason) {
        let request = CheckSendRequest { at: Some(at(TOLD + later)), ..request };
        let decision = self.with(async |client| client.check(request).await.unwrap());
        (decision.permission(), decision.reasons().next().unwrap())
    }

    fn marketing(&self, later: i64) -> (Permission, Reason) {
        self.asked(later, CheckSendRequest { category: Category::Marketing.into(), ..question(CONTACT, SENDER) })
    }

    fn news(&self, later: i64) -> (Permission, Reason) {
        let template = Some(CheckTemplate { name: "news".into(), language: "en".into(), parameters: 0 });
        self.asked(later, CheckSendRequest { category: Category::Marketing.into(), template, ..question(CONTACT, SENDER) })
    }

    fn reasons(&self) -> Vec<String> {
        dead_letters(&self.server).iter().map(|letter| letter["reason"].as_str().unwrap().to_owned()).collect()
    }
}

fn restriction(kind: &str, ends: i64) -> Value {
    json!({ "event": "ACCOUNT_RESTRICTION", "restriction_info": [{ "restriction_type": kind, "expiration": TOLD + ends }] })
}

#[test]
fn restrictions_by_webhook_close_what_they_name_until_they_end() {
    let world = World::new();
    let open = (Permission::FreeForm, Reason::WindowOpen);
    world.told(0, "account_update", &restriction("RESTRICTED_BIZ_INITIATED_MESSAGING", 2 * HOUR));
    world.told(HOUR, "account_update", &restriction("RESTRICTED_CUSTOMER_INITIATED_MESSAGING", 3 * HOUR));
    assert_eq!(world.marketing(-1), open);
    // No templates: an answer may still be written.
    assert_eq!(world.marketing(0), open);
    assert_eq!(world.asked(0, question("+447400123457", SENDER)), (Permission::Nothing, Reason::SenderRestricted));
    assert_eq!(world.marketing(HOUR), (Permission::Nothing, Reason::SenderRestricted));
    assert_eq!(world.marketing(2 * HOUR - 1), (Permission::Nothing, Reason::SenderRestricted));
    // No free-form: templates again.
    assert_eq!(world.marketing(2 * HOUR).0, Permission::TemplateOnly);
    assert_eq!(world.marketing(3 * HOUR), open);
    // A redelivery records nothing.
    let entries = recorded(&world.server).len();
    world.told(0, "account_update", &restriction("RESTRICTED_BIZ_INITIATED_MESSAGING", 2 * HOUR));
    assert_eq!((recorded(&world.server).len(), world.reasons().len()), (entries, 0));
}

#[test]
fn a_ban_by_webhook_closes_every_sender_until_a_reinstatement_that_ends_no_other_restriction() {
    let world = World::new();
    let ban =
        |state: &str| json!({ "event": "DISABLED_UPDATE", "ban_info": { "waba_ban_state": state, "waba_ban_date": "March 1, 2026" } });
    world.told(HOUR, "account_update", &ban("SCHEDULE_FOR_DISABLE"));
    world.told(HOUR, "account_update", &restriction("RESTRICTED_BIZ_INITIATED_MESSAGING", 5 * HOUR));
    world.told(3 * HOUR, "account_update", &ban("REINSTATE"));
    assert_eq!(world.marketing(HOUR - 1), (Permission::FreeForm, Reason::WindowOpen));
    let closed = (Permission::Nothing, Reason::SenderRestricted);
    assert_eq!([HOUR, 3 * HOUR - 1].map(|later| world.marketing(later)), [closed, closed]);
    let other = || CheckSendRequest { category: Category::Marketing.into(), ..question(CONTACT, "101") };
    assert_eq!(world.asked(2 * HOUR, other()), closed);
    // Free-form is open again; templates are not, before their own restriction ends.
    assert_eq!(world.marketing(3 * HOUR), (Permission::FreeForm, Reason::WindowOpen));
    assert_eq!(world.asked(3 * HOUR, other()), closed);
    assert_eq!(world.asked(5 * HOUR, other()), (Permission::TemplateOnly, Reason::OptedIn));
    // Told late, it was over when it was told; told of a later instant, it binds again.
    world.told(2 * HOUR, "account_update", &ban("DISABLE"));
    assert_eq!(world.marketing(3 * HOUR), (Permission::FreeForm, Reason::WindowOpen));
    world.told(4 * HOUR, "account_update", &ban("DISABLE"));
    assert_eq!(world.marketing(4 * HOUR), closed);
    assert!(world.reasons().is_empty());
}

#[test]
fn a_registered_template_rests_returns_and_moves_as_the_platform_says() {
    let world = World::new();
    let status = |later, event: &str| world.template(later, "message_template_status_update", &json!({ "event": event }));
    world.registers(-HOUR, "news");
    status(0, "PAUSED");
    status(HOUR, "APPROVED");
    status(HOUR + 1, "FLAGGED");
    // Announced for later: the present category counts. Then it is moved.
    let announced = json!({ "new_category": "MARKETING", "correct_category": "UTILITY", "category_update_timestamp": TOLD + 3 * HOUR });
    world.template(2 * HOUR, "template_category_update", &announced);
    world.template(4 * HOUR, "template_category_update", &json!({ "previous_category": "MARKETING", "new_category": "UTILITY" }));
    status(5 * HOUR, "UNARCHIVED");
    status(6 * HOUR, "PENDING_DELETION");
    let (open, rests) = ((Permission::FreeForm, Reason::WindowOpen), (Permission::Nothing, Reason::TemplateNotUsable));
    assert_eq!([-1, 0, HOUR - 1].map(|later| world.news(later)), [open, rests, rests]);
    assert_eq!([HOUR, HOUR + 1, 3 * HOUR].map(|later| world.news(later)), [open, open, open]);
    // A day and more after the message its window is over: what counts is the opt-in to the template's category.
    let day = 24 * HOUR;
    world.template(day, "message_template_status_update", &json!({ "event": "REINSTATED", "message_template_category": "UTILITY" }));
    assert_eq!([6 * HOUR, day - 1].map(|later| world.news(later)), [rests, rests]);
    assert_eq!(world.news(day), (Permission::Nothing, Reason::RecipientNotOptedIn));
    world.template(day + 1, "template_category_update", &json!({ "new_category": "MARKETING" }));
    assert_eq!(world.news(day + 1), (Permission::TemplateOnly, Reason::OptedIn));
    assert_eq!(world.reasons().len(), 1, "the unarchived template's status is not told");
}

#[test]
fn a_template_that_nobody_registered_is_not_made_known_by_an_approval() {
    let world = World::new();
    let approved = json!({ "event": "APPROVED", "message_template_category": "MARKETING" });
    world.template(0, "message_template_status_update", &approved);
    world.template(0, "message_template_quality_update", &json!({ "new_quality_score": "GREEN" }));
    let listed = |world: &World| {
        let asked = world.with(async |client| client.admin.clone().list_templates(ListTemplatesRequest::default()).await.unwrap());
        asked.into_inner().templates.len()
    };
    assert_eq!((listed(&world), world.news(HOUR)), (0, (Permission::FreeForm, Reason::WindowOpen)));
    world.registers(HOUR, "another");
    assert_eq!((listed(&world), world.news(HOUR)), (1, (Permission::Nothing, Reason::TemplateUnknown)));
    // What was told waits for a registration that is dated before it.
    world.template(2 * HOUR, "message_template_status_update", &json!({ "event": "DISABLED" }));
    world.registers(HOUR, "news");
    assert_eq!(world.news(HOUR), (Permission::FreeForm, Reason::WindowOpen));
    assert_eq!(world.news(2 * HOUR), (Permission::Nothing, Reason::TemplateNotUsable));
}

#[test]
fn a_flagged_number_is_red_where_the_body_names_its_sender_and_nowhere_else() {
    let world = World::new();
    let flagged = json!({ "display_phone_number": "15550783881", "event": "FLAGGED" });
    world.told(0, "phone_number_quality_update", &flagged);
    let standing = || {
        let request = GetSenderStandingRequest { sender: SENDER.into(), at: Some(at(TOLD + HOUR)), ..Default::default() };
        let standing = world.with(async |client| client.admin.clone().get_sender_standing(request).await.unwrap()).into_inner();
        let standing = standing.standing.unwrap();
        (standing.state(), standing.quality())
    };
    assert_eq!((standing(), world.reasons().len()), ((SenderState::Ok, Quality::Unspecified), 1));
    assert!(world.reasons()[0].contains("`consent-ledger sender rate`"));
    let mut named = flagged;
    named["metadata"] = json!({ "display_phone_number": "15550783881", "phone_number_id": SENDER });
    world.told(0, "phone_number_quality_update", &named);
    assert_eq!((standing(), world.reasons().len()), ((SenderState::Flagged, Quality::Red), 1));
}

#[test]
fn what_no_rule_asks_for_is_counted_and_neither_recorded_nor_kept() {
    let world = World::new();
    let capability = json!({ "max_daily_conversation_per_phone": 100, "max_phone_numbers_per_business": 2 });
    world.told(0, "business_capability_update", &capability);
    assert_eq!((recorded(&world.server).len(), world.reasons().len()), (0, 0));
    let metrics =
        runtime().block_on(async { reqwest::get(format!("{}/metrics", world.server.http_url())).await.unwrap().text().await.unwrap() });
    assert!(metrics.contains("consent_ledger_webhook_updates_total{outcome=\"no_fact\"} 1"), "{metrics}");
}
