//! `policy show`: the policy in force, and every version.

use clap::Args;
use serde_json::{Value, json};

use super::settings;
use crate::cli::client::{ANSWER_MAX_BYTES, Connection};
use crate::cli::error::{CliError, Verdict};
use crate::cli::output::Output;
use crate::cli::words;
use crate::consent::time::Time;
use crate::proto::admin_service_client::AdminServiceClient;
use crate::proto::{GetPolicyRequest, GetPolicyResponse, PolicyVersion};

const EXAMPLES: &str = "\
Example:
  consent-ledger policy show --at 2026-03-01T10:00:00Z";

/// Show the policy in force, every setting of it, and the versions the account adopted.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Show {
    /// The policy in force at another time, in RFC 3339 as in 2026-03-01T10:00:00Z
    #[arg(long, value_name = "TIME")]
    at: Option<Time>,
    #[command(flatten)]
    connection: Connection,
}

impl Show {
    /// Asks and prints.
    ///
    /// # Errors
    /// Where the server cannot be reached or refuses.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let mut client = AdminServiceClient::new(self.connection.connect().await?).max_decoding_message_size(ANSWER_MAX_BYTES);
        let request = GetPolicyRequest { account: self.connection.account, at: words::timestamp(self.at) };
        let response = client.get_policy(request).await?.into_inner();
        let in_force = response.in_force.clone().ok_or_else(|| CliError::unexpected("the server answered without a policy"))?;
        output.print(|| value(&response, &in_force), || text(&response, &in_force))?;
        Ok(Verdict::Yes)
    }
}

fn value(response: &GetPolicyResponse, in_force: &PolicyVersion) -> Value {
    json!({
        "in_force": settings::version_json(in_force),
        "history": response.history.iter().map(settings::version_json).collect::<Vec<_>>(),
        "at": words::time(response.at.as_ref()).map(|at| at.to_string()),
    })
}

fn text(response: &GetPolicyResponse, in_force: &PolicyVersion) -> String {
    let mut lines = vec![settings::version(in_force)];
    lines.extend(settings::lines(&settings::policy(in_force.policy.as_ref())));
    if !response.history.is_empty() {
        lines.push("versions, by the time since which each holds:".into());
    }
    for adopted in &response.history {
        let since = words::time_or(adopted.since.as_ref(), "?");
        lines.push(format!("  {since}  policy {}, made from {}, entry {}", adopted.version, adopted.preset, adopted.seq));
    }
    lines.join("\n")
}
