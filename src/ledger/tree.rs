//! The nodes of the Merkle tree, kept so that a proof reads at most the 256 entries around its leaf, and as many where its
//! tree ends.
//!
//! ```text
//! leaves        read from the log; those after the last 256 whole ones are kept
//! level 8       roots of 256 leaves each       kept, and in the file `tree`:  43 4C 54 01 | ledger_id 16 | 32 bytes each
//! level 16, 24  roots of 256 of those below    kept, worked out at the start
//! ```
//!
//! The file only saves time: it is never trusted further than the signed root that it leads to.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use super::disk::{Disk, DiskFile, read_all};
use super::reader::{EntryUnreadable, Reader};
use super::secrets::LedgerId;
use crate::consent::words::Seq;
use crate::proof::merkle::{self, Hash, Nodes, node};

/// "CLT", version 1.
const MAGIC: [u8; 4] = *b"CLT\x01";

/// Bytes before the hashes.
const HEADER_BYTES: usize = 20;

/// How many nodes one of the level above stands on.
const WIDTH: usize = 256;

/// Levels between two that are kept.
const STEP: u32 = 8;

/// How many levels are kept.
const TIERS: u32 = 3;

/// The same, as a length.
const KEPT: usize = TIERS as usize;

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

#[derive(Default)]
struct Kept {
    levels: [Vec<Hash>; KEPT],
    /// The leaves behind the last whole 256.
    tail: Vec<Hash>,
}

impl Kept {
    fn size(&self) -> u64 {
        let [whole, ..] = &self.levels;
        (whole.len() * WIDTH + self.tail.len()) as u64
    }

    fn push(&mut self, leaf: Hash) {
        self.tail.push(leaf);
        if self.tail.len() == WIDTH {
            let root = combine(&self.tail);
            self.tail.clear();
            self.push_whole(root);
        }
    }

    fn push_whole(&mut self, root: Hash) {
        let mut next = Some(root);
        for level in &mut self.levels {
            let Some(root) = next.take() else { return };
            level.push(root);
            if level.len() % WIDTH == 0 {
                next = level.rchunks(WIDTH).next().map(combine);
            }
        }
    }
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
        let written = kept.levels.first().map(Vec::len).unwrap_or_default();
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
        let [whole, ..] = &nodes.levels;
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

    fn with<T>(&self, size: u64, make: impl FnOnce(&AtSize<'_>) -> Result<T, EntryUnreadable>) -> Result<T, EntryUnreadable> {
        let kept = self.nodes.read();
        if size > kept.size() {
            return Err(EntryUnreadable { seq: Seq::new(size), reason: format!("the tree has {} leaves", kept.size()) });
        }
        make(&AtSize { kept: &kept, reader: &self.reader, read: RefCell::default() })
    }
}

/// The nodes while one proof is made; the leaves last read are kept for it.
struct AtSize<'a> {
    kept: &'a Kept,
    reader: &'a Reader,
    read: RefCell<(u64, Vec<Hash>)>,
}

impl Nodes for AtSize<'_> {
    type Error = EntryUnreadable;

    fn complete(&self, level: u32, index: u64) -> Result<Hash, EntryUnreadable> {
        let first = index << level;
        let missing = || EntryUnreadable { seq: Seq::new(first + 1), reason: "the tree does not reach so far".to_owned() };
        if level >= STEP {
            let tier = (level / STEP).min(TIERS);
            let rest = level - STEP * tier;
            let nodes = self.kept.levels.get(tier as usize - 1).and_then(|nodes| part(nodes, index << rest, 1 << rest));
            return nodes.map(combine).ok_or_else(missing);
        }
        let [whole, ..] = &self.kept.levels;
        let (group, within) = (first / WIDTH as u64, first % WIDTH as u64);
        if group == whole.len() as u64 {
            return part(&self.kept.tail, within, 1 << level).map(combine).ok_or_else(missing);
        }
        if self.read.borrow().1.is_empty() || self.read.borrow().0 != group {
            *self.read.borrow_mut() = (group, self.leaves(group)?);
        }
        part(&self.read.borrow().1, within, 1 << level).map(combine).ok_or_else(missing)
    }
}

impl AtSize<'_> {
    /// The leaves of a whole 256.
    fn leaves(&self, group: u64) -> Result<Vec<Hash>, EntryUnreadable> {
        let mut leaves = Vec::with_capacity(WIDTH);
        let mut next = Seq::new(group * WIDTH as u64 + 1);
        while leaves.len() < WIDTH {
            let block = self.reader.block_with(next)?;
            leaves.extend(block.entries().filter(|entry| entry.header.seq >= next).map(|entry| entry.hash().bytes()));
            next = block.last().next();
        }
        leaves.truncate(WIDTH);
        Ok(leaves)
    }
}

fn part(nodes: &[Hash], from: u64, count: u64) -> Option<&[Hash]> {
    let from = usize::try_from(from).ok()?;
    nodes.get(from..from.checked_add(usize::try_from(count).ok()?)?)
}

/// The root over nodes of one level; their number is a power of two.
fn combine(nodes: &[Hash]) -> Hash {
    match nodes {
        [one] => *one,
        nodes => {
            let (left, right) = nodes.split_at(nodes.len() / 2);
            node(&combine(left), &combine(right))
        }
    }
}
