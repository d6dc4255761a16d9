//! `possible-opt-outs`: messages in which a contact may have opted out, for a person to decide about.
//!
//! ```text
//!        7  2026-03-01T10:00:00Z         1001  +447400123456  waiting 3 days  "Stop. Thank you"
//! 1 message waits
//! ```

use clap::{Args, Subcommand};
use serde_json::json;

use super::client::{ANSWER_MAX_BYTES, Connection};
use super::error::{CliError, Verdict};
use super::output::Output;
use super::{json, words};
use crate::client::Channel;
use crate::proto::audit_service_client::AuditServiceClient;
use crate::proto::{Acknowledgement, ListPossibleOptOutsRequest, PossibleOptOut, PossibleOptOutVerdict, ResolvePossibleOptOutRequest};

const LIST_EXAMPLES: &str = "\
Example:
  consent-ledger possible-opt-outs list";

const DECIDE_EXAMPLES: &str = "\
Example:
  consent-ledger possible-opt-outs confirm 7";

/// List messages in which a contact may have opted out, and decide about them.
///
/// "STOP" alone opts out by itself. "Stop. Thank you" may mean something else: it changes nothing until a person says what it means.
#[derive(Args, Debug)]
pub struct PossibleOptOuts {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    List(List),
    Confirm(Confirm),
    Dismiss(Dismiss),
}

/// List the messages that nobody has decided about, the oldest first: personal data.
#[derive(Args, Debug)]
#[command(after_help = LIST_EXAMPLES)]
struct List {
    #[command(flatten)]
    connection: Connection,
}

/// It was an opt-out, of everything, from the moment the message was written.
#[derive(Args, Debug)]
#[command(after_help = DECIDE_EXAMPLES)]
struct Confirm {
    #[command(flatten)]
    decision: Decision,
}

/// It was no opt-out; it may still be confirmed later.
#[derive(Args, Debug)]
struct Dismiss {
    #[command(flatten)]
    decision: Decision,
}

#[derive(Args, Debug)]
struct Decision {
    /// The message's entry, as `possible-opt-outs list` shows it
    #[arg(value_name = "SEQ")]
    seq: u64,
    /// Your own name for the decision, at most 128 bytes: recording it twice counts once
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    event_id: String,
    #[command(flatten)]
    connection: Connection,
}

impl PossibleOptOuts {
    /// Lists or decides.
    ///
    /// # Errors
    /// Where the server cannot be reached or refuses.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        match self.what {
            What::List(list) => list.run(output).await,
            What::Confirm(confirm) => confirm.decision.run(PossibleOptOutVerdict::Confirmed, output).await,
            What::Dismiss(dismiss) => dismiss.decision.run(PossibleOptOutVerdict::Dismissed, output).await,
        }
    }
}

impl List {
    async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let mut client = client(&self.connection).await?;
        let mut request = ListPossibleOptOutsRequest { account: self.connection.account, ..Default::default() };
        let mut count = 0_u64;
        loop {
            let page = client.list_possible_opt_outs(request.clone()).await?.into_inner();
            for message in &page.possible_opt_outs {
                count += 1;
                output.print(|| value(message), || line(message))?;
            }
            if page.next_seq == 0 {
                break;
            }
            request.from_seq = page.next_seq;
        }
        if !output.is_json() {
            Output::line(&match count {
                0 => "no message waits".to_owned(),
                1 => "1 message waits".to_owned(),
                more => format!("{more} messages wait"),
            })?;
        }
        Ok(Verdict::Yes)
    }
}

impl Decision {
    async fn run(self, verdict: PossibleOptOutVerdict, output: Output) -> Result<Verdict, CliError> {
        let mut client = client(&self.connection).await?;
        let request = ResolvePossibleOptOutRequest {
            account: self.connection.account,
            event_id: self.event_id,
            seq: self.seq,
            verdict: verdict.into(),
        };
        let acknowledgement = client.resolve_possible_opt_out(request).await?.into_inner().acknowledgement;
        let acknowledgement = acknowledgement.ok_or_else(|| CliError::unexpected("the server answered without an acknowledgement"))?;
        output.print(|| json::acknowledgement(&acknowledgement), || decided(&acknowledgement))?;
        Ok(Verdict::Yes)
    }
}

async fn client(connection: &Connection) -> Result<AuditServiceClient<Channel>, CliError> {
    Ok(AuditServiceClient::new(connection.connect().await?).max_decoding_message_size(ANSWER_MAX_BYTES))
}

fn value(message: &PossibleOptOut) -> serde_json::Value {
    json!({
        "seq": message.seq,
        "occurred_at": words::time(message.occurred_at.as_ref()).map(|at| at.to_string()),
        "recorded_at": words::time(message.recorded_at.as_ref()).map(|at| at.to_string()),
        "sender": message.sender,
        "contacts": message.contacts,
        "text": message.text,
        "message_id": message.message_id,
        "days_waiting": message.days_waiting,
    })
}

/// The text is a stranger's: what could move the cursor is escaped.
fn line(message: &PossibleOptOut) -> String {
    let text = match (message.text.as_str(), message.message_id.as_str()) {
        ("", "") => "(text not kept)".to_owned(),
        ("", id) => format!("(text not kept, message {})", id.escape_debug()),
        (text, _) => format!("{text:?}"),
    };
    format!(
        "{:>8}  {:<27}  {}  {}  waiting {}  {text}",
        message.seq,
        words::time_or(message.occurred_at.as_ref(), "?"),
        message.sender,
        words::contacts(&message.contacts),
        words::counted(message.days_waiting, "day", "days"),
    )
}

fn decided(acknowledgement: &Acknowledgement) -> String {
    let verb = if acknowledgement.duplicate { "was recorded before as" } else { "recorded as" };
    let opt_out = match acknowledgement.caused_seq {
        0 => String::new(),
        seq => format!("\nthe opt-out is entry {seq}"),
    };
    let effect = words::effect(acknowledgement.effect);
    format!("{verb} entry {}: {effect}{opt_out}\nhash: {}", acknowledgement.seq, hex::encode(&acknowledgement.entry_hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_wrote_cannot_move_the_cursor() {
        let unkept = PossibleOptOut { message_id: "wamid.1".into(), ..Default::default() };
        assert!(line(&unkept).ends_with("(text not kept, message wamid.1)"));
        let message = PossibleOptOut { seq: 7, text: "\u{1b}[2Jstop.\nthanks".into(), contacts: vec!["GB.1".into()], ..Default::default() };
        assert!(line(&message).ends_with(r#"GB.1  waiting 0 days  "\u{1b}[2Jstop.\nthanks""#), "{}", line(&message));
        assert!(line(&PossibleOptOut::default()).ends_with("(unreadable)  waiting 0 days  (text not kept)"));
    }
}
