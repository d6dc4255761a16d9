//! `policy diff`: whose permission a policy would change, before anyone adopts it.
//!
//! ```text
//! in force: policy 0, the preset meta, in force from the start
//! proposed: sinch
//!   inbound_after_opt_out: service_window -> lifts
//! sender           category        from           to             contacts
//! 106540352242922  marketing       NOTHING        TEMPLATE_ONLY  12
//! 12 of 480 contacts change
//! ```

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::choice::Choice;
use super::settings;
use crate::cli::client::{ANSWER_MAX_BYTES, Connection};
use crate::cli::error::{CliError, Verdict};
use crate::cli::output::Output;
use crate::cli::{json, words};
use crate::consent::setting::Setting;
use crate::consent::words::Permission;
use crate::proto::admin_service_client::AdminServiceClient;
use crate::proto::{ContactChange, DiffPolicyRequest, DiffPolicyResponse, PolicyOutcome};

const EXAMPLES: &str = "\
Exit code: 0 nobody's permission changes, 1 somebody's does, 2 it could not be told.
Every contact is asked about under each sender that it has to do with, for each category, as of
this moment. Nothing is recorded. Keywords, keyword_scope and keep_message_text act on messages
that come in later, unknown_contact on the template that asks for an opt-in: a change of these
alone changes nobody now.

Examples:
  consent-ledger policy diff --preset sinch
  consent-ledger policy diff --preset meta --set opt_in_valid_days=365 --contacts
  consent-ledger policy diff policy.yaml --json";

/// How long the server may take: it reads every contact of the account.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// How many contacts are asked for at once.
const PAGE: u32 = 1_000;

/// Say whose permission a policy would change, before it is adopted.
///
/// The policy is typed as for `policy adopt`, and compared with the one in force.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Diff {
    #[command(flatten)]
    choice: Choice,
    /// Also list the contacts whose permission changes: personal data
    #[arg(long)]
    contacts: bool,
    /// Also ask about this sender for every contact, by its `phone_number_id`
    #[arg(long, value_name = "SENDER", default_value = "", hide_default_value = true)]
    sender: String,
    #[command(flatten)]
    connection: Connection,
}

impl Diff {
    /// Asks and prints the answer.
    ///
    /// # Errors
    /// Where the choice makes no policy, or the server cannot be reached or cannot tell.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let policy = Some(self.choice.message()?);
        let channel = self.connection.server.connect(PATIENCE).await?;
        let mut client = AdminServiceClient::new(channel).max_decoding_message_size(ANSWER_MAX_BYTES);
        let mut request = DiffPolicyRequest {
            account: self.connection.account,
            policy,
            sender: self.sender,
            with_contacts: self.contacts,
            page_token: String::new(),
            page_size: if self.contacts { PAGE } else { 0 },
        };
        let mut page = client.diff_policy(request.clone()).await?.into_inner();
        output.print(|| value(&page), || text(&page))?;
        let changed = page.contacts_changed > 0;
        loop {
            for change in &page.changes {
                output.print(|| change_value(change), || change_line(change))?;
            }
            if page.next_page_token.is_empty() {
                return Ok(if changed { Verdict::No } else { Verdict::Yes });
            }
            request.page_token = page.next_page_token;
            page = client.diff_policy(request.clone()).await?.into_inner();
        }
    }
}

fn text(diff: &DiffPolicyResponse) -> String {
    let in_force = diff.in_force.clone().unwrap_or_default();
    let before = settings::policy(in_force.policy.as_ref());
    let after = settings::policy(diff.proposed.as_ref());
    let mut lines = vec![format!("in force: {}", settings::version(&in_force))];
    lines.push(format!("proposed: {}", diff.proposed.as_ref().map_or("?", |policy| &policy.preset)));
    let differences = settings::differences(&before, &after);
    if differences.is_empty() {
        lines.push("  every setting is as it is".into());
    }
    lines.extend(differences);
    if after.differences(&before).any(Setting::acts_at_commit) {
        lines.push("keywords, keyword_scope and keep_message_text act on messages that come in from then on".into());
    }
    if after.unknown_contact != before.unknown_contact {
        lines.push("unknown_contact acts on the template that asks for an opt-in, which is not asked about here".into());
    }
    let seq = diff.position.as_ref().map_or(0, |position| position.seq);
    let looked_at = words::counted(diff.contacts, "contact", "contacts");
    lines.push(format!("looked at {looked_at} as of entry {seq}, {}", words::time_or(diff.at.as_ref(), "now")));
    let rows: Vec<[String; 5]> = diff.diffs.iter().flat_map(rows).collect();
    if rows.is_empty() {
        lines.push("nobody's permission changes".into());
    } else {
        lines.extend(table(&rows));
        let verb = if diff.contacts_changed == 1 { "changes" } else { "change" };
        lines.push(format!("{} of {looked_at} {verb}", diff.contacts_changed));
    }
    lines.join("\n")
}

