//! Hands synced blocks to sled behind the committer's back: one thread, several blocks a batch, its own sync.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, after, bounded, never, select};

use crate::consent::words::Seq;
use crate::ledger::bytes::block::Block;
use crate::ledger::storage::store::{Store, StoreError};
use crate::ledger::storage::watch::{LOOK, Watch, Watcher};
use crate::sync::{Condvar, Mutex};

#[cfg(all(test, feature = "explore"))]
mod explored;

/// Commits that may wait for sled before the committer waits.
const WAITING_MAX: usize = 1024;

/// The same in bytes: what waits is in memory.
#[cfg(not(all(test, feature = "explore")))]
const WAITING_MAX_BYTES: usize = 64 << 20;
#[cfg(all(test, feature = "explore"))]
const WAITING_MAX_BYTES: usize = 1;

/// Blocks after which sled is synced, however busy it is.
const SYNC_EVERY_BLOCKS: usize = 1024;

/// How long the first block waits for others. sled's threads wake each other for whatever it is given, many blocks or one: given each
/// record by itself, they take the processors from the calls that wait for the next commit. Until then it is read from memory.
const GATHER: Duration = Duration::from_millis(50);

/// How long after a block came sled is synced, where they are fewer: the journal has them, and on most file systems its sync waits for
/// one of another file that is under way.
const SYNC_AFTER: Duration = Duration::from_millis(200);

/// After how many looks, one a second, at one call into sled it counts as stuck: a minute.
const STUCK_LOOKS: u32 = 60;

/// Blocks that are durable in the journal and not yet in sled.
#[derive(Default)]
pub struct Pending {
    waiting: Mutex<Waiting>,
    /// Told when some of them are in sled, or will never be.
    fewer: Condvar,
}

/// How far sled is behind the journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Lag {
    /// The first entry that is not in sled yet; none where nothing waits.
    pub first: Option<Seq>,
    /// Commits that wait.
    pub commits: usize,
    /// Their bytes.
    pub bytes: usize,
}

#[derive(Default)]
struct Waiting {
    blocks: BTreeMap<u64, Arc<Block>>,
    commits: usize,
    bytes: usize,
    /// Nobody writes them any more: the thread ended, or a call into sled does not come back.
    over: bool,
}

impl Pending {
    /// The block that holds `seq`, where it is pending.
    #[must_use]
    pub fn block_with(&self, seq: Seq) -> Option<Arc<Block>> {
        let waiting = self.waiting.lock();
        waiting.blocks.range(..=seq.number()).next_back().map(|(_, block)| block.clone()).filter(|block| block.last() >= seq)
    }

    /// How much waits.
    #[must_use]
    pub fn lag(&self) -> Lag {
        let waiting = self.waiting.lock();
        let first = waiting.blocks.keys().next().copied().map(Seq::new);
        Lag { first, commits: waiting.commits, bytes: waiting.bytes }
    }

    /// Adds a commit's blocks; waits while too much waits already.
    fn add(&self, blocks: &[Arc<Block>]) {
        let mut waiting = self.waiting.lock();
        self.fewer.wait_while(&mut waiting, |waiting| waiting.bytes >= WAITING_MAX_BYTES && !waiting.over);
        waiting.bytes += bytes(blocks);
        waiting.commits += 1;
        waiting.blocks.extend(blocks.iter().map(|block| (block.first().number(), block.clone())));
    }

    /// Nobody writes them any more; whoever waits goes on.
    fn end(&self) {
        self.waiting.lock().over = true;
        self.fewer.notify_all();
    }

    fn is_over(&self) -> bool {
        self.waiting.lock().over
    }

    fn remove(&self, commits: usize, blocks: &[Arc<Block>]) {
        let mut waiting = self.waiting.lock();
        waiting.bytes = waiting.bytes.saturating_sub(bytes(blocks));
        waiting.commits = waiting.commits.saturating_sub(commits);
        for block in blocks {
            waiting.blocks.remove(&block.first().number());
        }
        drop(waiting);
        self.fewer.notify_all();
    }
}

