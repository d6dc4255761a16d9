//! `consent-ledger`: wiring from the command line to the library.

use std::process::ExitCode;

/// Calls come in bursts on many threads. glibc keeps what each thread freed for that thread, so a server grows with its threads' largest
/// bursts; this one gives it back to the system (docs/reliability.md has the figures).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The allocator asks for huge pages, whose first byte takes 2 MiB. Whoever announces a message of 4 MiB would take that for a few bytes:
    // for 200 of them `hostile::hoards` measured 415 to 506 MiB with huge pages and 91 to 105 without. Where it cannot be said, they stay.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    consent_ledger::cli::main()
}
