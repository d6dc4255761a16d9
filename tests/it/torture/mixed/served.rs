//! The server over its lives: always at the same address, stopped by SIGTERM, started on the same files.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use consent_ledger::proof::note::VerifierKey;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::support::cli::cli;
use crate::support::client::Client;
use crate::support::server::Server;

/// What webhooks are signed with.
pub const SECRET: &str = "the app secret";

/// How long after it is back callers may still learn that their connection broke.
const GRACE: Duration = Duration::from_secs(2);

/// Whether it is there, and since when where it was away.
#[derive(Clone, Copy)]
enum Presence {
    Away,
    There(Option<Instant>),
}

/// The server.
pub struct Served {
    data: PathBuf,
    grpc: SocketAddr,
    server: Mutex<Option<Server>>,
    presence: Mutex<Presence>,
    /// The key that its files are verified with.
    pub key: VerifierKey,
}

impl Served {
    /// The first life.
    pub fn start(dir: &Path) -> Self {
        let data = dir.join("data");
        let server = Server::start(&data, &Self::flags());
        let said = cli(&["keys", "public", "--data-dir", data.to_str().unwrap()]);
        let key = said.out.trim().parse().unwrap();
        Self { grpc: server.grpc, data, server: Mutex::new(Some(server)), presence: Mutex::new(Presence::There(None)), key }
    }

    /// How it is served: TLS and whoever may call are switched on here, and in [`Served::connect`].
    const fn flags() -> [&'static str; 2] {
        ["--app-secret", SECRET]
    }

    /// A connection of its own; it comes back by itself after a restart.
    pub async fn connect(&self) -> Client {
        Client::connect(&self.url()).await
    }

    /// Where it speaks gRPC, in every life.
    pub fn url(&self) -> String {
        format!("http://{}", self.grpc)
    }

    /// Where it takes webhooks, in this life.
    pub fn http_url(&self) -> Option<String> {
        self.server.lock().as_ref().map(Server::http_url)
    }

    /// Its process; none while there is none.
    pub fn id(&self) -> Option<u32> {
        self.server.lock().as_ref().map(Server::id)
    }

    /// Whether it is being stopped or started: then calls may fail for it.
    pub fn is_away(&self) -> bool {
        match *self.presence.lock() {
            Presence::Away => true,
            Presence::There(since) => since.is_some_and(|since| since.elapsed() < GRACE),
        }
    }

    /// Asks it to stop, as callers go on, and starts it again.
    pub async fn restart(&self) {
        *self.presence.lock() = Presence::Away;
        let server = self.server.lock().take().unwrap();
        let (data, grpc) = (self.data.clone(), self.grpc);
        let again = tokio::task::spawn_blocking(move || {
            let (code, logs) = server.terminate_and_read();
            assert_eq!(code, Some(0), "{logs}");
            Server::start_at_with(&data, grpc, &Self::flags())
        });
        *self.server.lock() = Some(again.await.unwrap());
        *self.presence.lock() = Presence::There(Some(Instant::now()));
    }

    /// The end of its last life; gives the data directory.
    pub fn stop(&self) -> PathBuf {
        let (code, logs) = self.server.lock().take().unwrap().terminate_and_read();
        assert_eq!(code, Some(0), "{logs}");
        let alarms: Vec<&str> = logs.lines().filter(|line| line.contains("ERROR")).collect();
        assert!(alarms.is_empty(), "{alarms:#?}");
        self.data.clone()
    }
}
