//! Those who write otherwise: streams, webhooks, erasures, policies.

use std::sync::Arc;
use std::time::Duration;

use consent_ledger::proto::record_stream_request::Event;
use consent_ledger::proto::stream_check_send_response::Outcome;
use consent_ledger::proto::{
    Acknowledgement, AdoptPolicyRequest, CheckSendRequest, PolicyChoice, Reason, RecordStreamRequest, RequestErasureRequest,
    StreamCheckSendRequest,
};
use consent_ledger::webhook::signature::{AppSecret, HEADER, sign};
use tonic::Status;

use super::Load;
use super::callers::{Act, message, opt_out};
use super::people::{self, EACH, Person, SENDER};
use super::served::SECRET;
use crate::streams::{answer, item};
use crate::support::client::{Client, opt_in, question};

/// How many acts one stream brings, and how long it is paused between two.
const BURST: usize = 50;
const BURST_PAUSE: Duration = Duration::from_millis(500);

/// The same for webhooks, erasures and policies.
const WEBHOOK_PAUSE: Duration = Duration::from_millis(200);
const ERASURE_PAUSE: Duration = Duration::from_secs(3);
const POLICY_PAUSE: Duration = Duration::from_secs(15);

/// How long an erasure that is due may take.
const ERASED_WITHIN: Duration = Duration::from_secs(60);

fn event(act: Act, contact: &str, event_id: &str) -> RecordStreamRequest {
    item(match act {
        Act::OptIn => Event::OptIn(opt_in(contact, event_id)),
        Act::OptOut => Event::OptOut(opt_out(contact, event_id)),
        Act::Message => Event::InboundMessage(message(contact, event_id, "where is my order")),
        Act::Stop => Event::InboundMessage(message(contact, event_id, "STOP")),
    })
}

/// Sends everything on one stream; the answers in their order.
pub async fn send(client: &Client, items: Vec<RecordStreamRequest>) -> Result<Vec<Acknowledgement>, Status> {
    let count = items.len();
    let mut answers = client.recording.clone().record_stream(tokio_stream::iter(items)).await?.into_inner();
    let mut acknowledged = Vec::with_capacity(count);
    while let Some(response) = answers.message().await? {
        acknowledged.push(answer(response).unwrap_or_else(|error| panic!("{error:?}")));
    }
    assert_eq!(acknowledged.len(), count, "a stream that ends well has an answer for each item");
    Ok(acknowledged)
}

/// Asks on one stream; the answers in their order.
async fn ask(client: &Client, people: &[Person]) -> Result<Vec<consent_ledger::proto::Decision>, Status> {
    let asked: Vec<StreamCheckSendRequest> = people.iter().map(|person| StreamCheckSendRequest { check: Some(person.asked()) }).collect();
    let mut answers = client.decision.clone().stream_check_send(tokio_stream::iter(asked)).await?.into_inner();
    let mut decisions = Vec::with_capacity(people.len());
    while let Some(response) = answers.message().await? {
        let Some(Outcome::Decision(decision)) = response.outcome else { panic!("{response:?}") };
        decisions.push(decision);
    }
    assert_eq!(decisions.len(), people.len());
    Ok(decisions)
}

/// Records in streams and asks in batches and streams.
pub async fn streams(load: Arc<Load>) -> Vec<Person> {
    let owner = 5;
    let (client, mut dice) = (load.served.connect(), load.campaign.dice(owner));
    let (mut people, mut burst) = (people::of(owner), 0);
    while load.pause(BURST_PAUSE).await {
        burst += 1;
        // Each contact once: acts that are committed together happened at one instant, and then the one that permits less counts.
        let places = dice.shuffled(&(0..EACH).collect::<Vec<usize>>()).into_iter().take(BURST);
        let acts: Vec<(usize, Act, String)> =
            places.enumerate().map(|(n, place)| (place, Act::at_random(&mut dice), format!("stream-{burst}-{n}"))).collect();
        let items: Vec<_> = acts.iter().map(|(place, act, id)| event(*act, &people[*place].number, id)).collect();
        let acknowledged = load.until_answered("streams of records", || send(&client, items.clone())).await;
        for ((place, act, _), acknowledgement) in acts.iter().zip(&acknowledged) {
            load.acknowledge(acknowledgement);
            act.apply(&mut people[*place]);
            people[*place].seq = acknowledgement.caused_seq.max(acknowledgement.seq);
        }
        let answers = load.until_answered("batch checks", || people::batch(&client, &people)).await;
        people.iter().zip(&answers).for_each(|(person, decision)| person.hold(&load, "in a batch", decision));
        let answers = load.until_answered("streams of checks", || ask(&client, &people)).await;
        people.iter().zip(&answers).for_each(|(person, decision)| person.hold(&load, "in a stream", decision));
    }
    people
}

