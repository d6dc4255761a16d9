//! Ledgers that were written once: what edits are made to. Their keys open nothing else.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use consent_ledger::ledger::clock::{Clock, ManualClock};
use consent_ledger::ledger::storage::disk::{Disk, RealDisk};
use consent_ledger::ledger::{Ledger, OpenError, Options};

use super::caller::NOW;
use super::scratch::directory;

/// The files of a ledger.
pub struct Files {
    /// Its journal.
    pub journal: &'static [u8],
    /// Both files of its keyring.
    pub keyring: [&'static [u8]; 2],
    /// Its master key, as a file.
    pub master: &'static [u8],
    /// Its sealed secrets.
    pub secrets: &'static [u8],
    /// Its signatures.
    pub checkpoints: &'static [u8],
    /// Its snapshot as this version writes it: one of another version is read by nobody.
    pub snapshot: &'static LazyLock<Vec<u8>>,
    /// The file that names it.
    pub lock: &'static [u8],
}

macro_rules! file {
    ($path:literal) => {
        include_bytes!(concat!("../../tests/data/", $path))
    };
}

/// As it was before anything was signed or rotated.
pub const FIRST: Files = Files {
    journal: file!("ledger-v1/journal/00000000000000000001.journal"),
    keyring: [file!("ledger-v1/keyring/a"), file!("ledger-v1/keyring/b")],
    master: file!("ledger-v1/secrets/master.key"),
    secrets: file!("ledger-v1/secrets/ledger.secrets"),
    checkpoints: &[],
    snapshot: &FIRST_SNAPSHOT,
    lock: &[],
};

/// One whose keys and secrets were rotated.
pub const ROTATED: Files = Files {
    journal: file!("ledger-v1-rotated/journal/00000000000000000001.journal"),
    keyring: [file!("ledger-v1-rotated/keyring/a"), file!("ledger-v1-rotated/keyring/b")],
    master: file!("ledger-v1-rotated/secrets/master.key"),
    secrets: file!("ledger-v1-rotated/secrets/ledger.secrets"),
    checkpoints: file!("ledger-v1-rotated/checkpoints"),
    snapshot: &ROTATED_SNAPSHOT,
    lock: file!("ledger-v1-rotated/lock"),
};

static FIRST_SNAPSHOT: LazyLock<Vec<u8>> = LazyLock::new(|| snapshot_of(&FIRST));
static ROTATED_SNAPSHOT: LazyLock<Vec<u8>> = LazyLock::new(|| snapshot_of(&ROTATED));

/// The parts that edits are made to, by their places in a data directory.
const PARTS: [&str; 6] =
    ["journal/00000000000000000001.journal", "snapshot", "keyring/a", "keyring/b", "secrets/ledger.secrets", "checkpoints"];

impl Files {
    /// The parts that edits are made to.
    #[must_use]
    pub fn parts(&self) -> [&'static [u8]; 6] {
        self.parts_with(self.snapshot)
    }

    const fn parts_with(&self, snapshot: &'static [u8]) -> [&'static [u8]; 6] {
        let [a, b] = self.keyring;
        [self.journal, snapshot, a, b, self.secrets, self.checkpoints]
    }

    /// Writes a data directory with these parts, each where it has bytes.
    pub fn write(&self, dir: &Path, parts: [&[u8]; 6]) {
        let parts = PARTS.into_iter().zip(parts).filter(|(_, bytes)| !bytes.is_empty());
        for (place, bytes) in parts.chain([("lock", self.lock), ("secrets/master.key", self.master)]) {
            let path = dir.join(place);
            let written = std::fs::create_dir_all(path.parent().unwrap_or(dir)).and_then(|()| std::fs::write(&path, bytes));
            assert!(written.is_ok(), "{written:?}");
        }
    }
}

/// Opens the ledger in `dir`.
///
/// # Errors
/// As the ledger does.
pub fn open(dir: &Path, from_snapshot: bool) -> Result<Ledger, OpenError> {
    let clock = ManualClock::default();
    clock.set(NOW);
    let (disk, clock): (Arc<dyn Disk>, Arc<dyn Clock>) = (Arc::new(RealDisk), Arc::new(clock));
    let small_bytes = if from_snapshot { 0 } else { u64::MAX };
    Ledger::open_with(&Options { small_bytes, keys_ahead: 4, ..Options::new(dir) }, &disk, &clock)
}

fn snapshot_of(files: &Files) -> Vec<u8> {
    let dir = directory();
    files.write(dir.path(), files.parts_with(&[]));
    match open(dir.path(), true) {
        Ok(ledger) => ledger.close(),
        Err(error) => panic!("it was written to be opened: {error}"),
    }
    std::fs::read(dir.path().join("snapshot")).unwrap_or_else(|error| panic!("a snapshot is written as it closes: {error}"))
}
