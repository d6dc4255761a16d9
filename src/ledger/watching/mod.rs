//! What changes, for whoever follows it: entries as they are recorded, windows as they open and close.
//!
//! Nobody who follows is known to the committer. It moves the head and tells that it moved; whoever follows reads the log from
//! where it stands, and the state as it is.

mod board;
pub mod entries;
pub mod windows;

use tokio::sync::watch;

use crate::consent::words::Seq;
use crate::ledger::Ledger;

impl Ledger {
    /// Tells when the head moved.
    #[must_use]
    pub fn moved(&self) -> watch::Receiver<Seq> {
        self.shared.state.moved()
    }
}
