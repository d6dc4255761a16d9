//! The keyring of a log that was brought back: erased keys go again, and one that is older than the log is refused.

use crate::ledger::Options;
use crate::ledger::keys::keyring::Keyring;
use crate::ledger::keys::secrets::Secrets;
use crate::ledger::memory::state::State;
use crate::ledger::starting::open::OpenError;
use crate::ledger::storage::disk::Disk;
use crate::ledger::storage::reader::{EntryUnreadable, Reader, Sealed, open_sealed};

/// Among how many of the newest trails one is looked for that has something sealed in its last entry.
const NEWEST_TRAILS: usize = 256;

/// The keys of a log that was brought back. Erased ones go again: after a crash, or where a keyring was put back from a
/// backup, nothing is opened or sealed with them.
pub(in crate::ledger) fn open_keyring(
    disk: &dyn Disk,
    options: &Options,
    secrets: &Secrets,
    state: &State,
    small: bool,
) -> Result<Keyring, OpenError> {
    let dir = options.data_dir.join("keyring");
    let half = !dir.join("a").exists() || !dir.join("b").exists();
    let highest = state.highest_trail();
    let keyring = Keyring::open(disk, &dir, secrets.wrapper(), highest, options.keys_ahead)?;
    keyring.compare(highest)?;
    let live = keyring.not_erased(state.erasures().trails())?;
    if !live.is_empty() {
        keyring.erase(&live)?;
        tracing::warn!(trails = live.len(), "keys of erased contacts were still in the keyring; they are erased again");
    }
    let repaired = if small || half { keyring.repair(highest)? } else { 0 };
    if repaired > 0 {
        tracing::error!(repaired, "keys were damaged in one file of the keyring and healed from the other");
    }
    Ok(keyring)
}

/// A start from the snapshot opens no entry, and so would not see a keyring of yesterday: slots that were not in use then hold
/// no key or another one, and what is recorded from here on would be sealed under it. The newest trail's last entry tells.
pub(in crate::ledger) fn newest_opens(state: &State, keyring: &Keyring, reader: &Reader) -> Result<(), EntryUnreadable> {
    for number in (1..=state.highest_trail()).rev().take(NEWEST_TRAILS) {
        let Some(trail) = state.trail(number).filter(|_| !state.erasures().is_void(number)) else { continue };
        let entry = reader.entry(trail.last())?;
        let opened = open_sealed(keyring, &entry, entry.header.link.trail != number).map_err(|error| EntryUnreadable {
            reason: format!("{}; the keyring is older than the log, or damaged in both files", error.reason),
            ..error
        })?;
        if !matches!(opened, Sealed::Nothing) {
            break;
        }
    }
    Ok(())
}
