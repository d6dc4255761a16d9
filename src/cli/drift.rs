//! `drift`: where the platform contradicted the ledger.
//!
//! ```text
//!      seq  refused at                   sender  code    contact        the ledger held
//!       12  2026-03-01T10:00:00Z         1001    131047  +447400123456  the window open until 2026-03-02T09:00:00Z, by entry 5
//! 1001  131047  1 contradiction, 4 agreed
//! 1 contradiction in 5 refusals from 2026-02-22T10:00:00Z to 2026-03-01T10:00:00Z, 812 entries read
//! ```

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Value, json};

use super::client::{ANSWER_MAX_BYTES, Connection};
use super::error::{CliError, Verdict};
use super::output::Output;
use super::{json, words};
use crate::consent::event::CODE_WINDOW_CLOSED;
use crate::consent::time::Time;
use crate::proto::audit_service_client::AuditServiceClient;
use crate::proto::{Contradiction, DriftTotal, GetDriftRequest, GetDriftResponse};

const EXAMPLES: &str = "\
Two refusals say something about consent: 131047, the customer service window is closed, and 131050, the contact stopped \
marketing. Each is held against what the ledger knew just before it. A contradiction means that events did not reach the \
ledger: webhooks that were lost, a stop it never heard of.

Exit code: 0 no contradiction, 1 at least one, 2 it could not be told.

Example:
  consent-ledger drift --from 2026-03-01T00:00:00Z --to 2026-04-01T00:00:00Z";

/// Where did the platform refuse what the ledger would have let through?
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Drift {
    /// Refusals from this moment on, in RFC 3339 as in 2026-03-01T10:00:00Z; without it, from 7 days before the end
    #[arg(long, value_name = "TIME")]
    from: Option<Time>,
    /// Refusals before this moment, in RFC 3339; without it, until now
    #[arg(long, value_name = "TIME")]
    to: Option<Time>,
    /// Only of this sender, by its `phone_number_id`
    #[arg(long, value_name = "SENDER", default_value = "", hide_default_value = true)]
    sender: String,
    #[command(flatten)]
    connection: Connection,
}

impl Drift {
    /// Prints every contradiction, then the totals.
    ///
    /// # Errors
    /// Where the server cannot be reached or cannot tell.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let mut client = AuditServiceClient::new(self.connection.connect().await?).max_decoding_message_size(ANSWER_MAX_BYTES);
        let mut request = GetDriftRequest {
            account: self.connection.account,
            from: words::timestamp(self.from),
            to: words::timestamp(self.to),
            sender: self.sender,
            ..Default::default()
        };
        let mut summary = Summary::default();
        loop {
            let page = client.get_drift(request.clone()).await?.into_inner();
            for (index, found) in page.contradictions.iter().enumerate() {
                if summary.contradictions == 0 && index == 0 && !output.is_json() {
                    Output::line(&HEADINGS)?;
                }
                output.print(|| value(found), || line(found))?;
            }
            summary.add(&page);
            // The first page says what an open period means; the next ones ask for the same.
            (request.from, request.to, request.from_seq) = (page.from, page.to, page.next_seq);
            if page.next_seq == 0 {
                break;
            }
        }
        let period = (words::time_or(request.from.as_ref(), "?"), words::time_or(request.to.as_ref(), "?"));
        output.print(|| summary.value(&period), || summary.text(&period))?;
        Ok(if summary.contradictions == 0 { Verdict::Yes } else { Verdict::No })
    }
}

static HEADINGS: std::sync::LazyLock<String> =
    std::sync::LazyLock::new(|| row(["seq", "refused at", "sender", "code", "contact", "the ledger held"]));

fn row([seq, at, sender, code, contact, held]: [&str; 6]) -> String {
    format!("{seq:>8}  {at:<27}  {sender:<16}  {code:<6}  {contact:<16}  {held}")
}

