//! From the files to a running ledger: recovery, replay, snapshot.

pub mod beginning;
pub mod beside;
pub mod both_copies;
pub mod keys;
pub mod open;
pub mod progress;
pub mod recovery;
pub mod replay;
pub mod rotated;
pub mod snapshot;
pub mod snapshot_writer;
pub mod witness;
