//! `sender standing`, and the same beneath `check --explain`.
//!
//! ```text
//! FLAGGED
//! quality: red since 2026-03-01T10:00:00Z
//! templates close: 2026-03-08T10:00:00Z, 5 days left, unless it is rated better or declares an accepted way to a human
//! restrictions: none
//! declared: automated; ways to a human: app_link (not accepted)
//! advice: SENDER_AT_RISK
//! answered for 2026-03-03T09:00:00Z
//! ```

use clap::Args;
use serde_json::{Value, json};

use crate::cli::client::Connection;
use crate::cli::error::{CliError, Verdict};
use crate::cli::output::Output;
use crate::cli::words;
use crate::client::Channel;
use crate::consent::sender::{EscalationPath, Quality, RestrictionKind, SenderState};
use crate::consent::time::Time;
use crate::proto::admin_service_client::AdminServiceClient;
use crate::proto::{GetSenderStandingRequest, Restriction, SenderDeclaration, SenderStanding};

const EXAMPLES: &str = "\
The first word printed is the state: OK, AT_RISK, FLAGGED or RESTRICTED.
Exit code: 1 where it is RESTRICTED, else 0; 2 where it could not be told.

Example:
  consent-ledger sender standing --sender 106540352242922";

/// How does this sender stand with the platform, and what becomes of it by itself?
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Standing {
    /// The sender, by its `phone_number_id`
    #[arg(long, value_name = "SENDER")]
    sender: String,
    /// Ask about another time, in RFC 3339 as in 2026-03-01T10:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Time>,
    /// Answer from what the ledger knew at that time, in RFC 3339
    #[arg(long, value_name = "TIME")]
    known_at: Option<Time>,
    /// Answer from what the ledger knew when it had recorded this entry and no more
    #[arg(long, value_name = "SEQ")]
    known_seq: Option<u64>,
    #[command(flatten)]
    connection: Connection,
}

impl Standing {
    pub(super) async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let channel = self.connection.connect().await?;
        let request = GetSenderStandingRequest {
            account: self.connection.account,
            sender: self.sender,
            at: words::timestamp(self.at),
            known_at: words::timestamp(self.known_at),
            known_seq: self.known_seq.unwrap_or_default(),
        };
        let standing = ask(channel, request).await?;
        let state = state(&standing)?;
        output.print(|| value(&standing), || lines(&standing).join("\n"))?;
        Ok(if state == SenderState::Restricted { Verdict::No } else { Verdict::Yes })
    }
}

/// Asks the server.
///
/// # Errors
/// Where it cannot be reached or cannot tell.
pub async fn ask(channel: Channel, request: GetSenderStandingRequest) -> Result<SenderStanding, CliError> {
    let response = AdminServiceClient::new(channel).get_sender_standing(request).await?.into_inner();
    response.standing.ok_or_else(|| CliError::unexpected("the server answered without a standing"))
}

/// Whether it stands OK. A state that this program does not know is not that.
#[must_use]
pub fn is_ok(standing: &SenderStanding) -> bool {
    SenderState::from_number(standing.state) == Some(SenderState::Ok)
}

fn state(standing: &SenderStanding) -> Result<SenderState, CliError> {
    let unknown = || CliError::unexpected(format!("the server answered with state {}, which this program does not know", standing.state));
    SenderState::from_number(standing.state).ok_or_else(unknown)
}

/// A standing as JSON.
#[must_use]
pub fn value(standing: &SenderStanding) -> Value {
    let restriction = |restriction: &Restriction| json!({ "kinds": kinds(restriction), "until": time(restriction.until.as_ref()) });
    let declaration = |declaration: &SenderDeclaration| {
        json!({
            "automated": declaration.automated,
            "retail": declaration.retail,
            "weekly_templates": declaration.weekly_templates,
            "escalation_paths": paths(&declaration.escalation_paths),
        })
    };
    json!({
        "sender": standing.sender,
        "state": word(SenderState::from_number, standing.state, "state").to_uppercase(),
        "declaration": standing.declaration.as_ref().map(declaration),
        "accepted_paths": paths(&standing.accepted_paths),
        "quality": Quality::from_number(standing.quality).map(Quality::as_str),
        "quality_since": time(standing.quality_since.as_ref()),
        "deadline": time(standing.deadline.as_ref()),
        "days_left": standing.deadline.as_ref().map(|_| standing.days_left),
        "templates_close_at_deadline": standing.templates_close_at_deadline,
        "restrictions": standing.restrictions.iter().map(restriction).collect::<Vec<_>>(),
        "advice": standing.advice.iter().map(|number| words::reason(*number)).collect::<Vec<_>>(),
        "policy_version": standing.policy_version,
        "at": time(standing.at.as_ref()),
    })
}

