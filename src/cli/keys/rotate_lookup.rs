//! `keys rotate-lookup`: another secret digests identifiers from here on. The server is stopped meanwhile.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use crate::cli::error::{CliError, Verdict};
use crate::cli::master_key::MasterKeyArgs;
use crate::cli::output::Output;
use crate::ledger::Options;
use crate::ledger::clock::{Clock, SystemClock};
use crate::ledger::keys::rotate_lookup::rotate_lookup;
use crate::ledger::storage::disk::{Disk, RealDisk};

const EXAMPLES: &str = "\
Example:
  consent-ledger keys rotate-lookup --data-dir ./ledger";

/// Have another secret digest the identifiers by which contacts are found.
///
/// The server must be stopped. The whole log is read, and every entry that introduces an identifier is opened, as long as a start
/// without a snapshot takes. The digests in the snapshot of before are of a secret that is gone. Event ids, suppression tokens and
/// receipts keep their keys for ever: what they recognise they must recognise then.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct RotateLookup {
    /// The ledger's data directory
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    #[command(flatten)]
    master_key: MasterKeyArgs,
}

impl RotateLookup {
    /// Rotates.
    ///
    /// # Errors
    /// Where the ledger is in use or does not open, or the disk fails.
    pub fn run(self, output: Output) -> Result<Verdict, CliError> {
        let options = Options { master_key: self.master_key.read()?, ..Options::new(&self.data_dir) };
        let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), Arc::new(SystemClock));
        let (version, head) = rotate_lookup(&options, &disk, &clock).map_err(|error| {
            let hint = "stop the server first; what was begun the next start completes";
            CliError::local(error).context("rotating the look-up secret").hint(hint)
        })?;
        output.print(
            || json!({ "secret_version": version, "head": head.number() }),
            || format!("identifiers are digested with version {version} of the look-up secret; the log has {head} entries"),
        )?;
        Ok(Verdict::Yes)
    }
}
