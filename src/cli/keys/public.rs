//! `keys public`: the keys by which others check what the ledger signs. Needs no server.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::error::{CliError, Verdict};
use crate::cli::master_key::MasterKeyArgs;
use crate::cli::output::Output;
use crate::ledger::proving::public_keys::{CheckpointKey, PublicKeys, public_keys};

const EXAMPLES: &str = "\
Example:
  consent-ledger keys public --data-dir ./ledger";

/// Print the checkpoint key, as a C2SP verifier key on one line.
///
/// Give it to whoever checks exports: with it they hold them against this ledger and no other. It is no secret.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Public {
    /// The ledger's data directory
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// Print the keys before it too, oldest first, each with the entry that names it and the size of the checkpoint by which the
    /// key before vouches for it
    #[arg(long)]
    former: bool,
    #[command(flatten)]
    master_key: MasterKeyArgs,
}

impl Public {
    /// Prints the key.
    ///
    /// # Errors
    /// Where the data directory holds no ledger that can be read.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        let master = self.master_key.read()?;
        let keys = public_keys(&self.data_dir, master.as_ref());
        let keys = keys.map_err(|error| CliError::local(error).hint("check --data-dir and the master key, and that you may read both"))?;
        if self.former {
            output.print(|| value(&keys), || text(&keys))?;
        } else if let Some(CheckpointKey { key, .. }) = keys.checkpoint.last() {
            output.print(|| json!({ "checkpoint_key": key.to_string() }), || key.to_string())?;
        }
        Ok(Verdict::Yes)
    }
}

fn value(keys: &PublicKeys) -> Value {
    let checkpoint =
        |key: &CheckpointKey| json!({ "key": key.key.to_string(), "from_seq": key.from.number(), "vouched_size": key.vouched });
    let receipt = |(from, key): &(_, [u8; 32])| json!({ "key": hex::encode(key), "from_seq": number(*from) });
    json!({
        "checkpoint_keys": keys.checkpoint.iter().map(checkpoint).collect::<Vec<_>>(),
        "receipt_keys": keys.receipt.iter().map(receipt).collect::<Vec<_>>(),
    })
}

fn text(keys: &PublicKeys) -> String {
    let checkpoint = keys.checkpoint.iter().map(|key| {
        let vouched = key.vouched.map(|size| format!(", vouched for at size {size}")).unwrap_or_default();
        format!("checkpoint from entry {}{vouched}: {}", key.from, key.key)
    });
    let receipt = keys.receipt.iter().map(|(from, key)| format!("receipt from entry {from}: {}", hex::encode(key)));
    checkpoint.chain(receipt).collect::<Vec<_>>().join("\n")
}

const fn number(seq: crate::consent::words::Seq) -> u64 {
    seq.number()
}
