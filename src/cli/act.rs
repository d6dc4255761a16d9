//! What commands that record have in common: options, and the answer.
//!
//! ```text
//! recorded as entry 5: APPLIED
//! its keyword caused entry 6
//! hash: 16ca4b80790ca07053f46e33bfb40d99889bfa9a50ef2a8bf3abd192653a31a3
//! ```

use clap::Args;

use super::client::Connection;
use super::error::{CliError, Verdict};
use super::output::Output;
use super::{json, words};
use crate::consent::time::Time;
use crate::proto::Acknowledgement;

/// What every record has.
#[derive(Args, Debug)]
pub struct Act {
    /// When it happened, in RFC 3339 as in 2026-03-01T10:00:00Z; without it, now
    #[arg(long, value_name = "TIME")]
    pub at: Option<Time>,
    /// Your own name for the event, at most 128 bytes: recording it twice counts once
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub event_id: String,
    #[command(flatten)]
    pub connection: Connection,
}

/// Who a message showed, and the sender.
#[derive(Args, Debug)]
pub struct Shown {
    /// Who: a phone number or a business-scoped user ID; give it twice where the message showed both, which joins them
    #[arg(long, value_name = "CONTACT", required = true)]
    pub contact: Vec<String>,
    /// The sender, by its `phone_number_id`
    #[arg(long, value_name = "SENDER")]
    pub sender: String,
}

/// Prints the acknowledgement.
///
/// # Errors
/// Where the server gave none.
pub fn acknowledged(output: Output, acknowledgement: Option<Acknowledgement>) -> Result<Verdict, CliError> {
    let acknowledgement = acknowledgement.ok_or_else(|| CliError::unexpected("the server answered without an acknowledgement"))?;
    output.print(|| json::acknowledgement(&acknowledgement), || text(&acknowledgement))?;
    Ok(Verdict::Yes)
}

/// An acknowledgement for people.
#[must_use]
pub fn text(acknowledgement: &Acknowledgement) -> String {
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
