//! `sender lift`.

use clap::Args;

use crate::cli::act::Act;
use crate::cli::error::CliError;
use crate::cli::words;
use crate::consent::sender::RestrictionKind;
use crate::proto::admin_service_client::AdminServiceClient;
use crate::proto::report_standing_request::Report;
use crate::proto::{Acknowledgement, ReportStandingRequest, RestrictionLift};

const EXAMPLES: &str = "\
Example:
  consent-ledger sender lift --all-senders --kind all --at 2026-03-08T10:00:00Z";

/// Report that restrictions of a sender, or of all senders of the account, are over.
///
/// It ends what was reported for an earlier instant, of these kinds only: `all` is a ban and leaves the other two. What was
/// reported of all senders together is lifted for all of them together.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Lift {
    /// The sender, by its `phone_number_id`: what was reported of it alone
    #[arg(long, value_name = "SENDER", required_unless_present = "all_senders")]
    sender: Option<String>,
    /// What was reported of all senders of the account
    #[arg(long, conflicts_with = "sender")]
    all_senders: bool,
    /// What is allowed again, separated by commas: business-initiated, customer-initiated, all
    #[arg(long, value_name = "KIND,…", required = true, value_delimiter = ',')]
    kind: Vec<RestrictionKind>,
    #[command(flatten)]
    act: Act,
}

impl Lift {
    pub(super) async fn run(self) -> Result<Option<Acknowledgement>, CliError> {
        let mut client = AdminServiceClient::new(self.act.connection.connect().await?);
        let request = ReportStandingRequest {
            account: self.act.connection.account,
            event_id: self.act.event_id,
            sender: self.sender.unwrap_or_default(),
            report: Some(Report::Lift(RestrictionLift { kinds: self.kind.into_iter().map(|kind| kind.number().into()).collect() })),
            occurred_at: words::timestamp(self.act.at),
        };
        Ok(client.report_standing(request).await?.into_inner().acknowledgement)
    }
}
