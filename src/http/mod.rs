//! The HTTP listener: one port, and the edges that answer on it.
//!
//! ```text
//! GET  /webhooks/{account}                      src/webhook   the provider's verification
//! POST /webhooks/{account}                      src/webhook   a signed body
//! POST /consent.v1.DecisionService/CheckSend    src/json      a call, and likewise every other in `calls.rs`
//! GET  /openapi.json                            src/json      what the calls take and answer
//! GET  /healthz                                 here          200 while the process lives, also while the ledger opens
//! GET  /readyz                                  here          200 while calls should be sent here, else 503 and why not
//! GET  /metrics                                 here          counters of all edges, Prometheus text, for whoever may call something
//! ```

pub mod body;
mod door;
pub mod listen;
pub mod prometheus;
pub mod space;
pub mod starting;

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
use crate::readiness;
use crate::shutdown::Ending;
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
    ending: Ending,
) -> Result<(), ServeError> {
    let calls = Arc::new(json::Metrics::default());
    let json = json::routes(&ledger, &calls)?;
    let door = Door::of(ledger.clone());
    serve_into(listener, ledger, dead_letters, webhooks, json, (calls, door), ending).await;
    Ok(())
}

/// [`serve`] with webhooks into any [`Recorder`], beside the calls in `json`.
pub async fn serve_into<R: Recorder>(
    listener: impl Into<Listener>,
    recorder: R,
    dead_letters: Arc<DeadLetters>,
    webhooks: webhook::Config,
    json: Router,
    (calls, door): (Arc<json::Metrics>, Door),
    ending: Ending,
) {
    let (metrics, space) = (Arc::new(webhook::Metrics::default()), Space::default());
    let own = Router::new().route("/healthz", get(alive)).route("/readyz", get(ready::<R>)).route("/metrics", get(counters::<R>));
    let own = own.with_state(Arc::new(Own {
        ending: ending.clone(),
        recorder: recorder.clone(),
        dead_letters: Arc::clone(&dead_letters),
        webhooks: Arc::clone(&metrics),
        space: space.clone(),
        calls,
        door,
    }));
    let router = json.merge(own).merge(webhook::routes(recorder.clone(), Arc::clone(&dead_letters), webhooks, metrics, space));
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
    webhooks: Arc<webhook::Metrics>,
    /// What webhook bodies take.
    space: Space,
    calls: Arc<json::Metrics>,
    door: Door,
}

/// It answers, so it lives: a restart would help nobody, whatever [`ready`] says.
async fn alive() -> &'static str {
    "ok\n"
}

async fn ready<R: Recorder>(State(own): State<Arc<Own<R>>>) -> Response {
    match readiness::why_not(own.ending.has_begun(), own.recorder.writes(), own.dead_letters.keeps()) {
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")).into_response(),
        None => "ready\n".into_response(),
    }
}

async fn counters<R: Recorder>(State(own): State<Arc<Own<R>>>, request: Request) -> Response {
    if json::is_from_a_web_page(request.headers()) {
        return (StatusCode::FORBIDDEN, "a web page may not read the counters\n").into_response();
    }
    if let Some(refused) = own.door.refusal("/metrics", &request) {
        return refused;
    }
    let gauges = webhook::Gauges {
        head: own.recorder.head(),
        body_bytes: own.space.taken(),
        dead_letters: own.dead_letters.count(),
        poisoned: !own.dead_letters.keeps(),
    };
    let text = own.webhooks.text(&gauges) + &own.calls.text();
    ([(header::CONTENT_TYPE, prometheus::CONTENT_TYPE)], text).into_response()
}
