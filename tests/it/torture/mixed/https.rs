//! HTTP over TLS, and the certificate that a connection is shown.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use consent_ledger::client::Tls;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::ServerName;
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A client with connections that stay open.
pub struct Https(Client<HttpsConnector<HttpConnector>, Body>);

impl Https {
    /// That trusts so.
    pub fn new(tls: &Tls) -> Self {
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls.config().unwrap()).https_only().enable_http1().build();
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }

    /// The status and the body of what comes back; nothing where the connection broke.
    pub async fn ask(&self, method: &str, url: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Option<(u16, String)> {
        let request =
            headers.iter().fold(Request::builder().method(method).uri(url), |request, (name, value)| request.header(*name, *value));
        let response = self.0.request(request.body(Body::from(body)).unwrap()).await.ok()?;
        let status = response.status().as_u16();
        let body = to_bytes(Body::new(response.into_body()), usize::MAX).await.ok()?;
        Some((status, String::from_utf8_lossy(&body).into_owned()))
    }
}

/// SHA-256 of the certificate that a new connection is shown; nothing where there is none.
pub async fn shown(address: SocketAddr, tls: &Tls) -> Option<[u8; 32]> {
    let mut config = tls.config().unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let name = ServerName::from(address.ip());
    let stream = TlsConnector::from(Arc::new(config)).connect(name, TcpStream::connect(address).await.ok()?).await.ok()?;
    Some(Sha256::digest(stream.get_ref().1.peer_certificates()?.first()?).into())
}
