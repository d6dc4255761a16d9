//! `keys rotate`: a new key for somebody who may call.

use clap::Args;

use super::add::{Fingerprint, ends_in};
use super::made;
use crate::cli::client::{CALL, Server};
use crate::cli::error::{CliError, Verdict};
use crate::cli::length::Length;
use crate::cli::output::Output;
use crate::cli::words;
use crate::consent::time::Time;
use crate::proto::RotatePrincipalRequest;
use crate::proto::admin_service_client::AdminServiceClient;

const EXAMPLES: &str = "\
The key is all that is printed on stdout, and never shown again.

Examples:
  consent-ledger keys rotate 257 --api-key-file ops.key > campaigns.key
  consent-ledger keys rotate 257 --api-key-file ops.key --overlap 0s > campaigns.key  # it leaked";

/// Give a principal a new API key; the one before is taken for a while longer.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Rotate {
    /// The principal's number, as `keys list` shows it
    #[arg(value_name = "NUMBER")]
    principal: u32,
    /// For how long the key before is still taken, at most 30 days: a number and s, m, h or d; 0s ends it at once
    #[arg(long, value_name = "LENGTH", default_value = "24h")]
    overlap: Length,
    /// After what time the new key ends; without it, it lasts as long as the one before was given for
    #[arg(long, value_name = "LENGTH", conflicts_with_all = ["expires_at", "never_expires"])]
    expires_in: Option<Length>,
    /// When the new key ends, in RFC 3339
    #[arg(long, value_name = "TIME", conflicts_with = "never_expires")]
    expires_at: Option<Time>,
    /// The new key never ends
    #[arg(long)]
    never_expires: bool,
    /// Instead of a key, the client certificate with this SHA-256 fingerprint
    #[arg(long, value_name = "FINGERPRINT")]
    certificate: Option<Fingerprint>,
    #[command(flatten)]
    server: Server,
}

impl Rotate {
    /// Rotates it.
    ///
    /// # Errors
    /// Where the server cannot be reached or refuses.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let mut client = AdminServiceClient::new(self.server.connect(CALL).await?);
        let expires_at = self.expires_at.or_else(|| self.expires_in.map(ends_in));
        let request = RotatePrincipalRequest {
            principal: self.principal,
            overlap: Some(self.overlap.duration()),
            expires_at: words::timestamp(expires_at),
            never_expires: self.never_expires,
            certificate_sha256: self.certificate.map(|certificate| certificate.0.to_vec()).unwrap_or_default(),
        };
        let rotated = client.rotate_principal(request).await?.into_inner();
        made::show(output, rotated.principal, &rotated.api_key)?;
        Ok(Verdict::Yes)
    }
}
