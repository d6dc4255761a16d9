//! The Merkle tree of RFC 6962 (and RFC 9162, section 2.1): roots, inclusion proofs, consistency proofs.
//!
//! A leaf is an entry hash, which is `SHA-256(0x00 ‖ entry)`; a node is `SHA-256(0x01 ‖ left ‖ right)`. Leaf `n` is the
//! entry with seq `n + 1`.

use sha2::{Digest, Sha256};

/// A leaf, a node or a root.
pub type Hash = [u8; 32];

/// The root of a tree without leaves: `SHA-256` of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The node above two.
#[must_use]
pub fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// Gives the roots of complete subtrees.
pub trait Nodes {
    /// Why one cannot be had.
    type Error;

    /// The root of the `index`-th complete subtree of `2^level` leaves; level 0 is a leaf.
    ///
    /// # Errors
    /// Where it cannot be had.
    fn complete(&self, level: u32, index: u64) -> Result<Hash, Self::Error>;
}

/// The root over the first `size` leaves.
///
/// # Errors
/// Where a node cannot be had.
pub fn root<N: Nodes>(nodes: &N, size: u64) -> Result<Hash, N::Error> {
    if size == 0 { Ok(empty_root()) } else { range(nodes, 0, size) }
}

/// Proves that leaf `index` is in the tree over the first `size` leaves; `index` lies below `size`.
///
/// # Errors
/// Where a node cannot be had.
pub fn prove_inclusion<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Vec<Hash>, N::Error> {
    let (mut from, mut to, mut path) = (0, size, Vec::new());
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            path.push(range(nodes, middle, to)?);
            to = middle;
        } else {
            path.push(range(nodes, from, middle)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Proves that the tree over the first `old` leaves is a beginning of that over the first `new`; `old` is at most `new`.
///
/// # Errors
/// Where a node cannot be had.
pub fn prove_consistency<N: Nodes>(nodes: &N, old: u64, new: u64) -> Result<Vec<Hash>, N::Error> {
    let mut path = Vec::new();
    if old == 0 || old == new {
        return Ok(path);
    }
    let (mut from, mut to, mut known) = (0, new, true);
    while old != to {
        let middle = from + split(to - from);
        if old <= middle {
            path.push(range(nodes, middle, to)?);
            to = middle;
        } else {
            path.push(range(nodes, from, middle)?);
            from = middle;
            known = false;
        }
    }
    // The old root itself is known to whoever holds it.
    if !known {
        path.push(range(nodes, from, to)?);
    }
    path.reverse();
    Ok(path)
}

/// The root that a proof of inclusion leads to; none where it is not a proof for that leaf and size.
#[must_use]
pub fn root_of_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if index >= size {
        return None;
    }
    let (mut place, mut last, mut root) = (index, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if place & 1 == 1 || place == last {
            root = node(sibling, &root);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            root = node(&root, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

/// Whether the tree with root `old_root` over `old` leaves is a beginning of that with `new_root` over `new`.
#[must_use]
pub fn is_consistent(old: u64, old_root: &Hash, new: u64, new_root: &Hash, path: &[Hash]) -> bool {
    if old == 0 {
        return path.is_empty() && *old_root == empty_root();
    }
    if old == new {
        return path.is_empty() && old_root == new_root;
    }
    if old > new {
        return false;
    }
    let known = old.is_power_of_two().then_some(old_root);
    let mut path = known.into_iter().chain(path);
    let Some(first) = path.next() else { return false };
    let shift = (old - 1).trailing_ones();
    let (mut place, mut last) = ((old - 1) >> shift, (new - 1) >> shift);
    let (mut before, mut after) = (*first, *first);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            before = node(sibling, &before);
            after = node(sibling, &after);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            after = node(&after, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && before == *old_root && after == *new_root
}

/// The root over leaves that come one after another, in the memory of one hash a level.
#[derive(Clone, Default, Debug)]
pub struct Frontier {
    /// The roots of the complete subtrees, the largest first; each with how many leaves it has.
    complete: Vec<(u64, Hash)>,
}

impl Frontier {
    /// Takes in the next leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.add(1, leaf);
    }

    /// Takes in the next complete subtree of so many leaves; false where none of that size begins here.
    #[must_use]
    pub fn push_complete(&mut self, leaves: u64, root: Hash) -> bool {
        let size = self.size();
        let fits = leaves.is_power_of_two() && size.is_multiple_of(leaves) && size.checked_add(leaves).is_some();
        if fits {
            self.add(leaves, root);
        }
        fits
    }

    fn add(&mut self, mut count: u64, mut root: Hash) {
        while let Some((_, left)) = self.complete.pop_if(|(before, _)| *before == count) {
            (count, root) = (count * 2, node(&left, &root));
        }
        self.complete.push((count, root));
    }

    /// How many leaves it took in.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.complete.iter().map(|(count, _)| count).sum()
    }

    /// The root over them.
    #[must_use]
    pub fn root(&self) -> Hash {
        let roots = self.complete.iter().rev().map(|(_, root)| *root);
        roots.reduce(|right, left| node(&left, &right)).unwrap_or_else(empty_root)
    }
}

/// The root over the leaves `from..to`, where `from` is a multiple of a power of two not smaller than their number.
fn range<N: Nodes>(nodes: &N, from: u64, to: u64) -> Result<Hash, N::Error> {
    let count = to - from;
    if count.is_power_of_two() {
        let level = count.trailing_zeros();
        return nodes.complete(level, from >> level);
    }
    let middle = from + split(count);
    Ok(node(&range(nodes, from, middle)?, &range(nodes, middle, to)?))
}

/// The largest power of two below `count`, which is more than 1.
const fn split(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    /// Leaves, and every node worked out anew.
    struct Leaves(Vec<Hash>);

    impl Nodes for Leaves {
        type Error = Infallible;
        fn complete(&self, level: u32, index: u64) -> Result<Hash, Infallible> {
            if level == 0 {
                return Ok(self.0[usize::try_from(index).unwrap()]);
            }
            Ok(node(&self.complete(level - 1, 2 * index)?, &self.complete(level - 1, 2 * index + 1)?))
        }
    }

    fn leaves(count: u8) -> Leaves {
        Leaves((0..count).map(|n| Sha256::digest([0, n]).into()).collect())
    }

    #[test]
    fn every_leaf_is_proved_at_every_size_and_nothing_else_is() {
        let tree = leaves(20);
        for size in 1..=20 {
            let Ok(root) = root(&tree, size);
            for index in 0..size {
                let leaf = &tree.0[usize::try_from(index).unwrap()];
                let Ok(path) = prove_inclusion(&tree, index, size);
                assert_eq!(root_of_inclusion(leaf, index, size, &path), Some(root), "{index} of {size}");
                assert_ne!(root_of_inclusion(leaf, index + 1, size, &path), Some(root));
                assert_ne!(root_of_inclusion(leaf, index, size, &[path.as_slice(), &[root]].concat()), Some(root));
                assert_ne!(root_of_inclusion(&root, index, size, &path), if size == 1 { None } else { Some(root) });
            }
        }
    }

    #[test]
    fn leaves_that_come_one_after_another_have_the_same_root() {
        let (tree, mut frontier) = (leaves(40), Frontier::default());
        for (size, leaf) in (0..).zip(&tree.0) {
            let Ok(root) = root(&tree, size);
            assert_eq!((frontier.size(), frontier.root()), (size, root));
            frontier.push(*leaf);
        }
    }

    #[test]
    fn every_size_is_a_beginning_of_every_later_one_and_of_no_other_tree() {
        let tree = leaves(20);
        let Ok(empty) = root(&tree, 0);
        assert_eq!(empty, empty_root());
        for new in 0..=20 {
            let Ok(new_root) = root(&tree, new);
            for old in 0..=new {
                let Ok(old_root) = root(&tree, old);
                let Ok(path) = prove_consistency(&tree, old, new);
                assert!(is_consistent(old, &old_root, new, &new_root, &path), "{old} in {new}");
                if old > 0 {
                    assert!(!is_consistent(old, &[7; 32], new, &new_root, &path), "{old} in {new}");
                    assert!(!is_consistent(old, &old_root, new, &[7; 32], &path), "{old} in {new}");
                    assert!(!is_consistent(old, &old_root, new, &new_root, &[path.as_slice(), &[[7; 32]]].concat()));
                }
            }
        }
        assert!(!is_consistent(2, &empty, 1, &empty, &[]));
    }
}
