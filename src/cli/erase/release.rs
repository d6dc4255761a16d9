//! `erase release`.

use clap::Args;

use super::Present;
use crate::cli::act::acknowledged;
use crate::cli::error::{CliError, Verdict};
use crate::cli::output::Output;
use crate::proto::identity_service_client::IdentityServiceClient;
use crate::proto::{LegalHold, SetLegalHoldRequest};

const EXAMPLES: &str = "\
Exit code: 0 released, 2 refused, as where no hold is in force; or the server does not answer.

Example:
  consent-ledger erase release --contact +447400123456";

/// Release the legal hold of a contact.
///
/// An erasure that waits happens when it is due, or within seconds if that has passed.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Release {
    #[command(flatten)]
    present: Present,
}

impl Release {
    pub(super) async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let Present { contact, event_id, connection } = self.present;
        let mut client = IdentityServiceClient::new(connection.connect().await?);
        let request = SetLegalHoldRequest { account: connection.account, event_id, contact, hold: LegalHold::Released.into() };
        acknowledged(output, client.set_legal_hold(request).await?.into_inner().acknowledgement)
    }
}