/// A webhook with one text message.
fn body(contact: &str, message_id: &str, seconds: i64, words: &str) -> Vec<u8> {
    let digits = &contact[1..];
    serde_json::json!({
        "object": "whatsapp_business_account",
        "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": {
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "447400000000", "phone_number_id": SENDER },
            "contacts": [{ "profile": { "name": "Somebody" }, "wa_id": digits }],
            "messages": [{ "from": digits, "id": message_id, "timestamp": seconds.to_string(), "type": "text", "text": { "body": words } }],
        } }] }],
    })
    .to_string()
    .into_bytes()
}

/// Sends it until it is taken.
async fn post(load: &Load, secret: &AppSecret, body: &[u8]) {
    let begun = tokio::time::Instant::now();
    loop {
        let away = load.served.is_away();
        let answer = match load.served.http_url() {
            None => None,
            Some(url) => {
                load.served.https.ask("POST", &format!("{url}/webhooks/default"), &[(HEADER, &sign(secret, body))], body.to_vec()).await
            }
        };
        let status = answer.map(|(status, _)| status);
        match status {
            Some(200) => return load.called("webhooks"),
            Some(503) | None if away || load.served.is_away() => load.one("webhooks sent again: the server was away"),
            other => return load.faults.wrong(format!("a webhook is answered {other:?}")),
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "no webhook is taken");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Half of these contacts write, half say STOP, all by webhooks.
pub async fn webhooks(load: Arc<Load>) -> Vec<Person> {
    let owner = 7;
    let (client, mut dice) = (load.served.connect(), load.campaign.dice(owner));
    let secret = AppSecret::new(SECRET).unwrap();
    let (mut people, mut number) = (people::of(owner), 0);
    while load.pause(WEBHOOK_PAUSE).await {
        number += 1;
        let place = dice.below(EACH);
        let now = load.until_answered("checks", || client.check(question("GB.nobody", SENDER))).await.at.unwrap().seconds;
        let words = if place.is_multiple_of(2) { "hello" } else { "STOP" };
        post(&load, &secret, &body(&people[place].number, &format!("wamid.{number}"), now, words)).await;
        people[place].window = true;
        let decision = load.until_answered("checks", || client.check(people[place].asked())).await;
        people[place].hold(&load, "after a webhook", &decision);
    }
    people
}

/// Opts somebody in and has them erased at once, again and again; none of them is anybody's contact afterwards.
pub async fn erasures(load: Arc<Load>) -> Vec<Person> {
    let client = load.served.connect();
    let mut number = 0;
    while load.pause(ERASURE_PAUSE).await {
        number += 1;
        let contact = people::number(9, number);
        let event_id = format!("erased-{number}");
        let acknowledgement = load.until_answered("records", || client.opt_in(opt_in(&contact, &event_id))).await;
        load.acknowledge(&acknowledgement);
        let request = RequestErasureRequest {
            contact: contact.clone(),
            event_id: format!("erasure-{number}"),
            delay: Some(prost_types::Duration::default()),
            ..Default::default()
        };
        let asked = load
            .until_answered("erasures", || {
                let (mut identity, request) = (client.identity.clone(), request.clone());
                async move { identity.request_erasure(request).await }
            })
            .await;
        load.acknowledge(&asked.into_inner().acknowledgement.unwrap());
        let begun = tokio::time::Instant::now();
        loop {
            let asked = CheckSendRequest { category: 1, ..question(&contact, SENDER) };
            let decision = load.until_answered("checks", || client.check(asked.clone())).await;
            if decision.reasons.first() == Some(&Reason::ContactErased.into()) {
                break;
            }
            if begun.elapsed() > ERASED_WITHIN {
                load.faults.wrong(format!("an erasure that is due does not happen: {decision:?}"));
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    Vec::new()
}

/// Adopts policies that differ in nothing that the answers here depend on.
pub async fn policies(load: Arc<Load>) {
    let client = load.served.connect();
    let mut number = 0;
    while load.pause(POLICY_PAUSE).await {
        number += 1;
        let policy = PolicyChoice {
            preset: "meta".into(),
            window_hours: Some(if number % 2 == 0 { 24 } else { 23 }),
            opt_in_valid_days: Some(if number % 3 == 0 { 3_650 } else { 36_500 }),
            ..Default::default()
        };
        let request = AdoptPolicyRequest { policy: Some(policy), event_id: format!("policy-{number}"), ..Default::default() };
        let adopted = load
            .until_answered("policies", || {
                let (mut admin, request) = (client.admin.clone(), request.clone());
                async move { admin.adopt_policy(request).await }
            })
            .await;
        load.acknowledge(&adopted.into_inner().acknowledgement.unwrap());
    }
}
