//! The OpenAPI description is the one that the protos give, and what the server takes and answers is what it says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::json::on_a_server;
use crate::support::http::{Answer, CHECK, OPT_IN, call, post, send};
use crate::support::python;

/// Set to write the description anew after the protos changed: `UPDATE_OPENAPI=1 cargo test --test it openapi`.
const UPDATE: &str = "UPDATE_OPENAPI";

const CONTACT: &str = "+447400123456";
const USER_ID: &str = "GB.13491208655302741918";

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json")
}

fn described() -> Value {
    serde_json::from_str(&std::fs::read_to_string(file()).unwrap()).unwrap()
}

#[test]
fn the_file_in_docs_is_what_the_server_says_of_itself() {
    on_a_server(&[], async |server| {
        let served = send(&server, "GET", "/openapi.json", &[], Vec::new()).await;
        assert_eq!((served.status, &served.headers["content-type"]), (200, &"application/json".parse().unwrap()));
        if std::env::var_os(UPDATE).is_some() {
            std::fs::write(file(), &served.body).unwrap();
        }
        let kept = std::fs::read_to_string(file()).unwrap_or_default();
        assert!(kept == served.body, "the protos or the calls changed; write docs/openapi.json anew with {UPDATE}=1");
    });
}

/// The parts of a description below it that are named `name`.
fn below<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get(name));
            members.values().for_each(|value| below(value, name, found));
        }
        Value::Array(items) => items.iter().for_each(|value| below(value, name, found)),
        _ => {}
    }
}

#[test]
fn everything_in_it_is_described_and_refers_to_what_is_there() {
    let described = described();
    let mut references = Vec::new();
    below(&described, "$ref", &mut references);
    let references: BTreeSet<&str> = references.into_iter().map(|reference| reference.as_str().unwrap()).collect();
    assert!(references.iter().all(|reference| described.pointer(&reference[1..]).is_some()), "{references:?}");
    for (kind, parts) in described["components"].as_object().unwrap() {
        for name in parts.as_object().unwrap().keys() {
            assert!(name == "Status" || references.contains(format!("#/components/{kind}/{name}").as_str()), "nothing refers to {name}");
        }
    }
    let mut descriptions = Vec::new();
    below(&described, "description", &mut descriptions);
    assert!(
        descriptions.len() > 200 && descriptions.iter().all(|text| text.is_object() || text.as_str().is_some_and(|text| !text.is_empty()))
    );
    assert_eq!(described["paths"].as_object().unwrap().len(), 12);
}

#[test]
fn a_public_validator_takes_it() {
    let Some(python) = python::with("openapi_spec_validator") else { return };
    let output = Command::new(python).args(["-m", "openapi_spec_validator", "--schema", "3.1"]).arg(file()).output().unwrap();
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}

/// A schema of the description on its own, with all that it may refer to. `closed`: nothing may be there that is not described.
fn validator(described: &Value, schema: &Value, closed: bool) -> jsonschema::Validator {
    let mut whole =
        json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [schema], "components": described["components"] });
    if closed {
        for schema in whole["components"]["schemas"].as_object_mut().unwrap().values_mut().filter(|schema| schema["type"] == "object") {
            let schema = schema.as_object_mut().unwrap();
            schema.entry("additionalProperties").or_insert(false.into());
        }
    }
    jsonschema::options().should_validate_formats(true).build(&whole).unwrap()
}

