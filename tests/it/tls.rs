//! TLS and mutual TLS on both ports of the real binary.

mod faults;
mod mutual;
mod openssl;
mod principals;
mod python;
mod reload;
mod served;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use consent_ledger::client::{Channel, Endpoint, Tls};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use tempfile::TempDir;
use tonic::transport::Error;

use crate::support::certificates::{Authority, Pair};
use crate::support::http::CHECK;
use crate::support::metrics::Scrape;
use crate::support::server::Server;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A question in JSON.
const QUESTION: &str = r#"{"contact": "+447400123456", "sender": "1001"}"#;

/// What is asked of callers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Callers {
    Anonymous,
    Known,
    Either,
}

/// A server, who issued its certificate, and who issues those of its callers.
struct World {
    dir: TempDir,
    authority: Authority,
    callers: Authority,
    server: Server,
}

impl World {
    fn start(callers: Callers) -> Self {
        let authority = Authority::new("of servers");
        let pair = authority.server();
        Self::start_with(callers, authority, &pair, &[])
    }

    fn start_with(whom: Callers, authority: Authority, pair: &Pair, variables: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let callers = Authority::new("of callers");
        pair.write(dir.path(), "server");
        std::fs::write(dir.path().join("callers.pem"), callers.pem()).unwrap();
        let file = |name: &str| dir.path().join(name).display().to_string();
        let (certificate, key, ca) = (file("server.pem"), file("server.key"), file("callers.pem"));
        let mut words = vec!["--tls-cert", &certificate, "--tls-key", &key];
        if whom != Callers::Anonymous {
            words.extend(["--tls-client-ca", &ca]);
        }
        if whom == Callers::Either {
            words.push("--tls-client-optional");
        }
        let server = Server::try_start_with(&dir.path().join("data"), &words, variables).unwrap();
        Self { dir, authority, callers, server }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn url(&self) -> String {
        format!("https://{}", self.server.grpc)
    }

    /// Connects to the gRPC port.
    async fn grpc(&self, tls: &Tls) -> Result<Channel, Error> {
        Endpoint::new(&self.url(), tls).unwrap().connect_timeout(PATIENCE).timeout(PATIENCE).connect().await
    }

    /// Asks in JSON on the HTTP port.
    async fn json(&self, tls: &Tls) -> Result<(u16, String), legacy::Error> {
        let request = Request::post(format!("https://{}{CHECK}", self.server.http)).header("content-type", "application/json");
        self.http(tls, request.body(Body::from(QUESTION)).unwrap()).await
    }

    /// What it tells of itself.
    async fn scrape(&self, tls: &Tls) -> Scrape {
        let request = Request::get(format!("https://{}/metrics", self.server.http));
        Scrape::read(self.http(tls, request.body(Body::empty()).unwrap()).await.unwrap().1)
    }

    async fn http(&self, tls: &Tls, request: Request<Body>) -> Result<(u16, String), legacy::Error> {
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls.config().unwrap()).https_only().enable_http1().build();
        let client = legacy::Client::builder(TokioExecutor::new()).build(connector);
        let response = client.request(request).await?;
        let status = response.status().as_u16();
        let body = to_bytes(Body::new(response.into_body()), usize::MAX).await.unwrap();
        Ok((status, String::from_utf8(body.to_vec()).unwrap()))
    }

    /// Waits until it has logged this.
    fn logged(&self, words: &str) {
        wait_for(words, || self.server.logs().contains(words));
    }
}

/// Waits until something is so.
#[expect(clippy::disallowed_methods, reason = "a test waits by the machine's clock")]
fn wait_for(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "in vain for: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A path as a word of the command line.
fn word(path: &Path) -> String {
    path.display().to_string()
}
