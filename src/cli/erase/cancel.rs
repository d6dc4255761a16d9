//! `erase cancel`.

use clap::Args;

use super::Present;
use crate::cli::act::acknowledged;
use crate::cli::error::{CliError, Verdict};
use crate::cli::output::Output;
use crate::proto::CancelErasureRequest;
use crate::proto::identity_service_client::IdentityServiceClient;

const EXAMPLES: &str = "\
Exit code: 0 cancelled, 2 refused, as where nothing waits; or the server does not answer.

Example:
  consent-ledger erase cancel --contact +447400123456";

/// Cancel what waits to be erased of a contact. Once it has happened, nothing brings the contact back.
///
/// Where the contact moved since it asked, name it by what it has now: `erase list` shows that.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Cancel {
    #[command(flatten)]
    present: Present,
}

impl Cancel {
    pub(super) async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let Present { contact, event_id, connection } = self.present;
        let mut client = IdentityServiceClient::new(connection.connect().await?);
        let request = CancelErasureRequest { account: connection.account, event_id, contact };
        acknowledged(output, client.cancel_erasure(request).await?.into_inner().acknowledgement)
    }
}
