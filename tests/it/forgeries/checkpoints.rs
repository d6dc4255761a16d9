//! The signed checkpoint in a file, and checkpoints alone.

use consent_ledger::proof::checkpoint::Checkpoint;
use consent_ledger::proof::note::Note;
use ed25519_dalek::SigningKey;

use super::{Kind, lines, text, with};
use crate::support::forger::file::File;
use crate::support::forger::goods::Goods;
use crate::support::forger::judges::Case;

/// The whole log with another checkpoint.
fn over(goods: &Goods, change: impl FnOnce(&str) -> String) -> Case {
    lines(goods, &goods.whole, |file| {
        let checkpoint = change(file.first()["checkpoint"].as_str().unwrap());
        file.first()["checkpoint"] = checkpoint.into();
    })
}

/// The checkpoint with a bit of one of its signatures changed.
fn flipped(checkpoint: &str, line: usize, byte: usize) -> String {
    let mut note: Note = checkpoint.parse().unwrap();
    note.signatures[line].signature[byte] ^= 1;
    note.to_string()
}

/// The checkpoint's three lines, signed with a key of somebody else under the ledger's name.
fn signed_by_somebody(checkpoint: &str) -> String {
    let note: Note = checkpoint.parse().unwrap();
    let read: Checkpoint = note.text.parse().unwrap();
    read.sign(&SigningKey::from_bytes(&[9; 32]), 1_790_000_000).to_string()
}

fn size(file: &File) -> String {
    format!("\n{}\n", file.size())
}

