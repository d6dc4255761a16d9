//! `sender restrict`.

use clap::Args;

use crate::cli::act::Act;
use crate::cli::error::CliError;
use crate::cli::words;
use crate::consent::sender::RestrictionKind;
use crate::consent::time::Time;
use crate::proto::admin_service_client::AdminServiceClient;
use crate::proto::report_standing_request::Report;
use crate::proto::{Acknowledgement, ReportStandingRequest, Restriction};

const EXAMPLES: &str = "\
Example:
  consent-ledger sender restrict --sender 106540352242922 --kind business-initiated \\
      --until 2026-03-08T10:00:00Z";

/// Report what the platform forbids a sender, or all senders of the account.
///
/// It binds until its end, or until `sender lift` ends it; several restrictions bind together.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Restrict {
    /// The sender, by its `phone_number_id`
    #[arg(long, value_name = "SENDER", required_unless_present = "all_senders")]
    sender: Option<String>,
    /// All senders of the account
    #[arg(long, conflicts_with = "sender")]
    all_senders: bool,
    /// What is forbidden, separated by commas: business-initiated (no templates), customer-initiated (no free-form messages), all
    #[arg(long, value_name = "KIND,…", required = true, value_delimiter = ',')]
    kind: Vec<RestrictionKind>,
    /// When it ends, in RFC 3339; without it, once it is lifted
    #[arg(long, value_name = "TIME")]
    until: Option<Time>,
    #[command(flatten)]
    act: Act,
}

impl Restrict {
    pub(super) async fn run(self) -> Result<Option<Acknowledgement>, CliError> {
        let mut client = AdminServiceClient::new(self.act.connection.connect().await?);
        let kinds = self.kind.into_iter().map(|kind| i32::from(kind.number())).collect();
        let request = ReportStandingRequest {
            account: self.act.connection.account,
            event_id: self.act.event_id,
            sender: self.sender.unwrap_or_default(),
            report: Some(Report::Restriction(Restriction { kinds, until: words::timestamp(self.until) })),
            occurred_at: words::timestamp(self.act.at),
        };
        Ok(client.report_standing(request).await?.into_inner().acknowledgement)
    }
}
