//! `sender`: what a sender is, and how it stands with the platform.

mod declare;
mod lift;
mod rate;
mod restrict;
pub mod standing;

use clap::{Args, Subcommand};

use super::act::acknowledged;
use super::error::{CliError, Verdict};
use super::output::Output;

/// Declare what a sender is, report what the platform says about it, ask how it stands.
#[derive(Args, Debug)]
pub struct Sender {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    Declare(declare::Declare),
    Rate(rate::Rate),
    Restrict(restrict::Restrict),
    Lift(lift::Lift),
    Standing(standing::Standing),
}

impl Sender {
    /// Records and prints the acknowledgement, or asks and prints the answer.
    ///
    /// # Errors
    /// Where the server cannot be reached or refuses.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let acknowledgement = match self.what {
            What::Declare(command) => command.run().await?,
            What::Rate(command) => command.run().await?,
            What::Restrict(command) => command.run().await?,
            What::Lift(command) => command.run().await?,
            What::Standing(command) => return command.run(output).await,
        };
        acknowledged(output, acknowledgement)
    }
}
