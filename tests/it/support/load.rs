//! A load in which everything comes along: calls of every kind that succeed, are refused and are given up, over both edges, and
//! webhooks; each names somebody, also where nobody should.

use consent_ledger::proto::record_stream_request::Event;
use consent_ledger::proto::{
    BatchCheckSendRequest, CheckSendRequest, Evidence, ExportEntriesRequest, RecordOptInRequest, RecordStreamRequest,
    RequestErasureRequest, StreamCheckSendRequest, WatchEntriesRequest,
};
use consent_ledger::webhook::signature::{AppSecret, HEADER, sign};
use serde_json::json;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request};
use tonic_prost::ProstCodec;

use super::client::{Client, opt_in, question, text};
use super::http::{CHECK, OPT_IN, call, send};
use super::server::Server;
use crate::privacy::search::Needles;

/// The secret by which webhooks are signed.
pub const SECRET: &str = "the secret of the app";

/// The sender. It belongs to the business.
pub const SENDER: &str = "106540352242922";

/// Phone numbers, without plus.
const NUMBERS: [&str; 4] = ["447400123456", "447400123457", "447911000001", "447911000002"];

const WORDS: [(&str, &str); 6] = [
    ("a user ID", "US.13491208655302741918"),
    ("a text", "is the blue one still there"),
    ("an event id", "checkout-of-ada-1815"),
    ("a name", "Ada Lovelace"),
    ("an account", "shop-of-ada"),
    ("the secret", SECRET),
];

/// Everything that must not be told.
pub fn needles() -> Needles {
    let mut needles = Needles::default();
    for number in &NUMBERS {
        needles.number(number);
    }
    for (what, text) in &WORDS {
        needles.text(what, text);
    }
    needles.text("the sender", SENDER);
    needles
}

fn plus(place: usize) -> String {
    format!("+{}", NUMBERS[place])
}

/// A request whose headers say whom it is about, though none should.
fn said<T>(message: T, traceparent: Option<&str>) -> Request<T> {
    let mut request = Request::new(message);
    let number = NUMBERS[0];
    for (name, value) in
        [("tracestate", format!("ada={number}")), ("baggage", format!("contact={number}")), ("x-request-id", number.into())]
    {
        request.metadata_mut().insert(name, value.parse().unwrap());
    }
    if let Some(traceparent) = traceparent {
        request.metadata_mut().insert("traceparent", traceparent.parse().unwrap());
    }
    request
}

/// Acts on the server, its calls below the span that `traceparent` names.
pub async fn act(server: &Server, traceparent: Option<&str>) {
    let client = Client::connect(&server.url()).await;
    record(&client, traceparent).await;
    ask(&client, traceparent).await;
    follow(&client).await;
    refused(&client, traceparent).await;
    over_http(server).await;
    webhooks(server).await;
}

async fn record(client: &Client, traceparent: Option<&str>) {
    let evidence = Evidence { text: WORDS[1].1.into(), user_agent: WORDS[3].1.into(), ..Default::default() };
    let proven = RecordOptInRequest { evidence: Some(evidence), ..opt_in(&plus(0), WORDS[2].1) };
    let recorded = client.recording.clone().record_opt_in(said(proven.clone(), traceparent)).await.unwrap();
    let id = recorded.metadata().get("x-request-id").unwrap().to_str().unwrap();
    assert!(id.len() == 16 && id.chars().all(|digit| digit.is_ascii_hexdigit()), "{id}");
    assert!(client.opt_in(proven).await.unwrap().duplicate);
    client.inbound(text(&plus(0), SENDER, WORDS[1].1)).await.unwrap();
    client.inbound(text(&plus(1), SENDER, "STOP")).await.unwrap();
    let items = [opt_in(&plus(2), ""), opt_in(WORDS[0].1, ""), opt_in(NUMBERS[2], "")];
    let items = items.map(|event| RecordStreamRequest { event: Some(Event::OptIn(event)) });
    let mut answers = client.recording.clone().record_stream(said(tokio_stream::iter(items), traceparent)).await.unwrap().into_inner();
    while answers.message().await.unwrap().is_some() {}
    let erasure = RequestErasureRequest { contact: plus(2), ..Default::default() };
    client.identity.clone().request_erasure(erasure).await.unwrap();
}

