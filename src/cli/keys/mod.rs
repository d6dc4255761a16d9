//! `keys`: the ledger's keys, one file a subcommand.

mod public;

use clap::{Args, Subcommand};

use super::error::{CliError, Verdict};
use super::output::Output;

const EXAMPLES: &str = "\
Example:
  consent-ledger keys public --data-dir ./ledger";

/// Show the keys by which others check what this ledger hands out.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Keys {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    Public(public::Public),
}

impl Keys {
    /// Runs the subcommand.
    ///
    /// # Errors
    /// As the subcommand.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        match self.what {
            What::Public(public) => public.run(output),
        }
    }
}
