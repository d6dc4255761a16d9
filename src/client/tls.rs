//! Whom a client trusts, and what it shows of itself.
//!
//! By default the authorities that the machine trusts (`/etc/ssl`, a keychain; `SSL_CERT_FILE` names others): a ledger stands
//! inside a company, and there its own authority is, kept up to date by whoever runs the machine.

use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt as _;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroizing;

use super::error::ClientError;

/// How a client speaks TLS with a server at `https://`.
///
/// ```no_run
/// use consent_ledger::client::{Client, Endpoint, Options, Tls};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tls = Tls::default()
///     .authorities(&std::fs::read("ca.pem")?)?
///     .identity(&std::fs::read("campaigns.pem")?, &std::fs::read("campaigns.key")?)?;
/// let client = Client::connect_to(Endpoint::new("https://ledger.example:50051", &tls)?, Options::default());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Tls {
    authorities: Option<Vec<u8>>,
    identity: Option<(Vec<u8>, Zeroizing<Vec<u8>>)>,
}

impl Tls {
    /// Trusts these authorities (PEM, one or more) and no others.
    ///
    /// # Errors
    /// Where there is none.
    pub fn authorities(self, pem: &[u8]) -> Result<Self, ClientError> {
        roots(pem)?;
        Ok(Self { authorities: Some(pem.to_vec()), ..self })
    }

    /// Shows this certificate (PEM, the own one first) where the server asks for one, and holds its key (PEM, not encrypted).
    ///
    /// # Errors
    /// Where one is not there, or they do not belong together.
    pub fn identity(self, certificate: &[u8], key: &[u8]) -> Result<Self, ClientError> {
        let this = Self { identity: Some((certificate.to_vec(), key.to_vec().into())), ..self };
        this.config()?;
        Ok(this)
    }

    /// As rustls takes it.
    ///
    /// # Errors
    /// Where this machine trusts nobody, or the certificate and its key do not belong together.
    pub fn config(&self) -> Result<ClientConfig, ClientError> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(|error| no_tls(&error))?;
        let builder = match &self.authorities {
            Some(pem) => builder.with_root_certificates(roots(pem)?),
            None => match builder.clone().with_native_roots() {
                Ok(builder) => builder,
                // What is asked for in plain text needs nobody's trust.
                Err(_) => builder.with_root_certificates(RootCertStore::empty()),
            },
        };
        let Some((certificate, key)) = &self.identity else { return Ok(builder.with_no_client_auth()) };
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| no_tls(&format!("the private key: {error}")))?;
        builder.with_client_auth_cert(certificates(certificate)?, key).map_err(|error| no_tls(&error))
    }
}

/// Without the key.
impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let identity = self.identity.as_ref().map(|_| "of its own");
        f.debug_struct("Tls").field("own_authorities", &self.authorities.is_some()).field("identity", &identity).finish()
    }
}

fn roots(pem: &[u8]) -> Result<RootCertStore, ClientError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(pem)? {
        roots.add(authority).map_err(|error| no_tls(&error))?;
    }
    Ok(roots)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let parsed = parsed.map_err(|error| no_tls(&format!("a certificate: {error}")))?;
    if parsed.is_empty() { Err(no_tls(&"no certificate in PEM")) } else { Ok(parsed) }
}

fn no_tls(error: &dyn std::fmt::Display) -> ClientError {
    ClientError::NoTls { message: error.to_string() }
}
