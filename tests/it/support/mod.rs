//! What several subjects need.

pub mod naive_engine;
