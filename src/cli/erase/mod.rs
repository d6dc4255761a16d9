//! `erase`: forget a contact, in two steps.

mod cancel;
mod hold;
mod list;
mod release;
mod request;

use clap::{Args, Subcommand};

use super::client::Connection;
use super::error::{CliError, Verdict};
use super::output::Output;

/// Forget a contact, in two steps: ask, and after a delay it happens by itself, unless it was cancelled or is held back.
///
/// What was sealed under the contact's key can then never be read again; the log and every checkpoint still verify. By default a
/// token stays that answers NOTHING, `CONTACT_ERASED`, for whoever appears under the contact's numbers and user IDs.
#[derive(Args, Debug)]
pub struct Erase {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    Request(request::Request),
    Cancel(cancel::Cancel),
    Hold(hold::Hold),
    Release(release::Release),
    List(list::List),
}

impl Erase {
    /// Takes the step and prints what it came to.
    ///
    /// # Errors
    /// Where the server cannot be reached or refuses.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        match self.what {
            What::Request(command) => command.run(output).await,
            What::Cancel(command) => command.run(output).await,
            What::Hold(command) => command.run(output).await,
            What::Release(command) => command.run(output).await,
            What::List(command) => command.run(output).await,
        }
    }
}

/// Whom a step is about, as they are known now.
#[derive(Args, Debug)]
struct Present {
    /// Who: any phone number or business-scoped user ID that the contact has now
    #[arg(long, value_name = "CONTACT")]
    contact: String,
    /// Your own name for the event, at most 128 bytes: recording it twice counts once
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    event_id: String,
    #[command(flatten)]
    connection: Connection,
}
