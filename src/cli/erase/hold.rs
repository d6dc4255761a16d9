//! `erase hold`.

use clap::Args;

use super::Present;
use crate::cli::act::acknowledged;
use crate::cli::error::{CliError, Verdict};
use crate::cli::output::Output;
use crate::proto::identity_service_client::IdentityServiceClient;
use crate::proto::{LegalHold, SetLegalHoldRequest};

const EXAMPLES: &str = "\
Exit code: 0 held, 2 refused, as where a hold is in force already; or the server does not answer.

Example:
  consent-ledger erase hold --contact +447400123456";

/// Set a legal hold: the contact cannot be erased until it is released.
///
/// An erasure that waits already stays, and does not happen meanwhile. A contact that is not known yet may be held too.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Hold {
    #[command(flatten)]
    present: Present,
}

impl Hold {
    pub(super) async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let Present { contact, event_id, connection } = self.present;
        let mut client = IdentityServiceClient::new(connection.connect().await?);
        let request = SetLegalHoldRequest { account: connection.account, event_id, contact, hold: LegalHold::Set.into() };
        acknowledged(output, client.set_legal_hold(request).await?.into_inner().acknowledgement)
    }
}
