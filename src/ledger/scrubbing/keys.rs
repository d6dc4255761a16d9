//! The two files of the keyring against each other.

use std::path::Path;

use parking_lot::Mutex;

use crate::ledger::keys::keyring::{Keyring, KeyringError};
use crate::ledger::keys::slot::SLOT_BYTES;
use crate::ledger::scrubbing::Findings;
use crate::ledger::scrubbing::pace::{Pace, Stopped};
use crate::ledger::storage::disk::Disk;

/// How many slots are read at a time.
const SLOTS: u64 = 512;

/// Compares the slots up to `highest`, the header first. The bytes are read beside the keyring, which the committer uses; only a slot
/// that differs is looked at with it.
pub(super) fn scrub(
    disk: &dyn Disk,
    dir: &Path,
    keyring: &Mutex<Keyring>,
    highest: u64,
    findings: &Findings,
    pace: &mut Pace<'_>,
) -> Result<(), Stopped> {
    let open = |name: &str| disk.open(&dir.join(name), false);
    let (a, b) = match (open("a"), open("b")) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(error), _) | (_, Err(error)) => {
            findings.stands(format!("{}: {error}; a restart makes the file again from the other", dir.display()));
            return Ok(());
        }
    };
    let mut first = 0;
    while first <= highest {
        let count = SLOTS.min(highest - first + 1);
        let bytes = usize::try_from(count).unwrap_or_default() * SLOT_BYTES;
        let [mut in_a, mut in_b] = [vec![0; bytes], vec![0; bytes]];
        let offset = first * SLOT_BYTES as u64;
        if let Err(error) = a.read_at(&mut in_a, offset).and_then(|_| b.read_at(&mut in_b, offset)) {
            findings.stands(format!("{}: {error}", dir.display()));
            return Ok(());
        }
        for (trail, _) in (first..).zip(in_a.chunks(SLOT_BYTES).zip(in_b.chunks(SLOT_BYTES))).filter(|(_, (a, b))| a != b) {
            compare(keyring, trail, findings);
        }
        first += count;
        findings.keys(first - 1);
        pace.read(2 * bytes as u64)?;
    }
    Ok(())
}

/// A slot that differs was being written a moment ago, is erased (each file with a nonce of its own), or is damaged.
fn compare(keyring: &Mutex<Keyring>, trail: u64, findings: &Findings) {
    let healed = keyring.lock().heal(trail);
    match healed {
        Ok(false) => {}
        Ok(true) if trail == 0 => findings.healed("the header of one file of the keyring was damaged; it was written again".into()),
        Ok(true) => {
            findings
                .healed(format!("the key of trail {trail} was damaged in one file of the keyring; it was written again from the other"));
        }
        Err(error @ (KeyringError::Damaged { .. } | KeyringError::Differs { .. } | KeyringError::Missing { .. })) => {
            findings.stands(error.to_string());
        }
        Err(error) => findings.stands(format!("the key of trail {trail}: {error}")),
    }
}
