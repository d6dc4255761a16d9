//! Room on the data directory's file system. A full disk is final: a write that fails for want of room stops the ledger. So what
//! can wait is refused before, and what is left is kept for what cannot.
//!
//! ```text
//! more than min-free                everything is recorded
//! less                              what takes something back: opt-outs, erasures …; the rest is refused, snapshots wait
//! less than a quarter of it         nothing is recorded; checks, reads and exports go on
//! ```
//!
//! Measured every second by a thread; a commit takes off what it took. Nobody waits for a measurement.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use crate::ledger::storage::disk::Disk;
use crate::ledger::writing::record::RecordError;

/// How often it is measured.
const LOOK: Duration = Duration::from_secs(1);

/// What is kept free unless told otherwise: so many bytes, on a small file system one part in so many.
const USUAL_BYTES: u64 = 1 << 30;
const USUAL_PART: u64 = 20;

/// One part in so many of what is kept free is kept from everybody.
const LAST_PART: u64 = 4;

/// What a commit takes of the disk, in times of its bytes: the journal, sled, and what sled writes beside them.
const TAKEN: u64 = 3;

/// A file system's room, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Free {
    /// What is free for who is not root.
    pub free: u64,
    /// All there is.
    pub of: u64,
}

/// How much must be free for everything to be recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MinFree {
    /// 1 GiB, or a twentieth of a file system of less than 20 GiB.
    Usual,
    /// So many bytes; 0: it is not looked at.
    Bytes(u64),
}

/// Not a number of bytes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{given:?} is no number of bytes such as 1073741824, 512MiB or 1GiB")]
pub struct MinFreeError {
    given: String,
}

impl FromStr for MinFree {
    type Err = MinFreeError;

    fn from_str(text: &str) -> Result<Self, MinFreeError> {
        let error = || MinFreeError { given: text.to_owned() };
        let (number, shift) = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)]
            .into_iter()
            .find_map(|(unit, shift)| text.strip_suffix(unit).map(|number| (number, shift)))
            .unwrap_or((text, 0));
        let number: u64 = number.parse().map_err(|_| error())?;
        number.checked_mul(1 << shift).map(Self::Bytes).ok_or_else(error)
    }
}

/// What may be recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Room {
    /// Everything.
    Plenty,
    /// Only what takes something back.
    AlmostFull,
    /// Nothing.
    Last,
}

/// What there is, and what there must be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpaceReport {
    /// The file system's room when it was last looked at, less what was committed since.
    pub free: Free,
    /// Below it only what takes something back is recorded; 0: it is not looked at.
    pub min_free: u64,
    /// Below it nothing is.
    pub last: u64,
    /// What may be recorded.
    pub room: Room,
}

/// The room of a data directory.
pub struct Space {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    min_free: MinFree,
    free: AtomicU64,
    of: AtomicU64,
    /// Whether it was told that it is almost full.
    told: AtomicBool,
}

impl Space {
    /// The room of `dir`, looked at once.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>, dir: PathBuf, min_free: MinFree) -> Self {
        let [free, of] = [u64::MAX; 2].map(AtomicU64::new);
        let space = Self { disk, dir, min_free, free, of, told: AtomicBool::default() };
        space.measure();
        space
    }

    /// Looks at the file system, and tells when it becomes almost full, and when no longer.
    pub fn measure(&self) {
        if self.min_free == MinFree::Bytes(0) {
            return;
        }
        match self.disk.free(&self.dir) {
            Ok(Free { free, of }) => {
                self.of.store(of, Ordering::Relaxed);
                self.free.store(free, Ordering::Relaxed);
            }
            Err(error) => tracing::warn!(%error, path = %self.dir.display(), "free space could not be measured"),
        }
        let report = self.report();
        let almost_full = report.room != Room::Plenty;
        if self.told.swap(almost_full, Ordering::Relaxed) == almost_full {
            return;
        }
        let (free, min_free) = (report.free.free, report.min_free);
        if almost_full {
            tracing::error!(
                free,
                min_free,
                "the disk is almost full: only what takes something back is recorded, and nothing once a quarter of min_free is left; make room"
            );
        } else {
            tracing::info!(free, min_free, "there is room on the disk again: everything is recorded");
        }
    }

    /// Notes that a commit of so many bytes was written.
    pub fn took(&self, bytes: u64) {
        let less = |free: u64| Some(free.saturating_sub(bytes.saturating_mul(TAKEN)));
        // Lost where it is measured in between, and then it is in what was measured.
        let _ = self.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// What there is, and what there must be.
    #[must_use]
    pub fn report(&self) -> SpaceReport {
        let free = Free { free: self.free.load(Ordering::Relaxed), of: self.of.load(Ordering::Relaxed) };
        let min_free = match self.min_free {
            MinFree::Usual => USUAL_BYTES.min(free.of / USUAL_PART),
            MinFree::Bytes(bytes) => bytes,
        };
        let last = min_free / LAST_PART;
        let room = match free.free {
            free if free < last => Room::Last,
            free if free < min_free => Room::AlmostFull,
            _ => Room::Plenty,
        };
        SpaceReport { free, min_free, last, room }
    }

    /// Whether there is room for everything.
    #[must_use]
    pub fn is_plenty(&self) -> bool {
        self.report().room == Room::Plenty
    }

    /// Lets something be recorded; where there is not room for everything, only what takes something back.
    ///
    /// # Errors
    /// Where there is no room for it.
    pub fn admit(&self, takes_back: impl FnOnce() -> bool) -> Result<(), RecordError> {
        let SpaceReport { free, min_free, last, room } = self.report();
        match room {
            Room::Plenty => Ok(()),
            Room::AlmostFull if takes_back() => Ok(()),
            Room::AlmostFull => Err(RecordError::DiskAlmostFull { free: free.free, needed: min_free }),
            Room::Last => Err(RecordError::DiskAlmostFull { free: free.free, needed: last }),
        }
    }
}

/// The thread that measures.
pub struct SpaceWatcher {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SpaceWatcher {
    /// Starts it.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(space: Arc<Space>) -> std::io::Result<Self> {
        let (stop, stopped) = bounded::<()>(1);
        let thread = std::thread::Builder::new().name("space".into()).spawn(move || {
            while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                space.measure();
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for SpaceWatcher {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_bytes_has_a_unit_or_none() {
        for (text, bytes) in [("0", 0), ("4096", 4096), ("512MiB", 512 << 20), ("1GiB", 1 << 30), ("3KiB", 3072), ("2TiB", 2 << 40)] {
            assert_eq!(text.parse(), Ok(MinFree::Bytes(bytes)), "{text}");
        }
        for text in ["", "GiB", "1GB", "-1", "1.5GiB", "99999999999TiB", "5%"] {
            assert_eq!(text.parse::<MinFree>(), Err(MinFreeError { given: text.to_owned() }));
        }
    }
}
