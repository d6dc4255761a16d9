//! `identity`: who is who.

mod change_number;
mod change_user_id;
mod key_changed;
mod link;

use clap::{Args, Subcommand};

use super::act::acknowledged;
use super::error::{CliError, Verdict};
use super::output::Output;

/// Record who is who: which identifiers are one contact, and where a contact moved.
///
/// Where webhooks reach the ledger, they bring most of this by themselves.
#[derive(Args, Debug)]
pub struct Identity {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    Link(link::Link),
    ChangeNumber(change_number::ChangeNumber),
    ChangeUserId(change_user_id::ChangeUserId),
    KeyChanged(key_changed::KeyChanged),
}

impl Identity {
    /// Records and prints the acknowledgement.
    ///
    /// # Errors
    /// Where the server cannot be reached or refuses.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let acknowledgement = match self.what {
            What::Link(command) => command.run().await?,
            What::ChangeNumber(command) => command.run().await?,
            What::ChangeUserId(command) => command.run().await?,
            What::KeyChanged(command) => command.run().await?,
        };
        acknowledged(output, acknowledgement)
    }
}
