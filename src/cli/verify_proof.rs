//! `verify FILE`: does a checkpoint, a proof or a receipt hold that a ledger handed out?
//!
//! ```text
//! ok
//! entry 12 is included
//! checkpoint: 600 entries, root 0ac5…, signed at 2026-03-01T00:00:00Z by example.com/ledger
//! ```

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::error::{CliError, Verdict};
use super::output::Output;
use super::verify::read_text;
use super::verify_receipt;
use crate::consent::time::Time;
use crate::export::receipt_file::is_meant;
use crate::ledger::entry::{Entry, EntryHash};
use crate::proof::checkpoint::{self, Checkpoint, Verified};
use crate::proof::consistency::ConsistencyProof;
use crate::proof::merkle::Hash;
use crate::proof::note::VerifierKey;
use crate::proof::tlog_proof::TlogProof;

/// What a file is held against.
#[derive(Args, Debug)]
pub struct Proved {
    /// The entry that a proof of inclusion is about: its stored bytes, in a file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["entry_hash", "data_dir"])]
    entry: Option<PathBuf>,
    /// The same by its hash, 64 hex digits
    #[arg(long, value_name = "HASH", conflicts_with = "data_dir")]
    entry_hash: Option<String>,
    /// A proof that the older checkpoint is the beginning of FILE's, as `prove consistency` writes it
    #[arg(long, value_name = "FILE", requires = "checkpoint", conflicts_with = "data_dir")]
    consistency: Option<PathBuf>,
}

/// What holds, a line each, and the checkpoint that it rests on; or what does not.
type Held = Result<(Vec<String>, Verified), String>;

impl Proved {
    /// Verifies a file and prints what holds.
    ///
    /// # Errors
    /// Where a file cannot be read, or what it is about was not given.
    pub fn verify(&self, file: &Path, key: &VerifierKey, older: Option<&Checkpoint>, output: Output) -> Result<Verdict, CliError> {
        let held = self.hold(&read_text(file)?, key, older)?;
        let Verified { checkpoint, cosigned_at } = match &held {
            Ok((_, verified)) => verified,
            Err(problem) => {
                output.print(|| json!({ "ok": false, "problem": problem }), || format!("DOES NOT HOLD\nproblem: {problem}"))?;
                return Ok(Verdict::No);
            }
        };
        let holds = held.as_ref().map_or_else(|_| &[][..], |(holds, _)| holds.as_slice());
        let (size, root, origin) = (checkpoint.size, hex::encode(checkpoint.root), &checkpoint.origin);
        let at = Time::from_micros(i64::try_from(*cosigned_at).unwrap_or_default().saturating_mul(1_000_000));
        let value = || {
            let checkpoint = json!({ "origin": origin, "size": size, "root": root, "signed_at": at.to_string() });
            json!({ "ok": true, "holds": holds, "checkpoint": checkpoint })
        };
        let text = || {
            let holds = holds.iter().fold(String::from("ok"), |text, line| text + "\n" + line);
            format!("{holds}\ncheckpoint: {size} entries, root {root}, signed at {at} by {origin}")
        };
        output.print(value, text)?;
        Ok(Verdict::Yes)
    }

    fn hold(&self, text: &str, key: &VerifierKey, older: Option<&Checkpoint>) -> Result<Held, CliError> {
        if let Ok(proof) = text.parse::<ConsistencyProof>() {
            let Some(older) = older else {
                return Err(CliError::usage("a proof of consistency starts from an older checkpoint").hint("give it with --checkpoint"));
            };
            return Ok(grown(&proof, older, key).map(|(line, new)| (vec![line], new)));
        }
        let (mut holds, verified) = match self.included(text, key)? {
            Ok(held) => held,
            Err(problem) => return Ok(Err(problem)),
        };
        let Some(older) = older else { return Ok(Ok((holds, verified))) };
        match self.follows(older, &verified.checkpoint, key)? {
            Ok(line) => holds.push(line),
            Err(problem) => return Ok(Err(problem)),
        }
        Ok(Ok((holds, verified)))
    }

