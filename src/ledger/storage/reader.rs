//! Reads entries at random: from what is pending, from sled, and from the journal where sled fails.

use std::path::PathBuf;
use std::sync::Arc;

use prost::Message;

use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::bytes::block::Block;
use crate::ledger::bytes::entry::{Entry, Header};
use crate::ledger::bytes::seal;
use crate::ledger::keys::in_order::Slots;
use crate::ledger::keys::keyring::{Keyring, Slot};
use crate::ledger::keys::secrets::LedgerId;
use crate::ledger::storage::disk::Disk;
use crate::ledger::storage::journal::{self, Piece};
use crate::ledger::storage::store::Store;
use crate::ledger::storage::store_writer::Pending;
use crate::proto::{ClearPart, SealedPart};

/// Why an entry could not be read.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[error("entry {seq} could not be read: {reason}")]
pub struct EntryUnreadable {
    /// Which.
    pub seq: Seq,
    /// Why.
    pub reason: String,
}

/// An entry read: its header, its facts, its bytes.
#[derive(Clone, Debug)]
pub struct ReadEntry {
    /// Its header.
    pub header: Header,
    /// Its facts.
    pub clear: ClearPart,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl ReadEntry {
    /// Where and when its fact was recorded first: of an entry that an erasure recorded again, before that.
    #[must_use]
    pub const fn first_recorded(&self) -> (Seq, Time) {
        if self.clear.original_seq == 0 {
            (self.header.seq, self.header.recorded_at)
        } else {
            (Seq::new(self.clear.original_seq), Time::from_micros(self.clear.original_recorded_at))
        }
    }
}

/// What is sealed in an entry, as far as its trail's key opens it.
#[derive(Clone, Debug)]
pub enum Sealed {
    /// Nothing is sealed.
    Nothing,
    /// Opened.
    Opened(Box<SealedPart>),
    /// The key is gone.
    Erased,
}

/// The reading end.
pub struct Reader {
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The journal's directory.
    pub journal_dir: PathBuf,
    /// Whose log it is.
    pub ledger_id: LedgerId,
    /// The store.
    pub store: Arc<Store>,
    /// What is not yet in the store.
    pub pending: Arc<Pending>,
}

impl Reader {
    /// The block that holds `seq`.
    ///
    /// # Errors
    /// Where neither copy gives it.
    pub fn block_with(&self, seq: Seq) -> Result<Arc<Block>, EntryUnreadable> {
        if let Some(block) = self.pending.block_with(seq) {
            return Ok(block);
        }
        match self.store.block_with(seq) {
            Ok(Some(block)) if block.last() >= seq => return Ok(Arc::new(block)),
            // Between the look at what is pending and the look into sled the block may have moved from one to the other;
            // it never moves back.
            Ok(_) => {}
            Err(error) => tracing::error!(%error, %seq, "sled failed on a read; the journal answers, a restart rebuilds sled"),
        }
        self.journal_block(seq)
    }

    fn journal_block(&self, seq: Seq) -> Result<Arc<Block>, EntryUnreadable> {
        let unreadable = |reason: String| EntryUnreadable { seq, reason };
        for suffix in [".journal", ".repair"] {
            let segments =
                journal::segments(self.disk.as_ref(), &self.journal_dir, suffix).map_err(|error| unreadable(error.to_string()))?;
            for segment in segments.iter().rev().filter(|segment| segment.first <= seq) {
                let (pieces, _) =
                    journal::read_segment(self.disk.as_ref(), segment, self.ledger_id).map_err(|error| unreadable(error.to_string()))?;
                for piece in pieces {
                    if let Piece::Frame(frame) = piece
                        && (frame.block.first()..=frame.block.last()).contains(&seq)
                    {
                        return Ok(Arc::new(frame.block));
                    }
                }
                if suffix == ".journal" {
                    break;
                }
            }
        }
        Err(unreadable("it is in neither copy".into()))
    }

