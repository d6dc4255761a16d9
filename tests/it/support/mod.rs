//! What several subjects need.

pub mod naive_engine;
pub mod server;
