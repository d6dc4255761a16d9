//! What `serve` is told about webhooks.

use std::path::{Path, PathBuf};

use clap::Args;

use super::check_config::Findings;
use crate::cli::error::CliError;
use crate::webhook::signature::AppSecret;
use crate::webhook::{self, VerifyToken};

/// The secrets by which webhooks are told from forgeries.
#[derive(Args, Debug)]
pub struct Webhooks {
    /// The app secret by which the provider signs webhooks; for trying things out, since others on this machine can see it
    #[arg(long, value_name = "SECRET", env = "CONSENT_LEDGER_APP_SECRET", hide_env_values = true, conflicts_with = "app_secret_file")]
    app_secret: Option<String>,
    /// A file that holds the app secret; white space around it is ignored
    #[arg(long, value_name = "FILE", env = "CONSENT_LEDGER_APP_SECRET_FILE")]
    app_secret_file: Option<PathBuf>,
    /// The token by which the provider verifies the webhook address
    #[arg(long, value_name = "TOKEN", env = "CONSENT_LEDGER_VERIFY_TOKEN", hide_env_values = true, conflicts_with = "verify_token_file")]
    verify_token: Option<String>,
    /// A file that holds the verify token; white space around it is ignored
    #[arg(long, value_name = "FILE", env = "CONSENT_LEDGER_VERIFY_TOKEN_FILE")]
    verify_token_file: Option<PathBuf>,
}

impl Webhooks {
    /// What the webhooks' edge needs of it.
    ///
    /// # Errors
    /// Where a secret's file cannot be read or holds none.
    pub fn config(&self) -> Result<webhook::Config, CliError> {
        let common = webhook::Secrets {
            app_secret: self.app_secret()?.as_deref().and_then(AppSecret::new),
            verify_token: self.verify_token()?.as_deref().and_then(VerifyToken::new),
        };
        if common.app_secret.is_none() {
            tracing::info!("webhooks are refused: no app secret was given to check their signatures with");
        }
        Ok(webhook::Config { common, ..webhook::Config::default() })
    }

    /// Notes what of it cannot be read.
    pub fn look(&self, findings: &mut Findings) {
        findings.refused("app-secret-file", self.app_secret());
        findings.refused("verify-token-file", self.verify_token());
    }

    fn app_secret(&self) -> Result<Option<String>, CliError> {
        secret(self.app_secret.as_ref(), self.app_secret_file.as_deref(), "the app secret")
    }

    fn verify_token(&self) -> Result<Option<String>, CliError> {
        secret(self.verify_token.as_ref(), self.verify_token_file.as_deref(), "the verify token")
    }
}

/// A secret as it was given, or as its file holds it.
fn secret(given: Option<&String>, file: Option<&Path>, what: &str) -> Result<Option<String>, CliError> {
    let Some(file) = file else { return Ok(given.cloned()) };
    let text = std::fs::read_to_string(file).map_err(|error| CliError::local(error).context(format!("reading {}", file.display())))?;
    match text.trim() {
        "" => Err(CliError::usage(format!("{} is empty", file.display())).hint(format!("put {what} into it"))),
        secret => Ok(Some(secret.to_owned())),
    }
}
