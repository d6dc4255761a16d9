//! What several subjects need.

pub mod bench;
pub mod naive_engine;
pub mod server;
