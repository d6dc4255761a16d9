//! `record opt-out`.

use clap::Args;

use super::{Act, Proof};
use crate::cli::error::CliError;
use crate::cli::words;
use crate::consent::words::{Category, Method};
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
    /// Who: a phone number as in +447400123456, or a business-scoped user ID as in US.13491208655302741918
    #[arg(long, value_name = "CONTACT")]
    contact: String,
    /// For one sender only, by its `phone_number_id`; without it, for all of the account's
    #[arg(long, value_name = "SENDER", default_value = "", hide_default_value = true)]
    sender: String,
    /// For which categories, separated by commas: marketing, utility, authentication, service; without it, all four
    #[arg(long, value_name = "CATEGORY,…", value_delimiter = ',')]
    category: Vec<Category>,
    /// How it was captured: website, sms, keyword, in-person, import, whatsapp, phone-call, ivr, email, paper, app, qr-code, platform, agent, other
    #[arg(long, value_name = "METHOD", default_value = "website")]
    method: Method,
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
            contact: self.contact,
            sender: self.sender,
            categories: self.category.into_iter().map(|category| i32::from(category.number())).collect(),
            method: i32::from(self.method.number()),
            occurred_at: words::timestamp(self.act.at),
            evidence: self.proof.into_evidence(),
        };
        Ok(client.record_opt_out(request).await?.into_inner().acknowledgement)
    }
}
