//! What was recorded about a person is nowhere in clear: not in the data directory, dead letters included, not in the logs,
//! not in the metrics.

pub mod search;

use std::path::Path;

use base64::Engine as _;
use consent_ledger::proto::{Evidence, EvidenceField, RecordInboundMessageRequest, RecordOptInRequest};
use search::Needles;
use serde_json::{Value, json};

use crate::support::cli::{Said, cli};
use crate::support::client::{Client, opt_in, question, runtime, text};
use crate::support::server::Server;

const SECRET: &str = "the app secret";

/// Allowed in clear: it belongs to the business.
const SENDER: &str = "106540352242922";

const USER_ID: &str = "US.13491208655302741918";
const TEXT: &str = "is the blue one still there";
const EVENT_ID: &str = "checkout-of-ada-1815";
const NAME: &str = "Ada Lovelace";
const AGENT: &str = "Lynx/2.8 of Ada";
const ADDRESS: &str = "203.0.113.77";

/// The phone numbers that come along, without plus: well-formed, malformed, in webhooks, in dead letters, in refusals.
const NUMBERS: [&str; 7] = ["447400123456", "447400123457", "447400123458", "447400123459", "447911000001", "447911000002", "447911000003"];

/// A message id as the platform makes them: the number stands in it.
fn message_id(number: &str) -> String {
    format!("wamid.HBgM{}VAgASGBQz", base64::engine::general_purpose::STANDARD.encode(number))
}

fn needles() -> Needles {
    let mut needles = Needles::default();
    for number in NUMBERS {
        needles.number(number);
        needles.text("a message id", &message_id(number));
    }
    let texts = [("a user ID", USER_ID), ("a text", TEXT), ("an event id", EVENT_ID), ("a name", NAME), ("an agent", AGENT)];
    for (what, text) in texts.into_iter().chain([("an address", ADDRESS), ("the app secret", SECRET)]) {
        needles.text(what, text);
    }
    needles
}

/// A body with these messages.
fn body(messages: &Value) -> String {
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "15550783881", "phone_number_id": SENDER },
        "contacts": [{ "wa_id": NUMBERS[0], "user_id": USER_ID, "profile": { "name": NAME } }],
        "messages": messages,
    });
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }] })
        .to_string()
}

fn message(from: &str, at: &str, rest: &Value) -> Value {
    let mut message = json!({ "from": from, "id": message_id(NUMBERS[0]), "timestamp": at });
    message.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    message
}

/// Webhooks of every fate: recorded, dead letters of several kinds, no JSON at all, badly signed.
fn send_webhooks(server: &Server, bodies: &Path) -> Vec<Said> {
    let said = |words: &str| json!({ "type": "text", "text": { "body": words } });
    let deliveries = [
        ("text", body(&json!([message(NUMBERS[0], "1772359200", &said(TEXT)), message(NUMBERS[1], "1772359201", &said("STOP"))]))),
        ("unknown", body(&json!([message(NUMBERS[2], "1772359202", &json!({ "type": "order_flow", "order_flow": { "note": TEXT } }))]))),
        ("future", body(&json!([message(NUMBERS[3], "4102444800", &said(TEXT))]))),
        ("malformed", body(&json!([message(&format!("{}x", NUMBERS[4]), "1772359203", &said(TEXT))]))),
        ("no-json", format!("{} wrote: {TEXT}", NUMBERS[0])),
    ];
    let mut answers = Vec::new();
    for (name, body) in deliveries {
        let path = bodies.join(format!("{name}.json"));
        std::fs::write(&path, body).unwrap();
        for secret in [SECRET, "another secret"] {
            answers.push(cli(&["webhook", "replay", path.to_str().unwrap(), "--app-secret", secret, "--server-http", &server.http_url()]));
        }
    }
    answers
}

