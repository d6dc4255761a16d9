//! `check`: may this sender write to this contact?
//!
//! ```text
//! TEMPLATE_ONLY OPTED_IN OUTSIDE_ALLOWED_SENDING_WINDOW
//! window: not open
//! allowed templates: marketing
//! valid until: 2027-03-01T10:00:00Z, unless something new happens
//! answered for 2026-03-01T10:00:00Z at entry 12, from entries 7
//! ```

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::audience::{self, ListOptions};
use super::client::Connection;
use super::error::{CliError, Verdict};
use super::explain;
use super::output::Output;
use super::sender::standing;
use super::{json, words};
use crate::client::Channel;
use crate::consent::time::Time;
use crate::consent::words::{Category, Permission, Reason};
use crate::export::receipt::from_message;
use crate::export::receipt_file;
use crate::proto::decision_service_client::DecisionServiceClient;
use crate::proto::{CheckSendRequest, CheckTemplate, Decision, GetSenderStandingRequest, Receipt, SenderStanding};

const EXAMPLES: &str = "\
The first word printed is the permission: FREE_FORM, TEMPLATE_ONLY or NOTHING.
Exit code: 0 it may write, 1 it may not, 2 it could not be told (then do not write).

A list is a contact a line, CSV with a header, or JSON Lines, of any size. Its rows are split in two files, which appear once every \
row has its answer: those that may be written to, with their permission, and all others, with their reason. The last lines printed \
count them. An answer ages: check again right before sending.
Exit code for a list: 0 somebody may be written to, 1 nobody, 2 it could not be told (then there is no file, or nobody in it).

Examples:
  consent-ledger check --contact +447400123456 --sender 106540352242922 \\
      --category marketing --explain
  consent-ledger check list.csv --sender 106540352242922 --category marketing \\
      --out allowed.csv";

/// May this sender write to this contact now: free-form, by template only, or not at all? Or: to whom on this list?
///
/// The answer comes from what the contact did: opt-ins and opt-outs per category, the messages that open the 24-hour customer
/// service window, and what the contact told the platform. A "no" comes with the reason for it.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Check {
    /// A list of recipients instead of one; `-` is stdin
    #[arg(value_name = "FILE", required_unless_present = "contact", conflicts_with_all = ["contact", "explain", "receipt"])]
    file: Option<PathBuf>,
    /// The recipient: a phone number as in +447400123456, or a business-scoped user ID as in US.13491208655302741918
    #[arg(long, value_name = "CONTACT")]
    contact: Option<String>,
    /// The business phone number that would write, by its `phone_number_id`
    #[arg(long, value_name = "SENDER")]
    sender: String,
    /// What the message is for: marketing, utility, authentication or service; without it, whatever the contact allows
    #[arg(long, value_name = "CATEGORY")]
    category: Option<Category>,
    /// Ask for the one confirmation that may follow an opt-out keyword
    #[arg(long, conflicts_with_all = ["category", "template"])]
    opt_out_confirmation: bool,
    /// The template that would be sent, by its name: where templates are registered, its category as it is now counts
    #[arg(long, value_name = "NAME", requires = "language")]
    template: Option<String>,
    /// The template's language, as in `en` or `pt_BR`
    #[arg(long, value_name = "LANGUAGE", requires = "template")]
    language: Option<String>,
    /// How many parameters there are for the template; without it, none
    #[arg(long, value_name = "COUNT", requires = "template")]
    parameters: Option<u32>,
    /// Ask about another time, in RFC 3339 as in 2026-03-01T10:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Time>,
    /// Answer from what the ledger knew at that time, in RFC 3339; read from the contact's trail on disk
    #[arg(long, value_name = "TIME")]
    known_at: Option<Time>,
    /// Answer from what the ledger knew when it had recorded this entry and no more; read from the contact's trail on disk
    #[arg(long, value_name = "SEQ")]
    known_seq: Option<u64>,
    /// Answer only once the ledger has reached this entry, such as the one just recorded
    #[arg(long, value_name = "SEQ")]
    min_position: Option<u64>,
    /// Say for each reason what it means and what would change it
    #[arg(long)]
    explain: bool,
    /// Sign question and answer, record them, and write the receipt to this file; `verify` reads it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["at", "known_at", "known_seq"])]
    receipt: Option<PathBuf>,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    connection: Connection,
}

impl Check {
    /// Asks and prints the answer.
    ///
    /// # Errors
    /// Where the server cannot be reached or cannot tell.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let template = self.template.map(|name| CheckTemplate {
            name,
            language: self.language.unwrap_or_default(),
            parameters: self.parameters.unwrap_or_default(),
        });
        let request = CheckSendRequest {
            account: self.connection.account.clone(),
            contact: self.contact.unwrap_or_default(),
            sender: self.sender,
            category: self.category.map_or(0, |category| i32::from(category.number())),
            opt_out_confirmation: self.opt_out_confirmation,
            at: words::timestamp(self.at),
            min_position: self.min_position.unwrap_or_default(),
            known_at: words::timestamp(self.known_at),
            known_seq: self.known_seq.unwrap_or_default(),
            template,
            receipt: self.receipt.is_some(),
        };
        if let Some(file) = &self.file {
            return audience::check(file, self.list, request, &self.connection, output).await;
        }
        let channel = self.connection.connect().await?;
        let about_sender = request.clone();
        let response = DecisionServiceClient::new(channel.clone()).check_send(request).await?.into_inner();
        let decision = response.decision.ok_or_else(|| CliError::unexpected("the server answered without a decision"))?;
        let permission = words::permission(decision.permission)?;
        // Before anything is printed: an answer whose receipt is lost is not the one that was asked for.
        if let Some(path) = &self.receipt {
            write_receipt(path, response.receipt.as_ref())?;
        }
        if self.explain {
            let explained = Explained { standing: sender_standing(channel, about_sender, &decision).await?, decision };
            output.print(|| explained.value(), || explained.text(permission))?;
        } else {
            output.print(|| json::decision(&decision), || text(&decision, permission))?;
        }
        if let Some(path) = self.receipt.filter(|_| !output.is_json()) {
            Output::line(&format!("receipt: {}", path.display()))?;
        }
        Ok(match permission {
            Permission::FreeForm | Permission::TemplateOnly => Verdict::Yes,
            Permission::Nothing => Verdict::No,
        })
    }
}

