//! From the files to a running ledger: recovery, replay, snapshot.

pub mod open;
pub mod recovery;
pub mod replay;
pub mod snapshot;
pub mod snapshot_writer;
pub mod witness;