/// Records and refusals over gRPC, each about somebody.
async fn act(client: &Client) {
    let plus = |place: usize| format!("+{}", NUMBERS[place]);
    let evidence = Evidence {
        text: TEXT.into(),
        ip_address: ADDRESS.into(),
        user_agent: AGENT.into(),
        other: vec![EvidenceField { name: "who".into(), value: NAME.into() }],
        ..Default::default()
    };
    let proven = RecordOptInRequest { evidence: Some(evidence), ..opt_in(&plus(0), EVENT_ID) };
    client.opt_in(proven).await.unwrap();
    let message = RecordInboundMessageRequest {
        contacts: vec![plus(0), USER_ID.into()],
        payload: TEXT.into(),
        message_id: message_id(NUMBERS[0]),
        ..text("", SENDER, TEXT)
    };
    client.inbound(message).await.unwrap();
    client.inbound(text(&plus(1), SENDER, "STOP")).await.unwrap();
    client.check(question(&plus(0), SENDER)).await.unwrap();
    // Refused: another content under the same event id, no plus, no number, an account that is a number.
    client.opt_in(opt_in(&plus(5), EVENT_ID)).await.unwrap_err();
    client.opt_in(opt_in(NUMBERS[4], "")).await.unwrap_err();
    client.opt_in(opt_in(&format!("+{}x", NUMBERS[6]), &NUMBERS[6].repeat(20))).await.unwrap_err();
    client.opt_in(RecordOptInRequest { account: NUMBERS[6].into(), ..opt_in(&plus(0), "") }).await.unwrap_err();
    client.check(question(NUMBERS[4], &plus(5))).await.unwrap_err();
}

fn metrics(server: &Server) -> String {
    let url = format!("{}/metrics", server.http_url());
    runtime().block_on(async { reqwest::get(url).await.unwrap().text().await.unwrap() })
}

#[test]
fn nothing_that_was_recorded_about_a_person_stands_in_clear_on_disk_or_in_logs() {
    for log_level in ["debug,h2=info", ""] {
        let dir = tempfile::tempdir().unwrap();
        let bodies = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let variables = [("RUST_LOG", log_level)];
        let variables = if log_level.is_empty() { &[][..] } else { &variables[..] };
        let start = || Server::try_start_with(&data, &["--app-secret", SECRET], variables).unwrap();
        let server = start();
        runtime().block_on(async { act(&Client::connect(&server.url()).await).await });
        let answers = send_webhooks(&server, bodies.path());
        assert!(answers[0].out.contains("1 answered 200") && answers[1].out.contains("1 answered 401"), "{answers:?}");
        assert!(answers[2].out.contains("1 answered 200") && answers[6].out.contains("1 answered 200"), "{answers:?}");
        let letters = cli(&["dead-letters", "list", "--json", "--server", &server.url()]);
        assert!(letters.out.lines().count() >= 2, "dead letters are among it: {letters:?}");
        let replayed = cli(&["dead-letters", "replay", "--server", &server.url()]);
        assert_eq!(replayed.code, 0, "{replayed:?}");
        let needles = needles();
        assert_eq!(needles.found_in(metrics(&server).as_bytes()), Vec::<String>::new());
        let reasons = letters.out.replace("as in +447400123456", "as in the documentation");
        assert_eq!(needles.found_in(reasons.as_bytes()), Vec::<String>::new(), "reasons are not personal: {reasons}");
        // As it runs, after a kill, after a recovery that had to heal, after a clean stop.
        assert_eq!(needles.found_under(dir.path()), Vec::<String>::new(), "running, RUST_LOG={log_level}");
        server.kill();
        let db = data.join("sled/db");
        let mut bytes = std::fs::read(&db).unwrap();
        bytes.truncate(bytes.len() / 3);
        std::fs::write(&db, bytes).unwrap();
        let server = start();
        let log = server.logs();
        assert_eq!(server.terminate().code(), Some(0));
        assert_eq!(needles.found_under(dir.path()), Vec::<String>::new(), "stopped, RUST_LOG={log_level}");

        // The search reads what it should: the sender is allowed in clear, and found; the log has lines.
        let mut allowed = Needles::default();
        allowed.text("the sender", SENDER);
        let found = allowed.found_under(dir.path());
        assert!(["journal", "sled"].iter().all(|place| found.iter().any(|path| path.contains(place))), "{found:?}");
        assert!(log.contains("ready") && (log_level.is_empty() || log.contains("DEBUG")), "{log}");
    }
}
