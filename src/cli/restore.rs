//! `restore`: puts a backup back into a new data directory, or only says whether it would.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::error::{CliError, Verdict};
use super::output::Output;
use super::verify::older;
use super::verify_file::progress_bar;
use crate::ledger::backup::{self, BackupError, Published, Restored};
use crate::ledger::storage::disk::RealDisk;
use crate::proof::note::VerifierKey;

const EXAMPLES: &str = "\
Exit code: 0 it was put back, or with --check it could be; 2 it was not, and nothing was left.

Examples:
  consent-ledger restore --from /mnt/backups/ledger --data-dir ./ledger-again \\
      --checkpoint-dir /mnt/checkpoints
  consent-ledger restore --from /mnt/backups/ledger --check";

/// Put a backup back into a new data directory: verified first, then all of it or nothing.
///
/// Every file is held against the manifest, every entry hashed again, the chain held against the last checkpoint in the backup and
/// those that are given. sled, the snapshot and the tree are made again by the first start.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Restore {
    /// The directory of the backups
    #[arg(long, value_name = "BACKUP_DIR")]
    from: PathBuf,
    /// The data directory to make; it may be there where it is empty
    #[arg(long, value_name = "NEW_DIR", required_unless_present = "check", conflicts_with = "check")]
    data_dir: Option<PathBuf>,
    /// Only verify the backup
    #[arg(long)]
    check: bool,
    /// Which backup; without it the latest
    #[arg(long, value_name = "N")]
    number: Option<u64>,
    /// The file of the master key: it is tried on every key, and put in
    #[arg(long, value_name = "FILE", requires = "data_dir")]
    master_key: Option<PathBuf>,
    /// A checkpoint kept elsewhere to hold the backup against
    #[arg(long, value_name = "OLD", requires = "key")]
    checkpoint: Option<PathBuf>,
    /// The ledger's key as `keys public` prints it, from somebody you trust
    #[arg(long, value_name = "PUBKEY")]
    key: Option<VerifierKey>,
    /// The directory that the server published checkpoints to, to hold the backup against
    #[arg(long, value_name = "DIR", env = "CONSENT_LEDGER_CHECKPOINT_DIR")]
    checkpoint_dir: Option<PathBuf>,
    /// Put it back although it holds less than was published: what came after it is lost
    #[arg(long)]
    accept_loss: bool,
}

impl Restore {
    /// Verifies it, puts it back, and says what to do next.
    ///
    /// # Errors
    /// Where something of it does not hold, or it could not be written.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        let kept = match (&self.checkpoint, &self.key) {
            (Some(path), Some(key)) => vec![older(path, key)?],
            _ => Vec::new(),
        };
        let published = Published { kept, dir: self.checkpoint_dir.clone(), accept_loss: self.accept_loss };
        let progress = progress_bar();
        let show = |done, total| {
            progress.set_length(total);
            progress.set_position(done);
        };
        let restored = match &self.data_dir {
            Some(data_dir) => {
                let master_key = self.master_key.as_deref();
                let restore = backup::Restore { from: &self.from, number: self.number, data_dir, published, master_key };
                backup::restore(&restore, &RealDisk, show)
            }
            None => backup::verify_backup(&self.from, self.number, &published, show),
        };
        progress.finish_and_clear();
        let restored = restored.map_err(|error| self.failed(error))?;
        output.print(|| self.value(&restored), || self.text(&restored))?;
        Ok(Verdict::Yes)
    }

    fn failed(&self, error: BackupError) -> CliError {
        let hint = match &error {
            BackupError::Behind { .. } => {
                "look for a newer backup, or for what is left of the data directory; --accept-loss puts this one back without these entries, \
                 and a server then publishes to a new --checkpoint-dir, with --first-checkpoint"
            }
            BackupError::Damaged { .. } | BackupError::Manifest { .. } | BackupError::DoesNotHold { .. } => {
                "nothing was put back; --number names an older backup, where one was kept"
            }
            BackupError::NotEmpty { .. } | BackupError::MountPoint { .. } => "give --data-dir a directory that is not there yet",
            BackupError::Secrets(_) | BackupError::Keyring(_) => {
                "nothing was put back; give --master-key the key that was in use when the backup was made"
            }
            BackupError::Directory(_) => "wait until the other restore into this directory has ended",
            _ => "nothing was put back",
        };
        CliError::local(error).context(format!("restoring from {}", self.from.display())).hint(hint)
    }

    fn value(&self, restored: &Restored) -> Value {
        let manifest = &restored.manifest;
        json!({
            "backup": restored.number,
            "restored": self.data_dir.is_some(),
            "ledger_id": manifest.ledger_id.to_string(),
            "made_at": manifest.made_at.to_string(),
            "head": { "seq": manifest.head.seq.number(), "hash": hex::encode(manifest.head.hash) },
            "checkpoint": manifest.checkpoint,
            "missing": restored.published.map(|signed| json!({ "from": manifest.head.seq.next().number(), "to": signed })),
            "has_master_key": restored.has_master_key,
        })
    }

    fn text(&self, restored: &Restored) -> String {
        let manifest = &restored.manifest;
        let mut text = format!("backup {:06} of {}: every file and every entry verified\n", restored.number, manifest.made_at);
        let _ = writeln!(text, "ledger: {}\nentries: 1 to {}", manifest.ledger_id, manifest.head.seq);
        let _ = writeln!(text, "head: {} {}", manifest.head.seq, hex::encode(manifest.head.hash));
        if let Some(signed) = restored.published {
            let _ = writeln!(
                text,
                "MISSING: entries {} to {signed} were acknowledged and are not in this backup. A server refuses the old --checkpoint-dir: \
                 give it a new one, with --first-checkpoint, keep the old one, and ask every system to record again what it recorded \
                 after {}",
                manifest.head.seq.next(),
                manifest.made_at
            );
        }
        let Some(data_dir) = &self.data_dir else { return text };
        let _ = writeln!(text, "restored: {}", data_dir.display());
        if !restored.has_master_key {
            let _ = writeln!(text, "next: put the master key into {}", data_dir.join("secrets/master.key").display());
        }
        let _ = writeln!(text, "next: consent-ledger serve --data-dir {}", data_dir.display());
        text += "Erasures that were due since are carried out by its start. What was recorded after the backup is not in it: send it again, \
                 event ids tell what is there.\n";
        text
    }
}
