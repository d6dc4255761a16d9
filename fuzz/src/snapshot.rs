//! Snapshots: as bytes, or one that was written once and edited since, with its checksums made right or not; and packed facts.

use std::path::Path;

use consent_ledger::ledger::keys::secrets::LedgerId;
use consent_ledger::ledger::memory::packed::{pack, unpack};
use consent_ledger::ledger::memory::state::State;
use consent_ledger::ledger::starting::snapshot::{peek, read, write};
use consent_ledger::ledger::storage::disk::Disk;

use super::disk::Memory;
use super::edits::{edited, mend_snapshot};
use super::ledgers::ROTATED;

/// A snapshot that reads is written again and reads the same; so are facts.
pub fn check(bytes: &[u8]) {
    facts(bytes);
    let (mode, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let mut file = if mode & 1 == 0 { rest.to_vec() } else { edited([&ROTATED.snapshot[..]], rest).concat() };
    if mode & 0x80 != 0 {
        mend_snapshot(&mut file);
    }
    let id = LedgerId(file.get(8..24).and_then(|id| id.try_into().ok()).unwrap_or_default());
    let disk = Memory::default().with("snapshot", &file);
    let Some(first) = read(&disk, Path::new("snapshot"), id) else {
        assert!(mode & 1 == 0 || !rest.is_empty(), "what this version wrote does not read");
        return;
    };
    assert_eq!(peek(&disk, Path::new("snapshot"), id), Some(first.of));
    first.state.each_trail(|_, trail| facts(&trail.facts));
    assert!(write(&disk, Path::new("again"), id, &first.state, first.in_force).is_ok());
    let Some(again) = read(&disk, Path::new("again"), id) else {
        // Only a forger leaves such gaps between the numbers of trails that they do not fit the file without what was doubled in it.
        let most = disk.open(Path::new("again"), false).and_then(|file| file.len());
        assert!(most.is_ok_and(|most| first.state.highest_trail() >= most), "what was written here does not read");
        return;
    };
    assert_eq!(held(&again.state), held(&first.state));
    assert_eq!(again.in_force, first.in_force);
}

fn facts(bytes: &[u8]) {
    if let Some(facts) = unpack(bytes) {
        assert_eq!(unpack(&pack(&facts)), Some(facts));
    }
}

/// How much of each kind there is, and the names.
fn held(state: &State) -> (usize, usize, usize, Vec<String>) {
    let (mut trails, mut identifiers, mut event_ids) = (0, 0, 0);
    state.each_trail(|_, _| trails += 1);
    state.each_identifier(|_, _| identifiers += 1);
    state.each_event_id(|_, _| event_ids += 1);
    let mut names: Vec<String> = state.senders().names().map(ToString::to_string).collect();
    names.extend(state.accounts().into_iter().map(|(name, account)| format!("{name} {}", account.trail)));
    names.sort();
    (trails, identifiers, event_ids, names)
}
