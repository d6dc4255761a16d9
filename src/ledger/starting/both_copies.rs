//! Brings both copies of the log into step, and folds the state from them: from the snapshot on, or from the first entry.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::Options;
use crate::ledger::bytes::block::Block;
use crate::ledger::keys::in_order::InOrder;
use crate::ledger::keys::keyring::Keyring;
use crate::ledger::keys::secrets::Secrets;
use crate::ledger::memory::state::{Position, State};
use crate::ledger::starting::beside::fold_beside;
use crate::ledger::starting::open::OpenError;
use crate::ledger::starting::progress::Progress;
use crate::ledger::starting::recovery::{Copies, Recovered, RecoveryError, recover};
use crate::ledger::starting::replay::{Found, Replay};
use crate::ledger::starting::snapshot::{self, Snapshot, SnapshotOf};
use crate::ledger::starting::witness::Witness;
use crate::ledger::storage::disk::Disk;
use crate::ledger::storage::journal;
use crate::ledger::storage::reader::read;
use crate::ledger::storage::store::{Store, StoreError};
use crate::ledger::storage::watch::Watch;

/// What was brought back.
pub(in crate::ledger) struct Brought {
    /// sled.
    pub store: Store,
    /// What recovery did.
    pub recovered: Recovered,
    /// What follows from the log.
    pub state: State,
    /// What the replay is still to use.
    pub found: Found,
    /// Whether the whole log was read.
    pub small: bool,
}

/// Brings journal and sled into step and folds the state from them. A sled that does not open or read is put aside and
/// rebuilt, once.
///
/// # Errors
/// Where the log is not whole.
pub(in crate::ledger) fn bring_back(
    disk: &Arc<dyn Disk>,
    options: &Options,
    secrets: &Secrets,
    watch: &Arc<Watch>,
) -> Result<Brought, OpenError> {
    match try_bring_back(disk, options, secrets, watch) {
        Err(OpenError::Recovery(RecoveryError::Store(
            error @ (StoreError::Sled { .. } | StoreError::Panicked { .. } | StoreError::Block { .. }),
        ))) => {
            let aside = put_aside(&options.data_dir)?;
            tracing::error!(%error, kept = %aside.display(), "sled is damaged; it is kept aside and rebuilt from the journal");
            try_bring_back(disk, options, secrets, watch)
        }
        done => done,
    }
}

fn try_bring_back(disk: &Arc<dyn Disk>, options: &Options, secrets: &Secrets, watch: &Arc<Watch>) -> Result<Brought, OpenError> {
    let data_dir = options.data_dir.as_path();
    let small = size_of(disk.as_ref(), &data_dir.join("journal"))? <= options.small_bytes;
    let path = data_dir.join("snapshot");
    // The digests in a snapshot of before a rotation are of a secret that is gone.
    if !small
        && let Some(snapshot) =
            snapshot::read(disk.as_ref(), &path, secrets.ledger_id()).filter(|found| found.in_force == secrets.in_force())
    {
        match fold_log(disk, data_dir, secrets, small, Start::from(snapshot, options, watch)) {
            Err(OpenError::Recovery(RecoveryError::SnapshotDiffers { seq })) => {
                tracing::error!(%seq, "the snapshot is of another log; it is left out and the whole log is read");
            }
            done => return done,
        }
    }
    fold_log(disk, data_dir, secrets, small, Start::new(options, watch))
}

/// What folding begins with.
struct Start {
    of: Option<SnapshotOf>,
    state: State,
    found: Found,
    watch: Arc<Watch>,
    progress: Arc<Progress>,
}

impl Start {
    fn new(options: &Options, watch: &Arc<Watch>) -> Self {
        let (watch, progress) = (watch.clone(), options.progress.clone());
        Self { of: None, state: State::default(), found: Found::default(), watch, progress }
    }

    fn from(snapshot: Snapshot, options: &Options, watch: &Arc<Watch>) -> Self {
        let found = Found { grouped: snapshot.grouped.into_iter().collect(), ..Found::default() };
        Self { of: Some(snapshot.of), state: snapshot.state, found, ..Self::new(options, watch) }
    }
}

fn fold_log(disk: &Arc<dyn Disk>, data_dir: &Path, secrets: &Secrets, small: bool, start: Start) -> Result<Brought, OpenError> {
    let ledger_id = secrets.ledger_id();
    let Start { of, state, mut found, watch, progress } = start;
    let store = Store::open_watched(&data_dir.join("sled"), ledger_id, watch).map_err(RecoveryError::from)?;
    let keyring = Keyring::open_to_read(disk.as_ref(), &data_dir.join("keyring"), ledger_id, secrets.master());
    let folded = of.map_or(Seq::NONE, |of| of.seq);
    let in_store = store.last().map_err(RecoveryError::from)?.map_or(Seq::NONE, |last| last.last());
    progress.expect(in_store);
    // From the snapshot's entry on, whose hash is compared, or from where sled must be filled.
    let from = folded.min(in_store.next()).max(Seq::new(1));
    let witness = Witness::read(disk.as_ref(), data_dir, ledger_id);
    let copies = Copies { disk: disk.clone(), dir: data_dir.join("journal"), ledger_id, store: &store, witness, compare_all: small };
    let refused = |error: &dyn std::fmt::Display| RecoveryError::Refused(error.to_string());
    if let Some(of) = of {
        state.publish(Position { seq: of.seq, hash: of.hash, recorded_at: Time::from_micros(i64::MIN) });
    }
    let slots = keyring.as_ref().map(InOrder::new);
    let fold = |block: &Block| {
        let keyring = slots.as_ref().map_err(|error| refused(error))?;
        let mut replay = Replay { state: &state, secrets, keyring, found: std::mem::take(&mut found) };
        let mut entries = block.entries().peekable();
        while let Some(entry) = entries.next() {
            // Recovery has held each hash against the entry behind it.
            let hash = entries.peek().map_or_else(|| entry.hash(), |next| next.header.previous_hash);
            let position = Position { seq: entry.header.seq, hash, recorded_at: entry.header.recorded_at };
            if let Some(of) = of.filter(|of| of.seq == position.seq) {
                if of.hash != position.hash {
                    return Err(RecoveryError::SnapshotDiffers { seq: of.seq });
                }
                state.publish(position);
            }
            if position.seq > folded {
                let read = read(&entry).map_err(|error| refused(&error))?;
                replay.apply(&read, position).map_err(|error| refused(&error))?;
            }
        }
        found = replay.found;
        progress.reach(block.last());
        Ok(())
    };
    let recovered = fold_beside(fold, |sink| recover(&copies, from, sink))?;
    Ok(Brought { store, recovered, state, found, small })
}

fn size_of(disk: &dyn Disk, dir: &Path) -> Result<u64, OpenError> {
    let mut total = 0;
    for segment in journal::segments(disk, dir, ".journal")? {
        let len = disk.open(&segment.path, false).and_then(|file| file.len());
        total += len.map_err(|source| OpenError::Io { path: segment.path.clone(), source })?;
    }
    Ok(total)
}

fn put_aside(data_dir: &Path) -> Result<PathBuf, OpenError> {
    let sled = data_dir.join("sled");
    let mut number = 1;
    let named = |number: u32| data_dir.join(format!("sled.damaged-{number}"));
    while named(number).exists() {
        number += 1;
    }
    let aside = named(number);
    std::fs::rename(&sled, &aside).map_err(|source| OpenError::Io { path: sled, source })?;
    Ok(aside)
}
