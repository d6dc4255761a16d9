//! From the contents of the files to what handshakes need.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{Error, RootCertStore, ServerConfig};

use super::Port;
use super::files::{Clients, Contents, Files, TlsError};
use super::validity;
use crate::consent::time::Time;

/// The protocol that gRPC speaks, as TLS names it.
const HTTP_2: &[u8] = b"h2";

/// The one before it.
const HTTP_1: &[u8] = b"http/1.1";

/// All that a handshake needs, for each port.
#[derive(Debug)]
pub struct Setup {
    grpc: Arc<ServerConfig>,
    http: Arc<ServerConfig>,
    /// Until when the certificate is valid.
    pub expires_at: Time,
}

impl Setup {
    /// Fits the parts together.
    ///
    /// # Errors
    /// Where they do not fit, or are not what they should be.
    pub fn new(files: &Files, contents: &Contents) -> Result<Self, TlsError> {
        let chain = contents.chain(&files.certificate)?;
        let malformed = |why: String| TlsError::Malformed { path: files.certificate.clone(), kind: "certificate", why };
        let leaf = chain.first().map(AsRef::as_ref).unwrap_or_default();
        let expires_at = validity::expires_at(leaf).map_err(|error| malformed(error.to_string()))?;
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| malformed(error.to_string()))?;
        let builder = match &files.clients {
            None => builder.with_no_client_auth(),
            Some(clients) => builder.with_client_cert_verifier(verifier(clients, contents, provider)?),
        };
        let mut config = builder.with_single_cert(chain, contents.key(&files.key)?).map_err(|error| match error {
            Error::InconsistentKeys(_) => TlsError::NotAPair { certificate: files.certificate.clone(), key: files.key.clone() },
            Error::InvalidCertificate(_) => malformed(error.to_string()),
            error => TlsError::Malformed { path: files.key.clone(), kind: "private key", why: error.to_string() },
        })?;
        if files.clients.is_some() {
            // Who was let in before is looked at again: a session outlives the certificate that opened it.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        let speaking = |protocols: &[&[u8]]| {
            let mut config = config.clone();
            config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
            Arc::new(config)
        };
        Ok(Self { grpc: speaking(&[HTTP_2]), http: speaking(&[HTTP_2, HTTP_1]), expires_at })
    }

    /// What a handshake on this port begins with.
    #[must_use]
    pub fn config(&self, port: Port) -> Arc<ServerConfig> {
        match port {
            Port::Grpc => Arc::clone(&self.grpc),
            Port::Http => Arc::clone(&self.http),
        }
    }
}

/// Who looks at clients' certificates.
fn verifier(
    clients: &Clients,
    contents: &Contents,
    provider: Arc<rustls::crypto::CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let malformed = |why: String| TlsError::Malformed { path: clients.ca.clone(), kind: "certificate", why };
    let mut roots = RootCertStore::empty();
    for authority in contents.authorities(&clients.ca)? {
        roots.add(authority).map_err(|error| malformed(error.to_string()))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if clients.required { builder } else { builder.allow_unauthenticated() };
    builder.build().map_err(|error| malformed(error.to_string()))
}
