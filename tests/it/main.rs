//! Integration tests: one binary, a module a subject.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod any_order;
mod architecture;
mod concurrency;
mod faults;
mod format;
mod protos;
mod python_client;
mod recovery;
mod restarts;
mod scenarios;
mod support;
