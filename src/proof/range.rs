//! A log told piece by piece, from its first entry on: entries that are shown, complete subtrees of those that are not.
//!
//! ```text
//! size 11, entries 5 and 6 shown (leaves 4 and 5):   [0 1 2 3]  4  5  [6 7]  [8 9]  [10]
//! ```
//!
//! Both ends hold a handful of hashes, however long the log is.

use super::merkle::{Hash, node};

/// A complete subtree, by its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subtree {
    /// It has `2^level` leaves.
    pub level: u32,
    /// It is the `index`-th of that level; its first leaf is `index << level`.
    pub index: u64,
}

/// The complete subtrees that the leaves from `from` up to but without `to` fall into, in order; at most 126.
pub fn subtrees(from: u64, to: u64) -> impl Iterator<Item = Subtree> {
    let mut next = from;
    std::iter::from_fn(move || {
        let left = to.checked_sub(next).filter(|left| *left > 0)?;
        let level = next.trailing_zeros().min(left.ilog2());
        let subtree = Subtree { level, index: next >> level };
        next += 1 << level;
        Some(subtree)
    })
}

/// What is left out between two entries that are shown, put together from its leaves.
#[derive(Default, Debug)]
pub struct Gap {
    parts: Vec<(Subtree, Hash)>,
}

impl Gap {
    /// Adds the next subtree; two that make a larger one become it.
    pub fn push(&mut self, mut subtree: Subtree, mut root: Hash) {
        while subtree.index & 1 == 1
            && let Some((_, left)) = self.parts.pop_if(|(left, _)| left.level == subtree.level && left.index + 1 == subtree.index)
        {
            root = node(&left, &root);
            subtree = Subtree { level: subtree.level + 1, index: subtree.index >> 1 };
        }
        self.parts.push((subtree, root));
    }

    /// Its parts in order, each with its root; it is empty afterwards.
    pub fn take(&mut self) -> Vec<(Subtree, Hash)> {
        std::mem::take(&mut self.parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::merkle::{Frontier, Nodes, root};
    use proptest::prelude::*;

    fn leaf(index: u64) -> Hash {
        let mut leaf = [0xab; 32];
        leaf[..8].copy_from_slice(&index.to_be_bytes());
        leaf
    }

    struct Leaves;

    impl Nodes for Leaves {
        type Error = std::convert::Infallible;

        fn complete(&self, level: u32, index: u64) -> Result<Hash, Self::Error> {
            Ok(match level.checked_sub(1) {
                None => leaf(index),
                Some(below) => node(&self.complete(below, 2 * index)?, &self.complete(below, 2 * index + 1)?),
            })
        }
    }

    proptest! {
        #[test]
        fn whatever_is_shown_and_left_out_the_root_is_the_trees(size in 1_u64..300, shown in proptest::collection::vec(any::<bool>(), 300)) {
            let (mut told, mut gap) = (Frontier::default(), Gap::default());
            for index in 0..size {
                if shown[usize::try_from(index).unwrap()] {
                    for (part, root) in gap.take() {
                        prop_assert!(told.push_complete(1 << part.level, root));
                    }
                    told.push(leaf(index));
                } else {
                    gap.push(Subtree { level: 0, index }, leaf(index));
                }
            }
            for (part, root) in gap.take() {
                prop_assert!(told.push_complete(1 << part.level, root));
            }
            prop_assert_eq!(told.size(), size);
            prop_assert_eq!(told.root(), root(&Leaves, size).unwrap());
        }

        #[test]
        fn a_gap_made_of_leaves_is_the_one_made_of_its_subtrees(from in 0_u64..300, length in 0_u64..300) {
            let mut gap = Gap::default();
            for index in from..from + length {
                gap.push(Subtree { level: 0, index }, leaf(index));
            }
            let whole: Vec<_> = subtrees(from, from + length).map(|part| (part, Leaves.complete(part.level, part.index).unwrap())).collect();
            prop_assert_eq!(gap.take(), whole);
        }
    }

    #[test]
    fn a_subtree_that_does_not_begin_here_is_refused() {
        let mut told = Frontier::default();
        told.push(leaf(0));
        assert!(!told.push_complete(2, leaf(1)) && !told.push_complete(3, leaf(1)) && !told.push_complete(0, leaf(1)));
        assert_eq!(told.size(), 1);
    }
}
