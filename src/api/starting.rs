//! What the gRPC port answers before the ledger is open: health says `NOT_SERVING`, every call is UNAVAILABLE, `LEDGER_STARTING`,
//! and says how far the start has come. Nothing is answered that the log was not read for.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use tonic::service::Routes;
use tonic_health::ServingStatus;

use super::{say, status};
use crate::ledger::starting::progress::Progress;

/// Its routes, while `progress` goes on.
pub async fn routes(progress: Arc<Progress>) -> Router {
    let (health, service) = tonic_health::server::health_reporter();
    say(&health, ServingStatus::NotServing).await;
    let starting = move || {
        let answer = status::starting(&progress.to_string()).into_http::<Body>();
        async move { answer }
    };
    Routes::new(service).into_axum_router().fallback(starting)
}