async fn ask(client: &Client, traceparent: Option<&str>) {
    client.decision.clone().check_send(said(question(&plus(0), SENDER), traceparent)).await.unwrap();
    client.check(question(&plus(1), SENDER)).await.unwrap();
    let receipt = CheckSendRequest { receipt: true, ..question(&plus(3), SENDER) };
    client.decision.clone().check_send(receipt).await.unwrap();
    let contacts = vec![plus(0), plus(3), NUMBERS[1].to_owned()];
    let batch = BatchCheckSendRequest { contacts, sender: SENDER.into(), ..Default::default() };
    client.decision.clone().batch_check_send(batch).await.unwrap();
    let questions = [question(&plus(0), SENDER), question(NUMBERS[3], SENDER)];
    let questions = questions.map(|check| StreamCheckSendRequest { check: Some(check) });
    let mut answers = client.decision.clone().stream_check_send(tokio_stream::iter(questions)).await.unwrap().into_inner();
    while answers.message().await.unwrap().is_some() {}
}

/// Exports to its end, and follows without one: the caller goes away.
async fn follow(client: &Client) {
    let export = ExportEntriesRequest { contacts: vec![plus(0)], ..Default::default() };
    let mut pieces = client.audit.clone().export_entries(export).await.unwrap().into_inner();
    while pieces.message().await.unwrap().is_some() {}
    let mut watch =
        client.watch.clone().watch_entries(WatchEntriesRequest { from_seq: 1, ..Default::default() }).await.unwrap().into_inner();
    watch.message().await.unwrap();
}

async fn refused(client: &Client, traceparent: Option<&str>) {
    let code = async |request| client.recording.clone().record_opt_in(said(request, traceparent)).await.unwrap_err().code();
    assert_eq!(code(opt_in(NUMBERS[0], "")).await, Code::InvalidArgument);
    assert_eq!(code(opt_in(&plus(3), WORDS[2].1)).await, Code::AlreadyExists);
    assert_eq!(code(RecordOptInRequest { account: WORDS[4].1.into(), ..opt_in(&plus(0), "") }).await, Code::NotFound);
    assert_eq!(code(RecordOptInRequest { account: NUMBERS[0].into(), ..opt_in(&plus(0), "") }).await, Code::NotFound);
    // Methods and services that there are not.
    for path in [format!("/consent.v1.DecisionService/{}", NUMBERS[0]), format!("/{}/CheckSend", WORDS[3].1.replace(' ', "."))] {
        let mut grpc = tonic::client::Grpc::new(client.channel.clone());
        grpc.ready().await.unwrap();
        let codec = ProstCodec::<CheckSendRequest, CheckSendRequest>::default();
        let path = PathAndQuery::try_from(path).unwrap();
        let status = grpc.unary(said(question(&plus(0), SENDER), traceparent), path, codec).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
    }
}

async fn over_http(server: &Server) {
    assert_eq!(call(server, CHECK, &json!({ "contact": plus(0), "sender": SENDER })).await.status, 200);
    assert_eq!(call(server, OPT_IN, &json!({ "contact": NUMBERS[0] })).await.status, 400);
    assert_eq!(send(server, "POST", &format!("/{}", NUMBERS[0]), &[], Vec::new()).await.status, 404);
}

async fn webhooks(server: &Server) {
    let message = json!({
        "from": NUMBERS[1], "id": "wamid.A", "timestamp": "1772359200", "type": "text", "text": { "body": WORDS[1].1 },
    });
    let odd = json!({ "from": NUMBERS[1], "id": "wamid.B", "timestamp": "1772359200", "type": WORDS[3].1 });
    let value = json!({ "metadata": { "phone_number_id": SENDER }, "messages": [message, odd] });
    let body = json!({ "object": "whatsapp_business_account", "entry": [{ "changes": [{ "field": "messages", "value": value }] }] });
    let body = body.to_string().into_bytes();
    let signature = sign(&AppSecret::new(SECRET).unwrap(), &body);
    let deliver = async |account: &str, signature: &str| {
        send(server, "POST", &format!("/webhooks/{account}"), &[(HEADER, signature)], body.clone()).await.status
    };
    assert_eq!(deliver("default", &signature).await, 200);
    assert_eq!(deliver("default", "sha256=00").await, 401);
    assert_eq!(deliver(NUMBERS[0], &signature).await, 404);
}
