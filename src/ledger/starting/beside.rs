//! Blocks that come back are folded on a thread of their own, beside the one that reads and checks them: a start from the log alone
//! keeps two cores at work.
//!
//! ```text
//! recovery: read, checksum, hash, link ──▶ 256 blocks at most ──▶ fold: decode, open, state
//! ```

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::ledger::bytes::block::Block;
use crate::ledger::starting::recovery::RecoveryError;

/// How many blocks wait to be folded.
const WAITING_MAX: usize = 256;

/// Takes blocks as they come back, in order.
pub trait Sink {
    /// Takes a block; it may work on it later.
    ///
    /// # Errors
    /// Where it or one before it is refused.
    fn take(&mut self, block: &Block) -> Result<(), RecoveryError>;

    /// Is done with all blocks that it took: before anything on the disk is changed, so that a log that is refused stays as it was.
    ///
    /// # Errors
    /// Where one of them is refused.
    fn settle(&mut self) -> Result<(), RecoveryError>;
}

enum Step {
    Block(Block),
    /// Everything before it is to be folded, and then told.
    Settle,
}

/// The way to the thread that folds.
struct Beside {
    steps: Sender<Step>,
    /// Tells that all is folded, and ends with the thread: what waits in `steps` then is looked at by nobody.
    settled: Receiver<()>,
}

impl Sink for Beside {
    fn take(&mut self, block: &Block) -> Result<(), RecoveryError> {
        self.steps.send(Step::Block(block.clone())).map_err(|_| ended())
    }

    fn settle(&mut self) -> Result<(), RecoveryError> {
        self.steps.send(Step::Settle).map_err(|_| ended())?;
        self.settled.recv().map_err(|_| ended())
    }
}

/// Why it takes no more. What the thread ended with is told instead.
fn ended() -> RecoveryError {
    RecoveryError::Refused("the log could not be folded".to_owned())
}

/// Recovers, and folds each block on another thread. What folding refuses is told before what recovery does: it is earlier in
/// the log.
///
/// # Errors
/// As `recover` and `fold`.
pub fn fold_beside<T>(
    mut fold: impl FnMut(&Block) -> Result<(), RecoveryError> + Send,
    recover: impl FnOnce(&mut dyn Sink) -> Result<T, RecoveryError>,
) -> Result<T, RecoveryError> {
    let (steps, coming) = bounded(WAITING_MAX);
    let (tell, settled) = bounded(1);
    std::thread::scope(|scope| {
        let folding = scope.spawn(move || run(&mut fold, coming, tell));
        let recovered = recover(&mut Beside { steps, settled });
        folding.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        recovered
    })
}

fn run(
    fold: &mut impl FnMut(&Block) -> Result<(), RecoveryError>,
    coming: Receiver<Step>,
    settled: Sender<()>,
) -> Result<(), RecoveryError> {
    for step in coming {
        match step {
            Step::Block(block) => fold(&block)?,
            Step::Settle => drop(settled.send(())),
        }
    }
    drop(settled);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::words::Seq;

    fn block(first: u64) -> Block {
        Block::new(Seq::new(first), 1, b"")
    }

    #[test]
    fn everything_taken_is_folded_in_order_before_it_settles() {
        let folded = parking_lot::Mutex::new(Vec::new());
        let fold = |block: &Block| {
            folded.lock().push(block.first().number());
            Ok(())
        };
        fold_beside(fold, |sink| {
            for first in 0..1000 {
                sink.take(&block(first))?;
                if first % 100 == 99 {
                    sink.settle()?;
                    assert_eq!(folded.lock().len() as u64, first + 1);
                }
            }
            sink.take(&block(1000))
        })
        .unwrap();
        assert!(folded.lock().iter().copied().eq(0..=1000), "what was taken last is folded too");
    }

    #[test]
    fn what_folding_refuses_ends_it_and_is_told_before_anything_settles() {
        let fold = |block: &Block| {
            if block.first() == Seq::new(7) { Err(RecoveryError::SnapshotDiffers { seq: block.first() }) } else { Ok(()) }
        };
        let mut settled = false;
        let error = fold_beside(fold, |sink| {
            (0..10_000).try_for_each(|first| sink.take(&block(first)))?;
            sink.settle()?;
            settled = true;
            Ok(())
        });
        assert!(matches!(error, Err(RecoveryError::SnapshotDiffers { seq }) if seq == Seq::new(7)));
        assert!(!settled);
        // Also where somebody waits already for it to settle.
        let (go, gone) = bounded::<()>(1);
        let fold = move |block: &Block| {
            let _ = gone.recv_timeout(std::time::Duration::from_millis(50));
            Err(RecoveryError::SnapshotDiffers { seq: block.first() })
        };
        let error = fold_beside(fold, |sink| {
            sink.take(&block(7))?;
            let settled = sink.settle();
            drop(go);
            settled
        });
        assert!(matches!(error, Err(RecoveryError::SnapshotDiffers { .. })));
        let error = fold_beside(|_| Ok(()), |_| Err::<(), _>(RecoveryError::Refused("itself".to_owned())));
        assert!(matches!(error, Err(RecoveryError::Refused(why)) if why == "itself"));
    }
}
