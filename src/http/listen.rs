//! Serves a router on a listener: HTTP/1.1 and HTTP/2, over so many connections, each of which must ask in time.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::transport::server::Connected as _;

use crate::api::connections::{Arrival, Connections, Listener, OPENING};

/// How long a connection may stay that is to be made anew.
const FAREWELL: Duration = Duration::from_secs(1);

/// Answers until `shutdown` ends, then ends once every request under way is answered.
pub async fn serve(listener: Listener, router: Router, shutdown: impl Future<Output = ()>) {
    let open = Open::take(&listener, router, shutdown).await;
    drop(listener);
    open.finish().await;
}

/// Answers while `meanwhile` goes on, and gives what it comes to; the listener is then somebody else's. Whoever is connected is told
/// to connect anew, and has a second for it.
pub async fn serve_while<T>(listener: &Listener, router: Router, meanwhile: impl Future<Output = T>) -> T {
    let mut result = None;
    let open = Open::take(listener, router, async { result = Some(meanwhile.await) }).await;
    tokio::spawn(tokio::time::timeout(FAREWELL, open.finish()));
    match result {
        Some(result) => result,
        // It has ended, or nothing is taken still.
        None => std::future::pending().await,
    }
}

/// The connections that were taken.
struct Open {
    stop: watch::Sender<bool>,
    connections: JoinSet<()>,
}

impl Open {
    /// Takes connections and answers on them until `shutdown` ends.
    async fn take(listener: &Listener, router: Router, shutdown: impl Future<Output = ()>) -> Self {
        let mut shutdown = pin!(shutdown);
        let (stop, stopping) = watch::channel(false);
        let connections = Connections::default();
        let mut open = JoinSet::new();
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                arrival = connections.next(listener) => drop(open.spawn(answer(arrival, router.clone(), stopping.clone()))),
                Some(_) = open.join_next() => {}
            }
        }
        Self { stop, connections: open }
    }

    /// Takes no new requests, and ends once those under way are answered.
    async fn finish(mut self) {
        let _ = self.stop.send(true);
        while self.connections.join_next().await.is_some() {}
    }
}

/// Ends when the server is to stop.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

async fn answer(arrival: Arrival, router: Router, mut stopping: watch::Receiver<bool>) {
    let opened = tokio::select! {
        opened = arrival.open() => opened,
        () = stopped(&mut stopping) => None,
    };
    let Some(connection) = opened else { return };
    let mut server = Builder::new(TokioExecutor::new());
    // The headers of the next request, from the end of the one before.
    server.http1().timer(TokioTimer::new()).header_read_timeout(OPENING);
    server.http2().timer(TokioTimer::new()).keep_alive_interval(OPENING);
    let router = router.layer(Extension(connection.connect_info()));
    let mut answering = pin!(server.serve_connection(TokioIo::new(connection), TowerToHyperService::new(router)));
    let ended = tokio::select! {
        ended = answering.as_mut() => ended,
        () = stopped(&mut stopping) => {
            answering.as_mut().graceful_shutdown();
            answering.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}
