//! `backup`: copies a ledger, while it runs, to somewhere else. Needs no server, and disturbs none.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::error::{CliError, Verdict};
use super::output::Output;
use super::verify_file::progress_bar;
use crate::ledger::backup::{self, BackupError, Made};
use crate::ledger::clock::{Clock, SystemClock};
use crate::ledger::storage::disk::RealDisk;

const EXAMPLES: &str = "\
Exit code: 0 a backup was made and verified, 2 none was; the one before it is whole.

Example:
  consent-ledger backup --data-dir ./ledger --to /mnt/backups/ledger

Then try it: consent-ledger restore --from /mnt/backups/ledger --check";

/// Back up a ledger, while it runs or not: consistent, read back and verified before it is called a backup.
///
/// Only what is new is copied. A backup that is killed leaves the one before it whole, and the next goes on where it ended. The
/// master key is not in it: keep that elsewhere, for without it nothing in a backup can be read.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Backup {
    /// The ledger's data directory
    #[arg(long, value_name = "DIR", env = "CONSENT_LEDGER_DATA_DIR")]
    data_dir: PathBuf,
    /// The directory of the backups, best on another machine; made where it is missing
    #[arg(long, value_name = "BACKUP_DIR")]
    to: PathBuf,
    /// Put the master key into the backup: whoever has it then reads everything
    #[arg(long)]
    with_keys: bool,
    /// How many backups to keep, this one among them; older ones keep the keys of who was erased since
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..))]
    generations: u16,
}

impl Backup {
    /// Makes the backup and says what it holds.
    ///
    /// # Errors
    /// Where it could not be made, or does not hold.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        let progress = progress_bar();
        let now = SystemClock.now();
        let backup = backup::Backup {
            data_dir: &self.data_dir,
            to: &self.to,
            with_keys: self.with_keys,
            generations: usize::from(self.generations),
            now,
        };
        let made = backup::back_up(&backup, &RealDisk, |done, total| {
            progress.set_length(total);
            progress.set_position(done);
        });
        progress.finish_and_clear();
        let made = made.map_err(|error| self.failed(error))?;
        output.print(|| value(&made), || text(&made, &self.data_dir, &self.to))?;
        Ok(Verdict::Yes)
    }

    fn failed(&self, error: BackupError) -> CliError {
        let hint = match &error {
            BackupError::NoLedger { .. } => "check --data-dir, and that you may read it",
            BackupError::Directory(_) => "wait until the other backup into this directory has ended",
            BackupError::NoBackups { .. } | BackupError::OtherLedger { .. } | BackupError::Within { .. } => {
                "give --to a directory of its own for each ledger"
            }
            BackupError::NoMasterKey { .. } => "leave --with-keys out, and keep the master key where it comes from",
            BackupError::DoesNotHold { .. } => {
                "`consent-ledger verify --data-dir` tells more; a start heals what it can; backups from before are as they were"
            }
            BackupError::Restless { .. } => "run it again",
            _ => "no backup was made; those from before are as they were, and the next goes on from here",
        };
        CliError::local(error).context(format!("backing up {}", self.data_dir.display())).hint(hint)
    }
}

fn value(made: &Made) -> Value {
    let manifest = &made.manifest;
    json!({
        "backup": made.number,
        "ledger_id": manifest.ledger_id.to_string(),
        "made_at": manifest.made_at.to_string(),
        "head": { "seq": manifest.head.seq.number(), "hash": hex::encode(manifest.head.hash) },
        "checkpoint": manifest.checkpoint,
        "bytes": manifest.bytes(),
        "copied_bytes": made.copied,
        "with_keys": made.with_keys,
        "notes": made.notes,
    })
}

fn text(made: &Made, data_dir: &Path, to: &Path) -> String {
    let manifest = &made.manifest;
    let mut text = format!("backup {:06} in {}, read back and verified\n", made.number, to.display());
    let _ = writeln!(text, "ledger: {}\nentries: 1 to {}", manifest.ledger_id, manifest.head.seq);
    let _ = writeln!(text, "head: {} {}", manifest.head.seq, hex::encode(manifest.head.hash));
    match manifest.checkpoint.as_deref().and_then(|note| note.lines().nth(1)) {
        Some(size) => {
            let _ = writeln!(text, "checkpoint: the first {size} entries are those that it was signed over");
        }
        None => text += "checkpoint: none was signed yet\n",
    }
    let _ = writeln!(text, "copied: {} of {} bytes", made.copied, manifest.bytes());
    if made.with_keys {
        text += "MASTER KEY: IN THIS BACKUP. Whoever has the backup reads everything in it.\n";
    } else {
        let _ = writeln!(
            text,
            "MASTER KEY: NOT IN THIS BACKUP. Keep a copy of it elsewhere (by default it is {}): without it nothing in the backup can \
             be read, by anybody, ever.",
            data_dir.join("secrets/master.key").display()
        );
    }
    for note in &made.notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}
