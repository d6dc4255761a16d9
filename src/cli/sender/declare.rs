//! `sender declare`.

use clap::Args;

use crate::cli::act::Act;
use crate::cli::error::CliError;
use crate::cli::words;
use crate::consent::sender::EscalationPath;
use crate::proto::admin_service_client::AdminServiceClient;
use crate::proto::{Acknowledgement, DeclareSenderRequest, SenderDeclaration};

const EXAMPLES: &str = "\
Example:
  consent-ledger sender declare --sender 106540352242922 --automated --path phone,email";

/// Declare what a sender is: whether a machine answers, and how a person reaches a human.
///
/// A declaration says everything: what the one before it said and this one does not is no longer declared. The platform accepts an agent
/// in the chat, phone, e-mail, web support, a support form and, of a retailer, a visit to the store; not another social account, a
/// help-centre page or a link to an app.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Declare {
    /// The sender, by its `phone_number_id`
    #[arg(long, value_name = "SENDER")]
    sender: String,
    /// Messages are answered by a machine
    #[arg(long)]
    automated: bool,
    /// The business is a retailer
    #[arg(long)]
    retail: bool,
    /// Templates a week; a sender that declares at most 1,000 is only warned of RED quality
    #[arg(long, value_name = "COUNT", default_value_t = 0, hide_default_value = true)]
    weekly_templates: u64,
    /// The ways to a human, separated by commas: in-chat-agent, phone, email, web-support, support-form, store-visit, social-account,
    /// help-center-page, app-link
    #[arg(long, value_name = "PATH,…", value_delimiter = ',')]
    path: Vec<EscalationPath>,
    #[command(flatten)]
    act: Act,
}

impl Declare {
    pub(super) async fn run(self) -> Result<Option<Acknowledgement>, CliError> {
        let mut client = AdminServiceClient::new(self.act.connection.connect().await?);
        let declaration = SenderDeclaration {
            automated: self.automated,
            retail: self.retail,
            weekly_templates: self.weekly_templates,
            escalation_paths: self.path.into_iter().map(|path| i32::from(path.number())).collect(),
        };
        let request = DeclareSenderRequest {
            account: self.act.connection.account,
            event_id: self.act.event_id,
            sender: self.sender,
            declaration: Some(declaration),
            occurred_at: words::timestamp(self.act.at),
        };
        Ok(client.declare_sender(request).await?.into_inner().acknowledgement)
    }
}
