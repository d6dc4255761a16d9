//! `record`: what a contact did.

mod inbound;
mod opt_in;
mod opt_out;

use clap::{Args, Subcommand};

use super::client::Connection;
use super::error::{CliError, Verdict};
use super::output::Output;
use super::{json, words};
use crate::consent::time::Time;
use crate::proto::{Acknowledgement, Evidence};

/// Record what a contact did: an opt-in, an opt-out, an inbound message.
///
/// The command returns once the event is on disk. Recording the same event id with the same content again is answered with the
/// first entry; with other content it is refused.
#[derive(Args, Debug)]
pub struct Record {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    OptIn(opt_in::OptIn),
    OptOut(opt_out::OptOut),
    Inbound(inbound::Inbound),
}

impl Record {
    /// Records and prints the acknowledgement.
    ///
    /// # Errors
    /// Where the server cannot be reached or refuses.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let acknowledgement = match self.what {
            What::OptIn(command) => command.run().await?,
            What::OptOut(command) => command.run().await?,
            What::Inbound(command) => command.run().await?,
        };
        let acknowledgement = acknowledgement.ok_or_else(|| CliError::unexpected("the server answered without an acknowledgement"))?;
        output.print(|| json::acknowledgement(&acknowledgement), || text(&acknowledgement))?;
        Ok(Verdict::Yes)
    }
}

/// An acknowledgement for people.
pub(super) fn text(acknowledgement: &Acknowledgement) -> String {
    let verb = if acknowledgement.duplicate { "was recorded before as" } else { "recorded as" };
    let caused = match acknowledgement.caused_seq {
        0 => String::new(),
        seq => format!("\nits keyword caused entry {seq}"),
    };
    format!(
        "{verb} entry {}: {}{caused}\nhash: {}",
        acknowledgement.seq,
        words::effect(acknowledgement.effect),
        hex::encode(&acknowledgement.entry_hash)
    )
}

/// What every record has.
#[derive(Args, Debug)]
struct Act {
    /// When the person acted, in RFC 3339 as in 2026-03-01T10:00:00Z; without it, now
    #[arg(long, value_name = "TIME")]
    at: Option<Time>,
    /// Your own name for the event, at most 128 bytes: recording it twice counts once
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    event_id: String,
    #[command(flatten)]
    connection: Connection,
}

/// What proves an act.
#[derive(Args, Debug)]
#[command(next_help_heading = "Evidence (kept sealed)")]
struct Proof {
    /// The text the person saw and agreed to
    #[arg(long = "evidence-text", value_name = "TEXT")]
    text: Option<String>,
    /// The version of that text
    #[arg(long = "evidence-text-version", value_name = "VERSION")]
    text_version: Option<String>,
    /// The language it was shown in, as in en-GB
    #[arg(long = "evidence-locale", value_name = "TAG")]
    locale: Option<String>,
    /// The page or form
    #[arg(long = "evidence-url", value_name = "URL")]
    url: Option<String>,
    /// The address the act came from
    #[arg(long = "evidence-ip", value_name = "ADDRESS")]
    ip: Option<String>,
    /// The browser or app
    #[arg(long = "evidence-user-agent", value_name = "AGENT")]
    user_agent: Option<String>,
}

impl Proof {
    fn into_evidence(self) -> Option<Evidence> {
        let evidence = Evidence {
            text: self.text.unwrap_or_default(),
            text_version: self.text_version.unwrap_or_default(),
            locale: self.locale.unwrap_or_default(),
            url: self.url.unwrap_or_default(),
            ip_address: self.ip.unwrap_or_default(),
            user_agent: self.user_agent.unwrap_or_default(),
            ..Default::default()
        };
        (evidence != Evidence::default()).then_some(evidence)
    }
}
