//! The state that checks are answered from.

pub mod fold;
pub mod maps;
pub mod packed;
pub mod state;
