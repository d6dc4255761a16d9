//! What others can hold the log against: the tree, signed checkpoints, heads of trails, verification.

pub(in crate::ledger) mod chain;
pub mod checkpointer;
pub mod checkpoints;
pub mod heads;
pub mod heads_writer;
pub(in crate::ledger) mod looked;
pub mod nodes;
pub mod proofs;
pub mod public_keys;
pub mod publication;
pub mod signed;
mod trail_ends;
pub mod tree;
pub mod verify;
