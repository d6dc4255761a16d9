//! Proofs of inclusion and consistency: as text, and over a tree of as many leaves as the bytes say.

use std::convert::Infallible;

use consent_ledger::proof::checkpoint::Checkpoint;
use consent_ledger::proof::consistency::ConsistencyProof;
use consent_ledger::proof::merkle::{
    Frontier, Hash, Nodes, is_consistent, node, prove_consistency, prove_inclusion, root, root_of_inclusion,
};
use consent_ledger::proof::tlog_proof::TlogProof;

use super::number;

/// The largest tree that is built.
const LEAVES: u64 = 200;

/// What reads has one spelling. Every leaf is proved in every tree, every tree is the beginning of each later one; of what was proved
/// no other path, place, size or leaf holds. No path makes a proof hang or overflow.
pub fn check(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        spelled(text);
    }
    let (sizes, rest) = number(bytes);
    let (index, changes) = number(rest);
    let new = 1 + (sizes & 0xFFFF) % LEAVES;
    let old = (sizes >> 16 & 0xFFFF) % (new + 1);
    included(index % new, new, changes);
    consistent(old, new, changes);
    // Numbers as large as they come, and a path of nothing in particular.
    let path: Vec<Hash> = changes.chunks(32).map(padded).take(70).collect();
    let _ = root_of_inclusion(&padded(changes), index, sizes, &path);
    let _ = is_consistent(index, &padded(changes), sizes, &padded(rest), &path);
    let mut frontier = Frontier::default();
    if frontier.push_complete(index, padded(changes)) && frontier.push_complete(sizes, padded(rest)) {
        assert_eq!(frontier.size(), index.saturating_add(sizes));
    }
}

fn spelled(text: &str) {
    if let Ok(proof) = text.parse::<TlogProof>() {
        let again = proof.to_string();
        assert_eq!(again.parse().as_ref(), Ok(&proof));
        // A line of an application's own is passed over and not kept.
        assert!(again == text || text.contains("\nextra "), "{text:?} is spelled {again:?}");
    }
    if let Ok(proof) = text.parse::<ConsistencyProof>() {
        assert_eq!(proof.to_string(), text);
    }
    let _ = text.parse::<Checkpoint>();
}

fn included(index: u64, size: u64, changes: &[u8]) {
    let (Ok(root), Ok(path)) = (root(&Tree, size), prove_inclusion(&Tree, index, size));
    assert_eq!(root, naive(0, size));
    assert_eq!(root_of_inclusion(&leaf(index), index, size, &path), Some(root));
    let (other_path, at) = changed(&path, changes);
    let same = (other_path.as_slice(), at) == (path.as_slice(), 0);
    let claimed = index.wrapping_add(at);
    assert!(
        same || root_of_inclusion(&leaf(index), claimed, size, &other_path) != Some(root),
        "{index} as {claimed} of {size}: {other_path:?}"
    );
}

fn consistent(old: u64, new: u64, changes: &[u8]) {
    let (Ok(old_root), Ok(new_root), Ok(path)) = (root(&Tree, old), root(&Tree, new), prove_consistency(&Tree, old, new));
    assert!(is_consistent(old, &old_root, new, &new_root, &path));
    let (other_path, at) = changed(&path, changes);
    let same = (other_path.as_slice(), at) == (path.as_slice(), 0);
    let claimed = old.wrapping_add(at);
    // Of nothing at all, everything is a continuation.
    if !same && claimed != 0 {
        assert!(!is_consistent(claimed, &old_root, new, &new_root, &other_path), "{old} as {claimed} in {new}: {other_path:?}");
    }
    let mut other = new_root;
    other[0] ^= 1;
    assert!(old == 0 || !is_consistent(old, &old_root, new, &other, &path));
}

/// A path with other bytes in it, cut or longer; and by how much the place is another.
fn changed(path: &[Hash], changes: &[u8]) -> (Vec<Hash>, u64) {
    let (at, changes) = number(changes);
    let [flat] = super::edits::edited([path.as_flattened()], changes);
    (flat.chunks(32).map(padded).collect(), at)
}

fn padded(bytes: &[u8]) -> Hash {
    let mut hash = [0; 32];
    let count = bytes.len().min(32);
    hash[..count].copy_from_slice(&bytes[..count]);
    hash
}

struct Tree;

impl Nodes for Tree {
    type Error = Infallible;

    fn complete(&self, level: u32, index: u64) -> Result<Hash, Infallible> {
        Ok(naive(index << level, (index + 1) << level))
    }
}

fn leaf(index: u64) -> Hash {
    let mut leaf = [0xAA; 32];
    leaf[..8].copy_from_slice(&index.to_be_bytes());
    leaf
}

/// RFC 6962, section 2.1, as it stands there.
fn naive(from: u64, to: u64) -> Hash {
    if to - from == 1 {
        return leaf(from);
    }
    let mut split = 1;
    while split * 2 < to - from {
        split *= 2;
    }
    node(&naive(from, from + split), &naive(from + split, to))
}
