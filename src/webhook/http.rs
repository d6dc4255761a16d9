//! The webhooks' paths, limits and statuses.
//!
//! ```text
//! 200 all of it durable      401 signature      403 verification      404 account or path
//! 408 too slow               413 over 3 MiB     415 compressed
//! 503 + Retry-After: not now, too much at once, or no app secret
//! ```

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};

use super::Config;
use super::dead_letters::DeadLetters;
use super::handle::{Delivery, NotDone};
use super::metrics::Metrics;
use super::recorder::Recorder;
use super::signature;
use crate::api::connections::Peer;
use crate::consent::words::Account;
use crate::http::body::{self, BodyError};
use crate::http::space::Space;

/// The largest body, in bytes.
pub(super) const BODY_MAX_BYTES: usize = 3 * 1024 * 1024;

/// How long a body may take to arrive.
const BODY_MAX_TIME: Duration = Duration::from_secs(30);

/// When the provider should come again, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

struct App<R> {
    recorder: R,
    dead_letters: Arc<DeadLetters>,
    config: Config,
    metrics: Arc<Metrics>,
    space: Space,
}

/// The provider's paths; what comes in is counted in `metrics`, and held in `space` until it is answered.
pub fn routes<R: Recorder>(recorder: R, dead_letters: Arc<DeadLetters>, config: Config, metrics: Arc<Metrics>, space: Space) -> Router {
    let app = Arc::new(App { recorder, dead_letters, config, metrics, space });
    Router::new().route("/webhooks/{account}", get(verify::<R>).post(receive::<R>)).with_state(app)
}

/// What a body is answered with.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
enum Refusal {
    #[error("no such account")]
    AccountUnknown,
    #[error("webhooks are not set up for this account: start the server with its app secret; unsigned bodies are never accepted")]
    NoAppSecret,
    #[error("{0}")]
    Signature(#[from] signature::SignatureError),
    #[error("{0}")]
    Body(#[from] BodyError),
    #[error("the body is compressed: its signature is over the bytes as they are, send them so")]
    Compressed,
    #[error("not everything could be stored; deliver this body again")]
    TryAgain,
}

impl Refusal {
    const fn status(&self) -> StatusCode {
        match self {
            Self::AccountUnknown => StatusCode::NOT_FOUND,
            Self::NoAppSecret | Self::TryAgain | Self::Body(BodyError::NoSpace) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Signature(_) => StatusCode::UNAUTHORIZED,
            Self::Body(BodyError::TooLarge { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::TooSlow { .. }) => StatusCode::REQUEST_TIMEOUT,
            Self::Body(BodyError::Broken) => StatusCode::BAD_REQUEST,
            Self::Compressed => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}

impl From<NotDone> for Refusal {
    fn from(not_done: NotDone) -> Self {
        match not_done {
            NotDone::AccountUnknown => Self::AccountUnknown,
            NotDone::TryAgain => Self::TryAgain,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status(), format!("{self}\n")).into_response();
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }
}

async fn receive<R: Recorder>(
    State(app): State<Arc<App<R>>>,
    Path(account): Path<String>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let answer = match deliver(&app, &account, &headers, body).await {
        Ok(()) => {
            if let Some(Extension(peer)) = peer {
                peer.becomes_known();
            }
            StatusCode::OK.into_response()
        }
        Err(refusal) => refusal.into_response(),
    };
    app.metrics.body(answer.status().as_u16());
    answer
}

async fn deliver<R: Recorder>(app: &App<R>, account: &str, headers: &HeaderMap, body: Body) -> Result<(), Refusal> {
    let account: Account = account.parse().map_err(|_| Refusal::AccountUnknown)?;
    let secret = app.config.secrets(&account).app_secret.as_ref().ok_or(Refusal::NoAppSecret)?;
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Refusal::Compressed);
    }
    let claimed = signature::Claimed::read(headers.get(signature::HEADER).map(HeaderValue::as_bytes));
    let mut room = app.space.room();
    // What is not even said to be signed is kept nowhere.
    let body = body::read(body, BODY_MAX_BYTES, BODY_MAX_TIME, claimed.is_ok().then_some(&mut room)).await?;
    // Over the bytes as they came, before anything reads them.
    claimed?.verify(secret, &body)?;
    let delivery = Delivery { recorder: &app.recorder, dead_letters: &app.dead_letters, metrics: &app.metrics, account: &account };
    Ok(delivery.take(body).await?)
}

async fn verify<R: Recorder>(State(app): State<Arc<App<R>>>, Path(account): Path<String>, RawQuery(query): RawQuery) -> Response {
    let Ok(account) = account.parse::<Account>() else { return Refusal::AccountUnknown.into_response() };
    let query = query.unwrap_or_default();
    let given = |name: &str| form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let token = app.config.secrets(&account).verify_token.as_ref();
    let named = given("hub.verify_token").zip(token).is_some_and(|(given, token)| token.is(&given));
    match given("hub.challenge") {
        Some(challenge) if named && given("hub.mode").as_deref() == Some("subscribe") => challenge.into_response(),
        _ => (StatusCode::FORBIDDEN, "hub.mode, hub.verify_token and hub.challenge do not verify this webhook\n").into_response(),
    }
}
