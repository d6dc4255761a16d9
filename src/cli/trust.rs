//! Whom a command trusts, and what it shows of itself, where the server speaks TLS.

use std::path::{Path, PathBuf};

use clap::Args;

use super::error::{CliError, Kind};
use crate::client::Tls;

/// Certificates of a command.
#[derive(Args, Clone, Default, Debug)]
#[command(next_help_heading = "Server")]
pub struct Trust {
    /// With https://, trust the authorities in this file (PEM) instead of those that this machine trusts
    #[arg(long, value_name = "FILE", env = "CONSENT_LEDGER_CA")]
    ca: Option<PathBuf>,
    /// With https://, the certificate to show to the server: PEM, the own one first
    #[arg(long, value_name = "FILE", env = "CONSENT_LEDGER_CLIENT_CERT", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// The key of --client-cert: PEM, not encrypted
    #[arg(long, value_name = "FILE", env = "CONSENT_LEDGER_CLIENT_KEY", requires = "client_cert")]
    client_key: Option<PathBuf>,
}

impl Trust {
    /// Reads the files.
    ///
    /// # Errors
    /// Where one cannot be read, or holds nothing of its kind.
    pub fn tls(&self) -> Result<Tls, CliError> {
        let mut tls = Tls::default();
        if let Some(ca) = &self.ca {
            tls = tls.authorities(&read(ca)?).map_err(|error| unfit(error, ca))?;
        }
        if let (Some(certificate), Some(key)) = (&self.client_cert, &self.client_key) {
            tls = tls.identity(&read(certificate)?, &read(key)?).map_err(|error| unfit(error, certificate))?;
        }
        Ok(tls)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|error| CliError::local(error).context(format!("reading {}", path.display())))
}

fn unfit(error: crate::client::ClientError, path: &Path) -> CliError {
    CliError::new(Kind::Usage, error)
        .context(path.display().to_string())
        .hint("--ca and --client-cert take certificates in PEM, --client-key the key of --client-cert")
}
