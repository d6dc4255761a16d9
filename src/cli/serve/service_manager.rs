//! Tells the service manager how far the server is, in systemd's words (`Type=notify`). Elsewhere nobody listens.
//!
//! ```text
//! STATUS=replaying the log, entry 412000 of 1000000 (41 %)    every few seconds, with more time to start
//! READY=1                                                     once it answers from the whole log
//! STOPPING=1                                                  told to stop; with the time that a drain may take
//! ```

use std::time::Duration;

use sd_notify::NotifyState;

use crate::ledger::starting::progress::Progress;

/// How often a start is told of.
const TELL: Duration = Duration::from_secs(5);

/// How much longer a start may take that goes on, in microseconds: a minute.
const MORE_MICROS: u32 = 60_000_000;

/// How much longer than its drain a stop may take: the last commit, checkpoint and snapshot.
const CLOSE: Duration = Duration::from_secs(60);

/// Tells how far the start is, and that it goes on. Never ends.
pub async fn starting(progress: &Progress) {
    loop {
        tell(&[NotifyState::Status(&progress.to_string()), NotifyState::ExtendTimeoutUsec(MORE_MICROS)]);
        tokio::time::sleep(TELL).await;
    }
}

/// It answers.
pub fn ready() {
    tell(&[NotifyState::Ready, NotifyState::Status("ready")]);
}

/// It was told to stop, and may take so long until the ledger closes.
pub fn stopping(drain: Duration) {
    let micros = u32::try_from((drain + CLOSE).as_micros()).unwrap_or(u32::MAX);
    tell(&[NotifyState::Stopping, NotifyState::Status("draining"), NotifyState::ExtendTimeoutUsec(micros)]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!(%error, "the service manager was not told");
    }
}