/// A standing for people: the state first.
#[must_use]
pub fn lines(standing: &SenderStanding) -> Vec<String> {
    let mut lines = vec![word(SenderState::from_number, standing.state, "state").to_uppercase()];
    lines.push(match Quality::from_number(standing.quality) {
        Some(quality) => format!("quality: {quality} since {}", words::time_or(standing.quality_since.as_ref(), "?")),
        None => "quality: not reported".into(),
    });
    lines.extend(deadline(standing));
    if standing.restrictions.is_empty() {
        lines.push("restrictions: none".into());
    }
    lines.extend(standing.restrictions.iter().map(|restriction| {
        let until = words::time(restriction.until.as_ref()).map_or_else(|| "until it is lifted".into(), |until| format!("until {until}"));
        format!("restricted: {} {until}", kinds(restriction).join(", "))
    }));
    lines.push(match &standing.declaration {
        Some(declaration) => format!("declared: {}", declared(declaration, &standing.accepted_paths)),
        None => "declared: nothing".into(),
    });
    if !standing.advice.is_empty() {
        let advice: Vec<String> = standing.advice.iter().map(|number| words::reason(*number)).collect();
        lines.push(format!("advice: {}", advice.join(", ")));
    }
    lines.push(format!("answered for {}", words::time_or(standing.at.as_ref(), "now")));
    lines
}

/// What becomes of a RED sender by itself.
fn deadline(standing: &SenderStanding) -> Option<String> {
    const WAY_OUT: &str = "it is rated better or declares an accepted way to a human";
    let at = words::time(standing.deadline.as_ref())?;
    let left = words::counted(standing.days_left.into(), "day", "days");
    Some(match (standing.templates_close_at_deadline, standing.days_left) {
        (true, 0) => format!("templates closed: since {at}, until {WAY_OUT}"),
        (true, _) => format!("templates close: {at}, {left} left, unless {WAY_OUT}"),
        (false, 0) => format!("deadline: {at}, past; the account's policy only warns"),
        (false, _) => format!("deadline: {at}, {left} left; the account's policy only warns"),
    })
}

fn declared(declaration: &SenderDeclaration, accepted: &[i32]) -> String {
    let answered = if declaration.automated { "automated" } else { "not automated" };
    let retail = if declaration.retail { ", retail" } else { "" };
    let weekly = match declaration.weekly_templates {
        0 => String::new(),
        count => format!(", {} a week", words::counted(count, "template", "templates")),
    };
    let way = |path: &i32| {
        let name = word(EscalationPath::from_number, *path, "path");
        if accepted.contains(path) { name } else { format!("{name} (not accepted)") }
    };
    let ways: Vec<String> = declaration.escalation_paths.iter().map(way).collect();
    let ways = if ways.is_empty() { "none".into() } else { ways.join(", ") };
    format!("{answered}{retail}{weekly}; ways to a human: {ways}")
}

fn kinds(restriction: &Restriction) -> Vec<String> {
    restriction.kinds.iter().map(|kind| word(RestrictionKind::from_number, *kind, "restriction")).collect()
}

fn paths(numbers: &[i32]) -> Vec<String> {
    numbers.iter().map(|path| word(EscalationPath::from_number, *path, "path")).collect()
}

fn time(at: Option<&prost_types::Timestamp>) -> Option<String> {
    words::time(at).map(|at| at.to_string())
}

fn word<T: std::fmt::Display>(from_number: fn(i32) -> Option<T>, number: i32, what: &str) -> String {
    from_number(number).map_or_else(|| format!("{what} {number}"), |word| word.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn red(days_left: u32, templates_close_at_deadline: bool) -> SenderStanding {
        let deadline = Some(prost_types::Timestamp { seconds: 1_772_000_000, nanos: 0 });
        SenderStanding { state: 3, quality: 3, deadline, days_left, templates_close_at_deadline, ..Default::default() }
    }

    #[test]
    fn a_deadline_says_what_happens_at_it() {
        let said = |days, closes| deadline(&red(days, closes)).unwrap();
        assert!(said(1, true).starts_with("templates close: 2026-02-25T06:13:20Z, 1 day left, unless"));
        assert!(said(0, true).starts_with("templates closed: since 2026-02-25T06:13:20Z, until"));
        assert!(said(2, false).ends_with("2 days left; the account's policy only warns"));
        assert_eq!(deadline(&SenderStanding::default()), None);
    }

    #[test]
    fn nothing_known_is_said_as_such() {
        let standing = SenderStanding { state: 1, ..Default::default() };
        assert_eq!(lines(&standing), ["OK", "quality: not reported", "restrictions: none", "declared: nothing", "answered for now"]);
    }
}
