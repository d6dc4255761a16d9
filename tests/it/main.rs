//! Integration tests: one binary, a module a subject.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod any_order;
mod architecture;
mod bundles;
mod checkpoints;
mod command_line;
mod concurrency;
mod crash;
mod drift;
mod erasure;
mod errors;
mod evidence;
mod exports;
mod fault_table;
mod faults;
mod forgeries;
mod format;
mod oracle;
mod packed;
mod people;
mod policies;
mod possible_opt_outs;
mod present;
mod privacy;
mod proofs;
mod protos;
mod python_client;
mod races;
mod read_ledger;
mod reasons;
mod receipts;
mod recovery;
mod restarts;
mod rotation;
mod rules_page;
mod scenarios;
mod senders;
mod snapshot;
mod support;
mod templates;
mod torture;
mod webhooks;
