//! What a ledger's commits wrote, read off its journal; and what hashing the same entries takes.

use std::path::Path;

use crate::ledger::bytes::entry::EntryHash;
use crate::ledger::keys::secrets::LedgerId;
use crate::ledger::storage::disk::RealDisk;
use crate::ledger::storage::journal::{FRAME_HEADER_BYTES, Piece, Segment, ledger_id_of, read_segment, segments};

use super::clock::Stopwatch;
use super::error::BenchError;

/// What a journal holds.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Commits {
    /// Bytes that each commit wrote to the journal.
    pub bytes: Vec<usize>,
    /// Entries.
    pub entries: u64,
    /// Bytes of all entries, without blocks and frames around them.
    pub entry_bytes: u64,
    /// Seconds that SHA-256 over every entry took, on one core.
    pub hashing_seconds: f64,
    /// Seconds that reading the segments took, with what is checked on the way.
    pub reading_seconds: f64,
}

impl Commits {
    /// Reads the journal in a data directory, from its first segment to its last. The server may run. Blocks.
    ///
    /// # Errors
    /// Where it does not read.
    pub fn read(data_dir: &Path) -> Result<Self, BenchError> {
        let mut commits = Self::default();
        let (mut last, mut ledger) = (None, None);
        for segment in segments(&RealDisk, &data_dir.join("journal"), ".journal")? {
            let Some(id) = ledger.or_else(|| ledger_id_of(&RealDisk, &segment)) else { continue };
            ledger = Some(id);
            commits.add(&segment, id, &mut last)?;
        }
        Ok(commits)
    }

    fn add(&mut self, segment: &Segment, id: LedgerId, last: &mut Option<u64>) -> Result<(), BenchError> {
        let watch = Stopwatch::start();
        let (pieces, _) = read_segment(&RealDisk, segment, id)?;
        self.reading_seconds += watch.seconds();
        for piece in pieces {
            // What does not read is the commit that is being written.
            let Piece::Frame(frame) = piece else { return Ok(()) };
            let (commit, bytes) = (frame.commit_first.number(), FRAME_HEADER_BYTES + frame.block.bytes().len());
            match self.bytes.last_mut().filter(|_| *last == Some(commit)) {
                Some(total) => *total += bytes,
                None => self.bytes.push(bytes),
            }
            *last = Some(commit);
            let watch = Stopwatch::start();
            for entry in frame.block.entries() {
                self.entries += 1;
                self.entry_bytes += entry.bytes.len() as u64;
                std::hint::black_box(EntryHash::of(entry.bytes));
            }
            self.hashing_seconds += watch.seconds();
        }
        Ok(())
    }

    /// Bytes that the last commit wrote. Reads the last segment. Blocks.
    ///
    /// # Errors
    /// Where it does not read.
    pub fn last(data_dir: &Path) -> Result<usize, BenchError> {
        let (mut commits, mut last) = (Self::default(), None);
        for segment in segments(&RealDisk, &data_dir.join("journal"), ".journal")?.iter().rev() {
            if let Some(id) = ledger_id_of(&RealDisk, segment) {
                commits.add(segment, id, &mut last)?;
            }
            if let Some(bytes) = commits.bytes.last() {
                return Ok(*bytes);
            }
        }
        Err(BenchError::wrong_answer("the journal holds no commit"))
    }

    /// Bytes that all commits wrote.
    #[must_use]
    pub fn journal_bytes(&self) -> u64 {
        self.bytes.iter().map(|bytes| *bytes as u64).sum()
    }
}
