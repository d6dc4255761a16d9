//! Where the master key comes from: a file, a variable of the environment, or a command that asks a key service.
//!
//! ```text
//! --master-key-file FILE | CONSENT_LEDGER_MASTER_KEY=<64 hex digits> | --master-key-command 'CMD ARGS'      at most one of them
//! ```
//!
//! Without any it is `secrets/master.key` in the data directory.

mod command;

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use zeroize::Zeroizing;

use crate::cli::error::CliError;
use crate::ledger::keys::master::MasterKey;

/// The variables that hold a key itself. No child process sees them.
pub const VARIABLES: [&str; 2] = ["CONSENT_LEDGER_MASTER_KEY", "CONSENT_LEDGER_NEW_MASTER_KEY"];

/// The most that is read where a key is expected, in bytes.
const READ_MAX_BYTES: u64 = 4096;

/// Where the master key of a ledger is kept, where that is not its data directory.
#[derive(Args, Debug)]
pub struct MasterKeyArgs {
    /// A file that holds the master key, 64 hex digits; without any source it is DIR/secrets/master.key. The variable
    /// `CONSENT_LEDGER_MASTER_KEY` may hold the key itself instead
    #[arg(long, value_name = "FILE", env = "CONSENT_LEDGER_MASTER_KEY_FILE", conflicts_with = "master_key_command")]
    master_key_file: Option<PathBuf>,
    /// A command that prints the master key, 64 hex digits, within 30 seconds, such as one that asks a key service; it is run
    /// without a shell
    #[arg(long, value_name = "'CMD ARGS'", env = "CONSENT_LEDGER_MASTER_KEY_COMMAND")]
    master_key_command: Option<String>,
}

/// Where the next master key is kept, where the ledger is not to make it.
#[derive(Args, Debug)]
pub struct NewMasterKeyArgs {
    /// A file that holds the new master key, 64 hex digits; without any source the ledger makes one and keeps it in
    /// DIR/secrets/master.key. The variable `CONSENT_LEDGER_NEW_MASTER_KEY` may hold the key itself instead
    #[arg(long, value_name = "FILE", env = "CONSENT_LEDGER_NEW_MASTER_KEY_FILE", conflicts_with = "new_master_key_command")]
    new_master_key_file: Option<PathBuf>,
    /// A command that prints the new master key, as --master-key-command does
    #[arg(long, value_name = "'CMD ARGS'", env = "CONSENT_LEDGER_NEW_MASTER_KEY_COMMAND")]
    new_master_key_command: Option<String>,
}

impl MasterKeyArgs {
    /// The key; none: it is kept in the data directory.
    ///
    /// # Errors
    /// Where there are two sources, or the one gives no key.
    pub fn read(&self) -> Result<Option<MasterKey>, CliError> {
        read("master-key", VARIABLES[0], self.master_key_file.as_deref(), self.master_key_command.as_deref())
    }
}

impl NewMasterKeyArgs {
    /// The key; none: the ledger makes one.
    ///
    /// # Errors
    /// Where there are two sources, or the one gives no key.
    pub fn read(&self) -> Result<Option<MasterKey>, CliError> {
        read("new-master-key", VARIABLES[1], self.new_master_key_file.as_deref(), self.new_master_key_command.as_deref())
    }
}

fn read(flag: &str, variable: &str, file: Option<&Path>, command: Option<&str>) -> Result<Option<MasterKey>, CliError> {
    let held = std::env::var_os(variable).map(|value| Zeroizing::new(value.into_encoded_bytes()));
    let (text, named) = match (held, file, command) {
        (None, None, None) => return Ok(None),
        (Some(text), None, None) => (text, format!("the variable {variable}")),
        (None, Some(path), None) => {
            let named = format!("--{flag}-file {}", path.display());
            (read_file(path).map_err(|error| CliError::local(error).context(format!("reading {named}")))?, named)
        }
        (None, None, Some(line)) => {
            let named = format!("--{flag}-command");
            (command::run(line).map_err(|error| CliError::local(error).context(named.clone()))?, named)
        }
        _ => {
            return Err(CliError::usage(format!("{variable}, --{flag}-file and --{flag}-command: more than one of them was given"))
                .hint("give one of them, also of the variables that stand for the flags"));
        }
    };
    let parsed = MasterKey::parse(&text, named).map_err(|error| {
        CliError::usage(error.to_string())
            .hint("a master key is 64 hex digits; `openssl rand -hex 32` makes one. What was read is not shown")
    })?;
    Ok(Some(parsed))
}

fn read_file(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(256));
    std::fs::File::open(path)?.take(READ_MAX_BYTES).read_to_end(&mut text)?;
    Ok(text)
}
