//! `consent-ledger`: wiring from the command line to the library.

use std::process::ExitCode;

/// Calls come in bursts on many threads. glibc keeps what each thread freed for that thread, so a server grows with its threads' largest
/// bursts; this one gives it back to the system (docs/reliability.md has the figures). It also asks for huge pages, without which a look
/// at one contact of many waits for the tables that pages are found in (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    consent_ledger::cli::main()
}