fn rows(diff: &crate::proto::PolicyDiff) -> impl Iterator<Item = [String; 5]> {
    let sender = sender(&diff.sender).to_owned();
    let category = words::category(diff.category);
    diff.changes
        .iter()
        .map(move |change| [sender.clone(), category.clone(), permission(change.from), permission(change.to), change.contacts.to_string()])
}

/// Columns as wide as their widest word.
fn table(rows: &[[String; 5]]) -> Vec<String> {
    let head = ["sender", "category", "from", "to", "contacts"].map(str::to_owned);
    let all: Vec<&[String; 5]> = std::iter::once(&head).chain(rows).collect();
    let mut widths = [0; 5];
    for row in &all {
        widths.iter_mut().zip(row.iter()).for_each(|(width, word)| *width = word.len().max(*width));
    }
    let line = |row: &&[String; 5]| {
        let words = row.iter().zip(widths).map(|(word, width)| format!("{word:<width$}")).collect::<Vec<_>>();
        words.join("  ").trim_end().to_owned()
    };
    all.iter().map(line).collect()
}

fn change_line(change: &ContactChange) -> String {
    let outcome = |outcome: Option<&PolicyOutcome>| {
        outcome.map_or_else(|| "?".into(), |outcome| format!("{} {}", permission(outcome.permission), words::reason(outcome.reason)))
    };
    let (before, after) = (outcome(change.before.as_ref()), outcome(change.after.as_ref()));
    format!("{}  {}  {}  {before} -> {after}", change.contact, sender(&change.sender), words::category(change.category))
}

fn value(diff: &DiffPolicyResponse) -> Value {
    let in_force = diff.in_force.clone().unwrap_or_default();
    let before = settings::policy(in_force.policy.as_ref());
    let after = settings::policy(diff.proposed.as_ref());
    let change = |change: &crate::proto::PermissionChange| json!({ "from": permission(change.from), "to": permission(change.to), "contacts": change.contacts });
    let per_category = |diff: &crate::proto::PolicyDiff| {
        json!({
            "sender": diff.sender,
            "category": words::category(diff.category),
            "changes": diff.changes.iter().map(change).collect::<Vec<_>>(),
            "unchanged": diff.unchanged,
        })
    };
    json!({
        "at": words::time(diff.at.as_ref()).map(|at| at.to_string()),
        "position": diff.position.as_ref().map(json::position),
        "in_force": settings::version_json(&in_force),
        "proposed": { "preset": diff.proposed.as_ref().map(|policy| &policy.preset), "settings": settings::json(&after) },
        "differences": settings::differences_json(&before, &after),
        "contacts": diff.contacts,
        "contacts_changed": diff.contacts_changed,
        "diffs": diff.diffs.iter().map(per_category).collect::<Vec<_>>(),
    })
}

fn change_value(change: &ContactChange) -> Value {
    let outcome =
        |outcome: &PolicyOutcome| json!({ "permission": permission(outcome.permission), "reason": words::reason(outcome.reason) });
    json!({
        "contact": change.contact,
        "sender": change.sender,
        "category": words::category(change.category),
        "before": change.before.as_ref().map(outcome),
        "after": change.after.as_ref().map(outcome),
    })
}

fn sender(name: &str) -> &str {
    if name.is_empty() { "any" } else { name }
}

fn permission(number: i32) -> String {
    Permission::from_number(number).map_or_else(|| format!("PERMISSION_{number}"), |word| word.to_string())
}