pub const KINDS: &[Kind] = &[
    Kind {
        name: "the checkpoint says that the log is longer",
        code: "BAD_SIGNATURE",
        forge: |goods| over(goods, |note| with(note, &size(&goods.whole), "\n999\n")),
    },
    Kind {
        name: "the checkpoint's root is another",
        code: "BAD_SIGNATURE",
        forge: |goods| {
            over(goods, |note| {
                let mut note: Note = note.parse().unwrap();
                let mut read: Checkpoint = note.text.parse().unwrap();
                read.root[7] ^= 1;
                note.text = read.to_string();
                note.to_string()
            })
        },
    },
    Kind {
        name: "a bit of the checkpoint's signature is another",
        code: "BAD_SIGNATURE",
        forge: |goods| over(goods, |note| flipped(note, 0, 17)),
    },
    Kind {
        name: "a bit of the checkpoint's cosignature is another",
        code: "BAD_SIGNATURE",
        forge: |goods| over(goods, |note| flipped(note, 1, 40)),
    },
    Kind {
        name: "the checkpoint says that it was signed at another time",
        code: "BAD_SIGNATURE",
        forge: |goods| over(goods, |note| flipped(note, 1, 7)),
    },
    Kind {
        name: "the checkpoint's signature is cut short",
        code: "BAD_SIGNATURE",
        forge: |goods| {
            over(goods, |note| {
                let mut note: Note = note.parse().unwrap();
                note.signatures[0].signature.truncate(63);
                note.to_string()
            })
        },
    },
    Kind {
        name: "the checkpoint has no cosignature",
        code: "WRONG_KEY",
        forge: |goods| {
            over(goods, |note| {
                let mut note: Note = note.parse().unwrap();
                note.signatures.truncate(1);
                note.to_string()
            })
        },
    },
    Kind {
        name: "the checkpoint is signed with somebody's key under the ledger's name",
        code: "WRONG_KEY",
        forge: |goods| over(goods, signed_by_somebody),
    },
    Kind {
        name: "the checkpoint is signed by the ledger and by somebody who signs wrongly under its key id",
        code: "BAD_SIGNATURE",
        forge: |goods| {
            over(goods, |note| {
                let mut note: Note = note.parse().unwrap();
                let mut wrong = note.signatures[0].clone();
                wrong.signature[0] ^= 1;
                note.signatures.push(wrong);
                note.to_string()
            })
        },
    },
    Kind {
        name: "the checkpoint is another ledger's",
        code: "WRONG_ORIGIN",
        forge: |goods| over(goods, |_| goods.other_checkpoint.clone()),
    },
    Kind {
        name: "the file is held against another ledger's key",
        code: "WRONG_ORIGIN",
        forge: |goods| Case::new(goods.whole.bytes(), &goods.other_key),
    },
    Kind {
        name: "the checkpoint has a fourth line",
        code: "CHECKPOINT_MALFORMED",
        forge: |goods| over(goods, |note| with(note, "\n\n", "\nmore\n\n")),
    },
    Kind {
        name: "the checkpoint's number begins with a zero",
        code: "CHECKPOINT_MALFORMED",
        forge: |goods| over(goods, |note| with(note, &size(&goods.whole), &size(&goods.whole).replacen('\n', "\n0", 1))),
    },
    Kind {
        name: "the checkpoint's lines end as on Windows",
        code: "CHECKPOINT_MALFORMED",
        forge: |goods| over(goods, |note| note.replace('\n', "\r\n")),
    },
    Kind {
        name: "the checkpoint is not signed",
        code: "CHECKPOINT_MALFORMED",
        forge: |goods| over(goods, |note| note.split_once("\n\n").unwrap().0.to_owned() + "\n\n"),
    },
    Kind {
        name: "an older checkpoint in the place of the file's own",
        code: "OUT_OF_ORDER",
        forge: |goods| {
            lines(goods, &goods.contact, |file| file.first()["checkpoint"] = String::from_utf8(goods.older.clone()).unwrap().into())
        },
    },
    Kind {
        name: "a newer checkpoint in the place of the file's own",
        code: "OUT_OF_ORDER",
        forge: |goods| {
            lines(goods, &goods.bundle, |file| {
                let mut whole = goods.whole.clone();
                file.first()["checkpoint"] = whole.first()["checkpoint"].clone();
            })
        },
    },
    Kind {
        name: "a checkpoint alone whose root is another",
        code: "BAD_SIGNATURE",
        forge: |goods| {
            text(goods, &goods.checkpoint, |note| {
                let mut note: Note = note.parse().unwrap();
                let read: Checkpoint = note.text.parse().unwrap();
                note.text = Checkpoint { root: [7; 32], ..read }.to_string();
                note.to_string()
            })
        },
    },
    Kind {
        name: "a checkpoint alone of another ledger",
        code: "WRONG_ORIGIN",
        forge: |goods| Case::new(goods.other_checkpoint.clone(), &goods.key),
    },
    Kind {
        name: "two checkpoints of one size with two roots, both signed by the owner",
        code: "OLDER_CONTRADICTED",
        forge: |goods| {
            let note: Note = std::str::from_utf8(&goods.checkpoint).unwrap().parse().unwrap();
            let read: Checkpoint = note.text.parse().unwrap();
            let other = Checkpoint { root: [7; 32], ..read }.sign(&goods.checkpoint_key, 1_790_000_000).to_string();
            Case::new(other, &goods.key).with_older(&goods.checkpoint)
        },
    },
    Kind {
        name: "a file that is staler than the checkpoint that was kept",
        code: "OLDER_IS_NEWER",
        forge: |goods| Case::new(goods.bundle.bytes(), &goods.key).with_older(&goods.checkpoint),
    },
    Kind {
        name: "a file held against an older checkpoint, and no proof that leads there",
        code: "CANNOT_TELL",
        forge: |goods| Case::new(goods.account.bytes(), &goods.key).with_older(&goods.older),
    },
    Kind {
        name: "a file held against an older checkpoint that somebody changed",
        code: "CANNOT_TELL",
        forge: |goods| {
            let older = flipped(std::str::from_utf8(&goods.older).unwrap(), 0, 3);
            Case::new(goods.whole.bytes(), &goods.key).with_older(older.as_bytes())
        },
    },
];
