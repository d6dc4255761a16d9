//! The files that TLS is set up from: PEM, as `openssl` and every authority writes it.
//!
//! ```text
//! certificate   -----BEGIN CERTIFICATE-----   the server's own first, then those that lead to its authority
//! key           -----BEGIN PRIVATE KEY-----   PKCS#8; also EC (SEC1) and RSA (PKCS#1), not encrypted
//! client CA     -----BEGIN CERTIFICATE-----   one or more authorities
//! ```

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// The most that one of the files may have, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// Where the files are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Files {
    /// The server's certificate and those that lead to its authority.
    pub certificate: PathBuf,
    /// The key to the certificate.
    pub key: PathBuf,
    /// By whom clients' certificates must be issued; none where they are not asked for one.
    pub clients: Option<Clients>,
}

/// Whose certificates clients may show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clients {
    /// The authorities.
    pub ca: PathBuf,
    /// Whether a client without a certificate is turned away.
    pub required: bool,
}

/// What the files held when they were read.
pub struct Contents {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
    ca: Option<Vec<u8>>,
}

/// Why the files do not do.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// One cannot be read.
    #[error("{} cannot be read: {error}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// One is too long.
    #[error("{} has more than {} bytes", .path.display(), MOST_BYTES)]
    TooLong {
        /// Which.
        path: PathBuf,
    },
    /// One holds nothing of its kind.
    #[error("{} holds no {kind} in PEM", .path.display())]
    Missing {
        /// Which.
        path: PathBuf,
        /// What it should hold.
        kind: &'static str,
    },
    /// One holds something that is not what it says.
    #[error("{} holds a {kind} that does not parse: {why}", .path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What it should hold.
        kind: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The key is another certificate's.
    #[error("the key in {} is not the key of the certificate in {}", .key.display(), .certificate.display())]
    NotAPair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
}

impl TlsError {
    /// Stands in the place of contents that could not be read, so that each error is told once.
    pub(super) fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.to_string()).into()
    }
}

impl Files {
    /// Reads them.
    ///
    /// # Errors
    /// Where one cannot be read.
    pub fn read(&self) -> Result<Contents, TlsError> {
        Ok(Contents {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?.into(),
            ca: self.clients.as_ref().map(|clients| read(&clients.ca)).transpose()?,
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let unreadable = |error| TlsError::Unreadable { path: path.to_owned(), error };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > MOST_BYTES { Err(TlsError::TooLong { path: path.to_owned() }) } else { Ok(bytes) }
}

impl Contents {
    /// SHA-256 of all of it.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for part in [Some(&self.certificate), Some(&*self.key), self.ca.as_ref()].into_iter().flatten() {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }

    /// The server's certificate, then those that lead to its authority.
    pub(super) fn chain(&self, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        certificates(&self.certificate, path)
    }

    /// The authorities of clients.
    pub(super) fn authorities(&self, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        certificates(self.ca.as_deref().unwrap_or_default(), path)
    }

    /// The server's key.
    pub(super) fn key(&self, path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
        use rustls::pki_types::pem::Error;
        PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| match error {
            Error::NoItemsFound => TlsError::Missing { path: path.to_owned(), kind: "private key" },
            error => TlsError::Malformed { path: path.to_owned(), kind: "private key", why: error.to_string() },
        })
    }
}

fn certificates(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let kind = "certificate";
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let parsed = parsed.map_err(|error| TlsError::Malformed { path: path.to_owned(), kind, why: error.to_string() })?;
    if parsed.is_empty() { Err(TlsError::Missing { path: path.to_owned(), kind }) } else { Ok(parsed) }
}
