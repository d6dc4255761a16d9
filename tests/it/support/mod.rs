//! What several subjects need.

pub mod bench;
pub mod cli;
pub mod client;
pub mod naive_engine;
pub mod server;
