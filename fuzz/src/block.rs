//! Blocks, and the frames that carry them: as bytes, and as entries under checksums that are right.

use consent_ledger::consent::words::Seq;
use consent_ledger::ledger::bytes::block::Block;
use consent_ledger::ledger::bytes::entry::Entry;
use consent_ledger::ledger::bytes::frame::{self, FRAME_HEADER_BYTES, Frame};

use super::number;

/// A block that reads holds the entries that it says and no others; a frame that reads lies within its commit. Encoded again they are
/// the same bytes.
pub fn check(bytes: &[u8]) {
    block(bytes);
    framed(bytes);
    let (first, rest) = number(bytes);
    let (commit_first, rest) = number(rest);
    let (counts, entries) = number(rest);
    let (count, commit_count) = ((counts >> 32) as u32, (counts & 0xFFFF_FFFF) as u32);
    let made = Block::new(Seq::new(first), count, entries);
    block(made.bytes());
    let mut out = Vec::new();
    frame::encode(&mut out, &made, (Seq::new(commit_first), commit_count), Seq::new(first));
    framed(&out);
}

fn block(bytes: &[u8]) {
    let Ok(read) = Block::decode(bytes.to_vec()) else { return };
    assert_eq!(read.bytes(), bytes);
    let seqs: Vec<u64> = read.entries().map(|entry| entry.header.seq.number()).collect();
    assert!(seqs.iter().copied().eq(read.first().number()..=read.last().number()) && seqs.len() == read.count() as usize);
    assert_eq!(read.entries().last().map(|entry| entry.hash()), Some(read.last_hash()));
    let entries: Vec<&[u8]> = read.entries().map(|Entry { bytes, .. }| bytes).collect();
    assert_eq!(Block::new(read.first(), read.count(), &entries.concat()), read);
}

fn framed(bytes: &[u8]) {
    let Some((frame, length)) = frame::decode(bytes, 72) else { return };
    let Frame { offset, commit_first, commit_count, synced, block } = &frame;
    assert_eq!((*offset, length), (72, FRAME_HEADER_BYTES + block.bytes().len()));
    assert!(*commit_first <= block.first() && block.last() <= frame.commit_last(), "a frame lies within its commit: {frame:?}");
    let mut again = Vec::new();
    frame::encode(&mut again, block, (*commit_first, *commit_count), *synced);
    assert_eq!(again, bytes[..length]);
}
