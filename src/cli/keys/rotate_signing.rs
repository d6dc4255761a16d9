//! `keys rotate-signing`: another key signs checkpoints, or receipts, from here on. The server is stopped meanwhile.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::error::{CliError, Verdict};
use crate::cli::master_key::MasterKeyArgs;
use crate::cli::output::Output;
use crate::ledger::keys::rotate_signing::ChangedKey;
use crate::ledger::{Ledger, Options};
use crate::proof::note::VerifierKey;
use crate::proto::SigningKeyUse;

const EXAMPLES: &str = "\
An entry names the new key, and a checkpoint signed with the key before covers that entry: whoever holds the old key comes to the \
new one through the log, with a proof that any server of this ledger hands out.

Examples:
  consent-ledger keys rotate-signing --data-dir ./ledger --use checkpoint \\
      --checkpoint-dir /srv/checkpoints
  consent-ledger prove inclusion --seq 1204 --size 1204 --out key.proof --entry-out key.entry
  consent-ledger verify key.proof --entry key.entry --key OLD-KEY";

/// What a key signs.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Use {
    /// Checkpoints, and with them exports, bundles and proofs
    Checkpoint,
    /// Decision receipts
    Receipt,
}

/// Have another key sign checkpoints, or receipts, from here on.
///
/// The server must be stopped. What was signed before still verifies with the key that it was signed with; the seed of that key
/// is gone.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct RotateSigning {
    /// The ledger's data directory
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// What the key signs
    #[arg(long = "use", value_name = "USE")]
    of: Use,
    /// Where checkpoints are published, as for `serve`; else the next start publishes the one that covers the change
    #[arg(long, value_name = "DIR", env = "CONSENT_LEDGER_CHECKPOINT_DIR")]
    checkpoint_dir: Option<PathBuf>,
    #[command(flatten)]
    master_key: MasterKeyArgs,
}

impl RotateSigning {
    /// Rotates.
    ///
    /// # Errors
    /// Where the ledger is in use or does not open, or the disk fails.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        let hint = "stop the server first; what was begun the next start completes or forgets";
        let failed = |error: anyhow::Error| CliError::local(error).context("rotating a signing key").hint(hint);
        if !self.data_dir.join("secrets").exists() {
            return Err(CliError::usage(format!("{} holds no ledger", self.data_dir.display())).hint("check --data-dir"));
        }
        let options = Options { checkpoint_dir: self.checkpoint_dir, master_key: self.master_key.read()?, ..Options::new(&self.data_dir) };
        let ledger = Ledger::open(&options).map_err(|error| failed(error.into()))?;
        let origin = ledger.checkpoint_key().name().to_owned();
        let of = match self.of {
            Use::Checkpoint => SigningKeyUse::Checkpoint,
            Use::Receipt => SigningKeyUse::Receipt,
        };
        let changed = ledger.change_signing_key(of);
        ledger.close();
        let ChangedKey { seq, size, public_key } = changed.map_err(|error| failed(error.into()))?;
        let (word, key) = match self.of {
            Use::Checkpoint => ("checkpoint", VerifierKey::new(&origin, &public_key).map_err(|error| failed(error.into()))?.to_string()),
            Use::Receipt => ("receipt", hex::encode(public_key)),
        };
        output.print(
            || json!({ "use": word, "key": key, "seq": seq.number(), "vouched_size": size }),
            || format!("{word} key from entry {seq} on: {key}\nthe key before vouches for it in the checkpoint over {size} entries"),
        )?;
        Ok(Verdict::Yes)
    }
}
