//! `keys rotate-master`: wraps everything under another master key. The server is stopped meanwhile.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use crate::cli::error::{CliError, Verdict};
use crate::cli::master_key::{MasterKeyArgs, NewMasterKeyArgs};
use crate::cli::output::Output;
use crate::ledger::keys::rotate_master::{MasterRotation, NewKey};
use crate::ledger::storage::disk::RealDisk;
use crate::webhook::dead_letters::DeadLetters;

const EXAMPLES: &str = "\
Cut off anywhere, run it again with the same keys: what is done stays done, and until then nothing else opens the ledger.

Examples:
  consent-ledger keys rotate-master --data-dir ./ledger
  consent-ledger keys rotate-master --data-dir ./ledger \\
      --new-master-key-command 'vault-get consent-ledger'
  consent-ledger keys rotate-master --data-dir ./ledger --master-key-file old.key \\
      --new-master-key-file new.key";

/// Wrap every key under a new master key. From then on the old one opens nothing in the data directory.
///
/// The server must be stopped. What backups and copy-on-write disks keep, of erased contacts too, opens with the old key alone:
/// destroy every copy of that, and an erasure has reached them as well. The old key in DIR/secrets/master.key is overwritten;
/// one that is kept elsewhere is yours to destroy.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct RotateMaster {
    /// The ledger's data directory
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    #[command(flatten)]
    old: MasterKeyArgs,
    #[command(flatten)]
    new: NewMasterKeyArgs,
}

impl RotateMaster {
    /// Rotates.
    ///
    /// # Errors
    /// Where the ledger is in use, or opens with neither key, or the disk fails.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        let failed = |error: anyhow::Error| {
            let doing = format!("rotating the master key of {}", self.data_dir.display());
            CliError::local(error).context(doing).hint("stop the server first; what is done stays done, run it again with the same keys")
        };
        let (old, new) = (self.old.read()?, self.new.read()?);
        let new = new.map_or(NewKey::Made, NewKey::Given);
        let rotation = MasterRotation::begin(Arc::new(RealDisk), &self.data_dir, old, new).map_err(|error| failed(error.into()))?;
        let rewrapped = rotation.rewrap().map_err(|error| failed(error.into()))?;
        let days = DeadLetters::rewrap(&self.data_dir, rotation.old(), rotation.new_key()).map_err(|error| failed(error.into()))?;
        let number = rotation.finish().map_err(|error| failed(error.into()))?;
        let value = || {
            json!({
                "master_key_id": number,
                "keys": rewrapped.live,
                "erased": rewrapped.erased,
                "damaged": rewrapped.damaged,
                "dead_letter_days": days,
            })
        };
        let text = || {
            format!(
                "master key {number} wraps the ledger's secrets, {} keys and {days} days of dead letters; {} erased keys stay erased, {} \
                 damaged ones were left as they are\nthe old master key opens nothing here any more: destroy its copies, and what backups keep \
                 dies with it",
                rewrapped.live, rewrapped.erased, rewrapped.damaged
            )
        };
        output.print(value, text)?;
        Ok(Verdict::Yes)
    }
}
