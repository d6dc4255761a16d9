//! The HTTP listener: one port, and the edges that answer on it.
//!
//! ```text
//! GET  /webhooks/{account}                      src/webhook   the provider's verification
//! POST /webhooks/{account}                      src/webhook   a signed body
//! POST /consent.v1.DecisionService/CheckSend    src/json      a call, and likewise every other in `calls.rs`
//! GET  /openapi.json                            src/json      what the calls take and answer
//! GET  /healthz                                 here          200 while the ledger writes and keeps dead letters, else 503
//! GET  /metrics                                 here          counters of all edges, Prometheus text, for whoever may call something
//! ```

pub mod body;
mod door;
mod listen;
pub mod prometheus;
pub mod space;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

pub use self::door::Door;
use crate::json;
use crate::ledger::Ledger;
use crate::webhook::dead_letters::DeadLetters;
use crate::webhook::{self, Recorder};
use space::Space;

/// How long requests may take to end after shutdown began.
const DRAIN: Duration = Duration::from_secs(10);

/// Why HTTP is no longer served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The calls in JSON could not be set up.
    #[error("JSON over HTTP could not be set up")]
    Json(#[from] json::SetUpError),
}

/// Serves every edge on `listener` until `shutdown` ends, then lets requests end for at most ten seconds. Looks after
/// dead letters once an hour.
///
/// # Errors
/// Where the calls in JSON cannot be set up.
pub async fn serve(
    listener: TcpListener,
    ledger: Ledger,
    dead_letters: Arc<DeadLetters>,
    webhooks: webhook::Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let calls = Arc::new(json::Metrics::default());
    let json = json::routes(&ledger, &calls)?;
    let door = Door::of(ledger.clone());
    serve_into(listener, ledger, dead_letters, webhooks, json, (calls, door), shutdown).await;
    Ok(())
}

/// [`serve`] with webhooks into any [`Recorder`], beside the calls in `json`.
pub async fn serve_into<R: Recorder>(
    listener: TcpListener,
    recorder: R,
    dead_letters: Arc<DeadLetters>,
    webhooks: webhook::Config,
    json: Router,
    (calls, door): (Arc<json::Metrics>, Door),
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let (metrics, space) = (Arc::new(webhook::Metrics::default()), Space::default());
    let own = Router::new().route("/healthz", get(health::<R>)).route("/metrics", get(counters::<R>)).with_state(Arc::new(Own {
        recorder: recorder.clone(),
        dead_letters: Arc::clone(&dead_letters),
        webhooks: Arc::clone(&metrics),
        space: space.clone(),
        calls,
        door,
    }));
    let router = json.merge(own).merge(webhook::routes(recorder.clone(), Arc::clone(&dead_letters), webhooks, metrics, space));
    let (told, stopping) = tokio::sync::oneshot::channel();
    let shutdown = async move {
        shutdown.await;
        let _ = told.send(());
    };
    let drained = async move {
        let _ = stopping.await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        () = listen::serve(listener, router, shutdown) => {}
        () = drained => {}
        () = webhook::look_after(&recorder, &dead_letters) => {}
    }
}

/// What the listener says about itself.
struct Own<R> {
    recorder: R,
    dead_letters: Arc<DeadLetters>,
    webhooks: Arc<webhook::Metrics>,
    /// What webhook bodies take.
    space: Space,
    calls: Arc<json::Metrics>,
    door: Door,
}

async fn health<R: Recorder>(State(own): State<Arc<Own<R>>>) -> Response {
    if !own.recorder.writes() {
        (StatusCode::SERVICE_UNAVAILABLE, "the ledger does not write\n").into_response()
    } else if !own.dead_letters.keeps() {
        (StatusCode::SERVICE_UNAVAILABLE, "dead letters are not kept: a write failed; restart once the disk is right\n").into_response()
    } else {
        "ok\n".into_response()
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
