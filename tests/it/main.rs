//! Integration tests: one binary, a module a subject.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod any_order;
mod architecture;
mod command_line;
mod concurrency;
mod crash;
mod errors;
mod present;
mod privacy;
mod protos;
mod python_client;
mod read_ledger;
mod scenarios;
mod snapshot;
mod support;
mod webhooks;