/// Why the value is not what the schema says.
fn faults(described: &Value, schema: &Value, value: &Value) -> Vec<String> {
    validator(described, schema, true).iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Holds request and answer against what is said of them.
fn hold(described: &Value, path: &str, request: Option<&Value>, answer: &Answer) {
    let operation = &described["paths"][path]["post"];
    if let Some(request) = request {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(faults(described, schema, request), Vec::<String>::new(), "{path} {request}");
    }
    let mut response = &operation["responses"][answer.status.to_string()];
    assert!(!response.is_null(), "{path} answers {} and does not say so", answer.status);
    if let Some(reference) = response["$ref"].as_str() {
        response = described.pointer(&reference[1..]).unwrap();
    }
    let schema = &response["content"]["application/json"]["schema"];
    assert_eq!(faults(described, schema, &answer.json()), Vec::<String>::new(), "{path} {answer:?}");
}

/// A request that every call takes, in an order in which all of them are.
fn requests() -> Vec<(&'static str, Value)> {
    let recording = |rpc: &str| -> &'static str { format!("/consent.v1.RecordingService/{rpc}").leak() };
    let identity = |rpc: &str| -> &'static str { format!("/consent.v1.IdentityService/{rpc}").leak() };
    vec![
        (
            OPT_IN,
            json!({ "contact": CONTACT, "categories": ["CATEGORY_MARKETING", "CATEGORY_UTILITY"], "method": "METHOD_WEBSITE", "eventId": "1",
                "occurredAt": "2026-03-01T10:00:00Z", "expiresAt": "2036-03-01T10:00:00+01:00",
                "evidence": { "text": "Yes", "other": [{ "name": "form", "value": "spring" }] } }),
        ),
        (
            recording("RecordInboundMessage"),
            json!({ "contacts": [CONTACT], "sender": "100", "kind": "INBOUND_KIND_TEXT", "text": "hello" }),
        ),
        (CHECK, json!({ "contact": CONTACT, "sender": "100", "category": "CATEGORY_UTILITY", "minPosition": "1", "receipt": true })),
        (
            "/consent.v1.DecisionService/BatchCheckSend",
            json!({ "contacts": [CONTACT, "nobody"], "sender": "100", "template": { "name": "news", "language": "en", "parameters": 1 } }),
        ),
        (recording("RecordProviderFeedback"), json!({ "contacts": [CONTACT], "sender": "100", "code": 131_050, "messageId": "wamid.1" })),
        (
            recording("RecordPlatformPreference"),
            json!({ "contacts": [CONTACT], "sender": "100", "preference": "PLATFORM_PREFERENCE_STOP" }),
        ),
        (recording("RecordOptOut"), json!({ "contact": CONTACT, "method": "METHOD_WEBSITE" })),
        (recording("RecordConfirmationSent"), json!({ "contact": CONTACT, "sender": "100" })),
        (identity("LinkIdentifiers"), json!({ "contacts": [CONTACT, USER_ID] })),
        (identity("ChangeUserId"), json!({ "from": USER_ID, "to": "GB.2" })),
        (identity("ReportIdentityChange"), json!({ "contacts": [CONTACT], "sender": "100" })),
        (identity("ChangeNumber"), json!({ "from": CONTACT, "to": "+447400123457" })),
    ]
}

#[test]
fn every_call_takes_and_answers_what_is_described() {
    on_a_server(&[], async |server| {
        let described = described();
        let requests = requests();
        let named: BTreeSet<&str> = requests.iter().map(|(path, _)| *path).collect();
        assert_eq!(named, described["paths"].as_object().unwrap().keys().map(String::as_str).collect());
        for (path, request) in &requests {
            let answer = call(&server, path, request).await;
            assert_eq!(answer.status, 200, "{path}: {answer:?}");
            hold(&described, path, Some(request), &answer);
        }
    });
}

#[test]
fn every_call_refuses_as_is_described() {
    on_a_server(&[], async |server| {
        let described = described();
        let spent = json!({ "contact": CONTACT, "categories": ["CATEGORY_AUTHENTICATION"], "method": "METHOD_PAPER", "eventId": "spent" });
        assert_eq!(call(&server, OPT_IN, &spent).await.status, 200);
        let mut met = BTreeSet::new();
        for (path, request) in &requests() {
            let with = |name: &str, value: Value| {
                let mut changed = request.clone();
                changed[name] = value;
                changed
            };
            let json = ("content-type", "application/json");
            let whole = || request.to_string().into_bytes();
            let mut answers = vec![
                call(&server, path, &json!({})).await,
                call(&server, path, &with("sendr", "100".into())).await,
                call(&server, path, &with("account", "shop".into())).await,
                post(&server, path, "{").await,
                post(&server, path, " ".repeat(4 * 1024 * 1024 + 1)).await,
                send(&server, "POST", path, &[], whole()).await,
                send(&server, "POST", path, &[json, ("origin", "null")], whole()).await,
            ];
            if path.contains("DecisionService") {
                answers.push(call(&server, path, &with("minPosition", "999".into())).await);
            } else {
                answers.push(call(&server, path, &with("eventId", "spent".into())).await);
                answers.push(call(&server, path, &with("occurredAt", "2099-01-01T00:00:00Z".into())).await);
            }
            for answer in &answers {
                assert_ne!(answer.status, 200, "{path}: {answer:?}");
                met.insert(answer.status);
                hold(&described, path, None, answer);
            }
        }
        assert_eq!(met.into_iter().collect::<Vec<u16>>(), [400, 403, 404, 409, 413, 415, 503]);
    });
}

#[test]
fn what_is_not_described_does_not_pass() {
    let described = described();
    let schema = &described["paths"][CHECK]["post"]["requestBody"]["content"]["application/json"]["schema"];
    let good = json!({ "contact": CONTACT, "sender": "100" });
    assert!(validator(&described, schema, false).is_valid(&good));
    for (name, value) in [("sendr", json!("100")), ("sender", json!(100)), ("category", json!("MARKETING")), ("at", json!("yesterday"))] {
        let mut bad = good.clone();
        bad[name] = value;
        assert!(!validator(&described, schema, false).is_valid(&bad), "{bad}");
    }
    let status = json!({ "$ref": "#/components/schemas/Status" });
    let info = |reason: &str| json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "consent-ledger", "metadata": {} }]);
    assert!(faults(&described, &status, &json!({ "code": 3, "message": "", "details": info("CONTACT_EMPTY") })).is_empty());
    assert!(!faults(&described, &status, &json!({ "code": 3, "message": "", "details": info("CONTACT_BLUE") })).is_empty());
    assert!(!faults(&described, &status, &json!({ "code": "invalid_argument", "message": "", "details": [] })).is_empty());
}
