//! What `serve` is told about encryption: certificates, or that there is none.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::check_config::Findings;
use crate::cli::error::CliError;
use crate::tls::Tls;
use crate::tls::files::{Clients, Files};

/// How both ports are encrypted.
#[derive(Args, Debug)]
pub struct Transport {
    /// Speak TLS 1.2 and 1.3 on both ports, with the certificate in this file: PEM, the server's own first, then those that lead
    /// to its authority. It is read again when it changes, and on SIGHUP
    #[arg(long, value_name = "FILE", env = "CONSENT_LEDGER_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of --tls-cert: PEM, not encrypted
    #[arg(long, value_name = "FILE", env = "CONSENT_LEDGER_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Let in only callers with a certificate of an authority in this file: PEM, one or more
    #[arg(long, value_name = "FILE", env = "CONSENT_LEDGER_TLS_CLIENT_CA", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
    /// Let in callers without a certificate too; one that is shown must be of --tls-client-ca
    #[arg(long, env = "CONSENT_LEDGER_TLS_CLIENT_OPTIONAL", requires = "tls_client_ca")]
    tls_client_optional: bool,
    /// Serve other addresses than loopback in plain text: everybody on the way can read and change what is said
    #[arg(long, env = "CONSENT_LEDGER_INSECURE")]
    insecure: bool,
}

impl Transport {
    /// Sets TLS up, where it is asked for.
    ///
    /// # Errors
    /// Where an address would be served in plain text that must not be, or the files do not do.
    pub fn open(&self, addresses: &[SocketAddr]) -> Result<Option<Arc<Tls>>, CliError> {
        let (Some(certificate), Some(key)) = (self.tls_cert.clone(), self.tls_key.clone()) else {
            self.plain_text(addresses)?;
            return Ok(None);
        };
        let clients = self.tls_client_ca.clone().map(|ca| Clients { ca, required: !self.tls_client_optional });
        let tls = Tls::open(Files { certificate, key, clients }).map_err(|error| {
            CliError::local(error)
                .context("setting up TLS")
                .hint("--tls-cert and --tls-key take PEM files that belong together, --tls-client-ca the authorities of callers in PEM")
        })?;
        tracing::info!(expires_at = %tls.standing().expires_at, client_certificates = tls.clients(), "both ports speak TLS");
        Ok(Some(Arc::new(tls)))
    }

    /// Looks at what it names, and at what would be served in plain text.
    pub fn look(&self, addresses: &[(&'static str, SocketAddr)], findings: &mut Findings) {
        if self.tls_cert.is_some() {
            findings.refused("tls-cert", self.open(&[]).map(drop));
            return;
        }
        for (key, address) in addresses {
            findings.refused(key, self.plain_text(&[*address]));
        }
    }

    fn plain_text(&self, addresses: &[SocketAddr]) -> Result<(), CliError> {
        let exposed: Vec<_> = addresses.iter().filter(|address| !address.ip().is_loopback()).map(ToString::to_string).collect();
        let Some(first) = exposed.first() else { return Ok(()) };
        if !self.insecure {
            return Err(CliError::usage(format!("{first} is not a loopback address, and everything would be sent in plain text"))
                .hint("give --tls-cert and --tls-key, or --insecure where the network itself keeps others out"));
        }
        tracing::warn!(
            exposed = exposed.join(" "),
            "--insecure: plain text on other addresses than loopback; who is on the way can read and change phone numbers, consents, \
             credentials and exports"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_leaves_this_machine_only_where_that_is_meant() {
        let transport = |insecure| Transport { tls_cert: None, tls_key: None, tls_client_ca: None, tls_client_optional: false, insecure };
        let (here, elsewhere) = ("127.0.0.1:1".parse().unwrap(), "10.0.0.1:2".parse().unwrap());
        assert!(matches!(transport(false).open(&[here, here]), Ok(None)));
        let refused = transport(false).open(&[here, elsewhere]).unwrap_err().to_string();
        assert!(refused.contains("10.0.0.1:2") && refused.contains("--tls-cert") && refused.contains("--insecure"), "{refused}");
        assert!(matches!(transport(true).open(&[here, elsewhere]), Ok(None)));
    }
}
