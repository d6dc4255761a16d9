//! `checkpoint`: what the ledger signed about itself.

use clap::Args;
use serde_json::{Value, json};

use super::client::{CALL, Server};
use super::error::{CliError, Verdict};
use super::output::Output;
use super::words;
use crate::proto::audit_service_client::AuditServiceClient;
use crate::proto::{Checkpoint, GetCheckpointRequest};

const EXAMPLES: &str = "\
Keep what it prints where the ledger's owner cannot reach it.

Examples:
  consent-ledger checkpoint > first.checkpoint
  consent-ledger verify --data-dir ./ledger --checkpoint first.checkpoint --key example.com/ledger+…";

/// Print a signed checkpoint: how many entries the log has, and a hash over all of them.
///
/// Whoever kept one can tell later whether the log was rewritten or put back.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct GetCheckpoint {
    /// Sign one now instead of printing the latest
    #[arg(long)]
    fresh: bool,
    #[command(flatten)]
    server: Server,
}

impl GetCheckpoint {
    /// Prints the note.
    ///
    /// # Errors
    /// Where the server cannot be reached or cannot sign.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let mut client = AuditServiceClient::new(self.server.connect(CALL).await?);
        let response = client.get_checkpoint(GetCheckpointRequest { fresh: self.fresh }).await?.into_inner();
        let checkpoint = response.checkpoint.unwrap_or_default();
        output.print(|| value(&checkpoint), || checkpoint.note.clone())?;
        Ok(Verdict::Yes)
    }
}

/// A checkpoint as JSON.
pub fn value(checkpoint: &Checkpoint) -> Value {
    json!({
        "note": checkpoint.note,
        "size": checkpoint.size,
        "root": hex::encode(&checkpoint.root),
        "signed_at": words::time_or(checkpoint.signed_at.as_ref(), ""),
    })
}
