//! Reads the whole journal in order without changing it, repair segments in their places.

use std::path::Path;

use crate::consent::words::Seq;
use crate::ledger::bytes::block::Block;
use crate::ledger::keys::secrets::LedgerId;
use crate::ledger::storage::disk::Disk;
use crate::ledger::storage::journal::{self, JournalError, Piece, Segment};

/// What a walk comes by.
pub enum Walked {
    /// A block whose commit is whole.
    Block(Block),
    /// Entries that no segment gives.
    Missing {
        /// The first.
        from: Seq,
        /// The last.
        to: Seq,
    },
    /// The end: what follows the last whole commit was never acknowledged, or is damage that nothing vouches for.
    Tail {
        /// Whether there is anything behind the last whole commit.
        torn: bool,
        /// The highest seq that a frame says was durable.
        synced: Seq,
    },
}

/// Walks the journal in `dir` from its first entry on.
///
/// # Errors
/// Where a file cannot be read or belongs to another ledger, or `visit` says so.
pub fn walk<E: From<JournalError>>(
    disk: &dyn Disk,
    dir: &Path,
    ledger_id: LedgerId,
    mut visit: impl FnMut(Walked) -> Result<(), E>,
) -> Result<(), E> {
    let repairs = journal::segments(disk, dir, ".repair")?;
    let (mut next, mut synced, mut torn) = (Seq::new(1), Seq::NONE, false);
    let mut commit: Vec<Block> = Vec::new();
    for segment in journal::segments(disk, dir, ".journal")? {
        let (pieces, _) = journal::read_segment(disk, &segment, ledger_id)?;
        for piece in pieces {
            let Piece::Frame(frame) = piece else {
                torn = true;
                continue;
            };
            if frame.block.last() < next {
                continue;
            }
            if frame.block.first() > next {
                commit.drain(..).map(Walked::Block).try_for_each(&mut visit)?;
                fill(disk, ledger_id, &repairs, next, frame.block.first(), &mut visit)?;
            }
            torn = false;
            synced = synced.max(frame.synced);
            next = frame.block.last().next();
            let whole = next > frame.commit_last();
            commit.push(frame.block);
            if whole {
                commit.drain(..).map(Walked::Block).try_for_each(&mut visit)?;
            }
        }
    }
    visit(Walked::Tail { torn: torn || !commit.is_empty(), synced })
}

/// Gives what repair segments hold of `from` up to `before`, and says what is missing.
fn fill<E: From<JournalError>>(
    disk: &dyn Disk,
    ledger_id: LedgerId,
    repairs: &[Segment],
    from: Seq,
    before: Seq,
    visit: &mut impl FnMut(Walked) -> Result<(), E>,
) -> Result<(), E> {
    let mut next = from;
    for repair in repairs.iter().filter(|repair| repair.first >= from && repair.first < before) {
        for piece in journal::read_segment(disk, repair, ledger_id)?.0 {
            if let Piece::Frame(frame) = piece
                && frame.block.first() == next
                && frame.block.last() < before
            {
                next = frame.block.last().next();
                visit(Walked::Block(frame.block))?;
            }
        }
    }
    if next < before {
        visit(Walked::Missing { from: next, to: Seq::new(before.number() - 1) })?;
    }
    Ok(())
}
