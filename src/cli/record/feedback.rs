//! `record feedback`.

use clap::Args;

use crate::cli::act::{Act, Shown};
use crate::cli::error::CliError;
use crate::cli::words;
use crate::proto::recording_service_client::RecordingServiceClient;
use crate::proto::{Acknowledgement, RecordProviderFeedbackRequest};

const EXAMPLES: &str = "\
Example:
  consent-ledger record feedback --contact +447400123456 --sender 106540352242922 --code 131050";

/// Record that the platform refused a message, with its error code.
///
/// 131050 says that the contact stopped marketing, 131047 that the customer service window is closed. Other codes are kept and change
/// no answer. Where webhooks reach the ledger, they bring this by themselves.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Feedback {
    #[command(flatten)]
    shown: Shown,
    /// The platform's error code
    #[arg(long, value_name = "CODE")]
    code: u32,
    /// The provider's id of the message
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    message_id: String,
    #[command(flatten)]
    act: Act,
}

impl Feedback {
    pub(super) async fn run(self) -> Result<Option<Acknowledgement>, CliError> {
        let mut client = RecordingServiceClient::new(self.act.connection.connect().await?);
        let request = RecordProviderFeedbackRequest {
            account: self.act.connection.account,
            event_id: self.act.event_id,
            contacts: self.shown.contact,
            sender: self.shown.sender,
            code: self.code,
            message_id: self.message_id,
            occurred_at: words::timestamp(self.act.at),
        };
        Ok(client.record_provider_feedback(request).await?.into_inner().acknowledgement)
    }
}
