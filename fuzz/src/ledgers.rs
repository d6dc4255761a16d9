//! Ledgers that were written once: what edits are made to. Their keys open nothing else.

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
    /// Its snapshot.
    pub snapshot: &'static [u8],
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
    snapshot: &[],
    lock: &[],
};

/// One whose keys and secrets were rotated.
pub const ROTATED: Files = Files {
    journal: file!("ledger-v1-rotated/journal/00000000000000000001.journal"),
    keyring: [file!("ledger-v1-rotated/keyring/a"), file!("ledger-v1-rotated/keyring/b")],
    master: file!("ledger-v1-rotated/secrets/master.key"),
    secrets: file!("ledger-v1-rotated/secrets/ledger.secrets"),
    checkpoints: file!("ledger-v1-rotated/checkpoints"),
    snapshot: file!("ledger-v1-rotated/snapshot"),
    lock: file!("ledger-v1-rotated/lock"),
};