/// Writes the receipt, once it is seen to say what it should.
fn write_receipt(path: &Path, receipt: Option<&Receipt>) -> Result<(), CliError> {
    let receipt = receipt.ok_or_else(|| CliError::unexpected("the server answered without a receipt"))?;
    let receipt = from_message(receipt).map_err(|error| CliError::unexpected(error.to_string()))?;
    let text = receipt_file::write(&receipt).map_err(CliError::local)?;
    let written = std::fs::write(path, text);
    written.map_err(|error| {
        CliError::local(error)
            .context(format!("writing {}", path.display()))
            .hint("the answer is recorded, its receipt was not kept; ask again")
    })
}

/// How the sender stands, for the time that the decision is for.
async fn sender_standing(channel: Channel, asked: CheckSendRequest, decision: &Decision) -> Result<SenderStanding, CliError> {
    let CheckSendRequest { account, sender, known_at, known_seq, .. } = asked;
    standing::ask(channel, GetSenderStandingRequest { account, sender, at: decision.at, known_at, known_seq }).await
}

/// A decision with its reasons in words, and how the sender stands.
struct Explained {
    decision: Decision,
    standing: SenderStanding,
}

impl Explained {
    fn value(&self) -> Value {
        let mut value = json::decision(&self.decision);
        if let Some(object) = value.as_object_mut() {
            let explained = reasons(&self.decision)
                .map(|reason| json!({ "reason": reason.as_str(), "means": explain::means(reason), "changes": explain::changes(reason) }));
            object.insert("explanation".into(), explained.collect());
            object.insert("sender_standing".into(), standing::value(&self.standing));
        }
        value
    }

    /// A sender that stands OK has nothing to do with the answer and is left out.
    fn text(&self, permission: Permission) -> String {
        let mut lines = vec![text(&self.decision, permission)];
        for reason in reasons(&self.decision) {
            lines.push(format!("\n{reason}\n  {}\n  {}", explain::means(reason), explain::changes(reason)));
        }
        if !standing::is_ok(&self.standing) {
            let about = standing::lines(&self.standing);
            lines.push(format!("\nsender {}: {}", self.standing.sender, about.join("\n  ")));
        }
        lines.join("\n")
    }
}

fn text(decision: &Decision, permission: Permission) -> String {
    let mut lines =
        vec![[vec![permission.to_string()], decision.reasons.iter().map(|number| words::reason(*number)).collect()].concat().join(" ")];
    lines.push(
        words::time(decision.window_closes_at.as_ref()).map_or_else(|| "window: not open".into(), |at| format!("window closes: {at}")),
    );
    lines.push(format!("allowed templates: {}", words::categories(&decision.allowed_template_categories)));
    lines.push(match words::time(decision.valid_until.as_ref()) {
        Some(until) => format!("valid until: {until}, unless something new happens"),
        None => "valid until: something new happens".into(),
    });
    let seqs = decision.deciding_seqs.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let from = if seqs.is_empty() { "no entry decided".into() } else { format!("decided by {seqs}") };
    let seq = decision.position.as_ref().map_or(0, |position| position.seq);
    lines.push(format!("answered for {} at entry {seq}, {from}", words::time_or(decision.at.as_ref(), "now")));
    lines.join("\n")
}

fn reasons(decision: &Decision) -> impl Iterator<Item = Reason> {
    decision.reasons.iter().filter_map(|number| Reason::from_number(*number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Restriction;

    #[test]
    fn the_permission_is_the_first_word_and_the_decisive_reason_the_second() {
        let decision = Decision { permission: 3, reasons: vec![23, 30], ..Default::default() };
        let text = Explained { decision, standing: SenderStanding { state: 1, ..Default::default() } }.text(Permission::Nothing);
        assert!(
            text.starts_with("NOTHING RECIPIENT_OPTED_OUT OUTSIDE_ALLOWED_SENDING_WINDOW\nwindow: not open\nallowed templates: none\n")
        );
        assert!(text.contains("\nRECIPIENT_OPTED_OUT\n  the contact opted out") && !text.contains("\nsender "));
    }

    #[test]
    fn a_sender_that_does_not_stand_ok_is_explained_too() {
        let decision = Decision { permission: 3, reasons: vec![18], ..Default::default() };
        let forbidden = Restriction { kinds: vec![1], until: Some(prost_types::Timestamp { seconds: 1_772_000_000, nanos: 0 }) };
        let standing = SenderStanding { sender: "1001".into(), state: 4, restrictions: vec![forbidden], ..Default::default() };
        let text = Explained { decision, standing }.text(Permission::Nothing);
        assert!(
            text.contains("\nsender 1001: RESTRICTED\n  quality: not reported\n  restricted: business_initiated until 2026-"),
            "{text}"
        );
    }
}
