//! `keys revoke`: somebody may call no more.

use clap::Args;

use super::made;
use crate::cli::client::{CALL, Server};
use crate::cli::error::{CliError, Verdict};
use crate::cli::output::Output;
use crate::proto::RevokePrincipalRequest;
use crate::proto::admin_service_client::AdminServiceClient;

const EXAMPLES: &str = "\
Example:
  consent-ledger keys revoke 257 --api-key-file ops.key";

/// Let a principal in no more, at once and for good; its open streams end within a second.
///
/// Where the last operator is revoked, `keys add --data-dir` adds another while the server is stopped.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Revoke {
    /// The principal's number, as `keys list` shows it
    #[arg(value_name = "NUMBER")]
    principal: u32,
    #[command(flatten)]
    server: Server,
}

impl Revoke {
    /// Revokes it.
    ///
    /// # Errors
    /// Where the server cannot be reached or refuses.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let mut client = AdminServiceClient::new(self.server.connect(CALL).await?);
        let revoked = client.revoke_principal(RevokePrincipalRequest { principal: self.principal }).await?.into_inner();
        made::show(output, revoked.principal, "")?;
        Ok(Verdict::Yes)
    }
}
