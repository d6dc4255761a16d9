//! What `serve` is told about webhooks.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use super::check_config::Findings;
use crate::cli::error::CliError;
use crate::consent::words::Account;
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
    /// A file that holds the app secret of one account, as in shop=./shop-secret; several, or several times. Its webhooks are known by
    /// that alone: a body signed for another account is not taken for it
    #[arg(long, value_name = "ACCOUNT=FILE", env = "CONSENT_LEDGER_ACCOUNT_APP_SECRET_FILE", value_delimiter = ',')]
    account_app_secret_file: Vec<AccountFile>,
    /// The token by which the provider verifies the webhook address
    #[arg(long, value_name = "TOKEN", env = "CONSENT_LEDGER_VERIFY_TOKEN", hide_env_values = true, conflicts_with = "verify_token_file")]
    verify_token: Option<String>,
    /// A file that holds the verify token; white space around it is ignored
    #[arg(long, value_name = "FILE", env = "CONSENT_LEDGER_VERIFY_TOKEN_FILE")]
    verify_token_file: Option<PathBuf>,
}

/// A file of one account's.
#[derive(Clone, Debug)]
struct AccountFile {
    account: Account,
    file: PathBuf,
}

impl FromStr for AccountFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (account, file) = text.split_once('=').ok_or("takes ACCOUNT=FILE, as in shop=./shop-secret")?;
        let account = account.parse().map_err(|error: <Account as FromStr>::Err| error.to_string())?;
        Ok(Self { account, file: file.into() })
    }
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
        let accounts = self.own_secrets()?.into_iter().map(|(account, app_secret)| {
            let own = webhook::Secrets { app_secret: AppSecret::new(&app_secret), verify_token: common.verify_token.clone() };
            (account, own)
        });
        let accounts = accounts.collect();
        if common.app_secret.is_none() && self.account_app_secret_file.is_empty() {
            tracing::info!("webhooks are refused: no app secret was given to check their signatures with");
        }
        Ok(webhook::Config { common, accounts })
    }

    /// Notes what of it cannot be read.
    pub fn look(&self, findings: &mut Findings) {
        findings.refused("app-secret-file", self.app_secret());
        findings.refused("account-app-secret-file", self.own_secrets());
        findings.refused("verify-token-file", self.verify_token());
    }

    fn app_secret(&self) -> Result<Option<String>, CliError> {
        secret(self.app_secret.as_ref(), self.app_secret_file.as_deref(), "the app secret")
    }

    /// The app secrets of accounts that have their own.
    fn own_secrets(&self) -> Result<Vec<(Account, String)>, CliError> {
        let read = |own: &AccountFile| {
            let text = secret(None, Some(&own.file), "the app secret")?;
            Ok((own.account.clone(), text.unwrap_or_default()))
        };
        self.account_app_secret_file.iter().map(read).collect()
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
