//! The HTTP listener: one port, and the edges that answer on it.
//!
//! ```text
//! GET  /webhooks/{account}                      src/webhook   the provider's verification
//! POST /webhooks/{account}                      src/webhook   a signed body
//! POST /consent.v1.DecisionService/CheckSend    src/json      a call, and likewise every other in `calls.rs`
//! GET  /openapi.json                            src/json      what the calls take and answer
//! GET  /healthz                                 here          200 while the ledger writes and keeps dead letters, else 503
//! GET  /metrics                                 here          every number there is (src/telemetry/metrics)
//! ```

pub mod body;
mod listen;
pub mod space;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::json;
use crate::ledger::Ledger;
use crate::telemetry::calls::{Calls, Edge};
use crate::telemetry::metrics::{Families, Format, Metrics, Source};
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
    callers: json::Callers,
    mut metrics: Metrics,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let calls = Calls::of(Edge::Json);
    let json = json::routes(&ledger, callers, &calls)?;
    metrics.join(calls);
    serve_into(listener, ledger, dead_letters, webhooks, json, metrics, shutdown).await;
    Ok(())
}

/// [`serve`] with webhooks into any [`Recorder`], beside the calls in `json`. What it counts itself joins `metrics`.
pub async fn serve_into<R: Recorder>(
    listener: TcpListener,
    recorder: R,
    dead_letters: Arc<DeadLetters>,
    webhooks: webhook::Config,
    json: Router,
    mut metrics: Metrics,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let (counted, space) = (Arc::new(webhook::Metrics::default()), Space::default());
    let own = Arc::new(Own { recorder: recorder.clone(), dead_letters: Arc::clone(&dead_letters) });
    metrics.join(Arc::clone(&own));
    metrics.join(Arc::clone(&counted));
    metrics.join(webhook::Held { space: space.clone(), dead_letters: Arc::clone(&dead_letters) });
    let health = Router::new().route("/healthz", get(health::<R>)).with_state(own);
    let numbers = Router::new().route("/metrics", get(numbers)).with_state(Arc::new(metrics));
    let webhooks = webhook::routes(recorder.clone(), Arc::clone(&dead_letters), webhooks, counted, space);
    let router = json.merge(health).merge(numbers).merge(webhooks);
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
}

impl<R: Recorder> Source for Own<R> {
    fn tell(&self, families: &mut Families<'_>) -> fmt::Result {
        let ready = self.recorder.writes() && self.dead_letters.keeps();
        families.whole("consent_ledger_ready", "1 while everything is taken and kept, as GET /healthz says, else 0.", u64::from(ready))
    }
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

async fn numbers(State(metrics): State<Arc<Metrics>>, headers: HeaderMap) -> Response {
    if json::is_from_a_web_page(&headers) {
        return (StatusCode::FORBIDDEN, "a web page may not read the metrics\n").into_response();
    }
    let format = Format::accepted(headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()));
    // It looks at the disk.
    match tokio::task::spawn_blocking(move || metrics.text(format)).await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, format.content_type())], text).into_response(),
        Ok(Err(_)) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the metrics could not be told\n").into_response(),
    }
}
