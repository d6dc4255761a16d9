//! `status`: how the server is, and what needs a person.
//!
//! ```text
//! ready         yes, since 2026-11-28T20:00:00Z (version 0.1.0)
//! log           entry 4120, recorded 3 seconds ago; 2 accounts, 812 contacts
//! dead letters  1 waits
//!   ! 1 wait: webhooks brought what could not be placed; …
//! needs a person: dead letters
//! ```

mod json;
mod lines;

use clap::Args;

use super::client::{CALL, Server};
use super::error::{CliError, Verdict};
use super::output::Output;
use crate::proto::GetStatusRequest;
use crate::proto::admin_service_client::AdminServiceClient;

const EXAMPLES: &str = "\
Exit codes: 0 all is well, 1 something needs a person and the line says what, 2 it could not be told.

Examples:
  consent-ledger status
  consent-ledger status --json";

/// Show how a running server is, and what needs a person.
///
/// Ready or why not, the log and its two copies, the last snapshot and checkpoint, what waits and is open, dead letters, erasures,
/// the disk. Nothing in it is personal.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Status {
    #[command(flatten)]
    server: Server,
}

impl Status {
    /// Prints it.
    ///
    /// # Errors
    /// Where the server cannot be reached, refuses, or does not say.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let mut client = AdminServiceClient::new(self.server.connect(CALL).await?);
        let status = client.get_status(GetStatusRequest {}).await?.into_inner().status;
        let status = status.ok_or_else(|| CliError::unexpected("the server says nothing of how it is"))?;
        output.print(|| json::value(&status), || lines::text(&status))?;
        Ok(if status.concerns.is_empty() { Verdict::Yes } else { Verdict::No })
    }
}
