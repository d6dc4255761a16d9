//! `consent-ledger`: wiring from the command line to the library.

use std::process::ExitCode;

/// Calls come in bursts on many threads. glibc keeps what each thread freed for that thread, so a server grows with its threads' largest
/// bursts; this one gives it back to the system (docs/reliability.md has the figures).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    consent_ledger::cli::main()
}
