//! The frames of a segment, one after the other, in small reads: a segment of 64 MiB in one would hold up the disk.

use std::io;

use crate::ledger::bytes::frame::{self, Frame};
use crate::ledger::storage::disk::{Disk, DiskFile};
use crate::ledger::storage::journal::{FRAME_HEADER_BYTES, SEGMENT_HEADER_BYTES, Segment};

/// How much is read at a time, in bytes.
const READ_BYTES: usize = 64 << 10;

/// The longest frame: entries up to 4 KiB, and one of 1 MiB behind them.
const FRAME_MAX_BYTES: usize = (1 << 20) + (64 << 10);

/// What comes next.
pub(super) enum Next {
    /// A frame that reads.
    Frame(Box<Frame>),
    /// Bytes that are no frame.
    Other,
    /// The end of the file.
    End,
}

/// A segment that is being read.
pub(super) struct Frames {
    file: Box<dyn DiskFile>,
    at: u64,
    buffer: Vec<u8>,
    /// Where the buffer's bytes that were not taken yet begin.
    taken: usize,
}

impl Frames {
    /// Begins behind the header.
    pub fn open(disk: &dyn Disk, segment: &Segment) -> io::Result<Self> {
        Ok(Self { file: disk.open(&segment.path, false)?, at: SEGMENT_HEADER_BYTES as u64, buffer: Vec::new(), taken: 0 })
    }

    /// The next frame, and how many bytes were read for it.
    pub fn next(&mut self) -> io::Result<(Next, u64)> {
        let mut read = 0;
        if let Some(frame) = self.take() {
            return Ok((Next::Frame(Box::new(frame)), read));
        }
        // It goes on behind what was read.
        for wanted in [READ_BYTES, FRAME_MAX_BYTES] {
            read += self.fill(wanted)?;
            if self.buffer.is_empty() {
                return Ok((Next::End, read));
            }
            if let Some(frame) = self.take() {
                return Ok((Next::Frame(Box::new(frame)), read));
            }
            let length = self.buffer.get(4..8).and_then(|length| length.try_into().ok()).map_or(0, u32::from_be_bytes);
            if self.buffer.len() >= (length as usize).saturating_add(FRAME_HEADER_BYTES) {
                break;
            }
        }
        Ok((Next::Other, read))
    }

    fn take(&mut self) -> Option<Frame> {
        let (frame, length) = frame::decode(self.buffer.get(self.taken..)?, usize::try_from(self.at).ok()?)?;
        self.taken += length;
        self.at += length as u64;
        Some(frame)
    }

    fn fill(&mut self, wanted: usize) -> io::Result<u64> {
        self.buffer.resize(wanted, 0);
        let read = self.file.read_at(&mut self.buffer, self.at)?;
        self.buffer.truncate(read);
        self.taken = 0;
        Ok(read as u64)
    }
}
