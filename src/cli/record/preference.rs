//! `record preference`.

use clap::Args;

use crate::cli::act::{Act, Shown};
use crate::cli::error::CliError;
use crate::cli::words;
use crate::consent::words::PlatformPreference;
use crate::proto::recording_service_client::RecordingServiceClient;
use crate::proto::{Acknowledgement, RecordPlatformPreferenceRequest};

const EXAMPLES: &str = "\
Example:
  consent-ledger record preference --contact +447400123456 --sender 106540352242922 \\
      --preference stop";

/// Record that a contact told the platform whether it wants marketing.
///
/// A stop closes marketing for the whole account, and only a later resume or signup in WhatsApp opens it again: an opt-in elsewhere
/// does not. A resume undoes no opt-out. A signup is a resume and an opt-in to marketing.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Preference {
    #[command(flatten)]
    shown: Shown,
    /// What it told: stop, resume, signup
    #[arg(long = "preference", value_name = "PREFERENCE")]
    told: PlatformPreference,
    #[command(flatten)]
    act: Act,
}

impl Preference {
    pub(super) async fn run(self) -> Result<Option<Acknowledgement>, CliError> {
        let mut client = RecordingServiceClient::new(self.act.connection.connect().await?);
        let request = RecordPlatformPreferenceRequest {
            account: self.act.connection.account,
            event_id: self.act.event_id,
            contacts: self.shown.contact,
            sender: self.shown.sender,
            preference: i32::from(self.told.number()),
            occurred_at: words::timestamp(self.act.at),
        };
        Ok(client.record_platform_preference(request).await?.into_inner().acknowledgement)
    }
}
