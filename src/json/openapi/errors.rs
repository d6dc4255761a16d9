//! How errors are described: `google.rpc.Status`, its details, and which statuses a call may be answered with.

use std::collections::BTreeMap;

use prost_reflect::EnumDescriptor;
use serde_json::{Map, Value, json};

use super::comments::Comments;
use super::schemas::reference;
use super::{JSON, content};
use crate::api::status::DOMAIN;

/// The name of the schema of every error.
const STATUS: &str = "Status";

/// The name of the schema of the reasons; `Reason` is what a decision gives.
const REASON: &str = "ErrorInfoReason";

/// What reasons begin with in the protos, and nowhere else.
const PREFIX: &str = "ERROR_REASON_";

/// The statuses of every call, and when they come.
const ALWAYS: [(&str, &str); 10] = [
    ("400", "The request is at fault (INVALID_ARGUMENT): every field that is wrong is named in BadRequest."),
    ("403", "The request comes from a web page, or not straight from a program on this machine (PERMISSION_DENIED)."),
    ("404", "There is no such account (NOT_FOUND)."),
    ("408", "The body did not arrive in time (DEADLINE_EXCEEDED). Nothing was recorded."),
    ("413", "The body has more than 4 MiB (INVALID_ARGUMENT)."),
    ("415", "The body is not said to be application/json in UTF-8, or it is compressed (INVALID_ARGUMENT)."),
    ("429", "Too much waits to be committed (RESOURCE_EXHAUSTED). Nothing was recorded; come again after Retry-After."),
    ("500", "The server is at fault."),
    ("503", "The ledger cannot tell, or does not write now (UNAVAILABLE). A record may be sent again under the same event id."),
    ("default", "Any other error."),
];

/// Of calls that record.
const RECORDS: (&str, &str) = ("409", "The event id was used for an event with other content (ALREADY_EXISTS).");

/// The errors of a call of this service, by status.
pub fn of(service: &str) -> Map<String, Value> {
    let records = (service != "DecisionService").then_some(RECORDS);
    let all = ALWAYS.into_iter().chain(records);
    all.map(|(status, _)| (status.to_owned(), json!({ "$ref": format!("#/components/responses/{}", name(status)) }))).collect()
}

/// Every error that a call may be answered with, by name.
pub fn responses() -> Map<String, Value> {
    let all = ALWAYS.into_iter().chain([RECORDS]);
    all.map(|(status, said)| (name(status), if status == "429" { come_again(said) } else { content(said, &reference(STATUS)) })).collect()
}

/// An error that says when to come again.
fn come_again(said: &str) -> Value {
    let seconds = json!({ "description": "Whole seconds after which to come again.", "schema": { "type": "integer", "minimum": 1 } });
    let body = json!({ JSON: { "schema": reference(STATUS) } });
    json!({ "description": said, "headers": { "Retry-After": seconds }, "content": body })
}

fn name(status: &str) -> String {
    format!("Error-{status}")
}

/// The schemas of an error and its details.
pub fn schemas(reasons: &EnumDescriptor, comments: &Comments) -> Map<String, Value> {
    let file = reasons.parent_file();
    let known = || reasons.values().filter(|value| value.number() != 0);
    let spelled = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_owned();
    let names: Vec<String> = known().map(|value| spelled(value.name())).collect();
    let said: Vec<String> = known().map(|value| format!("- `{}`: {}", spelled(value.name()), comments.at(&file, value.path()))).collect();
    let reason = json!({ "type": "string", "enum": names, "description": format!("Why, for programs.\n\n{}", said.join("\n")) });
    let detail = |name: &str, members: &[(&str, Value)]| {
        let kind = json!({ "const": format!("type.googleapis.com/google.rpc.{name}") });
        let members = || [("@type", &kind)].into_iter().chain(members.iter().map(|(name, schema)| (*name, schema)));
        let required: Vec<&str> = members().map(|(name, _)| name).collect();
        json!({ "type": "object", "required": required, "properties": members().collect::<BTreeMap<_, _>>() })
    };
    let violation = json!({
        "type": "object",
        "required": ["field", "reason", "description"],
        "properties": {
            "field": { "type": "string", "description": "The path of the field as in the protos, such as `template.parameters` or `contacts[17]`." },
            "reason": reference(REASON),
            "description": { "type": "string", "description": "Why, for people; never shows a contact." },
        },
    });
    let all = [
        (
            STATUS,
            json!({
                "type": "object",
                "description": "google.rpc.Status: why there is no answer. Do not send.",
                "required": ["code", "message", "details"],
                "properties": {
                    "code": { "type": "integer", "minimum": 1, "maximum": 16, "description": "google.rpc.Code." },
                    "message": { "type": "string", "description": "Why, for people; never shows a contact." },
                    "details": {
                        "type": "array",
                        "description": "An ErrorInfo; with INVALID_ARGUMENT mostly a BadRequest; a RetryInfo where it may be tried again soon.",
                        "items": { "oneOf": [reference("ErrorInfo"), reference("BadRequest"), reference("RetryInfo")] },
                    },
                },
            }),
        ),
        (REASON, reason),
        (
            "ErrorInfo",
            detail(
                "ErrorInfo",
                &[
                    ("reason", reference(REASON)),
                    ("domain", json!({ "const": DOMAIN })),
                    ("metadata", json!({ "type": "object", "additionalProperties": { "type": "string" } })),
                ],
            ),
        ),
        ("BadRequest", detail("BadRequest", &[("fieldViolations", json!({ "type": "array", "items": violation }))])),
        ("RetryInfo", detail("RetryInfo", &[("retryDelay", json!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]{1,9})?s$" }))])),
    ];
    all.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}
