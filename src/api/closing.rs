//! That the server is closing, as open streams hear of it.
//!
//! A stream that waits for its client would hold the server until its drain is over: it ends instead, and says why.

use tokio::sync::watch;

/// Says that the server is closing.
#[derive(Debug)]
pub struct Close(watch::Sender<bool>);

/// Hears of it; clones hear the same.
#[derive(Clone, Debug)]
pub struct Closing(watch::Receiver<bool>);

/// The two ends.
#[must_use]
pub fn channel() -> (Close, Closing) {
    let (close, closing) = watch::channel(false);
    (Close(close), Closing(closing))
}

impl Close {
    /// From now on the server is closing.
    pub fn begin(&self) {
        let _ = self.0.send(true);
    }
}

impl Closing {
    /// Whether it is.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Ends when it is.
    pub async fn begun(mut self) {
        let _ = self.0.wait_for(|closing| *closing).await;
    }
}
