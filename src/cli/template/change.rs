//! `template change`.

use clap::Args;

use super::Named;
use crate::cli::act::Act;
use crate::cli::error::CliError;
use crate::cli::words;
use crate::consent::sender::Quality;
use crate::consent::template::TemplateStatus;
use crate::consent::words::Category;
use crate::proto::admin_service_client::AdminServiceClient;
use crate::proto::{Acknowledgement, ChangeTemplateRequest};

const EXAMPLES: &str = "\
Example:
  consent-ledger template change --name order_sent --language en --category marketing";

/// Report what the platform changed about a template; what is not named stays as it was.
///
/// A template that it moved to another category counts in that one from then on. The quality is kept for people.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Change {
    #[command(flatten)]
    template: Named,
    /// What it is for now: marketing, utility, authentication
    #[arg(long, value_name = "CATEGORY", required_unless_present_any = ["status", "quality"])]
    category: Option<Category>,
    /// Whether it may be sent: approved, paused, rejected, disabled, pending
    #[arg(long, value_name = "STATUS")]
    status: Option<TemplateStatus>,
    /// How the platform rates it: green, yellow, red
    #[arg(long, value_name = "QUALITY")]
    quality: Option<Quality>,
    #[command(flatten)]
    act: Act,
}

impl Change {
    pub(super) async fn run(self) -> Result<Option<Acknowledgement>, CliError> {
        let mut client = AdminServiceClient::new(self.act.connection.connect().await?);
        let request = ChangeTemplateRequest {
            account: self.act.connection.account,
            event_id: self.act.event_id,
            name: self.template.name,
            language: self.template.language,
            category: self.category.map_or(0, |category| i32::from(category.number())),
            status: self.status.map_or(0, |status| i32::from(status.number())),
            quality: self.quality.map_or(0, |quality| i32::from(quality.number())),
            occurred_at: words::timestamp(self.act.at),
        };
        Ok(client.change_template(request).await?.into_inner().acknowledgement)
    }
}
