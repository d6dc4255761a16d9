//! A frame of the journal: a block, and what is known of its commit.
//!
//! ```text
//! 43 4C 46 01 | length 4 | first_seq 8 | count 4 | commit_count 4 | commit_first_seq 8 | synced_seq 8 | CRC-32C 4 | block
//! ```

use crate::consent::words::Seq;
use crate::ledger::bytes::block::Block;

/// Bytes before a frame's block.
pub const FRAME_HEADER_BYTES: usize = 44;

/// "CLF", version 1.
const FRAME_MAGIC: [u8; 4] = *b"CLF\x01";

/// A frame that reads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    /// Where it begins in its segment.
    pub offset: u64,
    /// The first seq of its commit.
    pub commit_first: Seq,
    /// How many entries its commit has.
    pub commit_count: u32,
    /// The highest seq known durable when it was written.
    pub synced: Seq,
    /// The block.
    pub block: Block,
}

impl Frame {
    /// The last seq of its commit.
    #[must_use]
    pub const fn commit_last(&self) -> Seq {
        Seq::new(self.commit_first.number() + self.commit_count as u64 - 1)
    }
}

/// Reads the frame at the start of `bytes`, which begin at `offset` of their segment; gives it and its length.
#[must_use]
pub fn decode(bytes: &[u8], offset: usize) -> Option<(Frame, usize)> {
    let (header, rest) = bytes.split_first_chunk::<FRAME_HEADER_BYTES>()?;
    let u32_at = |at: usize| header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    let u64_at = |at: usize| header.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
    if !header.starts_with(&FRAME_MAGIC) {
        return None;
    }
    let block = rest.get(..u32_at(4)? as usize)?;
    let crc = crc32c::crc32c_append(crc32c::crc32c(header.get(..40)?), block);
    if crc != u32_at(40)? {
        return None;
    }
    let length = FRAME_HEADER_BYTES + block.len();
    let block = Block::decode(block.to_vec()).ok()?;
    let (commit_first, commit_count) = (Seq::new(u64_at(24)?), u32_at(20)?);
    // It names the entries of its block, and they lie within its commit.
    let is_of_the_block = (Seq::new(u64_at(8)?), u32_at(16)?) == (block.first(), block.count());
    let behind_commit = commit_first.number().checked_add(commit_count.into())?;
    let is_within = commit_first <= block.first() && block.last().number() < behind_commit;
    let frame = Frame { offset: offset as u64, commit_first, commit_count, synced: Seq::new(u64_at(32)?), block };
    (is_of_the_block && is_within).then_some((frame, length))
}

/// Appends a block's frame to `out`.
pub fn encode(out: &mut Vec<u8>, block: &Block, commit: (Seq, u32), synced: Seq) {
    let start = out.len();
    out.extend_from_slice(&FRAME_MAGIC);
    out.extend_from_slice(&u32::try_from(block.bytes().len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(&block.first().number().to_be_bytes());
    out.extend_from_slice(&block.count().to_be_bytes());
    out.extend_from_slice(&commit.1.to_be_bytes());
    out.extend_from_slice(&commit.0.number().to_be_bytes());
    out.extend_from_slice(&synced.number().to_be_bytes());
    let crc = crc32c::crc32c_append(crc32c::crc32c(out.get(start..).unwrap_or_default()), block.bytes());
    out.extend_from_slice(&crc.to_be_bytes());
    out.extend_from_slice(block.bytes());
}
