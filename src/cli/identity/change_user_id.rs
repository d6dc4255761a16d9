//! `identity change-user-id`.

use clap::Args;

use crate::cli::act::Act;
use crate::cli::error::CliError;
use crate::cli::words;
use crate::proto::identity_service_client::IdentityServiceClient;
use crate::proto::{Acknowledgement, ChangeUserIdRequest};

const EXAMPLES: &str = "\
Example:
  consent-ledger identity change-user-id --from US.13491208655302741918 --to US.20391208655302741918";

/// Record that the platform gave a contact another business-scoped user ID.
///
/// Opt-outs and a platform stop follow it to the new user ID; opt-ins and windows do not, unless the policy says so.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ChangeUserId {
    /// The business-scoped user ID it had
    #[arg(long, value_name = "USER-ID")]
    from: String,
    /// The business-scoped user ID it has now
    #[arg(long, value_name = "USER-ID")]
    to: String,
    /// The provider's id of the message that told it
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    message_id: String,
    #[command(flatten)]
    act: Act,
}

impl ChangeUserId {
    pub(super) async fn run(self) -> Result<Option<Acknowledgement>, CliError> {
        let mut client = IdentityServiceClient::new(self.act.connection.connect().await?);
        let request = ChangeUserIdRequest {
            account: self.act.connection.account,
            event_id: self.act.event_id,
            from: self.from,
            to: self.to,
            message_id: self.message_id,
            occurred_at: words::timestamp(self.act.at),
        };
        Ok(client.change_user_id(request).await?.into_inner().acknowledgement)
    }
}
