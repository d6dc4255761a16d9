//! Records every hour where trails end, where anything was recorded since.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use crate::ledger::proving::heads::{Heads, HeadsError};
use crate::ledger::writing::queue::Queue;
use crate::ledger::writing::record::{Acknowledgement, RecordError};
use crate::proto::HeadsCommitted;
use crate::proto::clear_part::Fact;

/// How often.
const PERIOD: Duration = Duration::from_secs(3_600);

/// The thread.
pub struct HeadsWriter {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl HeadsWriter {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(heads: Arc<Heads>, queue: Arc<Queue>) -> std::io::Result<Self> {
        let (stop, stopped) = bounded::<()>(1);
        let thread = std::thread::Builder::new().name("heads".into()).spawn(move || {
            while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                if let Err(error) = commit(&heads, &queue) {
                    tracing::error!(%error, "the heads of trails were not recorded; the next hour tries again");
                }
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for HeadsWriter {
    /// Waits for what is being recorded.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn commit(heads: &Heads, queue: &Queue) -> Result<(), HeadsError> {
    if heads.are_behind()? {
        let committed = heads.commit(|heads| record(queue, heads))?;
        tracing::debug!(seq = committed.seq.number(), "recorded the heads of all trails");
    }
    Ok(())
}

/// Has the committer record heads; answers once they are durable.
///
/// # Errors
/// Where the ledger no longer writes, or too much waits.
pub fn record(queue: &Queue, heads: HeadsCommitted) -> Result<Acknowledgement, RecordError> {
    queue.record_own(Fact::HeadsCommitted(heads))
}
