//! Tells long calls that the server is shutting down.
//!
//! ```text
//! serve ── Stop::now ──▶ Stopping, one in every service that streams: it takes nothing more, answers what it took, and ends
//!                        with UNAVAILABLE, SHUTTING_DOWN
//! ```
//!
//! tonic tells clients to open no new calls and waits for those that are open. Nothing ends one that has no end of its own,
//! so every such call must watch for this.

use tokio::sync::watch;

/// Says that the server shuts down.
#[derive(Debug)]
pub struct Stop(watch::Sender<bool>);

/// Knows whether the server shuts down.
#[derive(Clone, Debug)]
pub struct Stopping(watch::Receiver<bool>);

impl Stop {
    /// A server that runs, and what its calls watch.
    #[must_use]
    pub fn new() -> (Self, Stopping) {
        let (stop, stopping) = watch::channel(false);
        (Self(stop), Stopping(stopping))
    }

    /// From now on it shuts down.
    pub fn now(&self) {
        self.0.send_replace(true);
    }
}

impl Stopping {
    /// Ends once the server shuts down, or is gone.
    pub async fn wait(&mut self) {
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_who_watches_hears_of_it_also_later() {
        let (stop, stopping) = Stop::new();
        let waiting = tokio::spawn({
            let mut stopping = stopping.clone();
            async move { stopping.wait().await }
        });
        assert!(!waiting.is_finished());
        stop.now();
        waiting.await.unwrap();
        stopping.clone().wait().await;
    }
}
