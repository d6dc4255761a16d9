//! `identity key-changed`.

use clap::Args;

use crate::cli::act::{Act, Shown};
use crate::cli::error::CliError;
use crate::cli::words;
use crate::proto::identity_service_client::IdentityServiceClient;
use crate::proto::{Acknowledgement, ReportIdentityChangeRequest};

const EXAMPLES: &str = "\
Example:
  consent-ledger identity key-changed --contact +447400123456 --sender 106540352242922";

/// Record that the identity key of a contact's device changed.
///
/// Somebody else may hold the number now: opt-ins from before it no longer count, each category until a new opt-in names it, unless
/// the policy says otherwise.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct KeyChanged {
    #[command(flatten)]
    shown: Shown,
    /// The provider's id of the message that told it
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    message_id: String,
    #[command(flatten)]
    act: Act,
}

impl KeyChanged {
    pub(super) async fn run(self) -> Result<Option<Acknowledgement>, CliError> {
        let mut client = IdentityServiceClient::new(self.act.connection.connect().await?);
        let request = ReportIdentityChangeRequest {
            account: self.act.connection.account,
            event_id: self.act.event_id,
            contacts: self.shown.contact,
            sender: self.shown.sender,
            message_id: self.message_id,
            occurred_at: words::timestamp(self.act.at),
        };
        Ok(client.report_identity_change(request).await?.into_inner().acknowledgement)
    }
}
