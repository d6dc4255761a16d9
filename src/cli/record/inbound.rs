//! `record inbound`.

use clap::Args;

use crate::cli::act::{Act, Shown};
use crate::cli::error::CliError;
use crate::cli::words;
use crate::consent::words::InboundKind;
use crate::proto::recording_service_client::RecordingServiceClient;
use crate::proto::{Acknowledgement, RecordInboundMessageRequest};

const EXAMPLES: &str = "\
Example:
  consent-ledger record inbound --contact +447400123456 --sender 106540352242922 --text 'STOP'";

/// Record that a contact wrote, called or pressed a button.
///
/// Most messages open the 24-hour customer service window toward the sender that received them. A keyword such as STOP, standing
/// alone, also records the opt-out it means. The text is read for keywords and not kept, unless the policy says so.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Inbound {
    #[command(flatten)]
    shown: Shown,
    /// What came in: text, image, audio, video, document, sticker, location, contacts, order, button, interactive, call, call-accepted,
    /// call-permission-reply, reaction, unsupported, edit, revoke, system, group, welcome, history
    #[arg(long, value_name = "KIND", default_value = "text")]
    kind: InboundKind,
    /// Its body or caption, or the button's text
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    text: String,
    /// The payload of the button that was pressed
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    payload: String,
    /// The provider's message id
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    message_id: String,
    #[command(flatten)]
    act: Act,
}

impl Inbound {
    pub(super) async fn run(self) -> Result<Option<Acknowledgement>, CliError> {
        let mut client = RecordingServiceClient::new(self.act.connection.connect().await?);
        let request = RecordInboundMessageRequest {
            account: self.act.connection.account,
            event_id: self.act.event_id,
            contacts: self.shown.contact,
            sender: self.shown.sender,
            kind: i32::from(self.kind.number()),
            text: self.text,
            payload: self.payload,
            message_id: self.message_id,
            occurred_at: words::timestamp(self.act.at),
        };
        Ok(client.record_inbound_message(request).await?.into_inner().acknowledgement)
    }
}
