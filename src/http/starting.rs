//! What the HTTP port answers before the ledger is open: it lives, it is not ready, and how far the start has come.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::alive;
use crate::api::status;
use crate::json;
use crate::ledger::starting::progress::Progress;
use crate::readiness::NotReady;

/// When whoever asked should come again, in seconds.
const RETRY_AFTER: &str = "5";

/// Its routes, while `progress` goes on.
pub fn routes(progress: Arc<Progress>) -> Router {
    let asked = Arc::clone(&progress);
    let ready = async move || not_ready(&asked);
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).fallback(async move |request: Request| {
        // Calls are refused as calls are; webhooks come again by themselves.
        if request.uri().path().starts_with("/consent.") {
            json::refuse(status::starting(&progress.to_string()))
        } else {
            not_ready(&progress)
        }
    })
}

fn not_ready(progress: &Progress) -> Response {
    let reason = NotReady::Starting { progress: progress.to_string() };
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER)], format!("not ready: {reason}\n")).into_response()
}
