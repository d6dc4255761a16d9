//! `erase request`.
//!
//! ```text
//! recorded as entry 8: the contact will be erased at 2026-03-02T10:00:00Z
//! until then `erase cancel` or `erase hold` stops it, and permissions stay as they are
//! exports and evidence bundles that were handed out cannot be called back
//! hash: 4dd8f46fd436557456996711a62197dcc259fc60c0fa8e26bdbe082709506158
//! ```

use clap::Args;
use serde_json::json;

use crate::cli::client::Connection;
use crate::cli::error::{CliError, Verdict};
use crate::cli::length::Length;
use crate::cli::output::Output;
use crate::cli::{json, words};
use crate::consent::time::Time;
use crate::proto::identity_service_client::IdentityServiceClient;
use crate::proto::{Acknowledgement, RequestErasureRequest, RequestErasureResponse};

const EXAMPLES: &str = "\
Exit code: 0 it waits, 2 refused, as under a legal hold; or the server does not answer.

Examples:
  consent-ledger erase request --contact +447400123456
  consent-ledger erase request --contact +447400123456 --delay 7d --event-id ticket-4711";

/// Ask for the erasure of a contact, which happens by itself after a delay.
///
/// Erased is the person who stands behind the number or user ID now (at --at, where it is given), under everything that person has
/// when it happens; not somebody who gets the number in between. The contact need not be known. No permission changes until then:
/// record an opt-out too where the contact must not be written to any more.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Request {
    /// Who: a phone number as in +447400123456, or a business-scoped user ID as in US.13491208655302741918
    #[arg(long, value_name = "CONTACT")]
    contact: String,
    /// How long it can still be cancelled, from now on: 0 to 30 days, as in 90s, 15m, 24h or 7d
    #[arg(long, value_name = "TIME", default_value = "24h")]
    delay: Length,
    /// Leave no token: the contact is a stranger afterwards, and an old list may bring it back
    #[arg(long)]
    forget_suppression: bool,
    /// When the contact asked, in RFC 3339 as in 2026-03-01T10:00:00Z; without it, now
    #[arg(long, value_name = "TIME")]
    at: Option<Time>,
    /// Your own name for the event, at most 128 bytes: recording it twice counts once
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    event_id: String,
    #[command(flatten)]
    connection: Connection,
}

impl Request {
    pub(super) async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let mut client = IdentityServiceClient::new(self.connection.connect().await?);
        let request = RequestErasureRequest {
            account: self.connection.account,
            event_id: self.event_id,
            contact: self.contact,
            delay: Some(self.delay.duration()),
            forget_suppression: self.forget_suppression,
            occurred_at: words::timestamp(self.at),
        };
        let response = client.request_erasure(request).await?.into_inner();
        let missing = || CliError::unexpected("the server answered without an acknowledgement");
        let acknowledgement = response.acknowledgement.as_ref().ok_or_else(missing)?;
        output.print(|| value(acknowledgement, &response), || text(acknowledgement, &response))?;
        Ok(Verdict::Yes)
    }
}

fn value(acknowledgement: &Acknowledgement, response: &RequestErasureResponse) -> serde_json::Value {
    let mut value = json::acknowledgement(acknowledgement);
    if let Some(fields) = value.as_object_mut() {
        fields.insert("due_at".into(), json!(words::time(response.due_at.as_ref()).map(|at| at.to_string())));
        fields.insert("waits".into(), json!(response.waits));
    }
    value
}

fn text(acknowledgement: &Acknowledgement, response: &RequestErasureResponse) -> String {
    let verb = if acknowledgement.duplicate { "was recorded before as" } else { "recorded as" };
    let due_at = words::time_or(response.due_at.as_ref(), "?");
    let (when, next) = if response.waits {
        (
            format!("the contact will be erased at {due_at}"),
            "until then `erase cancel` or `erase hold` stops it, and permissions stay as they are",
        )
    } else {
        (format!("it was due at {due_at}"), "it waits no longer: it has happened, or was cancelled; `trail` tells")
    };
    format!(
        "{verb} entry {}: {when}\n{next}\nexports and evidence bundles that were handed out cannot be called back\nhash: {}",
        acknowledgement.seq,
        hex::encode(&acknowledgement.entry_hash)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_longer_waits_is_not_promised_again() {
        let acknowledgement = Acknowledgement { seq: 8, duplicate: true, ..Default::default() };
        let said = |waits| text(&acknowledgement, &RequestErasureResponse { waits, ..Default::default() });
        assert!(said(true).starts_with("was recorded before as entry 8: the contact will be erased at ?\nuntil then `erase cancel`"));
        assert!(said(false).starts_with("was recorded before as entry 8: it was due at ?\nit waits no longer"));
    }
}
