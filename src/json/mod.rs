//! The calls of the gRPC services as JSON over HTTP, for clients that speak no gRPC: parse, ask, map.
//!
//! ```text
//! POST /consent.v1.DecisionService/CheckSend
//! {"contact": "+447400123456", "sender": "1001", "category": "CATEGORY_MARKETING"}
//!
//! 200 {"decision":{"permission":"PERMISSION_NOTHING","reasons":["REASON_RECIPIENT_NOT_OPTED_IN"],…}}
//! 400 {"code":3,"message":"contact: the contact is empty","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo",…},…]}
//! ```
//!
//! The path is the one that gRPC uses, the body the same message in protobuf's JSON, an error the same `google.rpc.Status` in
//! JSON. A request goes to the very services that answer gRPC, so that both say the same. Anything but 200 means: do not send.

mod calls;
pub mod codec;
mod door;
mod failure;
mod faults;
mod leap;
mod openapi;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::Semaphore;
use tonic::Status;
use tracing::Instrument;

pub use self::codec::SetUpError;
pub use self::door::{is_from_a_web_page, look_without_credentials};

use self::calls::Call;
use self::door::Refusal;
pub use self::failure::Failure;
use crate::api;
use crate::api::access;
use crate::api::limits::Limits;
use crate::api::limits::key::Key;
use crate::api::status;
use crate::http::body;
use crate::http::space::Space;
use crate::ledger::Ledger;
use crate::telemetry::calls::{Call as Seen, Calls, RequestId};

/// The largest body, in bytes: what a gRPC message may have.
const BODY_MAX_BYTES: usize = 4 * 1024 * 1024;

/// How long a body may take to arrive.
const BODY_MAX_TIME: Duration = Duration::from_secs(10);

/// Messages of more bytes are read and written where they hold up nobody.
const AT_ONCE_BYTES: usize = 16 * 1024;

/// Messages of more bytes are read and written so many at a time.
const LARGE_BYTES: usize = 64 * 1024;

/// How many large messages are read or written at a time: each may take a hundred times its bytes.
const LARGE_AT_A_TIME: usize = 2;

/// A path that there is not.
const NO_PATH: &str = "";

/// The content type of all that is answered.
const JSON: &str = "application/json";

/// Every call, and their description; what is answered is counted in `seen`.
///
/// # Errors
/// Where the program's own descriptors do not describe the calls.
pub fn routes(ledger: &Ledger, seen: &Arc<Calls>) -> Result<Router, SetUpError> {
    let pool = codec::pool()?;
    let document: Arc<str> = openapi::text(&pool)?.into();
    let (space, large) = (Space::default(), Arc::new(Semaphore::new(LARGE_AT_A_TIME)));
    let mut router = Router::new().route(
        "/openapi.json",
        get(async move || ([(header::CONTENT_TYPE, JSON)], document.to_string())).fallback(async || refused(Refusal::HttpMethod)),
    );
    for call in calls::all(ledger, &pool)? {
        let path = call.path();
        let edge = Arc::new(Edge {
            call,
            path: path.clone(),
            ledger: ledger.clone(),
            seen: Arc::clone(seen),
            space: space.clone(),
            large: Arc::clone(&large),
        });
        let wrong_method = Arc::clone(&edge);
        let answer = move |request: Request| {
            let edge = Arc::clone(&edge);
            async move {
                let call = edge.begin(request.headers());
                let answer = call.named().around(edge.answer(request).instrument(call.span().clone())).await;
                end(call, answer)
            }
        };
        let refuse = move |headers: HeaderMap| {
            let refused = end(wrong_method.begin(&headers), Err(Refusal::HttpMethod.into()));
            async move { refused }
        };
        router = router.route(&path, post(answer).fallback(refuse));
    }
    let seen = Arc::clone(seen);
    let unknown = move |headers: HeaderMap| {
        let refused = end(Seen::begin(&seen, NO_PATH, &headers), Err(Refusal::Path.into()));
        async move { refused }
    };
    Ok(router.fallback(unknown))
}

/// Refuses a call, whichever it is.
#[must_use]
pub fn refuse(status: Status) -> Response {
    Failure::from(status).into_response()
}

fn refused(refusal: Refusal) -> Response {
    Failure::from(refusal).into_response()
}

/// One call over HTTP.
struct Edge {
    call: Call,
    ledger: Ledger,
    path: String,
    seen: Arc<Calls>,
    /// What the bodies of all calls take.
    space: Space,
    /// Whose turn it is among large messages of all calls.
    large: Arc<Semaphore>,
}

impl Edge {
    async fn answer(&self, request: Request) -> Result<Vec<u8>, Failure> {
        let (mut head, body) = request.into_parts();
        door::refuse_web_pages(&head)?;
        let limits = head.extensions.get::<Limits>().cloned().unwrap_or_default();
        let (_, caller) = access::admit_within(&limits, &self.ledger, head.uri.path(), &head.headers, &head.extensions)?;
        let caller = caller.ok_or_else(status::credentials_missing)?;
        door::look(&head, &caller)?;
        head.extensions.insert(caller.clone());
        let admitted = limits.admit(Key::of(&head.extensions))?;
        let mut room = self.space.room();
        let body = body::read(body, BODY_MAX_BYTES, BODY_MAX_TIME, Some(&mut room)).await.map_err(Refusal::Body)?;
        // The body may have taken its time.
        caller.still(&self.ledger)?;
        let input = self.call.input.clone();
        let request = self.apart(body.len(), move || codec::read(&input, &body)).await??;
        let response = self.call.answer(caller, request, admitted.allowance.clone()).await?;
        let output = self.call.output.clone();
        Ok(self.apart(response.len(), move || codec::write(output, &response)).await??)
    }

    /// Works at once on a message of so many bytes; on another thread where it is a long one, in its turn where it is a large one.
    async fn apart<T: Send + 'static>(&self, bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
        if bytes <= AT_ONCE_BYTES {
            return Ok(work());
        }
        let turn = if bytes > LARGE_BYTES { Arc::clone(&self.large).acquire_owned().await.ok() } else { None };
        api::blocking(move || {
            // Held to the end of the work, also where nobody waits for it any more.
            let _turn = turn;
            work()
        })
        .await
    }

    fn begin(&self, headers: &HeaderMap) -> Seen {
        Seen::begin(&self.seen, &self.path, headers)
    }
}

/// Answers, under the id of the call.
fn end(call: Seen, answer: Result<Vec<u8>, Failure>) -> Response {
    let id = call.id().value();
    let mut response = match answer {
        Ok(json) => {
            call.end(tonic::Code::Ok, None);
            ([(header::CONTENT_TYPE, JSON)], json).into_response()
        }
        Err(failure) => {
            call.end(failure.code(), failure.reason());
            failure.into_response()
        }
    };
    response.headers_mut().extend(id.map(|id| (RequestId::NAME, id)));
    response
}
