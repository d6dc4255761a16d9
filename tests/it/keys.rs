//! The ledger's keys: where the master key comes from, and what holds when keys are rotated.

mod golden;
mod rotate_lookup;
mod rotate_master;
mod rotate_signing;
mod sources;