fn line(found: &Contradiction) -> String {
    let held = match found.code {
        CODE_WINDOW_CLOSED => "the window open",
        _ => "marketing opted in",
    };
    let until = words::time(found.held_until.as_ref()).map(|until| format!(" until {until}")).unwrap_or_default();
    let [seq, code] = [found.seq.to_string(), found.code.to_string()];
    let at = words::time_or(found.occurred_at.as_ref(), "?");
    let held = format!("{held}{until}, by entry {}", found.held_by_seq);
    row([&seq, &at, &found.sender, &code, &words::contacts(&found.contacts), &held])
}

fn value(found: &Contradiction) -> Value {
    json!({
        "seq": found.seq,
        "occurred_at": words::time(found.occurred_at.as_ref()).map(|at| at.to_string()),
        "recorded_at": words::time(found.recorded_at.as_ref()).map(|at| at.to_string()),
        "sender": found.sender,
        "contacts": found.contacts,
        "code": found.code,
        "message_id": found.message_id,
        "held_by_seq": found.held_by_seq,
        "held_until": words::time(found.held_until.as_ref()).map(|at| at.to_string()),
        "decision": found.decision.as_ref().map(json::decision),
    })
}

/// The totals of all pages.
#[derive(Default)]
struct Summary {
    totals: BTreeMap<(String, u32), DriftTotal>,
    contradictions: u64,
    refusals: u64,
    entries_read: u64,
}

impl Summary {
    fn add(&mut self, page: &GetDriftResponse) {
        self.entries_read += page.entries_read;
        for found in &page.totals {
            let total = self.totals.entry((found.sender.clone(), found.code)).or_default();
            total.contradictions += found.contradictions;
            total.agreed += found.agreed;
            total.erased += found.erased;
            self.contradictions += found.contradictions;
            self.refusals += found.contradictions + found.agreed + found.erased;
        }
    }

    fn text(&self, (from, to): &(String, String)) -> String {
        let mut lines = Vec::new();
        for ((sender, code), total) in &self.totals {
            let erased = if total.erased == 0 { String::new() } else { format!(", {} of contacts erased since", total.erased) };
            let contradictions = words::counted(total.contradictions, "contradiction", "contradictions");
            lines.push(format!("{sender}  {code}  {contradictions}, {} agreed{erased}", total.agreed));
        }
        lines.push(format!(
            "{} in {} from {from} to {to}, {} read",
            words::counted(self.contradictions, "contradiction", "contradictions"),
            words::counted(self.refusals, "refusal", "refusals"),
            words::counted(self.entries_read, "entry", "entries"),
        ));
        lines.join("\n")
    }

    fn value(&self, (from, to): &(String, String)) -> Value {
        let total = |((sender, code), total): (&(String, u32), &DriftTotal)| {
            json!({
                "sender": sender, "code": code, "contradictions": total.contradictions, "agreed": total.agreed, "erased": total.erased,
            })
        };
        let totals: Vec<Value> = self.totals.iter().map(total).collect();
        json!({
            "contradictions": self.contradictions, "refusals": self.refusals, "totals": totals,
            "from": from, "to": to, "entries_read": self.entries_read,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_of_pages_add_up() {
        let total = |code, contradictions, agreed, erased| DriftTotal { sender: "1001".into(), code, contradictions, agreed, erased };
        let page = |totals| GetDriftResponse { totals, entries_read: 10, ..Default::default() };
        let mut summary = Summary::default();
        summary.add(&page(vec![total(131_047, 1, 2, 0), total(131_050, 0, 1, 1)]));
        summary.add(&page(vec![total(131_047, 1, 0, 0)]));
        let said = "\
1001  131047  2 contradictions, 2 agreed
1001  131050  0 contradictions, 1 agreed, 1 of contacts erased since
2 contradictions in 6 refusals from A to B, 20 entries read";
        assert_eq!(summary.text(&("A".into(), "B".into())), said);
    }

    #[test]
    fn what_never_ends_has_no_end() {
        let found = Contradiction { seq: 12, code: 131_050, held_by_seq: 5, sender: "1001".into(), ..Default::default() };
        assert!(line(&found).ends_with("131050  (unreadable)      marketing opted in, by entry 5"), "{}", line(&found));
    }
}
