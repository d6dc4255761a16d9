//! `record opt-out`.

use clap::Args;

use super::{Consent, Proof};
use crate::cli::act::Act;
use crate::cli::error::CliError;
use crate::cli::words;
use crate::consent::words::Category;
use crate::proto::recording_service_client::RecordingServiceClient;
use crate::proto::{Acknowledgement, RecordOptOutRequest};

const EXAMPLES: &str = "\
Example:
  consent-ledger record opt-out --contact +447400123456 --category marketing --method email";

/// Record that a contact opted out.
///
/// Without --category it covers everything, without --sender every sender of the account. STOP messages need no call of their own:
/// record the inbound message, and the opt-out it means is recorded with it.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct OptOut {
    #[command(flatten)]
    consent: Consent,
    /// For which categories, separated by commas: marketing, utility, authentication, service; without it, all four
    #[arg(long, value_name = "CATEGORY,…", value_delimiter = ',')]
    category: Vec<Category>,
    #[command(flatten)]
    act: Act,
    #[command(flatten)]
    proof: Proof,
}

impl OptOut {
    pub(super) async fn run(self) -> Result<Option<Acknowledgement>, CliError> {
        let mut client = RecordingServiceClient::new(self.act.connection.connect().await?);
        let request = RecordOptOutRequest {
            account: self.act.connection.account,
            event_id: self.act.event_id,
            contact: self.consent.contact,
            sender: self.consent.sender,
            categories: self.category.into_iter().map(|category| i32::from(category.number())).collect(),
            method: i32::from(self.consent.method.number()),
            occurred_at: words::timestamp(self.act.at),
            evidence: self.proof.into_evidence(),
        };
        Ok(client.record_opt_out(request).await?.into_inner().acknowledgement)
    }
}
