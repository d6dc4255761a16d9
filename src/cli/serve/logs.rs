//! Logs on stderr: readable ones, or with `--json` one JSON object a line.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts them; RUST_LOG sets how much.
pub fn start(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    // A second subscriber is refused; the first one goes on.
    let _ = if json { logs.json().try_init() } else { logs.try_init() };
}