    /// A receipt, a proof of inclusion or a checkpoint alone.
    fn included(&self, text: &str, key: &VerifierKey) -> Result<Held, CliError> {
        if is_meant(text) {
            return Ok(verify_receipt::held(text, key));
        }
        let Ok(proof) = text.parse::<TlogProof>() else {
            let verified = checkpoint::verify(text, key).map_err(|error| error.to_string());
            return Ok(verified.map(|verified| (Vec::new(), verified)));
        };
        let seq = proof.index.saturating_add(1);
        let hash = match self.hash(seq)? {
            Ok(hash) => hash,
            Err(problem) => return Ok(Err(problem)),
        };
        let verified = proof.verify(&hash, key).map_err(|error| error.to_string());
        Ok(verified.map(|verified| (vec![format!("entry {seq} is included")], verified)))
    }

    /// The hash of the entry that is said to stand at `seq`.
    fn hash(&self, seq: u64) -> Result<Result<Hash, String>, CliError> {
        if let Some(hash) = &self.entry_hash {
            let hash = hex::decode(hash).ok().and_then(|hash| hash.try_into().ok());
            return hash.map(Ok).ok_or_else(|| CliError::usage("--entry-hash: 64 hex digits are expected"));
        }
        let Some(path) = &self.entry else {
            return Err(CliError::usage("a proof of inclusion is about an entry")
                .hint("give its stored bytes with --entry, or its hash with --entry-hash"));
        };
        let bytes = std::fs::read(path).map_err(|error| CliError::local(error).context(format!("reading {}", path.display())))?;
        Ok(match Entry::split(&bytes) {
            Ok((entry, [])) if entry.header.seq.number() == seq => Ok(EntryHash::of(&bytes).bytes()),
            Ok((entry, [])) => Err(format!("the entry says that it stands at {}, the proof that it stands at {seq}", entry.header.seq)),
            Ok(_) => Err("there are bytes behind the entry".to_owned()),
            Err(error) => Err(error.to_string()),
        })
    }

    /// Whether the file's checkpoint has the older one as its beginning.
    fn follows(&self, older: &Checkpoint, newer: &Checkpoint, key: &VerifierKey) -> Result<Result<String, String>, CliError> {
        if newer.size < older.size {
            return Err(CliError::usage(format!("the file's checkpoint covers {} entries, the older one {}", newer.size, older.size))
                .hint("ask for a proof at a newer checkpoint"));
        }
        if newer.size == older.size {
            let same = newer.root == older.root;
            let beside = || format!("two checkpoints over {} entries have different roots: the log was rewritten", older.size);
            return Ok(if same { Ok("the older checkpoint has the same root".to_owned()) } else { Err(beside()) });
        }
        let Some(path) = &self.consistency else {
            return Err(CliError::usage(format!("the file's checkpoint covers {} entries, the older one {}", newer.size, older.size))
                .hint(format!("give --consistency with what `prove consistency --old OLD --size {}` writes", newer.size)));
        };
        let proof: ConsistencyProof = match read_text(path)?.parse() {
            Ok(proof) => proof,
            Err(error) => return Ok(Err(format!("{}: {error}", path.display()))),
        };
        Ok(grown(&proof, older, key).and_then(|(line, proved)| {
            let same = proved.checkpoint == *newer;
            if same { Ok(line) } else { Err(format!("{} leads to another checkpoint than the file's", path.display())) }
        }))
    }
}

fn grown(proof: &ConsistencyProof, older: &Checkpoint, key: &VerifierKey) -> Result<(String, Verified), String> {
    let new = proof.verify(older, key).map_err(|error| error.to_string())?;
    Ok((format!("the first {} entries are those of the older checkpoint", older.size), new))
}
