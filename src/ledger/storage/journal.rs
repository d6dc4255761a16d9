//! The journal: the log in order, in append-only segments. A commit is one write and one sync.
//!
//! ```text
//! 43 4C 4A 01 | zero 4 | ledger_id 16 | first_seq 8 | previous_hash 32 | zero 4 | CRC-32C 4 | frames
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::consent::words::Seq;
use crate::ledger::bytes::block::Block;
use crate::ledger::bytes::entry::EntryHash;
use crate::ledger::bytes::frame;
pub use crate::ledger::bytes::frame::{FRAME_HEADER_BYTES, Frame};
use crate::ledger::keys::secrets::LedgerId;
use crate::ledger::storage::disk::{Disk, DiskFile, read_all};
use crate::measure::Stopwatch;

/// Bytes before a segment's frames.
pub const SEGMENT_HEADER_BYTES: usize = 72;

/// Where a segment is cut unless told otherwise, in bytes.
pub const SEGMENT_BYTES: u64 = 64 << 20;

/// How far the file is filled with zeros ahead of the writer, in bytes: a sync then has no new length to make durable.
const FILL_BYTES: usize = 1 << 20;

/// From this size on a commit is written without zeros ahead.
const LARGE_COMMIT_BYTES: usize = 256 << 10;

/// "CLJ", version 1.
const SEGMENT_MAGIC: [u8; 4] = *b"CLJ\x01";

/// Why the journal did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file did not do what was asked. For a write or sync that is final.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// A segment gives other bytes each time it is read.
    #[error("{} does not read the same twice; look after the disk, nothing was changed", path.display())]
    Unsteady {
        /// Which file.
        path: PathBuf,
    },
    /// A segment of another ledger.
    #[error("{} belongs to another ledger", path.display())]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
}

/// A segment's file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Segment {
    /// The seq its name says it begins with.
    pub first: Seq,
    /// The file.
    pub path: PathBuf,
}

/// A stretch of a segment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// A frame that reads.
    Frame(Frame),
    /// Bytes that are no frame and not the zeros behind the last one.
    Unreadable {
        /// Where they begin.
        from: u64,
        /// Where the next frame begins, or the file ends.
        to: u64,
    },
}

/// Whether a file's name is a segment's.
#[must_use]
pub fn is_segment(name: &str) -> bool {
    name.ends_with(".journal")
}

/// The names of segments in `dir` that end in `suffix`, in order.
///
/// # Errors
/// Where the directory cannot be read.
pub fn segments(disk: &dyn Disk, dir: &Path, suffix: &str) -> Result<Vec<Segment>, JournalError> {
    let names = disk.list(dir).map_err(|source| JournalError::Io { path: dir.to_owned(), source })?;
    let segments = names.into_iter().filter_map(|name| {
        let first = name.strip_suffix(suffix)?.parse().ok()?;
        Some(Segment { first: Seq::new(first), path: dir.join(name) })
    });
    Ok(segments.collect())
}

/// The journal's segments that have a header. A crash between making a file and writing its header leaves one without; it
/// holds nothing.
///
/// # Errors
/// Where the directory or a file cannot be read.
pub fn begun_segments(disk: &dyn Disk, dir: &Path) -> Result<Vec<Segment>, JournalError> {
    let mut begun = Vec::new();
    for segment in segments(disk, dir, ".journal")? {
        let len = disk.open(&segment.path, false).and_then(|file| file.len());
        if len.map_err(|source| JournalError::Io { path: segment.path.clone(), source })? >= SEGMENT_HEADER_BYTES as u64 {
            begun.push(segment);
        }
    }
    Ok(begun)
}

/// Reads a segment: its pieces in order, and where the next frame would be written.
///
/// # Errors
/// Where the file cannot be read or belongs to another ledger.
pub fn read_segment(disk: &dyn Disk, segment: &Segment, ledger_id: LedgerId) -> Result<(Vec<Piece>, u64), JournalError> {
    let path = &segment.path;
    let io = |source| JournalError::Io { path: path.clone(), source };
    let bytes = disk.open(path, false).and_then(|file| read_all(file.as_ref())).map_err(io)?;
    if header_of_another(&bytes, ledger_id) {
        return Err(JournalError::Foreign { path: path.clone() });
    }
    let mut pieces = Vec::new();
    let mut at = SEGMENT_HEADER_BYTES.min(bytes.len());
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        if rest.iter().all(|byte| *byte == 0) {
            return Ok((pieces, at as u64));
        }
        if let Some((frame, length)) = frame::decode(rest, at) {
            pieces.push(Piece::Frame(frame));
            at += length;
            continue;
        }
        let next = (1..rest.len()).find(|skip| rest.get(*skip..).is_some_and(|there| frame::decode(there, 0).is_some()));
        let to = at + next.unwrap_or(rest.len());
        pieces.push(Piece::Unreadable { from: at as u64, to: to as u64 });
        at = to;
    }
}

