//! The HTTP listener: one port, and the edges that answer on it.
//!
//! ```text
//! GET  /webhooks/{account}                      src/webhook   the provider's verification
//! POST /webhooks/{account}                      src/webhook   a signed body
//! POST /consent.v1.DecisionService/CheckSend    src/json      a call, and likewise every other in `calls.rs`
//! GET  /openapi.json                            src/json      what the calls take and answer
//! GET  /healthz                                 here          200 while the process lives, also while the ledger opens
//! GET  /readyz                                  here          200 while calls should be sent here, else 503 and why not
//! GET  /metrics                                 here          every number there is (src/telemetry/metrics), for whoever may call something
//! ```

pub mod body;
mod door;
pub mod listen;
pub mod space;
pub mod starting;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

pub use self::door::Door;
use crate::api::connections::Listener;
use crate::json;
use crate::ledger::Ledger;
use crate::readiness::{self, NotReady};
use crate::shutdown::Ending;
use crate::telemetry::calls::{Calls, Edge};
use crate::telemetry::metrics::{Families, Format, Metrics, Source};
use crate::webhook::dead_letters::DeadLetters;
use crate::webhook::{self, Recorder};
use space::Space;

/// Why HTTP is no longer served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The calls in JSON could not be set up.
    #[error("JSON over HTTP could not be set up")]
    Json(#[from] json::SetUpError),
}

/// Serves every edge on `listener` until `ending` stops it, then lets requests end. Looks after dead letters once an hour.
///
/// # Errors
/// Where the calls in JSON cannot be set up.
pub async fn serve(
    listener: impl Into<Listener>,
    ledger: Ledger,
    dead_letters: Arc<DeadLetters>,
    webhooks: webhook::Config,
    mut metrics: Metrics,
    ending: Ending,
) -> Result<(), ServeError> {
    let calls = Calls::of(Edge::Json);
    let json = json::routes(&ledger, &calls)?;
    metrics.join(calls);
    let door = Door::of(ledger.clone());
    serve_into(listener, ledger, dead_letters, webhooks, json, (metrics, door), ending).await;
    Ok(())
}

/// [`serve`] with webhooks into any [`Recorder`], beside the calls in `json`. What it counts itself joins `metrics`.
pub async fn serve_into<R: Recorder>(
    listener: impl Into<Listener>,
    recorder: R,
    dead_letters: Arc<DeadLetters>,
    webhooks: webhook::Config,
    json: Router,
    (mut metrics, door): (Metrics, Door),
    ending: Ending,
) {
    let (counted, space) = (Arc::new(webhook::Metrics::default()), Space::default());
    let own = Arc::new(Own { ending: ending.clone(), recorder: recorder.clone(), dead_letters: Arc::clone(&dead_letters) });
    metrics.join(Arc::clone(&own));
    metrics.join(Arc::clone(&counted));
    metrics.join(webhook::Held { space: space.clone(), dead_letters: Arc::clone(&dead_letters) });
    let health = Router::new().route("/healthz", get(alive)).route("/readyz", get(ready::<R>)).with_state(own);
    let numbers = Router::new().route("/metrics", get(numbers)).with_state(Arc::new((metrics, door)));
    let webhooks = webhook::routes(recorder.clone(), Arc::clone(&dead_letters), webhooks, counted, space);
    let router = json.merge(health).merge(numbers).merge(webhooks);
    let mut drained = ending.clone();
    let drained = async move {
        drained.stopping().await;
        drained.over().await;
    };
    let mut stopping = ending;
    tokio::select! {
        () = listen::serve(listener.into(), router, stopping.stopping()) => {}
        () = drained => {}
        () = webhook::look_after(&recorder, &dead_letters) => {}
    }
}

/// What the listener says about itself.
struct Own<R> {
    ending: Ending,
    recorder: R,
    dead_letters: Arc<DeadLetters>,
}

impl<R: Recorder> Own<R> {
    fn why_not_ready(&self) -> Option<NotReady> {
        readiness::why_not(self.ending.has_begun(), self.recorder.writes(), self.dead_letters.keeps())
    }
}

impl<R: Recorder> Source for Own<R> {
    fn tell(&self, families: &mut Families<'_>) -> fmt::Result {
        let ready = u64::from(self.why_not_ready().is_none());
        families.whole("consent_ledger_ready", "1 while calls should be sent here, as GET /readyz says, else 0.", ready)
    }
}

/// It answers, so it lives: a restart would help nobody, whatever [`ready`] says.
async fn alive() -> &'static str {
    "ok\n"
}

async fn ready<R: Recorder>(State(own): State<Arc<Own<R>>>) -> Response {
    match own.why_not_ready() {
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")).into_response(),
        None => "ready\n".into_response(),
    }
}

async fn numbers(State(told): State<Arc<(Metrics, Door)>>, request: Request) -> Response {
    if json::is_from_a_web_page(request.headers()) {
        return (StatusCode::FORBIDDEN, "a web page may not read the metrics\n").into_response();
    }
    if let Some(refused) = told.1.refusal("/metrics", &request) {
        return refused;
    }
    let format = Format::accepted(request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()));
    // It looks at the disk.
    match tokio::task::spawn_blocking(move || told.0.text(format)).await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, format.content_type())], text).into_response(),
        Ok(Err(_)) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the metrics could not be told\n").into_response(),
    }
}