    /// An entry.
    ///
    /// # Errors
    /// Where neither copy gives it, or it does not read.
    pub fn entry(&self, seq: Seq) -> Result<ReadEntry, EntryUnreadable> {
        let block = self.block_with(seq)?;
        let missing = || EntryUnreadable { seq, reason: "its block does not hold it".into() };
        let entry = block.entries().find(|entry| entry.header.seq == seq).ok_or_else(missing)?;
        read(&entry)
    }

    /// The entries of a trail, oldest first; `last` is its last.
    ///
    /// # Errors
    /// Where one cannot be read, or the trail's links do not hold.
    pub fn trail(&self, trail: u64, last: Seq) -> Result<Vec<ReadEntry>, EntryUnreadable> {
        let mut entries = Vec::new();
        let mut next = last;
        while next != Seq::NONE {
            let entry = self.entry(next)?;
            let link = [entry.header.link, entry.header.second].into_iter().find(|link| link.trail == trail);
            let Some(link) = link.filter(|link| link.previous < next) else {
                return Err(EntryUnreadable { seq: next, reason: format!("it is not linked into trail {trail}") });
            };
            next = link.previous;
            entries.push(entry);
        }
        entries.reverse();
        Ok(entries)
    }

    /// The entries of several trails, by seq, each once. Each trail comes with its last entry.
    ///
    /// # Errors
    /// As [`Reader::trail`].
    pub fn trails(&self, trails: &[(u64, Seq)]) -> Result<Vec<ReadEntry>, EntryUnreadable> {
        let mut entries = Vec::new();
        for (trail, last) in trails {
            entries.extend(self.trail(*trail, *last)?);
        }
        entries.sort_by_key(|entry| entry.header.seq);
        entries.dedup_by_key(|entry| entry.header.seq);
        Ok(entries)
    }
}

/// Reads an entry's facts.
///
/// # Errors
/// Where they are not canonical or of an unknown kind.
pub fn read(entry: &Entry<'_>) -> Result<ReadEntry, EntryUnreadable> {
    let clear = entry.clear().map_err(|error| EntryUnreadable { seq: entry.header.seq, reason: error.to_string() })?;
    Ok(ReadEntry { header: entry.header, clear, bytes: entry.bytes.to_vec() })
}

/// Opens what is sealed in an entry for its trail, or where `second` for its second trail.
///
/// # Errors
/// Where the key is damaged, or the box does not open with it.
pub fn open_sealed(keyring: &Keyring, entry: &ReadEntry, second: bool) -> Result<Sealed, EntryUnreadable> {
    open_with(keyring, entry, second)
}

/// [`open_sealed`] with the keys of a keyring that is read in order.
///
/// # Errors
/// As [`open_sealed`].
pub fn open_with(keys: &impl Slots, entry: &ReadEntry, second: bool) -> Result<Sealed, EntryUnreadable> {
    let unreadable = |reason: String| EntryUnreadable { seq: entry.header.seq, reason };
    let (link, place) = if second { (entry.header.second, 1) } else { (entry.header.link, 0) };
    let boxes = Entry { header: entry.header, bytes: &entry.bytes }.boxes();
    let Some(sealed) = boxes.get(place).filter(|sealed| !sealed.sealed.is_empty()) else { return Ok(Sealed::Nothing) };
    match keys.slot(link.trail).map_err(|error| unreadable(error.to_string()))? {
        Slot::Erased => Ok(Sealed::Erased),
        Slot::Empty => Err(unreadable(format!("the keyring has no key for trail {}", link.trail))),
        Slot::Live(key) => {
            let plain = seal::open(&key, sealed.bound_to, sealed.sealed).map_err(|error| unreadable(error.to_string()))?;
            SealedPart::decode(plain.as_slice()).map(Box::new).map(Sealed::Opened).map_err(|error| unreadable(error.to_string()))
        }
    }
}
