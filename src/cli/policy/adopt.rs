//! `policy adopt`: from now on these are the rules.

use clap::Args;

use super::choice::Choice;
use crate::cli::client::Connection;
use crate::cli::error::{CliError, Verdict};
use crate::cli::output::Output;
use crate::cli::{act, json, words};
use crate::consent::time::Time;
use crate::proto::AdoptPolicyRequest;
use crate::proto::admin_service_client::AdminServiceClient;

const EXAMPLES: &str = "\
Look first at whom it would change: `consent-ledger policy diff` takes the same options.

Examples:
  consent-ledger policy adopt --preset sinch --event-id policy-2026-03
  consent-ledger policy adopt --preset meta --set opt_in_valid_days=365 \\
      --set opt_out_keywords=baja,alto
  consent-ledger policy adopt policy.yaml";

/// Adopt a policy: a preset and what differs from it, or a file with both.
///
/// The command returns once the policy is on disk. What is not named is as in the preset, not as in the policy before.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Adopt {
    #[command(flatten)]
    choice: Choice,
    /// Since when it holds, in RFC 3339 as in 2026-03-01T10:00:00Z; without it, now. Not in the future
    #[arg(long, value_name = "TIME")]
    at: Option<Time>,
    /// Your own name for the event, at most 128 bytes: adopting it twice counts once
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    event_id: String,
    #[command(flatten)]
    connection: Connection,
}

impl Adopt {
    /// Adopts it and prints the acknowledgement.
    ///
    /// # Errors
    /// Where the choice makes no policy, or the server cannot be reached or refuses.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let policy = Some(self.choice.message()?);
        let mut client = AdminServiceClient::new(self.connection.connect().await?);
        let occurred_at = words::timestamp(self.at);
        let request = AdoptPolicyRequest { account: self.connection.account, event_id: self.event_id, policy, occurred_at };
        let adopted = client.adopt_policy(request).await?.into_inner();
        let acknowledgement =
            adopted.acknowledgement.ok_or_else(|| CliError::unexpected("the server answered without an acknowledgement"))?;
        let value = || {
            let mut value = json::acknowledgement(&acknowledgement);
            if let Some(object) = value.as_object_mut() {
                object.insert("version".into(), adopted.version.into());
            }
            value
        };
        output.print(value, || format!("policy {}: {}", adopted.version, act::text(&acknowledgement)))?;
        Ok(Verdict::Yes)
    }
}
