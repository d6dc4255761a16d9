//! The end of the server, told to calls that have no end of their own: one that is open would hold up the rest.

use tokio::sync::watch;

/// Tells that the server ends.
#[derive(Debug)]
pub struct End(watch::Sender<bool>);

/// Learns that the server ends.
#[derive(Clone, Debug)]
pub struct Ending(watch::Receiver<bool>);

/// The two ends. Where the first is dropped, the server has ended too.
#[must_use]
pub fn ending() -> (End, Ending) {
    let (end, ending) = watch::channel(false);
    (End(end), Ending(ending))
}

impl End {
    /// The server ends.
    pub fn tell(&self) {
        self.0.send_replace(true);
    }
}

impl Ending {
    /// Waits for the end.
    pub async fn wait(&mut self) {
        let _ = self.0.wait_for(|ended| *ended).await;
    }
}
