//! `identity change-number`.

use clap::Args;

use crate::cli::act::Act;
use crate::cli::error::CliError;
use crate::cli::words;
use crate::proto::identity_service_client::IdentityServiceClient;
use crate::proto::{Acknowledgement, ChangeNumberRequest};

const EXAMPLES: &str = "\
Example:
  consent-ledger identity change-number --from +447400123456 --to +447400123457";

/// Record that a contact moved to another phone number.
///
/// Opt-outs and a platform stop follow it to the new number; opt-ins and windows do not, unless the policy says so. The old number answers
/// NOTHING until somebody acts under it again, who is then somebody else.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ChangeNumber {
    /// The phone number it had
    #[arg(long, value_name = "NUMBER")]
    from: String,
    /// The phone number it has now
    #[arg(long, value_name = "NUMBER")]
    to: String,
    /// The provider's id of the message that told it
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    message_id: String,
    #[command(flatten)]
    act: Act,
}

impl ChangeNumber {
    pub(super) async fn run(self) -> Result<Option<Acknowledgement>, CliError> {
        let mut client = IdentityServiceClient::new(self.act.connection.connect().await?);
        let request = ChangeNumberRequest {
            account: self.act.connection.account,
            event_id: self.act.event_id,
            from: self.from,
            to: self.to,
            message_id: self.message_id,
            occurred_at: words::timestamp(self.act.at),
        };
        Ok(client.change_number(request).await?.into_inner().acknowledgement)
    }
}
