//! The Merkle tree over the log, and the file `tree` that saves reading the whole log at a start.
//!
//! ```text
//! 43 4C 54 01 | ledger_id 16 | 32 bytes for each 256 entries: the root over them
//! ```
//!
//! The file only saves time: it is never trusted further than the signed root that it leads to.

use std::io;
use std::path::Path;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use crate::consent::words::Seq;
use crate::ledger::keys::secrets::LedgerId;
use crate::ledger::proving::nodes::{AllNodes, Kept, LastRead, Leaves, WIDTH};
use crate::ledger::storage::disk::{Disk, DiskFile, read_all};
use crate::ledger::storage::reader::{EntryUnreadable, Reader};
use crate::proof::merkle::{self, Hash};
use crate::proof::range::Subtree;

/// "CLT", version 1.
const MAGIC: [u8; 4] = *b"CLT\x01";

/// Bytes before the hashes.
const HEADER_BYTES: usize = 20;

/// The tree over the log.
pub struct Tree {
    reader: Arc<Reader>,
    nodes: RwLock<Kept>,
    file: Mutex<TreeFile>,
}

struct TreeFile {
    file: Box<dyn DiskFile>,
    /// How many hashes are in it.
    written: usize,
}

impl Tree {
    /// Opens the tree of the log that `reader` reads. The file is read as far as a signed root over `signed` entries can
    /// tell whether it is right; what lies behind is read from the log with the first growth.
    ///
    /// # Errors
    /// Where the file cannot be opened or made.
    pub fn open(disk: &dyn Disk, path: &Path, ledger_id: LedgerId, reader: Arc<Reader>, signed: u64) -> io::Result<Self> {
        let file = disk.open(path, true)?;
        let header = [MAGIC.as_slice(), &ledger_id.0].concat();
        let bytes = read_all(file.as_ref())?;
        let hashes = bytes.strip_prefix(header.as_slice()).unwrap_or_default();
        let most = usize::try_from(signed).unwrap_or(usize::MAX) / WIDTH;
        let mut kept = Kept::default();
        for hash in hashes.chunks_exact(32).take(most) {
            kept.push_whole(hash.try_into().unwrap_or_default());
        }
        let written = kept.whole().len();
        file.set_len((HEADER_BYTES + written * 32) as u64)?;
        if written == 0 {
            file.write_at(&header, 0)?;
        }
        Ok(Self { reader, nodes: RwLock::new(kept), file: Mutex::new(TreeFile { file, written }) })
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.nodes.read().size()
    }

    /// Forgets everything that was kept, so that the next growth reads the whole log.
    ///
    /// # Errors
    /// Where the file cannot be cut.
    pub fn forget(&self) -> io::Result<()> {
        let mut file = self.file.lock();
        file.file.set_len(HEADER_BYTES as u64)?;
        file.written = 0;
        *self.nodes.write() = Kept::default();
        Ok(())
    }

    /// Takes in the log up to `head`.
    ///
    /// # Errors
    /// Where an entry cannot be read. The file falling behind is no error: it only saves time.
    pub fn grow(&self, head: Seq) -> Result<(), EntryUnreadable> {
        // One grows it at a time.
        let mut file = self.file.lock();
        let mut next = Seq::new(self.size() + 1);
        while next <= head {
            let block = self.reader.block_with(next)?;
            let mut nodes = self.nodes.write();
            for entry in block.entries().filter(|entry| entry.header.seq >= next && entry.header.seq <= head) {
                nodes.push(entry.hash().bytes());
            }
            next = block.last().next();
        }
        if let Err(error) = self.write(&mut file) {
            tracing::warn!(%error, "the tree's file was not written; the next start reads more of the log");
        }
        Ok(())
    }

    fn write(&self, file: &mut TreeFile) -> io::Result<()> {
        let nodes = self.nodes.read();
        let whole = nodes.whole();
        let new: Vec<u8> = whole.iter().skip(file.written).flatten().copied().collect();
        if !new.is_empty() {
            file.file.write_at(&new, (HEADER_BYTES + file.written * 32) as u64)?;
            file.written = whole.len();
        }
        Ok(())
    }

    /// The root over the first `size` entries.
    ///
    /// # Errors
    /// Where an entry cannot be read, or the tree has not grown so far.
    pub fn root(&self, size: u64) -> Result<Hash, EntryUnreadable> {
        self.with(size, |nodes| merkle::root(nodes, size))
    }

    /// The path from the entry at `seq` to the root over the first `size` entries.
    ///
    /// # Errors
    /// As [`Tree::root`].
    pub fn prove_inclusion(&self, seq: Seq, size: u64) -> Result<Vec<Hash>, EntryUnreadable> {
        if seq == Seq::NONE || seq.number() > size {
            return Err(EntryUnreadable { seq, reason: format!("it is not among the first {size} entries") });
        }
        self.with(size, |nodes| merkle::prove_inclusion(nodes, seq.number() - 1, size))
    }

    /// The proof that the tree over the first `old` entries is a beginning of that over the first `new`.
    ///
    /// # Errors
    /// As [`Tree::root`].
    pub fn prove_consistency(&self, old: u64, new: u64) -> Result<Vec<Hash>, EntryUnreadable> {
        if old > new {
            return Err(EntryUnreadable { seq: Seq::new(old), reason: format!("it is not among the first {new} entries") });
        }
        self.with(new, |nodes| merkle::prove_consistency(nodes, old, new))
    }

    /// The root of a complete subtree; `read` saves reading its neighbours' leaves again.
    ///
    /// # Errors
    /// As [`Tree::root`].
    pub fn subtree(&self, subtree: Subtree, read: &LastRead) -> Result<Hash, EntryUnreadable> {
        self.nodes.read().with(self.reader.as_ref(), read).subtree(subtree)
    }

    fn with<T>(&self, size: u64, make: impl FnOnce(&AllNodes<'_, Reader>) -> Result<T, EntryUnreadable>) -> Result<T, EntryUnreadable> {
        let kept = self.nodes.read();
        if size > kept.size() {
            return Err(EntryUnreadable { seq: Seq::new(size), reason: format!("the tree has {} leaves", kept.size()) });
        }
        make(&kept.with(self.reader.as_ref(), &LastRead::default()))
    }
}

/// The leaves are the hashes of the log's entries.
impl Leaves for Reader {
    fn leaves(&self, group: u64) -> Result<Vec<Hash>, EntryUnreadable> {
        let mut leaves = Vec::with_capacity(WIDTH);
        let mut next = Seq::new(group * WIDTH as u64 + 1);
        while leaves.len() < WIDTH {
            let block = self.block_with(next)?;
            leaves.extend(block.entries().filter(|entry| entry.header.seq >= next).map(|entry| entry.hash().bytes()));
            next = block.last().next();
        }
        leaves.truncate(WIDTH);
        Ok(leaves)
    }
}
