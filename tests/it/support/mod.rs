//! What several subjects need.

pub mod cli;
pub mod client;
pub mod naive_engine;
pub mod server;
