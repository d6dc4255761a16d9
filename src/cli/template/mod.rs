//! `template`: an account's templates.

mod change;
mod list;
mod register;

use clap::{Args, Subcommand};

use super::act::acknowledged;
use super::error::{CliError, Verdict};
use super::output::Output;

/// Register templates, report what the platform changed about them, list them.
///
/// From the first one on, a check that names a template is held against them: its category as it is now, whether it may be sent, and
/// how many parameters it takes.
#[derive(Args, Debug)]
pub struct Template {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    Register(register::Register),
    Change(change::Change),
    List(list::List),
}

impl Template {
    /// Records and prints the acknowledgement, or lists.
    ///
    /// # Errors
    /// Where the server cannot be reached or refuses.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let acknowledgement = match self.what {
            What::Register(command) => command.run().await?,
            What::Change(command) => command.run().await?,
            What::List(command) => return command.run(output).await,
        };
        acknowledged(output, acknowledgement)
    }
}

/// Which template.
#[derive(Args, Debug)]
struct Named {
    /// Its name, as the platform spells it
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Its language, as the platform spells it, as in `en` or `pt_BR`
    #[arg(long, value_name = "LANGUAGE")]
    language: String,
}
