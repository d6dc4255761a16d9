//! `watch`: follow what changes, until it is stopped.

mod entries;
mod follow;
mod windows;

use clap::{Args, Subcommand};

use super::error::{CliError, Verdict};
use super::output::Output;

/// Follow what changes: entries as they are recorded, windows as they open and close.
///
/// Prints a line each until Ctrl-C ends it, exit code 0. Where the server goes away it tries again, after a moment at first, then
/// after up to 10 seconds, and goes on where it was.
#[derive(Args, Debug)]
pub struct Watch {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    Entries(entries::Entries),
    Windows(windows::Windows),
}

impl Watch {
    /// Follows until it is stopped.
    ///
    /// # Errors
    /// Where the server cannot be reached at first, or refuses.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        match self.what {
            What::Entries(command) => command.run(output).await,
            What::Windows(command) => command.run(output).await,
        }
    }
}
