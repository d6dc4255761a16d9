//! A block: consecutive entries of one commit, about 4 KiB. The same bytes go to the journal and to sled.
//!
//! ```text
//! 43 4C 42 01 | count 4 | first_seq 8 | CRC-32C of the entries 4 | entries
//! ```

use crate::consent::words::Seq;
use crate::ledger::bytes::entry::{Entry, EntryError, EntryHash};

/// Where a commit's entries are cut into blocks, in bytes.
pub const BLOCK_TARGET_BYTES: usize = 4096;

/// Bytes before the entries.
const HEADER_BYTES: usize = 20;

/// "CLB", version 1.
const MAGIC: [u8; 4] = *b"CLB\x01";

/// Why bytes are no block.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum BlockError {
    /// Not the magic bytes, or cut short.
    #[error("not a block of version 1")]
    NotABlock,
    /// The checksum does not match.
    #[error("the block at seq {first} fails its checksum")]
    Checksum {
        /// The block's first seq.
        first: Seq,
    },
    /// An entry in it does not read.
    #[error("the block at seq {first} holds an entry that does not read: {source}")]
    Entry {
        /// The block's first seq.
        first: Seq,
        /// What is wrong with the entry.
        source: EntryError,
    },
    /// Its entries are not those it says.
    #[error("the block at seq {first} does not hold the entries it says")]
    Miscounted {
        /// The block's first seq.
        first: Seq,
    },
}

/// A block whose checksum holds and whose entries are those it says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    bytes: Vec<u8>,
    first: Seq,
    count: u32,
}

/// A block that entries are still added to: each is written where it stays.
#[derive(Debug, Default)]
pub struct OpenBlock {
    /// Room for the header, then the entries.
    bytes: Vec<u8>,
    first: Seq,
    count: u32,
}

impl OpenBlock {
    /// Where the next entry is appended.
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        if self.bytes.is_empty() {
            self.bytes.reserve(HEADER_BYTES + BLOCK_TARGET_BYTES + BLOCK_TARGET_BYTES / 4);
            self.bytes.resize(HEADER_BYTES, 0);
        }
        &mut self.bytes
    }

    /// The entry with this seq was appended.
    pub const fn added(&mut self, seq: Seq) {
        if self.count == 0 {
            self.first = seq;
        }
        self.count += 1;
    }

    /// How many entries it holds.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Whether it has reached the size at which blocks are cut.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.bytes.len() >= HEADER_BYTES + BLOCK_TARGET_BYTES
    }

    /// The block, with its header.
    #[must_use]
    pub fn close(mut self) -> Block {
        let (first, count) = (self.first, self.count);
        if let Some((header, entries)) = self.bytes_mut().split_first_chunk_mut::<HEADER_BYTES>() {
            let fields: [&[u8]; 4] = [&MAGIC, &count.to_be_bytes(), &first.number().to_be_bytes(), &crc32c::crc32c(entries).to_be_bytes()];
            header.iter_mut().zip(fields.into_iter().flatten()).for_each(|(to, from)| *to = *from);
        }
        Block { bytes: self.bytes, first, count }
    }
}

impl Block {
    /// A block of `count` entries, one after another in `entries`, from `first` on.
    #[must_use]
    pub fn new(first: Seq, count: u32, entries: &[u8]) -> Self {
        let mut open = OpenBlock { bytes: Vec::with_capacity(HEADER_BYTES + entries.len()), first, count };
        open.bytes_mut().extend_from_slice(entries);
        open.close()
    }

    /// Reads a block.
    ///
    /// # Errors
    /// Where checksum, count or an entry is wrong.
    pub fn decode(bytes: Vec<u8>) -> Result<Self, BlockError> {
        let (header, entries) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(BlockError::NotABlock)?;
        let [m0, m1, m2, m3, c0, c1, c2, c3, f0, f1, f2, f3, f4, f5, f6, f7, s0, s1, s2, s3] = *header;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(BlockError::NotABlock);
        }
        let count = u32::from_be_bytes([c0, c1, c2, c3]);
        let first = Seq::new(u64::from_be_bytes([f0, f1, f2, f3, f4, f5, f6, f7]));
        if crc32c::crc32c(entries) != u32::from_be_bytes([s0, s1, s2, s3]) {
            return Err(BlockError::Checksum { first });
        }
        // Seqs begin at 1, and behind the last one another must fit.
        let behind = first.number().checked_add(count.into()).filter(|_| count > 0 && first > Seq::NONE);
        let (mut rest, mut seq) = (entries, first);
        while !rest.is_empty() {
            let (entry, after) = Entry::split(rest).map_err(|source| BlockError::Entry { first, source })?;
            if entry.header.seq != seq || behind.is_none_or(|behind| seq.number() >= behind) {
                return Err(BlockError::Miscounted { first });
            }
            (rest, seq) = (after, seq.next());
        }
        if Some(seq.number()) == behind { Ok(Self { bytes, first, count }) } else { Err(BlockError::Miscounted { first }) }
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The seq of its first entry.
    #[must_use]
    pub const fn first(&self) -> Seq {
        self.first
    }

    /// The seq of its last entry.
    #[must_use]
    pub const fn last(&self) -> Seq {
        Seq::new(self.first.number() + self.count as u64 - 1)
    }

    /// How many entries it holds.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// The hash of its last entry.
    #[must_use]
    pub fn last_hash(&self) -> EntryHash {
        self.entries().last().map_or(EntryHash::ZERO, |entry| entry.hash())
    }

    /// Its entries.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let mut rest = self.bytes.get(HEADER_BYTES..).unwrap_or_default();
        std::iter::from_fn(move || {
            let (entry, after) = Entry::split(rest).ok()?;
            rest = after;
            Some(entry)
        })
    }
}
