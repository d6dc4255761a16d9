//! The data key of every trail, and the secrets of the ledger.

pub mod in_order;
pub mod keyed;
pub mod keyring;
#[cfg(test)]
mod keyring_tests;
pub mod master;
mod replace;
mod rewrap;
pub mod rotate_lookup;
pub mod rotate_master;
pub mod rotate_signing;
pub mod secrets;
mod secrets_file;
mod secrets_rotated;
pub mod slot;
