//! An open loop: calls begin when they are due, whether the ones before have ended or not, and count from when they were due. A server
//! that stalls is charged for everybody who had to wait meanwhile.

use std::time::Duration;

use tokio::sync::mpsc;

use super::clock::Stopwatch;

/// When something is due, and the watch that says so.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    watch: Stopwatch,
    at: Duration,
}

impl Due {
    /// How long ago it was due, in nanoseconds.
    #[must_use]
    pub fn nanos_since(self) -> u64 {
        u64::try_from(self.watch.elapsed().saturating_sub(self.at).as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Sends, from a thread of its own, `together` moments at a time, so many a second for so long. What cannot be taken yet waits in the channel
/// and keeps its moment.
pub fn pace(per_s: u32, together: u32, lasting: Duration) -> mpsc::UnboundedReceiver<Due> {
    let (sender, moments) = mpsc::unbounded_channel();
    let watch = Stopwatch::start();
    std::thread::spawn(move || {
        for turn in 0.. {
            let at = Duration::from_secs(1) * turn * together / per_s;
            watch.sleep_until(at);
            if at >= lasting || (0..together).any(|_| sender.send(Due { watch, at }).is_err()) {
                return;
            }
        }
    });
    moments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everything_is_due_once_however_late_it_is_taken() {
        let mut moments = pace(1_000, 5, Duration::from_millis(20));
        while !moments.is_closed() {
            tokio::task::yield_now().await;
        }
        let (mut count, mut longest) = (0, 0);
        while let Some(due) = moments.recv().await {
            count += 1;
            longest = longest.max(due.nanos_since());
        }
        assert_eq!(count, 20);
        assert!(longest >= 20_000_000, "{longest}");
    }
}
