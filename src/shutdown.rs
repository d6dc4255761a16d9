//! How a server ends: in steps that both ports take together.
//!
//! ```text
//! serving   everything is answered
//! leaving   health and readiness say no; everything is still answered, so that whoever sends calls here can turn away
//! stopping  nothing new is taken, streams are told, calls under way finish
//! over      what is not finished is cut off
//! ```

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;

/// How long calls under way may take to finish, unless it is said otherwise.
pub const DRAIN: Duration = Duration::from_secs(10);

/// Where it stands. It only goes forward.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Step {
    Serving,
    Leaving,
    Stopping,
    Over,
}

/// Ends a server.
#[derive(Debug)]
pub struct Shutdown(watch::Sender<Step>);

/// Knows how far the end of a server has come; clones share it.
#[derive(Clone, Debug)]
pub struct Ending {
    step: watch::Receiver<Step>,
    drain: Duration,
}

impl Shutdown {
    /// A server that serves, and what its parts watch; calls under way may take `drain` to finish.
    #[must_use]
    pub fn new(drain: Duration) -> (Self, Ending) {
        let (shutdown, step) = watch::channel(Step::Serving);
        (Self(shutdown), Ending { step, drain })
    }

    /// From now on nobody should send calls here.
    pub fn leave(&self) {
        self.go(Step::Leaving);
    }

    /// From now on nothing new is taken.
    pub fn stop(&self) {
        self.go(Step::Stopping);
    }

    /// From now on nothing is waited for.
    pub fn end(&self) {
        self.go(Step::Over);
    }

    fn go(&self, to: Step) {
        self.0.send_if_modified(|step| {
            let further = to > *step;
            *step = to.max(*step);
            further
        });
    }
}

impl Ending {
    /// Stops, without leaving first, once `shutdown` ends. Calls under way have [`DRAIN`].
    #[must_use]
    pub fn after(shutdown: impl Future<Output = ()> + Send + 'static) -> Self {
        let (stop, ending) = Shutdown::new(DRAIN);
        tokio::spawn(async move {
            shutdown.await;
            stop.stop();
            // Nobody goes further; whoever waits for that waits until the drain is over.
            std::future::pending::<()>().await;
        });
        ending
    }

    /// Whether nobody should send calls here any more.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        *self.step.borrow() >= Step::Leaving
    }

    /// How long calls under way may take to finish.
    #[must_use]
    pub const fn drain(&self) -> Duration {
        self.drain
    }

    /// Ends once nobody should send calls here any more.
    pub async fn leaving(&mut self) {
        self.reached(Step::Leaving).await;
    }

    /// Ends once nothing new is taken.
    pub async fn stopping(&mut self) {
        self.reached(Step::Stopping).await;
    }

    /// Ends once nothing is waited for any more: the drain is over, or somebody is in a hurry. To be called from when nothing
    /// new is taken.
    pub async fn over(&mut self) {
        let drain = self.drain;
        let _ = tokio::time::timeout(drain, self.reached(Step::Over)).await;
    }

    /// Where whoever ends the server is gone, it is over.
    async fn reached(&mut self, step: Step) {
        let _ = self.step.wait_for(|now| *now >= step).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn steps_are_taken_in_order_and_never_back() {
        let (shutdown, mut ending) = Shutdown::new(Duration::from_secs(3_600));
        assert!(!ending.has_begun());
        shutdown.leave();
        ending.leaving().await;
        assert!(ending.has_begun());
        shutdown.end();
        shutdown.stop();
        ending.stopping().await;
        ending.over().await;
    }

    #[tokio::test]
    async fn the_drain_ends_by_itself() {
        let (shutdown, mut ending) = Shutdown::new(Duration::ZERO);
        shutdown.stop();
        ending.over().await;
    }

    #[tokio::test]
    async fn whoever_is_gone_ends_it() {
        let (shutdown, mut ending) = Shutdown::new(Duration::from_secs(3_600));
        drop(shutdown);
        ending.stopping().await;
        ending.over().await;
    }
}
