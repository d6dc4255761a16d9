//! From the files to a running ledger: recovery, replay, snapshot.

pub mod keys;
pub mod open;
mod phase;
pub mod recovery;
pub mod replay;
pub mod snapshot;
pub mod snapshot_writer;
pub mod witness;
