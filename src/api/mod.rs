//! The gRPC services: parse, ask, map.
//!
//! [`serve`] answers on a listener until it is told to end or the ledger stops writing. On the way out health says `NOT_SERVING`
//! first, while calls are still answered; then every health stream, every watch and every stream of records or questions ends (an
//! open one would hold the server, see [`stopping`]), and calls under way have a while to finish. Before the ledger is open,
//! [`starting`] answers in its place.

pub mod access;
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
pub mod limits;
pub mod map;
pub mod parse;
pub mod parse_words;
pub mod policy;
mod possible_opt_outs;
pub mod principals;
mod proofs;
mod reads;
mod receipts;
pub mod record_stream;
pub mod recording;
pub mod report;
pub mod senders;
pub mod slots;
pub mod starting;
pub mod status;
pub mod stopping;
mod stream;
pub mod templates;
mod wanted;
pub mod watch;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tonic::Status;
use tonic::server::NamedService;
use tonic::transport::server::Router;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::layer::util::{Identity as Nothing, Stack};

use crate::ledger::Ledger;
use crate::proto::admin_service_server::AdminServiceServer;
use crate::proto::audit_service_server::AuditServiceServer;
use crate::proto::decision_service_server::DecisionServiceServer;
use crate::proto::identity_service_server::IdentityServiceServer;
use crate::proto::recording_service_server::RecordingServiceServer;
use crate::proto::watch_service_server::WatchServiceServer;
use crate::shutdown::Ending;
use crate::telemetry::calls::{CallLayer, Calls, Named};
use access::layer::Door;
use admin::DeadLetterAdmin;
use connections::{Connections, Listener};
use limits::{Limits, http2};
use stopping::{Stop, Stopping};

/// How often it is asked whether the ledger still writes, and dead letters are kept.
const LOOK: Duration = Duration::from_millis(200);

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

/// What every call passes, the outermost last.
type Layers = Stack<Limits, Stack<Door, Stack<CallLayer, Nothing>>>;

/// Answers on `listener` until `ending` stops it or the ledger stops writing. Counts in `calls`.
///
/// # Errors
/// Where the ledger stopped writing, or the transport failed.
pub async fn serve(
    listener: impl Into<Listener>,
    ledger: Ledger,
    dead_letters: Option<Arc<dyn DeadLetterAdmin>>,
    calls: Arc<Calls>,
    mut ending: Ending,
) -> Result<(), ServeError> {
    let (stop_calls, stopping) = Stop::new();
    let listener = listener.into();
    let layers = (CallLayer::new(calls), listener.limits().clone());
    let (health, router) = router(&ledger, dead_letters.clone(), &stopping, &ending, layers).await?;
    let (stop, stopped) = oneshot::channel::<()>();
    let incoming = Connections::default().stream(listener);
    let server = router.serve_with_incoming_shutdown(incoming, async {
        let _ = stopped.await;
    });
    tokio::pin!(server);
    let result = tokio::select! {
        ended = &mut server => return ended.map_err(ServeError::from),
        () = until_stopping(&health, ending.clone()) => Ok(()),
        reason = poisoned(&ledger, dead_letters.as_deref(), &health, ending.clone()) => Err(ServeError::Poisoned { reason }),
    };
    leave(health).await;
    stop_calls.now();
    let _ = stop.send(());
    tokio::select! {
        ended = &mut server => return result.and(ended.map_err(ServeError::from)),
        () = ending.over() => tracing::warn!(drain_seconds = ending.drain().as_secs(), "calls under way were cut off"),
    }
    result
}

/// All services, SERVING.
async fn router(
    ledger: &Ledger,
    dead_letters: Option<Arc<dyn DeadLetterAdmin>>,
    stopping: &Stopping,
    ending: &Ending,
    (calls, limits): (CallLayer, Limits),
) -> Result<(HealthReporter, Router<Layers>), ServeError> {
    let (health, health_service) = tonic_health::server::health_reporter();
    say(&health, ServingStatus::Serving).await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(crate::proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let decisions = decision::Decisions::new(ledger.clone(), stopping.clone());
    let recording = recording::Recording::new(ledger.clone(), stopping.clone());
    let audit = audit::Audit::new(ledger.clone());
    let watch = watch::Watch::new(ledger.clone(), stopping.clone());
    let streams = [recording.slots(), decisions.slots(), audit.slots(), watch.slots()].concat();
    let report = report::Report::new(ledger.clone(), dead_letters.clone(), ending.clone(), streams);
    // The door first: limits are a principal's own, and what the door refuses is charged to the address that it came from.
    let router = http2::grpc(tonic::transport::Server::builder())
        // Outermost: what the door and the limits refuse is counted too.
        .layer(calls)
        .layer(Door::new(ledger.clone(), limits.clone()))
        .layer(limits)
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        // Many clients still ask for the version before it.
        .add_service(reflection().build_v1alpha()?)
        .add_service(DecisionServiceServer::new(decisions))
        .add_service(RecordingServiceServer::new(recording))
        .add_service(IdentityServiceServer::new(identity::Identity::new(ledger.clone())))
        .add_service(AuditServiceServer::new(audit))
        .add_service(AdminServiceServer::new(admin::Admin::new(ledger.clone(), dead_letters, report)))
        .add_service(WatchServiceServer::new(watch));
    Ok((health, router))
}

/// Says the same of every service.
async fn say(health: &HealthReporter, status: ServingStatus) {
    for name in HEALTH_NAMES {
        health.set_service_status(name, status).await;
    }
}

/// Says `NOT_SERVING` as soon as nobody should call any more, and ends once nothing new is taken.
async fn until_stopping(health: &HealthReporter, mut ending: Ending) {
    ending.leaving().await;
    say(health, ServingStatus::NotServing).await;
    ending.stopping().await;
}

/// Says `NOT_SERVING` to everyone who watches, then ends their streams.
async fn leave(mut health: HealthReporter) {
    say(&health, ServingStatus::NotServing).await;
    for name in HEALTH_NAMES {
        health.clear_service_status(name).await;
    }
}

/// Ends when the ledger no longer writes, with the reason. Until then the server as a whole, by the name "", does not serve while
/// dead letters are not kept: no service fails for that, but what webhooks bring may be lost.
async fn poisoned(ledger: &Ledger, dead_letters: Option<&dyn DeadLetterAdmin>, health: &HealthReporter, ending: Ending) -> String {
    let mut kept = true;
    loop {
        if let Some(reason) = ledger.poisoned() {
            return reason;
        }
        let keeps = dead_letters.is_none_or(DeadLetterAdmin::keeps);
        if keeps != kept && !ending.has_begun() {
            kept = keeps;
            health.set_service_status("", if kept { ServingStatus::Serving } else { ServingStatus::NotServing }).await;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Runs work that reads the disk, or takes long, where it holds up nobody. Where nobody waits for it any more before it began, it
/// does not.
///
/// # Errors
/// Where it ended without a result.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
    let mut waited_for = WaitedFor(tokio::task::spawn_blocking(work));
    (&mut waited_for.0).await.map_err(|error| {
        let (rpc, id) = Named::current().map(|named| (named.rpc, named.id.to_string())).unzip();
        tracing::error!(%error, rpc, request_id = id, "a call ended without an answer");
        status::interrupted()
    })
}

/// Work that is waited for.
struct WaitedFor<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for WaitedFor<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
