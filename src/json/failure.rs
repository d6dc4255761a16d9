//! Errors over HTTP: the `google.rpc.Status` that gRPC carries, in protobuf's JSON, under the status that its code stands for.
//!
//! ```text
//! HTTP/1.1 429 Too Many Requests
//! retry-after: 1
//!
//! {"code":8,"message":"…","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"0.100s"},
//!   {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"OVERLOADED","domain":"consent-ledger","metadata":{}}]}
//! ```

use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use prost::Message;
use prost_reflect::{DescriptorPool, MessageDescriptor};
use tonic::{Code, Status};
use tonic_types::{StatusExt, pb};

use super::door::Refusal;
use super::{JSON, codec};
use crate::api::status::{self, BEARER};

/// Why there is no answer, and under which status that is said.
#[derive(Debug)]
pub struct Failure {
    http: StatusCode,
    status: Status,
}

impl Failure {
    /// The code of the error.
    #[must_use]
    pub fn code(&self) -> Code {
        self.status.code()
    }

    /// Why, as `ErrorInfo` spells it.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        status::reason(&self.status)
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self { http: http(status.code()), status }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self { http: refusal.http(), status: refusal.status() }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.http, [(header::CONTENT_TYPE, JSON)], body(&self.status)).into_response();
        if self.status.code() == Code::Unauthenticated {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(BEARER));
        }
        if let Some(seconds) = retry_after(&self.status) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What `google/rpc/code.proto` says that a code is in HTTP.
const fn http(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        // Its 499 is of no standard; nobody is left to read it.
        Code::Cancelled | Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Whole seconds after which to come again, where the error says so.
fn retry_after(status: &Status) -> Option<u64> {
    let delay = status.get_error_details().retry_info()?.retry_delay?;
    Some(delay.as_secs() + u64::from(delay.subsec_nanos() > 0))
}

/// The error as JSON; without its details where these are none that can be told in JSON.
fn body(status: &Status) -> Vec<u8> {
    let told = DESCRIBED.clone().and_then(|described| codec::write(described, &whole(status)).ok());
    told.unwrap_or_else(|| {
        let bare = serde_json::json!({ "code": i32::from(status.code()), "message": status.message(), "details": [] });
        format!("{bare}\n").into_bytes()
    })
}

/// The error as gRPC carries it, which leaves the details out where there are none.
fn whole(status: &Status) -> Vec<u8> {
    if status.details().is_empty() {
        let bare = pb::Status { code: status.code().into(), message: status.message().to_owned(), details: Vec::new() };
        return bare.encode_to_vec();
    }
    status.details().to_vec()
}

/// `google.rpc.Status`, among the messages that its details may be.
static DESCRIBED: LazyLock<Option<MessageDescriptor>> =
    LazyLock::new(|| DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).ok()?.get_message_by_name("google.rpc.Status"));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::status::Violation;
    use crate::consent::words::Seq;
    use crate::ledger::writing::record::RecordError;
    use crate::proto::ErrorReason;
    use serde_json::{Value, json};

    fn told(status: &Status) -> Value {
        serde_json::from_slice(&body(status)).unwrap()
    }

    #[test]
    fn every_violation_is_in_the_body() {
        let violation = Violation { field: "contact".into(), reason: ErrorReason::ContactEmpty, message: "no".into() };
        let expected = json!({ "code": 3, "message": "contact: no", "details": [
            { "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "CONTACT_EMPTY", "domain": "consent-ledger", "metadata": {} },
            { "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [
                { "field": "contact", "description": "no", "reason": "CONTACT_EMPTY" },
            ] },
        ] });
        assert_eq!(told(&status::invalid(&[violation])), expected);
    }

    #[test]
    fn a_busy_ledger_says_when_to_come_again_in_whole_seconds() {
        let status = status::of_record(&RecordError::Overloaded { waiting: 9 });
        let delay = json!({ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.100s" });
        assert!(told(&status)["details"].as_array().unwrap().contains(&delay), "{status:?}");
        let response = Failure::from(status).into_response();
        assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (429, &HeaderValue::from(1)));
    }

    #[test]
    fn the_code_says_the_status_and_a_refusal_has_one_of_its_own() {
        let conflict = Failure::from(status::of_record(&RecordError::EventIdReused { seq: Seq::new(4) })).into_response();
        assert_eq!((conflict.status().as_u16(), conflict.headers().get("retry-after")), (409, None));
        let refused = Failure::from(Refusal::HttpMethod);
        assert_eq!((refused.code(), refused.into_response().status().as_u16()), (Code::Unimplemented, 405));
    }

    #[test]
    fn an_error_without_details_is_told_too() {
        assert_eq!(told(&Status::not_found("no")), json!({ "code": 5, "message": "no", "details": [] }));
    }
}
