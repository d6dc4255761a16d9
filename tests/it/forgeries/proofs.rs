//! Proofs of inclusion and of consistency.

use consent_ledger::proof::consistency::ConsistencyProof;
use consent_ledger::proof::tlog_proof::TlogProof;

use super::{Kind, text, with};
use crate::support::forger::goods::Goods;
use crate::support::forger::judges::Case;

/// The proof of inclusion, changed.
fn inclusion(goods: &Goods, change: impl FnOnce(&mut TlogProof)) -> Case {
    let changed = text(goods, &goods.inclusion, |proof| {
        let mut proof: TlogProof = proof.parse().unwrap();
        change(&mut proof);
        proof.to_string()
    });
    changed.about(&goods.entry)
}

/// The proof of consistency, changed.
fn consistency(goods: &Goods, change: impl FnOnce(&mut ConsistencyProof)) -> Case {
    let changed = text(goods, &goods.consistency, |proof| {
        let mut proof: ConsistencyProof = proof.parse().unwrap();
        change(&mut proof);
        proof.to_string()
    });
    changed.with_older(&goods.older)
}

/// An account's entries with the proof of consistency beside them, changed.
fn beside(goods: &Goods, change: impl FnOnce(&mut ConsistencyProof)) -> Case {
    let proof = consistency(goods, change).file;
    Case::new(goods.account.bytes(), &goods.key).with_older(&goods.older).with_consistency(&proof)
}

fn note(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub const KINDS: &[Kind] = &[
    Kind {
        name: "the proof is of another entry",
        code: "NOT_INCLUDED",
        forge: |goods| Case::new(goods.inclusion.clone(), &goods.key).about(&goods.whole.entry(2)),
    },
    Kind {
        name: "the entry of a proof was changed",
        code: "NOT_INCLUDED",
        forge: |goods| {
            let mut entry = goods.entry.clone();
            *entry.last_mut().unwrap() ^= 1;
            Case::new(goods.inclusion.clone(), &goods.key).about(&entry)
        },
    },
    Kind {
        name: "the entry of a proof was cut short",
        code: "ENTRY_MALFORMED",
        forge: |goods| Case::new(goods.inclusion.clone(), &goods.key).about(&goods.entry[..goods.entry.len() - 1]),
    },
    Kind {
        name: "nobody says which entry the proof is of",
        code: "CANNOT_TELL",
        forge: |goods| Case::new(goods.inclusion.clone(), &goods.key),
    },
    Kind { name: "the proof is for another place", code: "NOT_INCLUDED", forge: |goods| inclusion(goods, |proof| proof.index += 1) },
    Kind {
        name: "the proof is for a place behind the end of the log",
        code: "NOT_INCLUDED",
        forge: |goods| inclusion(goods, |proof| proof.index = u64::MAX - 1),
    },
    Kind { name: "a hash of the path is another", code: "NOT_INCLUDED", forge: |goods| inclusion(goods, |proof| proof.path[1][0] ^= 1) },
    Kind { name: "the path is too short", code: "NOT_INCLUDED", forge: |goods| inclusion(goods, |proof| proof.path.truncate(1)) },
    Kind { name: "the path is too long", code: "NOT_INCLUDED", forge: |goods| inclusion(goods, |proof| proof.path.push([7; 32])) },
    Kind {
        name: "the path is longer than any can be",
        code: "UNREADABLE",
        forge: |goods| inclusion(goods, |proof| proof.path = vec![[7; 32]; 66]),
    },
    Kind {
        name: "the proof is for another size",
        code: "NOT_INCLUDED",
        forge: |goods| inclusion(goods, |proof| proof.checkpoint = note(&goods.older)),
    },
    Kind {
        name: "the proof's checkpoint is another ledger's",
        code: "WRONG_ORIGIN",
        forge: |goods| inclusion(goods, |proof| proof.checkpoint.clone_from(&goods.other_checkpoint)),
    },
    Kind {
        name: "the proof's place begins with a zero",
        code: "UNREADABLE",
        forge: |goods| text(goods, &goods.inclusion, |proof| with(proof, "\nindex ", "\nindex 0")).about(&goods.entry),
    },
    Kind {
        name: "a line of the proof is no hash",
        code: "UNREADABLE",
        forge: |goods| text(goods, &goods.inclusion, |proof| with(proof, "=\n", "\n")).about(&goods.entry),
    },
    Kind {
        name: "the proof of consistency starts from another size",
        code: "CANNOT_TELL",
        forge: |goods| consistency(goods, |proof| proof.old += 1),
    },
    Kind {
        name: "a hash of the path of consistency is another",
        code: "OLDER_CONTRADICTED",
        forge: |goods| consistency(goods, |proof| proof.path[0][9] ^= 1),
    },
    Kind {
        name: "the path of consistency is empty",
        code: "OLDER_CONTRADICTED",
        forge: |goods| consistency(goods, |proof| proof.path.clear()),
    },
    Kind {
        name: "the path of consistency goes on behind the root",
        code: "OLDER_CONTRADICTED",
        forge: |goods| consistency(goods, |proof| proof.path.push([7; 32])),
    },
    Kind {
        name: "the proof of consistency leads to another ledger's checkpoint",
        code: "WRONG_ORIGIN",
        forge: |goods| consistency(goods, |proof| proof.checkpoint.clone_from(&goods.other_checkpoint)),
    },
    Kind {
        name: "a proof of consistency, and nobody kept an older checkpoint",
        code: "CANNOT_TELL",
        forge: |goods| Case::new(goods.consistency.clone(), &goods.key),
    },
    Kind {
        name: "a proof of consistency from another size beside a file",
        code: "CANNOT_TELL",
        forge: |goods| beside(goods, |proof| proof.old += 1),
    },
    Kind {
        name: "a proof of consistency beside a file of another size",
        code: "CANNOT_TELL",
        forge: |goods| beside(goods, |proof| proof.checkpoint = note(goods.bundle.lines[0]["checkpoint"].as_str().unwrap().as_bytes())),
    },
    Kind {
        name: "a path of consistency beside a file is another",
        code: "OLDER_CONTRADICTED",
        forge: |goods| beside(goods, |proof| proof.path[0][9] ^= 1),
    },
];
