//! Which nodes of a Merkle tree stay in memory, so that a proof works out at most the 256 leaves around its own, and as many
//! where its tree ends.
//!
//! ```text
//! leaves        worked out when they are needed; those after the last 256 whole ones are kept
//! level 8       roots of 256 leaves each       kept
//! level 16, 24  roots of 256 of those below    kept
//! ```

use std::cell::RefCell;

use crate::consent::words::Seq;
use crate::ledger::storage::reader::EntryUnreadable;
use crate::proof::merkle::{Hash, Nodes, node};
use crate::proof::range::Subtree;

/// How many nodes one of the level above stands on.
pub const WIDTH: usize = 256;

/// Levels between two that are kept.
const STEP: u32 = 8;

/// How many levels are kept.
const TIERS: u32 = 3;

/// The same, as a length.
const KEPT: usize = TIERS as usize;

/// The nodes that stay.
#[derive(Default)]
pub struct Kept {
    levels: [Vec<Hash>; KEPT],
    /// The leaves behind the last whole 256.
    tail: Vec<Hash>,
}

/// Gives the leaves of a tree again.
pub trait Leaves {
    /// The leaves of the `group`-th whole 256.
    ///
    /// # Errors
    /// Where what they are made of cannot be read.
    fn leaves(&self, group: u64) -> Result<Vec<Hash>, EntryUnreadable>;
}

impl Kept {
    /// How many leaves there are.
    #[must_use]
    pub const fn size(&self) -> u64 {
        let [whole, ..] = &self.levels;
        (whole.len() * WIDTH + self.tail.len()) as u64
    }

    /// The roots of all whole 256.
    #[must_use]
    pub fn whole(&self) -> &[Hash] {
        let [whole, ..] = &self.levels;
        whole
    }

    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.tail.push(leaf);
        if self.tail.len() == WIDTH {
            let root = combine(&self.tail);
            self.tail.clear();
            self.push_whole(root);
        }
    }

    /// Adds the root of 256 leaves, where no leaf stands behind the last whole 256.
    pub fn push_whole(&mut self, root: Hash) {
        let mut next = Some(root);
        for level in &mut self.levels {
            let Some(root) = next.take() else { return };
            level.push(root);
            if level.len() % WIDTH == 0 {
                next = level.rchunks(WIDTH).next().map(combine);
            }
        }
    }

    /// All nodes, those that are not kept from `leaves`.
    pub const fn with<'a, L: Leaves>(&'a self, leaves: &'a L, read: &'a LastRead) -> AllNodes<'a, L> {
        AllNodes { kept: self, leaves, read }
    }
}

/// The leaves that were worked out last, with their group: neighbours need them again.
#[derive(Default)]
pub struct LastRead(RefCell<Option<(u64, Vec<Hash>)>>);

/// All nodes of a tree.
pub struct AllNodes<'a, L> {
    kept: &'a Kept,
    leaves: &'a L,
    read: &'a LastRead,
}

impl<L: Leaves> AllNodes<'_, L> {
    /// The root of a complete subtree.
    ///
    /// # Errors
    /// Where a leaf cannot be had.
    pub fn subtree(&self, subtree: Subtree) -> Result<Hash, EntryUnreadable> {
        self.complete(subtree.level, subtree.index)
    }
}

impl<L: Leaves> Nodes for AllNodes<'_, L> {
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
        let (group, within) = (first / WIDTH as u64, first % WIDTH as u64);
        if group == self.kept.whole().len() as u64 {
            return part(&self.kept.tail, within, 1 << level).map(combine).ok_or_else(missing);
        }
        let mut read = self.read.0.borrow_mut();
        if read.as_ref().is_none_or(|(known, _)| *known != group) {
            *read = Some((group, self.leaves.leaves(group)?));
        }
        read.as_ref().and_then(|(_, leaves)| part(leaves, within, 1 << level)).map(combine).ok_or_else(missing)
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
