//! Hands synced blocks to sled behind the committer's back: one thread, several blocks a batch, its own sync.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;

use crate::consent::words::Seq;
use crate::ledger::bytes::block::Block;
use crate::ledger::storage::store::{Store, StoreError};

/// Commits that may wait for sled before the committer waits.
const WAITING_MAX: usize = 1024;

/// Blocks after which sled is synced, however busy it is.
const SYNC_EVERY_BLOCKS: usize = 1024;

/// Blocks that are durable in the journal and not yet in sled.
#[derive(Default)]
pub struct Pending(Mutex<BTreeMap<u64, Arc<Block>>>);

impl Pending {
    /// The block that holds `seq`, where it is pending.
    #[must_use]
    pub fn block_with(&self, seq: Seq) -> Option<Arc<Block>> {
        let pending = self.0.lock();
        pending.range(..=seq.number()).next_back().map(|(_, block)| block.clone()).filter(|block| block.last() >= seq)
    }
}

/// The writing end.
pub struct StoreWriter {
    commits: Option<Sender<Vec<Arc<Block>>>>,
    pending: Arc<Pending>,
    thread: Option<JoinHandle<()>>,
}

impl StoreWriter {
    /// Starts the thread; `failed` is called with the error that ends it.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(store: Arc<Store>, pending: Arc<Pending>, failed: impl Fn(StoreError) + Send + 'static) -> std::io::Result<Self> {
        let (commits, waiting) = bounded(WAITING_MAX);
        let theirs = pending.clone();
        let thread = std::thread::Builder::new().name("store".into()).spawn(move || {
            if let Err(error) = write(&store, &theirs, &waiting) {
                failed(error);
            }
        })?;
        Ok(Self { commits: Some(commits), pending, thread: Some(thread) })
    }

    /// Hands over a commit's blocks, which are durable in the journal.
    pub fn hand_over(&self, blocks: Vec<Arc<Block>>) {
        let mut pending = self.pending.0.lock();
        pending.extend(blocks.iter().map(|block| (block.first().number(), block.clone())));
        drop(pending);
        if let Some(commits) = &self.commits {
            // The thread is gone only where it failed, and then the ledger is poisoned.
            let _ = commits.send(blocks);
        }
    }

    /// Waits until everything handed over is durable in sled.
    pub fn close(mut self) {
        self.commits = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn write(store: &Store, pending: &Pending, commits: &Receiver<Vec<Arc<Block>>>) -> Result<(), StoreError> {
    let mut unsynced = 0;
    while let Ok(first) = commits.recv() {
        // Whole commits in one batch: sled never holds part of one.
        let mut batch = first;
        while batch.len() < SYNC_EVERY_BLOCKS
            && let Ok(more) = commits.try_recv()
        {
            batch.extend(more);
        }
        store.insert(batch.iter().map(AsRef::as_ref))?;
        let mut waiting = pending.0.lock();
        for block in &batch {
            waiting.remove(&block.first().number());
        }
        drop(waiting);
        unsynced += batch.len();
        if commits.is_empty() || unsynced >= SYNC_EVERY_BLOCKS {
            store.sync()?;
            unsynced = 0;
        }
    }
    store.sync()
}
