//! `record`: what a contact did, and what the platform said about a message to it.

mod confirmation;
mod feedback;
mod inbound;
mod opt_in;
mod opt_out;
mod preference;

use clap::{Args, Subcommand};

use super::act::acknowledged;
use super::error::{CliError, Verdict};
use super::output::Output;
use crate::consent::words::Method;
use crate::proto::Evidence;

/// Record what a contact did, or what the platform said about a message to it.
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
    Preference(preference::Preference),
    Feedback(feedback::Feedback),
    Confirmation(confirmation::Confirmation),
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
            What::Preference(command) => command.run().await?,
            What::Feedback(command) => command.run().await?,
            What::Confirmation(command) => command.run().await?,
        };
        acknowledged(output, acknowledgement)
    }
}

/// Whose consent, at which sender, and how it was captured.
#[derive(Args, Debug)]
struct Consent {
    /// Who: a phone number as in +447400123456, or a business-scoped user ID as in US.13491208655302741918
    #[arg(long, value_name = "CONTACT")]
    contact: String,
    /// For one sender only, by its `phone_number_id`; without it, for all of the account's
    #[arg(long, value_name = "SENDER", default_value = "", hide_default_value = true)]
    sender: String,
    /// How it was captured: website, sms, keyword, in-person, import, whatsapp, phone-call, ivr, email, paper, app, qr-code, platform, agent, other
    #[arg(long, value_name = "METHOD", default_value = "website")]
    method: Method,
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
