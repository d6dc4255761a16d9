//! The secret behind identifier look-ups changes. Its digests are in memory and in the snapshot alone, so a start makes all of
//! them anew: it opens the entries that introduce identifiers.
//!
//! ```text
//! 1  ledger.secrets   the next secret in the place of the one before, which is gone
//! 2  a start          reads the whole log, and records SecretRotated first of all
//! 3  snapshot         with the new digests, in the place of the one with the old
//! ```
//!
//! Cut off after 1, the next start does the rest.

use std::sync::Arc;

use crate::consent::words::Seq;
use crate::ledger::clock::Clock;
use crate::ledger::keys::secrets::Secrets;
use crate::ledger::starting::open::OpenError;
use crate::ledger::storage::disk::Disk;
use crate::ledger::storage::lock::Lock;
use crate::ledger::{Ledger, Options};

/// Rotates it in a ledger that is stopped, and leaves it stopped: the version, and the entry that the log ends with then.
///
/// # Errors
/// Where the ledger is in use or does not open.
pub fn rotate_lookup(options: &Options, disk: &Arc<dyn Disk>, clock: &Arc<dyn Clock>) -> Result<(u32, Seq), OpenError> {
    let secrets = options.data_dir.join("secrets");
    if !secrets.exists() {
        return Err(OpenError::NoLedger { path: options.data_dir.clone() });
    }
    let version = {
        let _lock = Lock::take(&options.data_dir)?;
        Secrets::open_under(disk.as_ref(), &secrets, options.master_key.as_ref(), false)?.draw_lookup(disk.as_ref())?
    };
    let ledger = Ledger::open_with(options, disk, clock)?;
    let head = ledger.head().seq;
    ledger.close();
    Ok((version, head))
}
