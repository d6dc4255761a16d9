//! The state that checks are answered from.

pub mod fold;
pub mod maps;
pub mod marked;
mod narrow;
pub mod packed;
mod rows;
pub mod senders;
mod shards;
pub mod state;
pub mod trail;
