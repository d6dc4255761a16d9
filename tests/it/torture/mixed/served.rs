//! The server over its lives: as production runs it, over TLS on both ports, for principals alone, with a limit to everybody's rate and a scrub; always at
//! the same address, stopped by SIGTERM, started on the same files.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use consent_ledger::client::{Channel, Endpoint, Tls};
use consent_ledger::proof::note::VerifierKey;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep};

use super::https::{self, Https};
use super::principals::{Principals, Who};
use crate::support::certificates::Authority;
use crate::support::cli::cli;
use crate::support::client::Client;
use crate::support::connection::{Connection, Key};
use crate::support::server::Server;

/// What webhooks are signed with.
pub const SECRET: &str = "the app secret";

/// How long after it is back callers may still learn that their connection broke.
const GRACE: Duration = Duration::from_secs(2);

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a new certificate on the disk may lie there until it is shown.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);

/// More than anybody here sends: that the rate is looked at costs what it costs, and nobody is refused for it.
const RATE: &str = "50000:100000";

/// Whether it is there, and since when where it was away.
#[derive(Clone, Copy)]
enum Presence {
    Away,
    There(Option<Instant>),
}

/// The server.
pub struct Served {
    dir: PathBuf,
    grpc: SocketAddr,
    scrub_every: String,
    authority: Authority,
    trusted: Tls,
    server: Mutex<Option<Server>>,
    presence: Mutex<Presence>,
    /// Who calls.
    pub principals: Principals,
    /// Calls over HTTP.
    pub https: Https,
    /// The key that its files are verified with.
    pub key: VerifierKey,
}

impl Served {
    /// The first life, in a directory of its own; a pass of the scrub takes so long.
    pub fn start(dir: &Path, scrub_every: Duration) -> Self {
        let authority = Authority::new("of servers");
        authority.server().write(dir, "server");
        std::fs::write(dir.join("authority.pem"), authority.pem()).unwrap();
        let scrub_every = format!("{}s", scrub_every.as_secs().max(1));
        let ops = Principals::first(dir);
        let server = Server::start(&dir.join("data"), &words(&flags(dir, &scrub_every)));
        let said = cli(&["keys", "public", "--data-dir", &word(&dir.join("data"))]);
        let trusted = authority.trusted();
        Self {
            dir: dir.to_owned(),
            grpc: server.grpc,
            scrub_every,
            principals: Principals::add(ops, &reached(dir, server.grpc)),
            server: Mutex::new(Some(server)),
            presence: Mutex::new(Presence::There(None)),
            https: Https::new(&trusted),
            key: said.out.trim().parse().unwrap(),
            authority,
            trusted,
        }
    }

    /// A connection, which comes back by itself after a restart.
    pub fn channel(&self) -> Channel {
        Endpoint::new(&self.url(), &self.trusted).unwrap().timeout(PATIENCE).connect_lazy()
    }

    /// A client of its own: for each service a connection, and the key of whose service it is.
    pub fn connect(&self) -> Client {
        Client::showing(&self.channel(), |service| Connection::showing(self.channel(), self.principals.key(Who::of(service)).clone()))
    }

    /// A client that shows the key of one of them to every service.
    pub fn connect_as(&self, who: Who) -> Client {
        self.connect_with(self.principals.key(who))
    }

    /// A client that shows this key to every service.
    pub fn connect_with(&self, key: &Key) -> Client {
        Client::showing(&self.channel(), |_| Connection::showing(self.channel(), key.clone()))
    }

    /// Where it speaks gRPC, in every life.
    fn url(&self) -> String {
        url(self.grpc)
    }

    /// What a command is told so that it reaches the server.
    pub fn reached(&self) -> [String; 4] {
        reached(&self.dir, self.grpc)
    }

    /// Where it speaks HTTP, in this life.
    pub fn http_url(&self) -> Option<String> {
        self.server.lock().as_ref().map(|server| format!("https://{}", server.http))
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.dir.join("data")
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

    /// Puts a new certificate where the one before lies, and waits until whoever connects is shown it. Nobody is told.
    pub async fn renew(&self) {
        let pair = self.authority.server();
        pair.write(&self.dir, "server");
        let begun = Instant::now();
        while https::shown(self.grpc, &self.trusted).await != Some(pair.digest) {
            assert!(begun.elapsed() < TAKEN_WITHIN, "the new certificate is not shown");
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Asks it to stop, as callers go on, and starts it again.
    pub async fn restart(&self) {
        *self.presence.lock() = Presence::Away;
        let server = self.server.lock().take().unwrap();
        let (data, grpc, flags) = (self.data(), self.grpc, flags(&self.dir, &self.scrub_every));
        let again = tokio::task::spawn_blocking(move || {
            let (code, logs) = server.terminate_and_read();
            assert_eq!(code, Some(0), "{logs}");
            Server::start_at_with(&data, grpc, &words(&flags))
        });
        *self.server.lock() = Some(again.await.unwrap());
        *self.presence.lock() = Presence::There(Some(Instant::now()));
    }

    /// The end of its last life; gives what all of them logged.
    pub fn stop(&self) -> String {
        let (code, logs) = self.server.lock().take().unwrap().terminate_and_read();
        assert_eq!(code, Some(0), "{logs}");
        let alarms: Vec<&str> = logs.lines().filter(|line| line.contains("ERROR")).collect();
        assert!(alarms.is_empty(), "{alarms:#?}");
        logs
    }
}

fn url(grpc: SocketAddr) -> String {
    format!("https://{grpc}")
}

fn reached(dir: &Path, grpc: SocketAddr) -> [String; 4] {
    ["--server".into(), url(grpc), "--ca".into(), word(&dir.join("authority.pem"))]
}

/// How it is served.
fn flags(dir: &Path, scrub_every: &str) -> Vec<String> {
    let file = |name: &str| word(&dir.join(name));
    let (certificate, key) = (file("server.pem"), file("server.key"));
    ["--app-secret", SECRET, "--tls-cert", &certificate, "--tls-key", &key, "--scrub-every", scrub_every, "--rate-limit", RATE]
        .map(str::to_owned)
        .to_vec()
}

fn words(flags: &[String]) -> Vec<&str> {
    flags.iter().map(String::as_str).collect()
}

/// A path as a word of the command line.
pub fn word(path: &Path) -> String {
    path.display().to_string()
}
