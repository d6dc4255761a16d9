//! Who a command is at the server.

use std::path::PathBuf;

use clap::Args;

use super::error::{CliError, Kind};
use crate::client::{ApiKey, Endpoint};

/// The variable that holds an API key. There is no flag for one: flags can be seen by others on the machine.
const KEY: &str = "CONSENT_LEDGER_API_KEY";

/// By what the server knows who asks.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Server")]
pub struct Credentials {
    /// A file that holds the API key; white space around it is ignored. Without it, the environment variable
    /// `CONSENT_LEDGER_API_KEY` is taken, and where that is not set either, no key is shown
    #[arg(long, value_name = "FILE", env = "CONSENT_LEDGER_API_KEY_FILE")]
    api_key_file: Option<PathBuf>,
    /// Send the API key over http:// to another machine: whoever is between can read it, and be whose it is
    #[arg(long)]
    insecure: bool,
}

impl Credentials {
    /// The key, where there is one.
    ///
    /// # Errors
    /// Where the file cannot be read, or what is there is no key.
    fn key(&self) -> Result<Option<ApiKey>, CliError> {
        let (text, of) = match &self.api_key_file {
            Some(file) => {
                let text = std::fs::read_to_string(file);
                (text.map_err(|error| CliError::local(error).context(format!("reading {}", file.display())))?, file.display().to_string())
            }
            None => match std::env::var(KEY) {
                Ok(text) if !text.trim().is_empty() => (text, KEY.to_owned()),
                _ => return Ok(None),
            },
        };
        let key = text
            .parse()
            .map_err(|error| CliError::new(Kind::Usage, error).context(of).hint("give it the one line that `keys add` printed"))?;
        Ok(Some(key))
    }

    /// The endpoint, showing the key where there is one.
    ///
    /// # Errors
    /// As [`Self::key`]; where the key would be sent to another machine in plain text.
    pub fn put_on(&self, endpoint: Endpoint) -> Result<Endpoint, CliError> {
        match self.key()? {
            None => Ok(endpoint),
            Some(key) if self.insecure => Ok(endpoint.api_key_in_clear(key)),
            Some(key) => endpoint.api_key(key).map_err(|error| {
                CliError::new(Kind::Usage, error).hint("give https://, or --insecure where the network itself keeps others out")
            }),
        }
    }
}