/// Reads a segment as [`read_segment`] does, and where some of it does not read, once more: what is cut off for good must be
/// wrong on the disk, and not only on the way from it.
///
/// # Errors
/// As [`read_segment`], and where it does not read the same twice.
pub fn read_surely(disk: &dyn Disk, segment: &Segment, ledger_id: LedgerId) -> Result<(Vec<Piece>, u64), JournalError> {
    let read = read_segment(disk, segment, ledger_id)?;
    let is_whole = read.0.iter().all(|piece| matches!(piece, Piece::Frame(_)));
    if is_whole || read == read_segment(disk, segment, ledger_id)? {
        return Ok(read);
    }
    Err(JournalError::Unsteady { path: segment.path.clone() })
}

/// The ledger that an intact segment header names.
#[must_use]
pub fn ledger_id_of(disk: &dyn Disk, segment: &Segment) -> Option<LedgerId> {
    let mut header = [0; SEGMENT_HEADER_BYTES];
    disk.open(&segment.path, false).and_then(|file| file.read_at(&mut header, 0)).ok()?;
    let (body, crc) = header.split_at(SEGMENT_HEADER_BYTES - 4);
    let intact = header.starts_with(&SEGMENT_MAGIC) && crc == crc32c::crc32c(body).to_be_bytes();
    header.get(8..24).filter(|_| intact).and_then(|id| id.try_into().ok()).map(LedgerId)
}

/// Whether an intact header names another ledger. A damaged header is not held against the frames behind it.
fn header_of_another(bytes: &[u8], ledger_id: LedgerId) -> bool {
    let Some((header, _)) = bytes.split_first_chunk::<SEGMENT_HEADER_BYTES>() else { return false };
    let (body, crc) = header.split_at(SEGMENT_HEADER_BYTES - 4);
    header.starts_with(&SEGMENT_MAGIC) && crc == crc32c::crc32c(body).to_be_bytes() && header.get(8..24) != Some(&ledger_id.0)
}

/// The writing end.
pub struct Journal {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    ledger_id: LedgerId,
    active: Active,
    synced: Seq,
    segment_bytes: u64,
    frames: Vec<u8>,
    syncing: Duration,
}

struct Active {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    end: u64,
    filled: u64,
}

/// Where a journal goes on.
#[derive(Clone, Debug)]
pub struct Resume {
    /// The last segment and the offset behind its last frame; none: there is no segment.
    pub tail: Option<(Segment, u64)>,
    /// The last entry.
    pub last: Seq,
    /// Its hash.
    pub last_hash: EntryHash,
}

impl Journal {
    /// Goes on behind the last frame.
    ///
    /// # Errors
    /// Where a file does not do what is asked: final.
    pub fn resume(disk: Arc<dyn Disk>, dir: &Path, ledger_id: LedgerId, resume: &Resume) -> Result<Self, JournalError> {
        let active = match &resume.tail {
            // A crash while the segment was made: what is written into it needs its header before it.
            Some((segment, end)) if *end <= SEGMENT_HEADER_BYTES as u64 => {
                create(disk.as_ref(), dir, ledger_id, segment.first, resume.last_hash)?
            }
            Some((segment, end)) => {
                let path = segment.path.clone();
                let file = disk.open(&path, false).map_err(|source| JournalError::Io { path: path.clone(), source })?;
                let active = Active { path, file, end: *end, filled: *end };
                active.io(active.file.set_len(*end))?;
                active
            }
            None => create(disk.as_ref(), dir, ledger_id, resume.last.next(), resume.last_hash)?,
        };
        let (dir, synced, syncing) = (dir.to_owned(), resume.last, Duration::ZERO);
        Ok(Self { disk, dir, ledger_id, active, synced, segment_bytes: SEGMENT_BYTES, frames: Vec::new(), syncing })
    }

    /// The same with segments cut elsewhere.
    #[must_use]
    pub const fn cut_at(mut self, segment_bytes: u64) -> Self {
        self.segment_bytes = segment_bytes;
        self
    }

    /// Writes a commit's blocks and syncs them: after this they are durable. `last_hash` is the hash of the last entry.
    ///
    /// # Errors
    /// Where a write or sync fails: final, the caller must not try again.
    pub fn append(&mut self, blocks: &[Block], previous_hash: EntryHash) -> Result<(), JournalError> {
        let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { return Ok(()) };
        let commit = (first.first(), blocks.iter().map(Block::count).sum());
        self.frames.clear();
        for block in blocks {
            frame::encode(&mut self.frames, block, commit, self.synced);
        }
        if self.active.end >= self.segment_bytes {
            self.active.cut_and_sync()?;
            self.active = create(self.disk.as_ref(), &self.dir, self.ledger_id, first.first(), previous_hash)?;
        }
        self.syncing = self.active.append(&self.frames)?;
        self.synced = last.last();
        Ok(())
    }

    /// How long the sync of the last commit took.
    #[must_use]
    pub const fn syncing(&self) -> Duration {
        self.syncing
    }

    /// Cuts off the zeros ahead of the writer.
    ///
    /// # Errors
    /// Where the file does not do what is asked.
    pub fn close(self) -> Result<(), JournalError> {
        self.active.cut_and_sync()
    }

