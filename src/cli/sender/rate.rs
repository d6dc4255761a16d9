//! `sender rate`.

use clap::Args;

use crate::cli::act::Act;
use crate::cli::error::CliError;
use crate::cli::words;
use crate::consent::sender::Quality;
use crate::proto::admin_service_client::AdminServiceClient;
use crate::proto::report_standing_request::Report;
use crate::proto::{Acknowledgement, ReportStandingRequest};

const EXAMPLES: &str = "\
Example:
  consent-ledger sender rate --sender 106540352242922 --quality red";

/// Report how the platform rates a sender.
///
/// RED starts a term of seven days, and a repeated RED does not start it anew. After it, a policy that says so closes templates,
/// until the sender is rated better or declares an accepted way to a human.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Rate {
    /// The sender, by its `phone_number_id`
    #[arg(long, value_name = "SENDER")]
    sender: String,
    /// The rating: green, yellow, red
    #[arg(long, value_name = "QUALITY")]
    quality: Quality,
    #[command(flatten)]
    act: Act,
}

impl Rate {
    pub(super) async fn run(self) -> Result<Option<Acknowledgement>, CliError> {
        let mut client = AdminServiceClient::new(self.act.connection.connect().await?);
        let request = ReportStandingRequest {
            account: self.act.connection.account,
            event_id: self.act.event_id,
            sender: self.sender,
            report: Some(Report::Quality(i32::from(self.quality.number()))),
            occurred_at: words::timestamp(self.act.at),
        };
        Ok(client.report_standing(request).await?.into_inner().acknowledgement)
    }
}
