//! `consent-ledger`: wiring from the command line to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    consent_ledger::cli::main()
}
