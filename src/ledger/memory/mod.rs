//! The state that checks are answered from.

pub mod fold;
pub mod maps;
pub mod marked;
pub mod packed;
pub mod senders;
mod shards;
pub mod state;
