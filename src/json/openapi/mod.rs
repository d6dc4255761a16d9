//! The OpenAPI 3.1 description of the calls, made from the protos and their comments.
//!
//! `GET /openapi.json` answers with it, and `docs/openapi.json` is the same; a test holds the two together.

mod comments;
mod errors;
mod schemas;

use prost_reflect::DescriptorPool;
use serde_json::{Map, Value, json};

use self::comments::Comments;
use self::schemas::{Schemas, Side};
use super::JSON;
use super::calls::{self, PACKAGE};
use super::codec::{self, SetUpError};

/// What whoever calls must know before anything else.
const ABOUT: &str = "\
Answers, before every WhatsApp message, whether a sender may write to a contact, and records what contacts did. \
**Anything but HTTP 200 with a permission other than PERMISSION_NOTHING means: do not send.** \"No\" is an answer, 200 with \
PERMISSION_NOTHING; an error, a timeout or a connection that breaks is never a permission.\n\n\
The calls are those of the gRPC services, under the same paths; messages are protobuf's JSON. Field names are accepted in \
lowerCamelCase, as here, and as in the protos; a field that a message does not have is refused. 64-bit integers are strings in \
answers, and strings or numbers in requests. Enum values are names in answers, and names or numbers in requests. Times are RFC \
3339. An error is a google.rpc.Status, whose ErrorInfo.reason is the contract.";

/// The description as it is served.
///
/// # Errors
/// Where the descriptors do not describe a call.
pub fn text(pool: &DescriptorPool) -> Result<String, SetUpError> {
    Ok(serde_json::to_string_pretty(&document(pool)?)? + "\n")
}

fn document(pool: &DescriptorPool) -> Result<Value, SetUpError> {
    let comments = Comments::of(pool);
    let mut schemas = Schemas::new(&comments);
    let (mut paths, mut tags) = (Map::new(), Vec::new());
    for (service, rpcs) in calls::NAMES {
        for rpc in *rpcs {
            let method = codec::method(pool, service, rpc)?;
            let parent = method.parent_service();
            if !tags.iter().any(|tag: &Value| tag["name"] == *service) {
                tags.push(json!({ "name": service, "description": comments.at(&parent.parent_file(), parent.path()) }));
            }
            let request = schemas.message(&method.input(), Side::Request);
            let response = schemas.message(&method.output(), Side::Response);
            let mut responses = errors::of(service);
            responses.insert("200".to_owned(), content("The answer.", &response));
            let operation = json!({
                "operationId": rpc,
                "tags": [service],
                "description": comments.at(&method.parent_file(), method.path()),
                "requestBody": { "required": true, "content": { JSON: { "schema": request } } },
                "responses": responses,
            });
            paths.insert(calls::path(service, rpc), json!({ "post": operation }));
        }
    }
    let reasons = pool.get_enum_by_name(&format!("{PACKAGE}.ErrorReason"));
    let reasons = reasons.ok_or_else(|| SetUpError::NotDescribed { name: "ErrorReason".to_owned() })?;
    let mut made = schemas.made;
    made.extend(errors::schemas(&reasons, &comments));
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Consent ledger",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "http://127.0.0.1:8080", "description": "where `consent-ledger serve` answers HTTP" }],
        "security": [],
        "tags": tags,
        "paths": paths,
        "components": { "schemas": made, "responses": errors::responses() },
    }))
}

/// A response with a body of this schema.
fn content(description: &str, schema: &Value) -> Value {
    json!({ "description": description, "content": { JSON: { "schema": schema } } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_schema_of_an_error_takes_the_name_of_a_message_or_an_enum() {
        let pool = codec::pool().unwrap();
        let reasons = pool.get_enum_by_name("consent.v1.ErrorReason").unwrap();
        let named =
            pool.all_messages().map(|message| message.name().to_owned()).chain(pool.all_enums().map(|found| found.name().to_owned()));
        let named: Vec<String> = named.collect();
        let errors = errors::schemas(&reasons, &Comments::of(&pool));
        let taken: Vec<&String> = errors.keys().filter(|name| named.contains(name)).collect();
        assert!(taken.is_empty(), "{taken:?}");
    }
}
