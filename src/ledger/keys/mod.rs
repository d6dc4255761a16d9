//! The data key of every trail, and the secrets of the ledger.

pub mod keyed;
pub mod keyring;
pub mod secrets;
