//! `identity link`.

use clap::Args;

use crate::cli::act::Act;
use crate::cli::error::CliError;
use crate::cli::words;
use crate::proto::identity_service_client::IdentityServiceClient;
use crate::proto::{Acknowledgement, LinkIdentifiersRequest};

const EXAMPLES: &str = "\
Example:
  consent-ledger identity link --contact +447400123456 --contact US.13491208655302741918";

/// Record that two identifiers are one contact: what is known of either then counts for both.
///
/// One of them at most is a phone number: two numbers are two lines. A link cannot be undone.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Link {
    /// The two, each with a --contact of its own: a phone number and a business-scoped user ID, or two user IDs
    #[arg(long, value_name = "CONTACT", required = true)]
    contact: Vec<String>,
    #[command(flatten)]
    act: Act,
}

impl Link {
    pub(super) async fn run(self) -> Result<Option<Acknowledgement>, CliError> {
        let mut client = IdentityServiceClient::new(self.act.connection.connect().await?);
        let request = LinkIdentifiersRequest {
            account: self.act.connection.account,
            event_id: self.act.event_id,
            contacts: self.contact,
            occurred_at: words::timestamp(self.act.at),
        };
        Ok(client.link_identifiers(request).await?.into_inner().acknowledgement)
    }
}
