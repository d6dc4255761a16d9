//! How commands reach the server.

use std::future::Future;
use std::time::Duration;

use clap::Args;

use super::credentials::Credentials;
use super::error::{CliError, Kind};
use crate::client::{Channel, endpoint};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a call may take, but for those that read a whole account.
pub const CALL: Duration = Duration::from_secs(60);

/// The largest answer: a page with one dead letter of 3 MiB and more.
pub const ANSWER_MAX_BYTES: usize = 64 * 1024 * 1024;

/// Which server.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server")]
pub struct Server {
    /// The server's gRPC address
    #[arg(long, value_name = "URL", env = "CONSENT_LEDGER_SERVER", default_value = "http://127.0.0.1:50051")]
    pub server: String,
    /// Who asks there
    #[command(flatten)]
    pub credentials: Credentials,
}

/// Which server, and which of its accounts.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server")]
pub struct Connection {
    /// The server
    #[command(flatten)]
    pub server: Server,
    /// The account: one business, isolated from the others
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub account: String,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Where the URL is none, or nobody answers there.
    pub async fn connect(&self) -> Result<Channel, CliError> {
        self.server.connect(CALL).await
    }
}

impl Server {
    /// Connects; each call may take so long.
    ///
    /// # Errors
    /// Where the URL is none, or nobody answers there.
    pub async fn connect(&self, call: Duration) -> Result<Channel, CliError> {
        let hint = "give --server as http://HOST:PORT";
        let endpoint = endpoint(&self.server).map_err(|error| CliError::new(Kind::Usage, error).context("--server").hint(hint))?;
        let key = self.credentials.key()?;
        let connected = endpoint.clone().connect_timeout(CONNECT).timeout(call).connect().await;
        let channel = Channel::from(connected.map_err(|error| {
            CliError::new(Kind::Unreachable, error)
                .context(format!("the server at {} does not answer", self.server))
                .hint("check --server, and that `consent-ledger serve` runs there")
        })?);
        let Some(key) = key else { return Ok(channel) };
        let hint = "give https://, or --insecure where the network itself keeps others out";
        channel.with_key(&endpoint, key, self.credentials.in_clear()).map_err(|error| CliError::new(Kind::Usage, error).hint(hint))
    }
}

/// Runs a client command to its end.
///
/// # Errors
/// The command's own, or where the runtime cannot be started.
pub fn run<T>(command: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| CliError::local(error).context("starting the runtime"))?.block_on(command)
}
