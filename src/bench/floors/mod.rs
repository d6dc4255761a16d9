//! What the server stands on, measured alone: a call without work, a commit without a ledger, a chain without a log.

pub mod noop;
pub mod plain_file;
