//! `keys list`: who may call, and who may no more.

use clap::Args;

use super::made;
use crate::cli::client::{CALL, Server};
use crate::cli::error::{CliError, Verdict};
use crate::cli::output::Output;
use crate::proto::ListPrincipalsRequest;
use crate::proto::admin_service_client::AdminServiceClient;

const EXAMPLES: &str = "\
Example:
  consent-ledger keys list --api-key-file ops.key";

/// How many are asked for at once.
const PAGE: u32 = 1_000;

/// List principals: number, name, roles, accounts, senders, and whether each is let in. Never shows a key.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct List {
    #[command(flatten)]
    server: Server,
}

impl List {
    /// Lists them.
    ///
    /// # Errors
    /// Where the server cannot be reached or refuses.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let mut client = AdminServiceClient::new(self.server.connect(CALL).await?);
        let mut from_principal = 0;
        loop {
            let page = client.list_principals(ListPrincipalsRequest { from_principal, page_size: PAGE }).await?.into_inner();
            for principal in &page.principals {
                output.print(|| made::value(principal), || made::line(principal))?;
            }
            if page.next_principal == 0 {
                return Ok(Verdict::Yes);
            }
            from_principal = page.next_principal;
        }
    }
}
