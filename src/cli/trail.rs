//! `trail`: everything the ledger holds about a contact.
//!
//! ```text
//! trail 5: 3 entries from 2026-03-01T10:00:00Z to 2026-03-02T09:00:00Z under 1 identifier
//! marketing       NOTHING        RECIPIENT_OPTED_OUT …
//! 12  2026-03-01T10:00:00Z  opted_in  categories=marketing method=website
//! ```

use std::fmt::Write;

use clap::Args;
use serde_json::json;

use super::client::{ANSWER_MAX_BYTES, Connection};
use super::error::{CliError, Verdict};
use super::output::Output;
use super::{json, words};
use crate::consent::time::Time;
use crate::proto::audit_service_client::AuditServiceClient;
use crate::proto::{Contact, Entry, GetContactRequest, ListEntriesRequest};

const EXAMPLES: &str = "\
With --json the first line is the summary, each following line an entry with what was sealed in it: personal data. That it was \
shown is recorded: `consent-ledger reads` lists who saw it.

Example:
  consent-ledger trail --contact +447400123456 --sender 106540352242922";

/// How many entries are asked for at once.
const PAGE: u32 = 500;

/// Show everything the ledger holds about a contact, in order.
///
/// Contacts that were joined are shown as one. With --sender, what that sender may do now is shown first.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Trail {
    /// Who: a phone number as in +447400123456, or a business-scoped user ID as in US.13491208655302741918
    #[arg(long, value_name = "CONTACT")]
    contact: String,
    /// Also show what this sender may do now, by its `phone_number_id`
    #[arg(long, value_name = "SENDER", default_value = "", hide_default_value = true)]
    sender: String,
    #[command(flatten)]
    connection: Connection,
}

impl Trail {
    /// Prints the summary, then every entry.
    ///
    /// # Errors
    /// Where the server cannot be reached or cannot tell.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let channel = self.connection.connect().await?;
        let mut client = AuditServiceClient::new(channel).max_decoding_message_size(ANSWER_MAX_BYTES);
        let account = self.connection.account;
        let request = GetContactRequest { account: account.clone(), contact: self.contact.clone(), sender: self.sender };
        let contact = client.get_contact(request).await?.into_inner().contact.unwrap_or_default();
        output.print(|| json!({ "contact": json::contact(&contact) }), || summary(&contact))?;
        let mut request = ListEntriesRequest { account, contact: self.contact, page_size: PAGE, ..Default::default() };
        loop {
            let page = client.list_entries(request.clone()).await?.into_inner();
            for entry in &page.entries {
                output.print(|| json::entry(entry), || line(entry))?;
            }
            if page.next_seq == 0 {
                return Ok(Verdict::Yes);
            }
            request.from_seq = page.next_seq;
        }
    }
}

fn summary(contact: &Contact) -> String {
    let mut text = String::new();
    if contact.entries == 0 {
        text.push_str("nothing is known of this contact\n");
    } else {
        let _ = writeln!(
            text,
            "trail {}: {} from {} to {} under {}",
            contact.trails.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
            words::counted(contact.entries, "entry", "entries"),
            words::time_or(contact.first_recorded_at.as_ref(), "?"),
            words::time_or(contact.last_recorded_at.as_ref(), "?"),
            words::counted(contact.identifiers.into(), "identifier", "identifiers")
        );
    }
    if let Some(due_at) = words::time(contact.erasure_due_at.as_ref()) {
        let _ = writeln!(text, "erasure waits until {due_at}");
    }
    if let Some(since) = words::time(contact.held_since.as_ref()) {
        let _ = writeln!(text, "under a legal hold since {since}");
    }
    for item in &contact.decisions {
        let Some(decision) = &item.decision else { continue };
        let permission = words::permission(decision.permission).map_or_else(|_| "?".into(), |word| word.to_string());
        let reasons = decision.reasons.iter().map(|number| words::reason(*number)).collect::<Vec<_>>().join(" ");
        let _ = writeln!(text, "{:<14}  {permission:<13}  {reasons}", words::category(item.category));
    }
    text
}

/// An entry in a line.
pub(super) fn line(entry: &Entry) -> String {
    let occurred_at = entry.clear.as_ref().map_or(0, |clear| clear.occurred_at);
    let at = if occurred_at == 0 { words::time_or(entry.recorded_at.as_ref(), "?") } else { Time::from_micros(occurred_at).to_string() };
    let facts = entry.clear.as_ref().map(json::facts_line).unwrap_or_default();
    let erased = if entry.erased { "  (personal data erased)" } else { "" };
    let by = if entry.actor_name.is_empty() { String::new() } else { format!("  by {}", entry.actor_name) };
    format!("{:>8}  {at:<27}  {}  {facts}{erased}{by}", entry.seq, entry.kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::clear_part::Fact;
    use crate::proto::{ClearPart, OptedOut};

    #[test]
    fn an_entry_is_one_line_and_leaves_out_what_is_absent() {
        let fact = OptedOut { sender: "1".into(), categories: vec![1, 2], method: 3, keyword_sender: String::new() };
        let clear = ClearPart { occurred_at: 1_772_359_200_000_000, fact: Some(Fact::OptedOut(fact)), ..Default::default() };
        let entry = Entry { seq: 7, kind: "opted_out".into(), clear: Some(clear), ..Default::default() };
        assert_eq!(line(&entry), "       7  2026-03-01T10:00:00Z         opted_out  categories=marketing,utility method=keyword sender=1");
    }

    #[test]
    fn an_unknown_contact_has_a_summary_too() {
        assert_eq!(summary(&Contact::default()), "nothing is known of this contact\n");
    }
}
