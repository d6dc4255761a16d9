//! `keys`: the API keys by which callers are known, and the ledger's own keys, one file a subcommand.

mod add;
mod list;
mod made;
mod public;
mod revoke;
mod rotate;
mod rotate_lookup;
mod rotate_master;
mod rotate_signing;

use clap::{Args, Subcommand};

use super::client;
use super::error::{CliError, Verdict};
use super::output::Output;

const EXAMPLES: &str = "\
Examples:
  consent-ledger keys add --name ops --role operator > ops.key
  consent-ledger keys public --data-dir ./ledger
  consent-ledger keys rotate-master --data-dir ./ledger \\
      --new-master-key-command 'vault-get consent-ledger'";

/// Give, replace and take away API keys; show the keys by which others check what this ledger hands out, and rotate those it keeps.
///
/// The first API key makes the ledger ask every caller for one, on this machine too. It must be an operator's, bound to nothing. What
/// each role may do stands in docs/security.md.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Keys {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    Add(add::Add),
    List(list::List),
    Rotate(rotate::Rotate),
    Revoke(revoke::Revoke),
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
            What::Add(add) => add.run(output),
            What::List(list) => client::run(list.run(output)),
            What::Rotate(rotate) => client::run(rotate.run(output)),
            What::Revoke(revoke) => client::run(revoke.run(output)),
            What::Public(public) => public.run(output),
            What::RotateMaster(rotate) => rotate.run(output),
            What::RotateSigning(rotate) => rotate.run(output),
            What::RotateLookup(rotate) => rotate.run(output),
        }
    }
}
