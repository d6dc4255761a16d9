//! The gRPC services: parse, ask, map.
//!
//! [`serve`] answers on a listener until its shutdown future ends or the ledger stops writing. On the way out health says
//! `NOT_SERVING`, every health stream, every watch and every stream of records or questions ends (an open one would hold the server, see
//! [`stopping`]), and calls have ten seconds to finish.

pub mod admin;
pub mod audit;
mod check_stream;
pub mod choice;
pub mod connections;
pub mod decision;
mod drift;
pub mod envelope;
mod erasures;
mod export;
pub mod identity;
pub mod map;
pub mod parse;
pub mod parse_words;
pub mod policy;
mod possible_opt_outs;
mod proofs;
mod receipts;
pub mod record_stream;
pub mod recording;
pub mod senders;
pub mod slots;
pub mod status;
pub mod stopping;
mod stream;
pub mod templates;
pub mod watch;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::Status;
use tonic::server::NamedService;
use tonic::transport::server::Router;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::layer::util::{Identity, Stack};

use crate::ledger::Ledger;
use crate::proto::admin_service_server::AdminServiceServer;
use crate::proto::audit_service_server::AuditServiceServer;
use crate::proto::decision_service_server::DecisionServiceServer;
use crate::proto::identity_service_server::IdentityServiceServer;
use crate::proto::recording_service_server::RecordingServiceServer;
use crate::proto::watch_service_server::WatchServiceServer;
use crate::telemetry::calls::{CallLayer, Calls, Named};
use admin::DeadLetterAdmin;
use connections::Connections;
use stopping::{Stop, Stopping};

/// How long calls under way may take once the server stops.
pub const DRAIN: Duration = Duration::from_secs(10);

/// How often the ledger is asked whether it still writes.
const POISON_POLL: Duration = Duration::from_millis(200);

/// Calls that one connection may have under way; many at once share a commit.
const STREAMS_MAX: u32 = 4_096;

/// What one call may have sent that was not taken yet, in bytes; then its client waits. Small, since most clients send every
/// message of a stream in a frame of its own: h2 closes a connection whose short frames that nobody took cost more than half
/// of [`CONNECTION_WINDOW_BYTES`], each what it lacks to 256 bytes. Here frames of 30 bytes cost half a MiB a call.
const STREAM_WINDOW_BYTES: u32 = 64 << 10;

/// The same for all calls of one connection: many that wait leave room for the others.
const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;

/// The health service's names: the server as a whole, then each service.
const HEALTH_NAMES: [&str; 7] = [
    "",
    <DecisionServiceServer<decision::Decisions> as NamedService>::NAME,
    <RecordingServiceServer<recording::Recording> as NamedService>::NAME,
    <IdentityServiceServer<identity::Identity> as NamedService>::NAME,
    <AuditServiceServer<audit::Audit> as NamedService>::NAME,
    <AdminServiceServer<admin::Admin> as NamedService>::NAME,
    <WatchServiceServer<watch::Watch> as NamedService>::NAME,
];

/// Why the server ended other than by its shutdown.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The ledger no longer writes. Nothing more can be done in this process.
    #[error("the ledger stopped: {reason}")]
    Poisoned {
        /// Why.
        reason: String,
    },
    /// The descriptors that reflection hands out do not decode.
    #[error("the reflection service could not be built")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The transport failed.
    #[error("the gRPC server failed")]
    Transport(#[from] tonic::transport::Error),
}

/// Answers on `listener` until `shutdown` ends or the ledger stops writing. Counts in `calls`.
///
/// # Errors
/// Where the ledger stopped writing, or the transport failed.
pub async fn serve(
    listener: TcpListener,
    ledger: Ledger,
    dead_letters: Option<Arc<dyn DeadLetterAdmin>>,
    calls: Arc<Calls>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let (stop_calls, stopping) = Stop::new();
    let (health, router) = router(&ledger, dead_letters, calls, &stopping).await?;
    let (stop, stopped) = oneshot::channel::<()>();
    let incoming = Connections::default().stream(listener);
    let server = router.serve_with_incoming_shutdown(incoming, async {
        let _ = stopped.await;
    });
    tokio::pin!(server);
    let ending = tokio::select! {
        ended = &mut server => return ended.map_err(ServeError::from),
        () = shutdown => Ok(()),
        reason = poisoned(&ledger) => Err(ServeError::Poisoned { reason }),
    };
    leave(health).await;
    stop_calls.now();
    let _ = stop.send(());
    if let Ok(ended) = tokio::time::timeout(DRAIN, server).await {
        return ending.and(ended.map_err(ServeError::from));
    }
    tracing::warn!(seconds = DRAIN.as_secs(), "calls under way were cut off");
    ending
}

/// All services, SERVING.
async fn router(
    ledger: &Ledger,
    dead_letters: Option<Arc<dyn DeadLetterAdmin>>,
    calls: Arc<Calls>,
    stopping: &Stopping,
) -> Result<(HealthReporter, Router<Stack<CallLayer, Identity>>), ServeError> {
    let (health, health_service) = tonic_health::server::health_reporter();
    for name in HEALTH_NAMES {
        health.set_service_status(name, ServingStatus::Serving).await;
    }
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(crate::proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let router = tonic::transport::Server::builder()
        .max_concurrent_streams(STREAMS_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .http2_keepalive_interval(Some(Duration::from_secs(60)))
        .layer(CallLayer::new(calls))
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        // Many clients still ask for the version before it.
        .add_service(reflection().build_v1alpha()?)
        .add_service(DecisionServiceServer::new(decision::Decisions::new(ledger.clone(), stopping.clone())))
        .add_service(RecordingServiceServer::new(recording::Recording::new(ledger.clone(), stopping.clone())))
        .add_service(IdentityServiceServer::new(identity::Identity::new(ledger.clone())))
        .add_service(AuditServiceServer::new(audit::Audit::new(ledger.clone())))
        .add_service(AdminServiceServer::new(admin::Admin::new(ledger.clone(), dead_letters)))
        .add_service(WatchServiceServer::new(watch::Watch::new(ledger.clone(), stopping.clone())));
    Ok((health, router))
}

/// Says `NOT_SERVING` to everyone who watches, then ends their streams.
async fn leave(mut health: HealthReporter) {
    for name in HEALTH_NAMES {
        health.set_service_status(name, ServingStatus::NotServing).await;
    }
    for name in HEALTH_NAMES {
        health.clear_service_status(name).await;
    }
}

/// Ends when the ledger no longer writes, with the reason.
async fn poisoned(ledger: &Ledger) -> String {
    loop {
        if let Some(reason) = ledger.poisoned() {
            return reason;
        }
        tokio::time::sleep(POISON_POLL).await;
    }
}

/// Runs work that reads the disk, or takes long, where it holds up nobody.
///
/// # Errors
/// Where it ended without a result.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        let (rpc, id) = Named::current().map(|named| (named.rpc, named.id.to_string())).unzip();
        tracing::error!(%error, rpc, request_id = id, "a call ended without an answer");
        status::interrupted()
    })
}
