//! Each call in JSON says what the same call says over gRPC.

use consent_ledger::client::Channel;
use consent_ledger::proto::{
    BatchCheckSendRequest, BatchCheckSendResponse, ChangeNumberRequest, ChangeUserIdRequest, CheckSendRequest, CheckSendResponse,
    CheckTemplate, DESCRIPTORS, Evidence, EvidenceField, LinkIdentifiersRequest, RecordConfirmationSentRequest,
    RecordInboundMessageRequest, RecordOptInRequest, RecordOptOutRequest, RecordPlatformPreferenceRequest, RecordProviderFeedbackRequest,
    ReportIdentityChangeRequest,
};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use prost_types::Timestamp;
use serde_json::{Value, json};
use tonic::Status;
use tonic_prost::ProstCodec;

use super::on_a_server;
use crate::errors::refused;
use crate::support::client::Client;
use crate::support::http::{Answer, CHECK, OPT_IN, call};

const CONTACT: &str = "+447400123456";
const OTHER: &str = "+447400123457";
const USER_ID: &str = "GB.13491208655302741918";

/// A time after which nothing happens in these tests.
const AT: &str = "2026-03-01T10:00:00.5Z";

/// The same.
const OCCURRED_AT: Option<Timestamp> = Some(Timestamp { seconds: 1_772_359_200, nanos: 500_000_000 });

/// Calls over gRPC at the same path.
async fn grpc<Req: Message + Default + 'static, Res: Message + Default + 'static>(
    channel: Channel,
    path: &'static str,
    request: Req,
) -> Result<Res, Status> {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let codec = ProstCodec::<Req, Res>::default();
    Ok(client.unary(tonic::Request::new(request), path.parse().unwrap(), codec).await?.into_inner())
}

/// A response as protobuf's JSON.
fn in_json(message: &str, response: &impl Message) -> Value {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let descriptor = pool.get_message_by_name(&format!("consent.v1.{message}")).unwrap();
    let message = DynamicMessage::decode(descriptor, response.encode_to_vec().as_slice()).unwrap();
    let options = SerializeOptions::new().skip_default_fields(false);
    message.serialize_with_options(serde_json::value::Serializer, &options).unwrap()
}

/// The error in JSON is the one of gRPC: code, message, reason, violations.
fn assert_same_error(answer: &Answer, status: &Status) {
    let (_, code, reason, violations) = answer.refused();
    let (expected, expected_reason, expected_violations) = refused(status);
    assert_eq!((code, reason, violations), (i64::from(i32::from(expected)), expected_reason, expected_violations));
    assert_eq!(answer.json()["message"], status.message());
}

