//! `record confirmation`.

use clap::Args;

use crate::cli::act::Act;
use crate::cli::error::CliError;
use crate::cli::words;
use crate::proto::recording_service_client::RecordingServiceClient;
use crate::proto::{Acknowledgement, RecordConfirmationSentRequest};

const EXAMPLES: &str = "\
Example:
  consent-ledger check --contact +447400123456 --sender 106540352242922 --opt-out-confirmation &&
      send-the-confirmation &&
      consent-ledger record confirmation --contact +447400123456 --sender 106540352242922";

/// Record that the one confirmation after an opt-out keyword was sent.
///
/// It uses the confirmation up: another one is allowed after another keyword only.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Confirmation {
    /// Who it was for: a phone number as in +447400123456, or a business-scoped user ID as in US.13491208655302741918
    #[arg(long, value_name = "CONTACT")]
    contact: String,
    /// The sender that sent it, by its `phone_number_id`
    #[arg(long, value_name = "SENDER")]
    sender: String,
    #[command(flatten)]
    act: Act,
}

impl Confirmation {
    pub(super) async fn run(self) -> Result<Option<Acknowledgement>, CliError> {
        let mut client = RecordingServiceClient::new(self.act.connection.connect().await?);
        let request = RecordConfirmationSentRequest {
            account: self.act.connection.account,
            event_id: self.act.event_id,
            contact: self.contact,
            sender: self.sender,
            occurred_at: words::timestamp(self.act.at),
        };
        Ok(client.record_confirmation_sent(request).await?.into_inner().acknowledgement)
    }
}
