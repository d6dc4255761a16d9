//! `reads`: who was handed personal data, and when.
//!
//! ```text
//!      seq  recorded at                  actor  opened  of            method
//!       31  2026-03-02T09:00:00Z             1       7  trail 5       AuditService.ListEntries
//!       12  2026-03-01T10:00:00Z             1     512  the account   AuditService.ExportEntries
//! 2 reads
//! ```

use clap::Args;
use serde_json::{Value, json};

use super::client::{ANSWER_MAX_BYTES, Connection};
use super::error::{CliError, Verdict};
use super::output::Output;
use super::words;
use crate::consent::time::Time;
use crate::proto::audit_service_client::AuditServiceClient;
use crate::proto::{DataRead, ListReadsRequest, ReadReach};

const EXAMPLES: &str = "\
Every answer that holds personal data is recorded in the ledger before it is given: contacts shown, entries listed or followed, \
exports, evidence bundles, and lists of erasures, possible opt-outs, contradictions and dead letters with what is in them. \
Checks are not: they name nobody. The list itself names nobody either.

With --contact, reads of that contact alone are listed, and reads of many contacts since its first entry, which may have \
come upon it.

Actors: 1 is a caller without credentials on the server's machine, 256 and more are those that were given some.

Example:
  consent-ledger reads --contact +447400123456 --from 2026-03-01T00:00:00Z";

/// How many reads are asked for at once.
const PAGE: u32 = 1_000;

/// Who was handed the personal data of an account, or of one contact? The latest first.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Reads {
    /// Only of this contact: a phone number as in +447400123456, or a business-scoped user ID as in US.13491208655302741918
    #[arg(long, value_name = "CONTACT", default_value = "", hide_default_value = true)]
    contact: String,
    /// Only reads recorded at this moment or later, in RFC 3339 as in 2026-03-01T10:00:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<Time>,
    #[command(flatten)]
    connection: Connection,
}

impl Reads {
    /// Prints every read, then how many there are.
    ///
    /// # Errors
    /// Where the server cannot be reached or cannot tell.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let mut client = AuditServiceClient::new(self.connection.connect().await?).max_decoding_message_size(ANSWER_MAX_BYTES);
        let mut request = ListReadsRequest {
            account: self.connection.account,
            contact: self.contact,
            recorded_from: words::timestamp(self.from),
            page_size: PAGE,
            ..Default::default()
        };
        let mut count = 0;
        loop {
            let page = client.list_reads(request.clone()).await?.into_inner();
            for read in &page.reads {
                if count == 0 && !output.is_json() {
                    Output::line(&row(["seq", "recorded at", "actor", "opened", "of", "method"]))?;
                }
                count += 1;
                output.print(|| value(read), || line(read))?;
            }
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        if !output.is_json() {
            Output::line(&words::counted(count, "read", "reads"))?;
        }
        Ok(Verdict::Yes)
    }
}

fn row([seq, at, actor, opened, of, method]: [&str; 6]) -> String {
    format!("{seq:>8}  {at:<27}  {actor:>5}  {opened:>6}  {of:<12}  {method}")
}

fn line(read: &DataRead) -> String {
    let of = match read.reach() {
        ReadReach::Contact => format!("trail {}", read.trail),
        ReadReach::Account => "the account".to_owned(),
        ReadReach::AllAccounts => "all accounts".to_owned(),
        ReadReach::Unspecified => "?".to_owned(),
    };
    let [seq, actor, opened] = [read.seq.to_string(), read.actor.to_string(), read.entries.to_string()];
    row([&seq, &words::time_or(read.recorded_at.as_ref(), "?"), &actor, &opened, &of, &read.method])
}

fn value(read: &DataRead) -> Value {
    let reach = match read.reach() {
        ReadReach::Contact => "contact",
        ReadReach::Account => "account",
        ReadReach::AllAccounts => "all_accounts",
        ReadReach::Unspecified => "unknown",
    };
    json!({
        "seq": read.seq,
        "recorded_at": words::time(read.recorded_at.as_ref()).map(|at| at.to_string()),
        "actor": read.actor,
        "method": read.method,
        "entries": read.entries,
        "reach": reach,
        "trail": (read.trail != 0).then_some(read.trail),
    })
}
