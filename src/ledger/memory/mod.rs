//! The state that checks are answered from.

pub mod fold;
pub mod maps;
pub mod marked;
pub mod packed;
pub mod senders;
pub mod state;