/// Records in JSON, then over gRPC: the second is the duplicate of the first, so that not a field of it differs. Then what
/// either refuses of an empty request.
async fn records_the_same<Req>(server: &crate::support::server::Server, client: &Client, path: &'static str, body: Value, request: Req)
where
    Req: Message + Default + 'static,
{
    let first = call(server, path, &body).await;
    assert_eq!(first.status, 200, "{path}: {first:?}");
    // Every record's response has one field, and it is the same one.
    let second: consent_ledger::proto::RecordOptInResponse = grpc(client.channel.clone(), path, request).await.unwrap();
    let (mut first, second) = (first.json(), in_json("RecordOptInResponse", &second));
    assert_eq!(first["acknowledgement"]["duplicate"], false, "{path}");
    first["acknowledgement"]["duplicate"] = true.into();
    assert_eq!(first, second, "{path}");
    let empty = grpc::<Req, consent_ledger::proto::RecordOptInResponse>(client.channel.clone(), path, Req::default()).await.unwrap_err();
    assert_same_error(&call(server, path, &json!({})).await, &empty);
}

#[test]
fn what_a_contact_did_is_the_same_event_by_either_way() {
    on_a_server(&[], async |server| {
        let client = Client::connect(&server.url()).await;
        let other = vec![EvidenceField { name: "form".into(), value: "spring".into() }];
        let evidence = Evidence { text: "Yes".into(), url: "https://shop.example/a".into(), other, ..Default::default() };
        records_the_same(
            &server,
            &client,
            OPT_IN,
            json!({ "contact": CONTACT, "sender": "100", "categories": ["CATEGORY_MARKETING", 2], "method": "METHOD_WEBSITE",
                "eventId": "1", "occurredAt": AT, "expiresAt": "2036-03-01T10:00:00Z",
                "evidence": { "text": "Yes", "url": "https://shop.example/a", "other": [{ "name": "form", "value": "spring" }] } }),
            RecordOptInRequest {
                contact: CONTACT.into(),
                sender: "100".into(),
                categories: vec![1, 2],
                method: 1,
                event_id: "1".into(),
                occurred_at: OCCURRED_AT,
                expires_at: Some(Timestamp { seconds: 2_087_978_400, nanos: 0 }),
                evidence: Some(evidence),
                ..Default::default()
            },
        )
        .await;
        records_the_same(
            &server,
            &client,
            "/consent.v1.RecordingService/RecordOptOut",
            json!({ "contact": CONTACT, "method": 1, "event_id": "2", "occurred_at": AT }),
            RecordOptOutRequest {
                contact: CONTACT.into(),
                method: 1,
                event_id: "2".into(),
                occurred_at: OCCURRED_AT,
                ..Default::default()
            },
        )
        .await;
        let contacts = || vec![CONTACT.to_owned(), USER_ID.to_owned()];
        records_the_same(
            &server,
            &client,
            "/consent.v1.RecordingService/RecordInboundMessage",
            json!({ "contacts": [CONTACT, USER_ID], "sender": "100", "kind": "INBOUND_KIND_TEXT", "text": "STOP", "messageId": "wamid.1",
                "eventId": "3", "occurredAt": AT }),
            RecordInboundMessageRequest {
                contacts: contacts(),
                sender: "100".into(),
                kind: 1,
                text: "STOP".into(),
                message_id: "wamid.1".into(),
                event_id: "3".into(),
                occurred_at: OCCURRED_AT,
                ..Default::default()
            },
        )
        .await;
    });
}

#[test]
fn what_the_platform_said_and_we_sent_is_the_same_event_by_either_way() {
    on_a_server(&[], async |server| {
        let client = Client::connect(&server.url()).await;
        records_the_same(
            &server,
            &client,
            "/consent.v1.RecordingService/RecordProviderFeedback",
            json!({ "contacts": [CONTACT], "sender": "100", "code": 131_050, "eventId": "4", "occurredAt": AT }),
            RecordProviderFeedbackRequest {
                contacts: vec![CONTACT.into()],
                sender: "100".into(),
                code: 131_050,
                event_id: "4".into(),
                occurred_at: OCCURRED_AT,
                ..Default::default()
            },
        )
        .await;
        records_the_same(
            &server,
            &client,
            "/consent.v1.RecordingService/RecordPlatformPreference",
            json!({ "contacts": [CONTACT], "sender": "100", "preference": "PLATFORM_PREFERENCE_STOP", "eventId": "5", "occurredAt": AT }),
            RecordPlatformPreferenceRequest {
                contacts: vec![CONTACT.into()],
                sender: "100".into(),
                preference: 1,
                event_id: "5".into(),
                occurred_at: OCCURRED_AT,
                ..Default::default()
            },
        )
        .await;
        records_the_same(
            &server,
            &client,
            "/consent.v1.RecordingService/RecordConfirmationSent",
            json!({ "contact": CONTACT, "sender": "100", "eventId": "6", "occurredAt": AT }),
            RecordConfirmationSentRequest {
                contact: CONTACT.into(),
                sender: "100".into(),
                event_id: "6".into(),
                occurred_at: OCCURRED_AT,
                ..Default::default()
            },
        )
        .await;
    });
}

#[test]
fn who_is_who_is_the_same_by_either_way() {
    on_a_server(&[], async |server| {
        let client = Client::connect(&server.url()).await;
        records_the_same(
            &server,
            &client,
            "/consent.v1.IdentityService/LinkIdentifiers",
            json!({ "contacts": [CONTACT, USER_ID], "eventId": "1", "occurredAt": AT }),
            LinkIdentifiersRequest {
                contacts: vec![CONTACT.into(), USER_ID.into()],
                event_id: "1".into(),
                occurred_at: OCCURRED_AT,
                ..Default::default()
            },
        )
        .await;
        records_the_same(
            &server,
            &client,
            "/consent.v1.IdentityService/ChangeNumber",
            json!({ "from": CONTACT, "to": OTHER, "messageId": "wamid.1", "eventId": "2", "occurredAt": AT }),
            ChangeNumberRequest {
                from: CONTACT.into(),
                to: OTHER.into(),
                message_id: "wamid.1".into(),
                event_id: "2".into(),
                occurred_at: OCCURRED_AT,
                ..Default::default()
            },
        )
        .await;
        records_the_same(
            &server,
            &client,
            "/consent.v1.IdentityService/ChangeUserId",
            json!({ "from": USER_ID, "to": "GB.2", "eventId": "3", "occurredAt": AT }),
            ChangeUserIdRequest {
                from: USER_ID.into(),
                to: "GB.2".into(),
                event_id: "3".into(),
                occurred_at: OCCURRED_AT,
                ..Default::default()
            },
        )
        .await;
        records_the_same(
            &server,
            &client,
            "/consent.v1.IdentityService/ReportIdentityChange",
            json!({ "contacts": [OTHER], "sender": "100", "eventId": "4", "occurredAt": AT }),
            ReportIdentityChangeRequest {
                contacts: vec![OTHER.into()],
                sender: "100".into(),
                event_id: "4".into(),
                occurred_at: OCCURRED_AT,
                ..Default::default()
            },
        )
        .await;
    });
}

#[test]
fn every_check_has_one_answer_by_either_way() {
    on_a_server(&[], async |server| {
        let client = Client::connect(&server.url()).await;
        let opt_in = json!({ "contact": CONTACT, "categories": [1], "method": 1, "occurredAt": AT });
        assert_eq!(call(&server, OPT_IN, &opt_in).await.status, 200);
        let later = Some(Timestamp { seconds: 1_772_359_201, nanos: 0 });
        let question = || CheckSendRequest { contact: CONTACT.into(), sender: "100".into(), at: later, ..Default::default() };
        let template = Some(CheckTemplate { name: "news".into(), language: "en".into(), parameters: 2 });
        for (more, request) in [
            (json!({}), question()),
            (
                json!({ "category": "CATEGORY_MARKETING", "minPosition": "3" }),
                CheckSendRequest { category: 1, min_position: 3, ..question() },
            ),
            (json!({ "knownSeq": 2 }), CheckSendRequest { known_seq: 2, ..question() }),
            (json!({ "knownAt": AT }), CheckSendRequest { known_at: OCCURRED_AT, ..question() }),
            (json!({ "optOutConfirmation": true }), CheckSendRequest { opt_out_confirmation: true, ..question() }),
            (
                json!({ "category": 2, "template": { "name": "news", "language": "en", "parameters": 2 } }),
                CheckSendRequest { category: 2, template, ..question() },
            ),
        ] {
            let mut body = json!({ "contact": CONTACT, "sender": "100", "at": "2026-03-01T10:00:01Z" });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let over_grpc: CheckSendResponse = grpc(client.channel.clone(), CHECK, request).await.unwrap();
            assert_eq!(call(&server, CHECK, &body).await.json(), in_json("CheckSendResponse", &over_grpc), "{body}");
        }
        let path = "/consent.v1.DecisionService/BatchCheckSend";
        let contacts = [CONTACT, "nobody", OTHER];
        let body = json!({ "contacts": contacts, "sender": "100", "at": "2026-03-01T10:00:01Z" });
        let request =
            BatchCheckSendRequest { contacts: contacts.map(str::to_owned).to_vec(), sender: "100".into(), at: later, ..Default::default() };
        let over_grpc: BatchCheckSendResponse = grpc(client.channel.clone(), path, request).await.unwrap();
        let answer = call(&server, path, &body).await.json();
        assert_eq!(answer, in_json("BatchCheckSendResponse", &over_grpc));
        assert_eq!(answer["items"][1]["error"]["reason"], "ERROR_REASON_CONTACT_MALFORMED");
    });
}

#[test]
fn every_refusal_of_a_check_is_the_same_by_either_way() {
    on_a_server(&[], async |server| {
        let client = Client::connect(&server.url()).await;
        let good = || CheckSendRequest { contact: CONTACT.into(), sender: "100".into(), ..Default::default() };
        for (status, body, request) in [
            (400, json!({}), CheckSendRequest::default()),
            (
                400,
                json!({ "contact": "nobody", "sender": "1 0" }),
                CheckSendRequest { contact: "nobody".into(), sender: "1 0".into(), ..good() },
            ),
            (400, json!({ "contact": CONTACT, "sender": "100", "category": 99 }), CheckSendRequest { category: 99, ..good() }),
            (404, json!({ "contact": CONTACT, "sender": "100", "account": "shop" }), CheckSendRequest { account: "shop".into(), ..good() }),
            (503, json!({ "contact": CONTACT, "sender": "100", "minPosition": 99 }), CheckSendRequest { min_position: 99, ..good() }),
            (
                400,
                json!({ "contact": CONTACT, "sender": "100", "at": "1969-01-01T00:00:00Z", "template": { "name": "news" } }),
                CheckSendRequest {
                    at: Some(Timestamp { seconds: -31_536_000, nanos: 0 }),
                    template: Some(CheckTemplate { name: "news".into(), ..Default::default() }),
                    ..good()
                },
            ),
        ] {
            let over_grpc = grpc::<_, CheckSendResponse>(client.channel.clone(), CHECK, request).await.unwrap_err();
            let answer = call(&server, CHECK, &body).await;
            assert_eq!(answer.status, status, "{body}");
            assert_same_error(&answer, &over_grpc);
        }
        // A conflict has its own status.
        let opt_in = |method: i32| json!({ "contact": CONTACT, "categories": [1], "method": method, "eventId": "a" });
        assert_eq!(call(&server, OPT_IN, &opt_in(1)).await.status, 200);
        assert_eq!(call(&server, OPT_IN, &opt_in(2)).await.refused(), (409, 6, "EVENT_ID_REUSED".to_owned(), Vec::new()));
    });
}

#[test]
fn a_receipt_in_json_is_one_that_the_ledger_stands_by() {
    on_a_server(&[], async |server| {
        let client = Client::connect(&server.url()).await;
        let opt_in = json!({ "contact": CONTACT, "categories": [1], "method": 1, "occurredAt": AT });
        assert_eq!(call(&server, OPT_IN, &opt_in).await.status, 200);
        let answer = call(&server, CHECK, &json!({ "contact": CONTACT, "sender": "100", "receipt": true })).await.json();
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
        let descriptor = pool.get_message_by_name("consent.v1.Receipt").unwrap();
        let receipt = DynamicMessage::deserialize(descriptor, &answer["receipt"]).unwrap().transcode_to().unwrap();
        let asked = consent_ledger::proto::VerifyDecisionRequest { receipt: Some(receipt), contact: CONTACT.into() };
        let verdict = client.decision.clone().verify_decision(asked).await.unwrap().into_inner().verdict();
        assert_eq!(verdict, consent_ledger::proto::ReceiptVerdict::Follows);
    });
}
