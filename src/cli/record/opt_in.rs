//! `record opt-in`.

use clap::Args;

use super::{Consent, Proof};
use crate::cli::act::Act;
use crate::cli::error::CliError;
use crate::cli::words;
use crate::consent::time::Time;
use crate::consent::words::Category;
use crate::proto::recording_service_client::RecordingServiceClient;
use crate::proto::{Acknowledgement, RecordOptInRequest};

const EXAMPLES: &str = "\
Example:
  consent-ledger record opt-in --contact +447400123456 --category marketing,utility \\
      --evidence-text 'Yes, send me offers' --evidence-url https://shop.example/checkout";

/// Record that a contact opted in to categories of messages.
///
/// Without --sender it holds for every sender of the account. It lasts until an opt-out, or until --expires-at.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct OptIn {
    #[command(flatten)]
    consent: Consent,
    /// For which categories, separated by commas: marketing, utility, authentication, service
    #[arg(long, value_name = "CATEGORY,…", required = true, value_delimiter = ',')]
    category: Vec<Category>,
    /// When it ends, in RFC 3339; without it, never
    #[arg(long, value_name = "TIME")]
    expires_at: Option<Time>,
    #[command(flatten)]
    act: Act,
    #[command(flatten)]
    proof: Proof,
}

impl OptIn {
    pub(super) async fn run(self) -> Result<Option<Acknowledgement>, CliError> {
        let mut client = RecordingServiceClient::new(self.act.connection.connect().await?);
        let request = RecordOptInRequest {
            account: self.act.connection.account,
            event_id: self.act.event_id,
            contact: self.consent.contact,
            sender: self.consent.sender,
            categories: self.category.into_iter().map(|category| i32::from(category.number())).collect(),
            method: i32::from(self.consent.method.number()),
            occurred_at: words::timestamp(self.act.at),
            expires_at: words::timestamp(self.expires_at),
            evidence: self.proof.into_evidence(),
        };
        Ok(client.record_opt_in(request).await?.into_inner().acknowledgement)
    }
}
