//! `keys public`: the key by which others check this ledger. Needs no server.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::error::{CliError, Verdict};
use crate::cli::output::Output;
use crate::ledger::proving::verify::public_key;

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
}

impl Public {
    /// Prints the key.
    ///
    /// # Errors
    /// Where the data directory holds no ledger that can be read.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        let key = public_key(&self.data_dir).map_err(|error| CliError::local(error).hint("check --data-dir, and that you may read it"))?;
        output.print(|| json!({ "checkpoint_key": key.to_string() }), || key.to_string())?;
        Ok(Verdict::Yes)
    }
}
