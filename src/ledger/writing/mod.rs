//! From a record to entries that are durable: one committer, one sync a commit.

pub mod accounts;
pub(in crate::ledger) mod asked;
pub mod batch;
pub mod committer;
mod done;
pub mod draft;
pub mod duplicates;
mod entry_bytes;
pub mod event_id;
pub mod job;
pub mod plan;
pub mod prepared;
pub mod queue;
pub mod record;
pub mod rehearsal;
pub mod takes_back;
