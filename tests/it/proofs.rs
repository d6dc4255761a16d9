//! Merkle proofs and signed notes against implementations that share no code with ours.

use std::convert::Infallible;

use consent_ledger::proof::checkpoint::{self, Checkpoint};
use consent_ledger::proof::merkle::{self, Hash, Nodes, is_consistent, node, root_of_inclusion};
use consent_ledger::proof::note::{ED25519, Note, VerifierKey};
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ct_merkle::{ConsistencyProof, InclusionProof, RootHash};
use ed25519_dalek::SigningKey;
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::test_runner::TestCaseError;
use sha2::{Digest, Sha256};

/// The other tree, over leaves that are numbers.
fn theirs(size: u16) -> MemoryBackedTree<Sha256, [u8; 2]> {
    let mut tree = MemoryBackedTree::new();
    (0..size).for_each(|n| tree.push(n.to_be_bytes()));
    tree
}

/// Ours over the same leaves, every node worked out anew.
struct Ours;

impl Nodes for Ours {
    type Error = Infallible;
    fn complete(&self, level: u32, index: u64) -> Result<Hash, Infallible> {
        if level == 0 {
            let leaf = u16::try_from(index).unwrap().to_be_bytes();
            return Ok(Sha256::new().chain_update([0]).chain_update(leaf).finalize().into());
        }
        Ok(node(&self.complete(level - 1, 2 * index)?, &self.complete(level - 1, 2 * index + 1)?))
    }
}

fn root(size: u16) -> Hash {
    let Ok(root) = merkle::root(&Ours, size.into());
    root
}

fn their_root(size: u16) -> RootHash<Sha256> {
    RootHash::new(root(size).into(), size.into())
}

fn hashes(bytes: &[u8]) -> Vec<Hash> {
    bytes.chunks_exact(32).map(|hash| hash.try_into().unwrap()).collect()
}

fn inclusion(index: u16, size: u16) -> Result<(), TestCaseError> {
    let tree = theirs(size);
    proptest::prop_assert!(tree.root() == their_root(size));
    let Ok(path) = merkle::prove_inclusion(&Ours, index.into(), size.into());
    let their_path = tree.prove_inclusion(index.into());
    proptest::prop_assert_eq!(path.concat(), their_path.as_bytes());
    let proof = InclusionProof::from_bytes(path.concat());
    proptest::prop_assert!(their_root(size).verify_inclusion(&index.to_be_bytes(), index.into(), &proof).is_ok());
    let Ok(leaf) = Ours.complete(0, index.into());
    proptest::prop_assert_eq!(root_of_inclusion(&leaf, index.into(), size.into(), &hashes(their_path.as_bytes())), Some(root(size)));
    Ok(())
}

fn consistency(old: u16, new: u16) -> Result<(), TestCaseError> {
    let Ok(path) = merkle::prove_consistency(&Ours, old.into(), new.into());
    let their_path = theirs(new).prove_consistency(usize::from(new - old));
    proptest::prop_assert!(is_consistent(old.into(), &root(old), new.into(), &root(new), &path));
    // Between equal sizes ours is empty, for the old root is known; theirs may hold it.
    if old < new {
        proptest::prop_assert_eq!(path.concat(), their_path.as_bytes());
        let proof = ConsistencyProof::try_from_bytes(path.concat()).unwrap();
        proptest::prop_assert!(their_root(new).verify_consistency(&their_root(old), &proof).is_ok());
        proptest::prop_assert!(is_consistent(old.into(), &root(old), new.into(), &root(new), &hashes(their_path.as_bytes())));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn roots_and_proofs_are_those_of_another_implementation(size in 1..400_u16, at in any::<u16>(), old in any::<u16>()) {
        inclusion(at % size, size)?;
        consistency(old % size + 1, size)?;
    }
}

#[test]
fn proofs_of_small_trees_are_those_of_another_implementation() {
    for size in 1..=18 {
        for at in 0..size {
            inclusion(at, size).unwrap();
            consistency(at + 1, size).unwrap();
        }
    }
}

const NAME: &str = "example.com/ledger";

#[test]
fn another_implementation_reads_our_notes_and_we_read_its() {
    let key = SigningKey::from_bytes(&[7; 32]);
    let pinned = VerifierKey::new(NAME, key.verifying_key().as_bytes()).unwrap();
    let checkpoint = Checkpoint { origin: NAME.into(), size: 12, root: [9; 32] };
    let ours = checkpoint.sign(&key, 1_772_323_200);

    let reader = signed_note::StandardVerifier::new(&pinned.to_string()).unwrap();
    let known = signed_note::VerifierList::new(vec![Box::new(reader)]);
    let read = signed_note::Note::from_bytes(ours.to_string().as_bytes()).unwrap();
    let (verified, unknown) = read.verify(&known).unwrap();
    assert_eq!((verified.len(), unknown.len()), (1, 1), "the cosignature is of a kind it does not know");
    assert_eq!((read.text(), read.to_bytes()), (checkpoint.to_string().as_bytes(), ours.to_string().into_bytes()));
    let changed = ours.to_string().replace("\n12\n", "\n13\n");
    assert!(signed_note::Note::from_bytes(changed.as_bytes()).unwrap().verify(&known).is_err());

    let id = hex::encode(pinned.id(ED25519));
    let seed = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [&[1][..], &[7; 32]].concat());
    let signer = signed_note::StandardSigner::new(&format!("PRIVATE+KEY+{NAME}+{id}+{seed}")).unwrap();
    let mut theirs = signed_note::Note::new(checkpoint.to_string().as_bytes(), &[]).unwrap();
    theirs.add_sigs(&[&signer]).unwrap();
    let note: Note = String::from_utf8(theirs.to_bytes()).unwrap().parse().unwrap();
    assert_eq!(note.signatures[0], ours.signatures[0]);
    assert!(pinned.verifies(note.text.as_bytes(), note.of(&pinned, ED25519).next().unwrap()));
    // Without a time it is a note, and no checkpoint of ours.
    assert_eq!(checkpoint::verify(&note.to_string(), &pinned), Err(checkpoint::CheckpointError::NotCosigned));
}
