//! `health`: does the server say that calls should be sent to it? Small and quick, for a container's health check.

use std::time::Duration;

use clap::Args;
use serde_json::json;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::client::Server;
use super::error::{CliError, Kind, Verdict};
use super::length::Length;
use super::output::Output;

const EXAMPLES: &str = "\
Exit codes: 0 it serves, 1 it answers and does not serve, 2 it does not answer.

Examples:
  consent-ledger health
  HEALTHCHECK CMD [\"consent-ledger\", \"health\", \"--timeout\", \"2s\"]";

/// Ask whether the server serves; no credentials are needed.
///
/// It does not while the ledger opens, once it was told to stop, once it stopped writing, and while dead letters are not kept.
/// `status` says which.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Health {
    /// One service, such as consent.v1.DecisionService; without it, the server as a whole
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    service: String,
    /// How long the answer may take
    #[arg(long, value_name = "TIME", default_value = "5s")]
    timeout: Length,
    #[command(flatten)]
    server: Server,
}

impl Health {
    /// Prints what the server says.
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let patience: Duration = self.timeout.time();
        let asked = async {
            let mut client = HealthClient::new(self.server.connect(patience).await?);
            let answer = client.check(HealthCheckRequest { service: self.service.clone() }).await?;
            Ok::<_, CliError>(answer.into_inner().status())
        };
        let late = |_| CliError::new(Kind::Unreachable, anyhow::Error::msg("the server did not answer in time"));
        let status = tokio::time::timeout(patience, asked).await.map_err(late)??;
        output.print(|| json!({ "status": status.as_str_name() }), || status.as_str_name().to_owned())?;
        Ok(if status == ServingStatus::Serving { Verdict::Yes } else { Verdict::No })
    }
}
