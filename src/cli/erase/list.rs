//! `erase list`.
//!
//! ```text
//!        8  due 2026-03-02T10:00:00Z           +447400123456
//!        9  due 2026-03-02T11:00:00Z           +447400123457, GB.1349  held by entry 12
//!       12  held since 2026-03-01T12:00:00Z    +447400123457, GB.1349
//! 2 erasures wait, 1 legal hold
//! ```

use clap::Args;
use serde_json::{Value, json};

use crate::cli::client::{ANSWER_MAX_BYTES, Connection};
use crate::cli::error::{CliError, Verdict};
use crate::cli::output::Output;
use crate::cli::words;
use crate::proto::identity_service_client::IdentityServiceClient;
use crate::proto::{ContactHold, ListErasuresRequest, WaitingErasure};

const EXAMPLES: &str = "\
Example:
  consent-ledger erase list";

/// List the erasures that wait and the legal holds in force, in the order in which they were recorded: personal data.
///
/// Shown are the numbers and user IDs that each contact has now.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct List {
    #[command(flatten)]
    connection: Connection,
}

impl List {
    pub(super) async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let channel = self.connection.connect().await?;
        let mut client = IdentityServiceClient::new(channel).max_decoding_message_size(ANSWER_MAX_BYTES);
        let mut request = ListErasuresRequest { account: self.connection.account, ..Default::default() };
        let (mut erasures, mut holds) = (0_u64, 0_u64);
        loop {
            let page = client.list_erasures(request.clone()).await?.into_inner();
            let waiting = page.erasures.iter().map(|erasure| (erasure.seq, waiting_value(erasure), waiting(erasure)));
            let held = page.holds.iter().map(|hold| (hold.seq, hold_value(hold), held(hold)));
            let mut lines: Vec<(u64, Value, String)> = waiting.chain(held).collect();
            lines.sort_by_key(|(seq, ..)| *seq);
            for (_, value, line) in lines {
                output.print(|| value, || line)?;
            }
            erasures += page.erasures.len() as u64;
            holds += page.holds.len() as u64;
            if page.next_seq == 0 {
                break;
            }
            request.from_seq = page.next_seq;
        }
        if !output.is_json() {
            Output::line(&total(erasures, holds))?;
        }
        Ok(Verdict::Yes)
    }
}

fn total(erasures: u64, holds: u64) -> String {
    let waits = if erasures == 1 { "waits" } else { "wait" };
    format!("{} {waits}, {}", words::counted(erasures, "erasure", "erasures"), words::counted(holds, "legal hold", "legal holds"))
}

fn waiting(erasure: &WaitingErasure) -> String {
    let mut notes = Vec::new();
    if erasure.forget_suppression {
        notes.push("leaves no token".to_owned());
    }
    if erasure.held_by_seq != 0 {
        notes.push(format!("held by entry {}", erasure.held_by_seq));
    }
    if erasure.failures != 0 {
        let tries = words::counted(erasure.failures.into(), "time", "times");
        let again = words::time_or(erasure.next_try_at.as_ref(), "?");
        notes.push(format!("failed {tries}, next at {again}: {}", erasure.last_failure));
    }
    let when = format!("due {}", words::time_or(erasure.due_at.as_ref(), "?"));
    line(erasure.seq, &when, &erasure.contacts, &notes.join(", "))
}

fn held(hold: &ContactHold) -> String {
    line(hold.seq, &format!("held since {}", words::time_or(hold.set_at.as_ref(), "?")), &hold.contacts, "")
}

fn line(seq: u64, when: &str, contacts: &[String], notes: &str) -> String {
    format!("{seq:>8}  {when:<38}  {}  {notes}", words::contacts(contacts)).trim_end().to_owned()
}

fn waiting_value(erasure: &WaitingErasure) -> Value {
    json!({
        "erasure": {
            "seq": erasure.seq,
            "contacts": erasure.contacts,
            "occurred_at": words::time(erasure.occurred_at.as_ref()).map(|at| at.to_string()),
            "recorded_at": words::time(erasure.recorded_at.as_ref()).map(|at| at.to_string()),
            "due_at": words::time(erasure.due_at.as_ref()).map(|at| at.to_string()),
            "forget_suppression": erasure.forget_suppression,
            "held_by_seq": (erasure.held_by_seq != 0).then_some(erasure.held_by_seq),
            "failures": erasure.failures,
            "last_failure": (!erasure.last_failure.is_empty()).then_some(&erasure.last_failure),
            "next_try_at": words::time(erasure.next_try_at.as_ref()).map(|at| at.to_string()),
        }
    })
}

fn hold_value(hold: &ContactHold) -> Value {
    json!({
        "hold": {
            "seq": hold.seq,
            "contacts": hold.contacts,
            "set_at": words::time(hold.set_at.as_ref()).map(|at| at.to_string()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_keeps_an_erasure_from_happening() {
        let erasure = WaitingErasure {
            seq: 9,
            contacts: vec!["+447400123457".into(), "GB.1349".into()],
            forget_suppression: true,
            held_by_seq: 12,
            failures: 2,
            last_failure: "why".into(),
            ..Default::default()
        };
        assert!(waiting(&erasure).ends_with("+447400123457, GB.1349  leaves no token, held by entry 12, failed 2 times, next at ?: why"));
        assert!(waiting(&WaitingErasure::default()).ends_with("(unreadable)"));
        assert_eq!((total(1, 0).as_str(), total(0, 1).as_str()), ("1 erasure waits, 0 legal holds", "0 erasures wait, 1 legal hold"));
    }
}
