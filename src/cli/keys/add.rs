//! `keys add`: somebody more may call.

use std::path::{Path, PathBuf};

use clap::Args;

use super::made;
use crate::api::principals::{BOUND_MAX, NAME_MAX_BYTES, principal};
use crate::cli::client::{self, CALL, Server};
use crate::cli::error::{CliError, Verdict};
use crate::cli::length::Length;
use crate::cli::master_key::MasterKeyArgs;
use crate::cli::output::Output;
use crate::cli::words;
use crate::consent::role::Role;
use crate::consent::time::Time;
use crate::consent::words::{Account, Sender};
use crate::ledger::principals::api_key::KeySecret;
use crate::ledger::principals::change::{Change, Ends, NewCredential};
use crate::ledger::writing::record::Actor;
use crate::ledger::{Ledger, OpenError, Options};
use crate::proto::AddPrincipalRequest;
use crate::proto::admin_service_client::AdminServiceClient;

const EXAMPLES: &str = "\
The key is all that is printed on stdout, and never shown again.

Examples:
  consent-ledger keys add --name ops --role operator > ops.key
  consent-ledger keys add --api-key-file ops.key --name campaigns --role sender \\
      --account shop --expires-in 90d > campaigns.key
  consent-ledger keys add --data-dir /data --name ops --role operator > ops.key  # no server runs there";

/// Add a principal and print its API key.
///
/// With --data-dir the key is made in the data directory itself, while no server runs on it: the first key in a container, or a new
/// one where the last operator's was lost. Whoever can write there can do that anyway.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Add {
    /// A name for people, at most 64 bytes; it stays in the log, so nothing personal
    #[arg(long, value_name = "NAME")]
    name: String,
    /// What it may do: sender (check), recorder (record, import), auditor (read, export, prove), operator (policy, senders, templates,
    /// keys), eraser; several, or several times
    #[arg(long = "role", value_name = "ROLE", required = true, value_delimiter = ',')]
    roles: Vec<Role>,
    /// An account that it may do it in; several times; without it in all
    #[arg(long = "account", value_name = "NAME", value_delimiter = ',')]
    accounts: Vec<Account>,
    /// A sender that it may do it for, by its `phone_number_id`; several times; without it for all
    #[arg(long = "sender", value_name = "SENDER", value_delimiter = ',')]
    senders: Vec<Sender>,
    /// After what time the key ends: a number and s, m, h or d, as in 90d; without it, never
    #[arg(long, value_name = "LENGTH", conflicts_with = "expires_at")]
    expires_in: Option<Length>,
    /// When the key ends, in RFC 3339
    #[arg(long, value_name = "TIME")]
    expires_at: Option<Time>,
    /// Instead of a key, the client certificate with this SHA-256 fingerprint, as `openssl x509 -noout -fingerprint -sha256` prints it
    #[arg(long, value_name = "FINGERPRINT")]
    certificate: Option<Fingerprint>,
    /// Make the key in this data directory, on which no server runs; made where it is missing
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// With --data-dir: where its server publishes checkpoints, if it does
    #[arg(long, value_name = "DIR", env = "CONSENT_LEDGER_CHECKPOINT_DIR", requires = "data_dir")]
    checkpoint_dir: Option<PathBuf>,
    /// With --data-dir, as for `serve`
    #[command(flatten)]
    master_key: MasterKeyArgs,
    #[command(flatten)]
    server: Server,
}

/// The SHA-256 of a certificate, in hex with or without colons.
#[derive(Clone, Copy, Debug)]
pub struct Fingerprint(pub [u8; 32]);

/// Not the SHA-256 of a certificate.
#[derive(Debug, thiserror::Error)]
#[error("not a SHA-256 fingerprint, which is 64 hex digits, with or without colons")]
pub struct NoFingerprint;

impl std::str::FromStr for Fingerprint {
    type Err = NoFingerprint;

    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        let digits: String = text.rsplit('=').next().unwrap_or_default().chars().filter(|c| *c != ':').collect();
        let bytes = hex::decode(digits).map_err(|_| NoFingerprint)?;
        bytes.try_into().map(Self).map_err(|_| NoFingerprint)
    }
}

