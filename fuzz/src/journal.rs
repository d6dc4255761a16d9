//! The bytes of a journal's segment: as they are, or a segment that was written once and edited since, with its checksums made right
//! or not.

use std::path::Path;
use std::sync::Arc;

use consent_ledger::consent::words::Seq;
use consent_ledger::ledger::bytes::block::Block;
use consent_ledger::ledger::bytes::frame::{self, FRAME_HEADER_BYTES};
use consent_ledger::ledger::keys::secrets::LedgerId;
use consent_ledger::ledger::storage::journal::{Journal, JournalError, Piece, Resume, Segment, read_segment, read_surely};
use consent_ledger::ledger::storage::walk::{Walked, walk};

use super::disk::Memory;
use super::edits::{edited, mend_segment};
use super::ledgers::{FIRST, ROTATED};

const PATH: &str = "journal/00000000000000000001.journal";

/// Pieces cover the file, frames are the bytes that they were read from, a walk goes forward entry by entry and says what it misses,
/// and what is written behind it all is read again.
pub fn check(bytes: &[u8]) {
    let (mode, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let mut file = match mode % 3 {
        0 => rest.to_vec(),
        1 => edited([FIRST.journal], rest).concat(),
        _ => edited([ROTATED.journal], rest).concat(),
    };
    if mode & 0x80 != 0 {
        mend_segment(&mut file);
    }
    let id = LedgerId(file.get(8..24).and_then(|id| id.try_into().ok()).unwrap_or_default());
    let disk = Memory::default().with(PATH, &file);
    let segment = Segment { first: Seq::new(1), path: PATH.into() };
    let Ok((pieces, end)) = read_surely(&disk, &segment, id) else { panic!("it names its own ledger and reads the same twice") };
    covers(&file, &pieces, end);
    walks(&disk, id);
    goes_on(&disk, &segment, id, (pieces, end));
}

fn covers(file: &[u8], pieces: &[Piece], end: u64) {
    let mut at = file.len().min(72) as u64;
    for piece in pieces {
        match piece {
            Piece::Frame(frame) => {
                assert_eq!(frame.offset, at);
                let mut again = Vec::new();
                frame::encode(&mut again, &frame.block, (frame.commit_first, frame.commit_count), frame.synced);
                at += (FRAME_HEADER_BYTES + frame.block.bytes().len()) as u64;
                assert_eq!(file.get(place(frame.offset)..place(at)), Some(again.as_slice()), "{frame:?}");
            }
            Piece::Unreadable { from, to } => {
                assert!(*from == at && to > from, "{piece:?} at {at}");
                at = *to;
            }
        }
    }
    assert_eq!(at, end);
    assert!(file.get(place(end)..).is_some_and(|rest| rest.iter().all(|byte| *byte == 0)));
}

fn walks(disk: &Memory, id: LedgerId) {
    let (mut next, mut tails) = (Seq::new(1), 0);
    let walked = walk::<JournalError>(disk, Path::new("journal"), id, |walked| {
        assert_eq!(tails, 0, "something came behind the end");
        match walked {
            Walked::Block(block) => {
                assert_eq!(block.first(), next);
                next = block.last().next();
            }
            Walked::Missing { from, to } => {
                assert!(from == next && to >= from, "{from} to {to} at {next}");
                next = to.next();
            }
            Walked::Tail { .. } => tails += 1,
        }
        Ok(())
    });
    assert!(walked.is_ok() && tails == 1);
}

fn goes_on(disk: &Memory, segment: &Segment, id: LedgerId, (pieces, end): (Vec<Piece>, u64)) {
    let last = pieces.iter().filter_map(|piece| if let Piece::Frame(frame) = piece { Some(&frame.block) } else { None }).next_back();
    let (last, last_hash) = last.map_or_else(Default::default, |block| (block.last(), block.last_hash()));
    // A segment that was cut within its header holds nothing, and is begun anew.
    let before = if end <= 72 { Vec::new() } else { pieces };
    let Some(block) = behind(last) else { return };
    let resume = Resume { tail: Some((segment.clone(), end)), last, last_hash };
    let Ok(mut journal) = Journal::resume(Arc::new(disk.clone()), Path::new("journal"), id, &resume) else { panic!("no disk fails here") };
    assert!(journal.append(std::slice::from_ref(&block), last_hash).is_ok() && journal.close().is_ok());
    let Ok((after, _)) = read_segment(disk, segment, id) else { panic!("it was written here") };
    let Some((Piece::Frame(frame), head)) = after.split_last() else { panic!("what was written last is a frame: {after:?}") };
    assert!(head == before && frame.block == block, "{after:?} is not {before:?} and {block:?}");
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// The block of one entry behind `last`; none where no number is left.
fn behind(last: Seq) -> Option<Block> {
    let seq = last.number().checked_add(1).filter(|seq| *seq < u64::MAX)?;
    let golden = include_bytes!("../../tests/data/golden/entry-3.bin");
    let entry = edited([golden], &[&[0, 0, 0, 8, 8][..], &seq.to_be_bytes()].concat()).concat();
    Some(Block::new(Seq::new(seq), 1, &entry))
}
