//! `policy`: an account's rules, shown, proposed, adopted.

mod adopt;
mod choice;
mod diff;
mod presets;
mod settings;
mod show;

use clap::{Args, Subcommand};

use super::client;
use super::error::{CliError, Verdict};
use super::output::Output;

/// Show, compare or adopt an account's policy.
///
/// A policy is a preset and what differs from it: how long a window stays open, what a message after an opt-out does, which
/// words opt out. It is an event of the ledger like any other: it is never edited, a later one takes its place.
#[derive(Args, Debug)]
pub struct Policy {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    Show(show::Show),
    Diff(diff::Diff),
    Adopt(adopt::Adopt),
    Presets(presets::Presets),
}

impl Policy {
    /// Shows, compares or adopts.
    ///
    /// # Errors
    /// Where the choice makes no policy, or the server cannot be reached or refuses.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        match self.what {
            What::Show(show) => client::run(show.run(output)),
            What::Diff(diff) => client::run(diff.run(output)),
            What::Adopt(adopt) => client::run(adopt.run(output)),
            What::Presets(presets) => presets.run(output),
        }
    }
}
