//! How commands reach the server.

use std::future::Future;
use std::time::Duration;

use clap::Args;

use super::credentials::Credentials;
use super::error::{CliError, Kind, UNREACHABLE_HINT};
use super::trust::Trust;
use crate::client::{Channel, Endpoint, TlsFault};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a call may take, but for those that read a whole account.
pub const CALL: Duration = Duration::from_secs(60);

/// The largest answer: a page with one dead letter of 3 MiB and more.
pub const ANSWER_MAX_BYTES: usize = 64 * 1024 * 1024;

/// Which server.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server")]
#[expect(clippy::struct_field_names, reason = "the flag's name")]
pub struct Server {
    /// The server's gRPC address: http://HOST:PORT, or https://HOST:PORT where it has a certificate
    #[arg(long, value_name = "URL", env = "CONSENT_LEDGER_SERVER", default_value = "http://127.0.0.1:50051")]
    pub server: String,
    /// Whom to trust there
    #[command(flatten)]
    pub trust: Trust,
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
        let hint = "give --server as http://HOST:PORT or https://HOST:PORT";
        let endpoint = Endpoint::new(&self.server, &self.trust.tls()?);
        let endpoint = endpoint.map_err(|error| CliError::new(Kind::Usage, error).context("--server").hint(hint))?;
        let endpoint = self.credentials.put_on(endpoint)?;
        let connected = endpoint.connect_timeout(CONNECT).timeout(call).connect().await;
        connected.map_err(|error| match TlsFault::of(&error) {
            Some(fault) => CliError::new(Kind::Unreachable, fault).context(format!("no connection to {}", self.server)).hint(fault.hint()),
            None => CliError::new(Kind::Unreachable, error)
                .context(format!("the server at {} does not answer", self.server))
                .hint(UNREACHABLE_HINT),
        })
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
