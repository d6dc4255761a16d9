//! `consent-ledger`: wiring from the command line to the library.

fn main() {}
