//! `template register`.

use clap::Args;

use super::Named;
use crate::cli::act::Act;
use crate::cli::error::CliError;
use crate::cli::words;
use crate::consent::template::TemplateStatus;
use crate::consent::words::Category;
use crate::proto::admin_service_client::AdminServiceClient;
use crate::proto::{Acknowledgement, RegisterTemplateRequest};

const EXAMPLES: &str = "\
Example:
  consent-ledger template register --name order_sent --language en --category utility --parameters 2";

/// Register a template, or register it anew: all of it. Each language is a template of its own.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Register {
    #[command(flatten)]
    template: Named,
    /// What it is for: marketing, utility, authentication
    #[arg(long, value_name = "CATEGORY")]
    category: Category,
    /// How many parameters it takes
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    parameters: u32,
    /// Whether it may be sent: approved, paused, rejected, disabled, pending
    #[arg(long, value_name = "STATUS", default_value = "approved")]
    status: TemplateStatus,
    /// It asks for an opt-in: under a policy that allows it, an unknown contact may get it
    #[arg(long)]
    opt_in_request: bool,
    #[command(flatten)]
    act: Act,
}

impl Register {
    pub(super) async fn run(self) -> Result<Option<Acknowledgement>, CliError> {
        let mut client = AdminServiceClient::new(self.act.connection.connect().await?);
        let request = RegisterTemplateRequest {
            account: self.act.connection.account,
            event_id: self.act.event_id,
            name: self.template.name,
            language: self.template.language,
            category: i32::from(self.category.number()),
            parameters: self.parameters,
            status: i32::from(self.status.number()),
            opt_in_request: self.opt_in_request,
            occurred_at: words::timestamp(self.act.at),
        };
        Ok(client.register_template(request).await?.into_inner().acknowledgement)
    }
}
