//! `keys`: the ledger's public keys, and the API keys by which callers are known.

mod add;
mod list;
mod made;
mod public;
mod revoke;
mod rotate;

use clap::{Args, Subcommand};

use super::client;
use super::error::{CliError, Verdict};
use super::output::Output;

/// Give, replace and take away API keys; show the keys by which others check what this ledger hands out.
///
/// The first key makes the ledger ask every caller for one, on this machine too. It must be an operator's, bound to nothing. What each
/// role may do stands in docs/security.md.
#[derive(Args, Debug)]
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
}

impl Keys {
    /// Runs the command.
    ///
    /// # Errors
    /// Where the server cannot be reached or refuses, or the data directory holds no ledger that can be read.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        match self.what {
            What::Add(add) => add.run(output),
            What::List(list) => client::run(list.run(output)),
            What::Rotate(rotate) => client::run(rotate.run(output)),
            What::Revoke(revoke) => client::run(revoke.run(output)),
            What::Public(public) => public.run(output),
        }
    }
}
