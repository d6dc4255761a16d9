//! `keys`: the ledger's keys, one file a subcommand.

mod public;
mod rotate_lookup;
mod rotate_master;
mod rotate_signing;

use clap::{Args, Subcommand};

use super::error::{CliError, Verdict};
use super::output::Output;

const EXAMPLES: &str = "\
Examples:
  consent-ledger keys public --data-dir ./ledger
  consent-ledger keys rotate-master --data-dir ./ledger --new-master-key-command 'vault-get consent-ledger'";

/// Show the keys by which others check what this ledger hands out, and rotate those it keeps.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Keys {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    Public(public::Public),
    RotateMaster(rotate_master::RotateMaster),
    RotateSigning(rotate_signing::RotateSigning),
    RotateLookup(rotate_lookup::RotateLookup),
}

impl Keys {
    /// Runs the subcommand.
    ///
    /// # Errors
    /// As the subcommand.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        match self.what {
            What::Public(public) => public.run(output),
            What::RotateMaster(rotate) => rotate.run(output),
            What::RotateSigning(rotate) => rotate.run(output),
            What::RotateLookup(rotate) => rotate.run(output),
        }
    }
}