fn bytes(blocks: &[Arc<Block>]) -> usize {
    blocks.iter().map(|block| block.bytes().len()).sum()
}

/// Lets the committer go on when the thread ends, however it does.
struct Over(Arc<Pending>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The writing end.
pub struct StoreWriter {
    commits: Option<Sender<Vec<Arc<Block>>>>,
    pending: Arc<Pending>,
    thread: Option<JoinHandle<()>>,
    /// Disconnected once the thread has ended.
    ended: Receiver<()>,
    _watcher: Watcher,
}

impl StoreWriter {
    /// Starts the thread; `failed` is called with the error that ends it.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(store: Arc<Store>, pending: Arc<Pending>, failed: impl Fn(StoreError) + Send + Sync + 'static) -> std::io::Result<Self> {
        let (commits, waiting) = bounded(WAITING_MAX);
        let (ends, ended) = bounded::<()>(1);
        let (watch, failed) = (Arc::new(Watch::default()), Arc::new(failed));
        let watcher = {
            let (path, failed, pending) = (store.path().to_owned(), failed.clone(), pending.clone());
            Watcher::start(watch.clone(), STUCK_LOOKS, move || {
                pending.end();
                failed(StoreError::Stuck { path: path.clone() });
            })?
        };
        let theirs = pending.clone();
        let thread = std::thread::Builder::new().name("store".into()).spawn(move || {
            let _ends = ends;
            let _over = Over(theirs.clone());
            if let Err(error) = write(&store, &theirs, &waiting, &watch) {
                failed(error);
            }
        })?;
        Ok(Self { commits: Some(commits), pending, thread: Some(thread), ended, _watcher: watcher })
    }

    /// Hands over a commit's blocks, which are durable in the journal.
    pub fn hand_over(&self, blocks: Vec<Arc<Block>>) {
        self.pending.add(&blocks);
        let Some(commits) = &self.commits else { return };
        let mut waits = blocks;
        // The thread is gone or stuck only where it failed, and then the ledger is poisoned.
        while let Err(SendTimeoutError::Timeout(blocks)) = commits.send_timeout(waits, LOOK) {
            if self.pending.is_over() {
                return;
            }
            waits = blocks;
        }
    }

    /// Waits until everything handed over is durable in sled; not for one that does not answer any more.
    pub fn close(mut self) {
        self.commits = None;
        while self.ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            if self.pending.is_over() {
                return;
            }
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn write(store: &Store, pending: &Pending, commits: &Receiver<Vec<Arc<Block>>>, watch: &Watch) -> Result<(), StoreError> {
    let (mut unsynced, mut due) = (0, never());
    loop {
        let first = select! {
            recv(commits) -> first => match first {
                Ok(first) => first,
                Err(_) => break,
            },
            recv(due) -> _ => {
                watch.during(|| store.sync())?;
                (unsynced, due) = (0, never());
                continue;
            }
        };
        // Whole commits in one batch: sled never holds part of one.
        let (mut batch, mut together) = (first, 1);
        // Asleep, so that no commit wakes this thread before its callers.
        std::thread::sleep(GATHER);
        while batch.len() < SYNC_EVERY_BLOCKS
            && let Ok(more) = commits.try_recv()
        {
            batch.extend(more);
            together += 1;
        }
        watch.during(|| store.insert(batch.iter().map(AsRef::as_ref)))?;
        pending.remove(together, &batch);
        if unsynced == 0 {
            due = after(SYNC_AFTER);
        }
        unsynced += batch.len();
        if unsynced >= SYNC_EVERY_BLOCKS {
            watch.during(|| store.sync())?;
            (unsynced, due) = (0, never());
        }
    }
    watch.during(|| store.sync())
}
