//! `prove`: proofs that hold without the server.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::checkpoint;
use super::client::{ANSWER_MAX_BYTES, CALL, Server};
use super::error::{CliError, Kind, Verdict};
use super::output::Output;
use super::verify_file::read_text;
use crate::proof::checkpoint::{Checkpoint, CheckpointError};
use crate::proof::note::Note;
use crate::proto::audit_service_client::AuditServiceClient;
use crate::proto::{ListEntriesRequest, ProveConsistencyRequest, ProveInclusionRequest};

const INCLUSION: &str = "\
Example:
  consent-ledger prove inclusion --seq 12 --out entry-12.proof --entry-out entry-12.bin
  consent-ledger verify entry-12.proof --entry entry-12.bin --key example.com/ledger+…";

const CONSISTENCY: &str = "\
Example:
  consent-ledger prove consistency --old first.checkpoint --out grown.proof
  consent-ledger verify grown.proof --checkpoint first.checkpoint --key example.com/ledger+…";

/// Make proofs that anybody can verify without this server, with the ledger's public key alone.
#[derive(Args, Debug)]
pub struct Prove {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    Inclusion(Inclusion),
    Consistency(Consistency),
}

/// Prove that an entry is in the log.
///
/// It proves that the entry is there, not that nothing else is.
#[derive(Args, Debug)]
#[command(after_help = INCLUSION)]
struct Inclusion {
    /// Which entry, by its seq
    #[arg(long, value_name = "SEQ")]
    seq: u64,
    /// In the checkpoint that was signed over so many entries; else in the latest that covers the entry
    #[arg(long, value_name = "SIZE", default_value_t = 0, hide_default_value = true)]
    size: u64,
    /// Where to write the proof; else it is printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where to write the entry's stored bytes; what is personal in them is sealed
    #[arg(long, value_name = "FILE")]
    entry_out: Option<PathBuf>,
    #[command(flatten)]
    server: Server,
}

/// Prove that the log only grew since an older checkpoint.
#[derive(Args, Debug)]
#[command(after_help = CONSISTENCY)]
struct Consistency {
    /// The older checkpoint
    #[arg(long, value_name = "FILE")]
    old: PathBuf,
    /// Up to the checkpoint that was signed over so many entries; else up to the latest
    #[arg(long, value_name = "SIZE", default_value_t = 0, hide_default_value = true)]
    size: u64,
    /// Where to write the proof; else it is printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    server: Server,
}

impl Prove {
    /// Asks for the proof and writes it.
    ///
    /// # Errors
    /// Where the server cannot be reached or has no such proof, or a file cannot be written.
    pub async fn run(self, output: Output) -> Result<Verdict, CliError> {
        match self.what {
            What::Inclusion(inclusion) => inclusion.run(output).await,
            What::Consistency(consistency) => consistency.run(output).await,
        }
    }
}

impl Inclusion {
    async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let mut client = AuditServiceClient::new(self.server.connect(CALL).await?).max_decoding_message_size(ANSWER_MAX_BYTES);
        let response = client.prove_inclusion(ProveInclusionRequest { seq: self.seq, size: self.size }).await?.into_inner();
        if let Some(path) = &self.entry_out {
            let request = ListEntriesRequest { all_accounts: true, from_seq: self.seq, page_size: 1, ..Default::default() };
            let page = client.list_entries(request).await?.into_inner();
            let entry = page.entries.into_iter().find(|entry| entry.seq == self.seq);
            write(path, &entry.ok_or_else(|| CliError::unexpected("the server did not send the entry"))?.raw)?;
        }
        let checkpoint = response.checkpoint.unwrap_or_default();
        let what = format!("entry {} is included in the checkpoint over {} entries", self.seq, checkpoint.size);
        let value = json!({
            "seq": self.seq,
            "entry_hash": hex::encode(&response.entry_hash),
            "proof": response.proof,
            "checkpoint": checkpoint::value(&checkpoint),
        });
        hand_out(self.out.as_deref(), &response.proof, &what, &value, output)
    }
}

impl Consistency {
    async fn run(self, output: Output) -> Result<Verdict, CliError> {
        let old = size_of(&read_text(&self.old)?).map_err(|error| {
            CliError::new(Kind::Usage, error)
                .context(format!("--old {}", self.old.display()))
                .hint("give a checkpoint as the ledger published it or `checkpoint` printed it")
        })?;
        let mut client = AuditServiceClient::new(self.server.connect(CALL).await?);
        let response = client.prove_consistency(ProveConsistencyRequest { old_size: old, size: self.size }).await?.into_inner();
        let checkpoint = response.checkpoint.unwrap_or_default();
        let what = format!("from {old} entries to the checkpoint over {}; verify says whether they are the same", checkpoint.size);
        let value = json!({ "old_size": old, "proof": response.proof, "checkpoint": checkpoint::value(&checkpoint) });
        hand_out(self.out.as_deref(), &response.proof, &what, &value, output)
    }
}

/// How many entries a checkpoint claims to cover; its signature is for whoever verifies.
pub(super) fn size_of(note: &str) -> Result<u64, CheckpointError> {
    let note: Note = note.parse()?;
    Ok(note.text.parse::<Checkpoint>()?.size)
}

fn hand_out(out: Option<&Path>, proof: &str, what: &str, value: &serde_json::Value, output: Output) -> Result<Verdict, CliError> {
    if let Some(path) = out {
        write(path, proof.as_bytes())?;
    }
    output.print(|| value.clone(), || out.map_or_else(|| proof.to_owned(), |path| format!("{}: {what}", path.display())))?;
    Ok(Verdict::Yes)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    std::fs::write(path, bytes).map_err(|error| CliError::local(error).context(format!("writing {}", path.display())))
}