    /// Closes it; gives the last segment and the offset behind its last frame.
    ///
    /// # Errors
    /// Where the file does not do what is asked.
    pub fn into_tail(self) -> Result<(Segment, u64), JournalError> {
        self.active.cut_and_sync()?;
        let first = self.active.path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok()).unwrap_or_default();
        Ok((Segment { first: Seq::new(first), path: self.active.path }, self.active.end))
    }
}

impl Active {
    fn io<T>(&self, result: std::io::Result<T>) -> Result<T, JournalError> {
        result.map_err(|source| JournalError::Io { path: self.path.clone(), source })
    }

    /// Writes and syncs; says how long the sync took.
    fn append(&mut self, frames: &[u8]) -> Result<Duration, JournalError> {
        let end = self.end + frames.len() as u64;
        self.io(self.file.write_at(frames, self.end))?;
        if end > self.filled {
            // A large commit is not worth it: the zeros would be as many bytes again, and it comes seldom enough.
            let ahead = if frames.len() < LARGE_COMMIT_BYTES { FILL_BYTES } else { 0 };
            self.io(self.file.write_at(&vec![0; ahead], end))?;
            self.filled = end + ahead as u64;
        }
        let syncing = Stopwatch::start();
        self.io(self.file.sync())?;
        self.end = end;
        Ok(syncing.read())
    }

    fn cut_and_sync(&self) -> Result<(), JournalError> {
        self.io(self.file.set_len(self.end))?;
        self.io(self.file.sync())
    }
}

fn create(disk: &dyn Disk, dir: &Path, ledger_id: LedgerId, first: Seq, previous_hash: EntryHash) -> Result<Active, JournalError> {
    create_segment(disk, dir, ledger_id, first, previous_hash, "journal")
}

fn create_segment(
    disk: &dyn Disk,
    dir: &Path,
    ledger_id: LedgerId,
    first: Seq,
    previous: EntryHash,
    suffix: &str,
) -> Result<Active, JournalError> {
    let path = dir.join(format!("{:020}.{suffix}", first.number()));
    let file = disk.open(&path, true).map_err(|source| JournalError::Io { path: path.clone(), source })?;
    let active = Active { path, file, end: SEGMENT_HEADER_BYTES as u64, filled: SEGMENT_HEADER_BYTES as u64 };
    active.io(active.file.set_len(0))?;
    active.io(active.file.write_at(&header(ledger_id, first, previous), 0))?;
    active.io(active.file.sync())?;
    disk.sync_dir(dir).map_err(|source| JournalError::Io { path: dir.to_owned(), source })?;
    Ok(active)
}

fn header(ledger_id: LedgerId, first: Seq, previous: EntryHash) -> Vec<u8> {
    let mut header = Vec::from(SEGMENT_MAGIC);
    header.extend_from_slice(&[0; 4]);
    header.extend_from_slice(&ledger_id.0);
    header.extend_from_slice(&first.number().to_be_bytes());
    header.extend_from_slice(&previous.bytes());
    header.extend_from_slice(&[0; 4]);
    header.extend_from_slice(&crc32c::crc32c(&header).to_be_bytes());
    header
}

/// Writes a segment's damaged header again. `previous` is the hash of the entry before its first.
///
/// # Errors
/// Where the file does not do what is asked.
pub fn restore_header(disk: &dyn Disk, segment: &Segment, ledger_id: LedgerId, previous: EntryHash) -> Result<(), JournalError> {
    let io = |source| JournalError::Io { path: segment.path.clone(), source };
    let file = disk.open(&segment.path, false).map_err(io)?;
    file.write_at(&header(ledger_id, segment.first, previous), 0).map_err(io)?;
    file.sync().map_err(io)
}

/// Writes blocks that the journal lost into a repair segment; the damaged original stays.
///
/// # Errors
/// Where a file does not do what is asked.
pub fn write_repair(disk: &dyn Disk, dir: &Path, ledger_id: LedgerId, blocks: &[Block], previous: EntryHash) -> Result<(), JournalError> {
    let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { return Ok(()) };
    let mut active = create_segment(disk, dir, ledger_id, first.first(), previous, "repair")?;
    let mut frames = Vec::new();
    let commit = (first.first(), blocks.iter().map(Block::count).sum());
    for block in blocks {
        frame::encode(&mut frames, block, commit, last.last());
    }
    active.append(&frames)?;
    active.cut_and_sync()
}

/// Writes the last frames of a segment, which ends at `end`, again with the same bytes and syncs them: what the page cache
/// shows may never have reached the disk. The bytes are those that were checked; nothing is read a second time.
///
/// # Errors
/// Where the file does not do what is asked.
pub fn rewrite_tail(disk: &dyn Disk, segment: &Segment, frames: &[Frame], end: u64) -> Result<(), JournalError> {
    let io = |source| JournalError::Io { path: segment.path.clone(), source };
    let file = disk.open(&segment.path, false).map_err(io)?;
    file.set_len(end).map_err(io)?;
    for frame in frames {
        let mut bytes = Vec::new();
        frame::encode(&mut bytes, &frame.block, (frame.commit_first, frame.commit_count), frame.synced);
        file.write_at(&bytes, frame.offset).map_err(io)?;
    }
    file.sync().map_err(io)
}
