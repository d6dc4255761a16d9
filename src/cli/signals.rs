//! What ends a process that runs until it is told: SIGTERM and SIGINT.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::error::CliError;

/// SIGTERM and SIGINT.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Begins to listen for them.
    ///
    /// # Errors
    /// Where the system does not let it.
    pub fn new() -> Result<Self, CliError> {
        let listen = |kind| signal(kind).map_err(|error| CliError::local(error).context("listening for signals"));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Waits for one of them.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