impl Add {
    /// Adds it.
    ///
    /// # Errors
    /// Where the server or the data directory refuses.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        match self.data_dir.clone() {
            Some(dir) => self.offline(&dir, output),
            None => client::run(self.online(output)),
        }
    }

    async fn online(self, output: Output) -> Result<Verdict, CliError> {
        let mut client = AdminServiceClient::new(self.server.connect(CALL).await?);
        let expires_at = self.expires_at.or_else(|| self.expires_in.map(ends_in));
        let request = AddPrincipalRequest {
            name: self.name,
            roles: self.roles.iter().map(|role| role.number().into()).collect(),
            accounts: self.accounts.iter().map(ToString::to_string).collect(),
            senders: self.senders.iter().map(ToString::to_string).collect(),
            expires_at: words::timestamp(expires_at),
            certificate_sha256: self.certificate.map(|certificate| certificate.0.to_vec()).unwrap_or_default(),
        };
        let added = client.add_principal(request).await?.into_inner();
        made::show(output, added.principal, &added.api_key)?;
        Ok(Verdict::Yes)
    }

    fn offline(self, dir: &Path, output: Output) -> Result<Verdict, CliError> {
        let name_fits = !self.name.trim().is_empty() && self.name.len() <= NAME_MAX_BYTES && !self.name.chars().any(char::is_control);
        if !name_fits || self.accounts.len() > BOUND_MAX || self.senders.len() > BOUND_MAX {
            let message = format!(
                "a name has 1 to {NAME_MAX_BYTES} bytes without control characters, and at most {BOUND_MAX} accounts and senders can be named"
            );
            return Err(CliError::usage(message));
        }
        let master_key = self.master_key.read()?;
        let options = Options { checkpoint_dir: self.checkpoint_dir.clone(), master_key, ..Options::new(dir) };
        let ledger = Ledger::open(&options).map_err(|error| {
            let hint = match &error {
                OpenError::InUse { .. } => "a server runs on it: leave --data-dir out and ask it, or stop it first",
                _ => "check --data-dir, and that you may write there",
            };
            CliError::local(error).context(format!("opening the ledger in {}", dir.display())).hint(hint)
        })?;
        let added = self.add_to(&ledger, output);
        ledger.close();
        added.map(|()| Verdict::Yes)
    }

    fn add_to(self, ledger: &Ledger, output: Output) -> Result<(), CliError> {
        let credential = match self.certificate {
            Some(certificate) => NewCredential::Certificate(certificate.0),
            None => NewCredential::Key(KeySecret::random().map_err(CliError::local)?),
        };
        let in_time = self.expires_in.map(|length| ledger.now().plus_micros(length.duration().seconds.saturating_mul(1_000_000)));
        let change = Change::Add {
            name: self.name,
            roles: self.roles.into_iter().collect(),
            accounts: self.accounts,
            senders: self.senders,
            credential,
            ends: self.expires_at.or(in_time).map_or(Ends::Never, Ends::At),
        };
        let changed = ledger.change_principal_blocking(change, Actor::LOCAL).map_err(CliError::local)?;
        let principal = ledger.principal(changed.principal).map(|known| principal(&known, ledger.now()));
        made::show(output, principal, changed.key.as_ref().map_or("", |key| key.text()))
    }
}

/// That long from now, by this machine's clock.
#[expect(clippy::disallowed_methods, reason = "the command line is an edge: what was typed counts from when it was typed")]
pub fn ends_in(length: Length) -> Time {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let micros = i64::try_from(now.as_micros()).unwrap_or(i64::MAX);
    Time::from_micros(micros).plus_micros(length.duration().seconds.saturating_mul(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_taken_as_openssl_prints_it() {
        let colons = ["0A"; 32].join(":");
        for text in [colons.clone(), format!("sha256 Fingerprint={colons}"), "0a".repeat(32)] {
            assert_eq!(text.parse::<Fingerprint>().unwrap().0, [10; 32], "{text}");
        }
        for text in ["", "0a", "zz"] {
            assert!(text.parse::<Fingerprint>().is_err(), "{text}");
        }
    }
}
