//! Entries dropped, swapped, duplicated, cut, rewired; the chain and the tree over them.

use consent_ledger::ledger::bytes::entry::EntryHash;

use super::{Kind, lines};
use crate::support::forger::file::File;
use crate::support::forger::goods::{Goods, Keys};
use crate::support::forger::judges::Case;
use crate::support::forger::owner::repositioned;
use crate::support::forger::stored::Stored;
use crate::support::forger::{from_base64, to_base64};

/// Nobody's keys.
fn none() -> Keys {
    Keys::new()
}

/// The whole log with its fourth entry changed, and beside it what it says now.
fn restated(goods: &Goods, change: impl FnOnce(&mut Stored)) -> (File, u64) {
    let mut file = goods.whole.clone();
    let seq = file.of_kind("opted_in")[1];
    let mut stored = file.stored(seq, &none());
    change(&mut stored);
    file.restate(seq, &stored.bytes());
    (file, seq)
}

/// The whole log with another sealed part in its fourth entry, and beside it what it says now.
fn boxes(goods: &Goods, change: impl FnOnce(&mut Vec<u8>)) -> Case {
    case(goods, &restated(goods, |stored| change(&mut stored.sealed)).0)
}

fn case(goods: &Goods, file: &File) -> Case {
    Case::new(file.bytes(), &goods.key)
}

/// Where the first two neighbours that are left out alike stand.
fn twins(file: &File) -> (usize, usize) {
    let left_out: Vec<usize> = (0..file.lines.len()).filter(|place| file.lines[*place].get("root").is_some()).collect();
    let alike = |a: usize, b: usize| file.lines[a]["left_out"] == file.lines[b]["left_out"];
    let pairs = left_out.iter().enumerate().flat_map(|(n, a)| left_out[n + 1..].iter().map(move |b| (*a, *b)));
    pairs.into_iter().find(|(a, b)| alike(*a, *b)).unwrap()
}

/// Where the first line that leaves out more than one entry stands.
fn several(file: &File) -> usize {
    file.lines.iter().position(|line| line.get("root").is_some() && line["left_out"].as_u64().unwrap() > 1).unwrap()
}

pub const KINDS: &[Kind] = &[
    Kind {
        name: "an entry is dropped",
        code: "OUT_OF_ORDER",
        forge: |goods| lines(goods, &goods.whole, |file| drop(file.lines.remove(4))),
    },
    Kind { name: "two entries are swapped", code: "OUT_OF_ORDER", forge: |goods| lines(goods, &goods.whole, |file| file.lines.swap(4, 5)) },
    Kind {
        name: "an entry comes twice",
        code: "OUT_OF_ORDER",
        forge: |goods| lines(goods, &goods.whole, |file| file.lines.insert(4, file.lines[4].clone())),
    },
    Kind {
        name: "an entry comes twice, the second time under the next seq",
        code: "CHAIN_BROKEN",
        forge: |goods| {
            lines(goods, &goods.whole, |file| {
                let again = file.renumber(4, 5, &none()).bytes();
                file.restate(5, &again);
            })
        },
    },
    Kind {
        name: "an entry's bytes under another's line",
        code: "OUT_OF_ORDER",
        forge: |goods| {
            lines(goods, &goods.whole, |file| {
                let other = file.entry(6);
                file.put(5, &other);
            })
        },
    },
    Kind {
        name: "an entry's bytes are cut short",
        code: "ENTRY_MALFORMED",
        forge: |goods| {
            lines(goods, &goods.whole, |file| {
                let bytes = file.entry(5);
                file.put(5, &bytes[..bytes.len() - 1]);
            })
        },
    },
    Kind {
        name: "an entry's bytes are cut to less than a header",
        code: "ENTRY_MALFORMED",
        forge: |goods| lines(goods, &goods.whole, |file| file.put(5, &file.entry(5)[..100])),
    },
    Kind {
        name: "a byte stands behind an entry's own",
        code: "ENTRY_MALFORMED",
        forge: |goods| {
            lines(goods, &goods.whole, |file| {
                let longer = [file.entry(5), vec![0]].concat();
                file.put(5, &longer);
            })
        },
    },
    Kind {
        name: "an entry of more than a mebibyte",
        code: "ENTRY_MALFORMED",
        forge: |goods| {
            lines(goods, &goods.whole, |file| {
                let mut stored = file.stored(5, &none());
                stored.sealed = [(1_u32 << 20).to_be_bytes().to_vec(), vec![0; 1 << 20]].concat();
                file.put(5, &stored.bytes());
            })
        },
    },
    Kind {
        name: "an entry is changed, and what stands beside it too",
        code: "CHAIN_BROKEN",
        forge: |goods| case(goods, &restated(goods, |stored| stored.header.actor = 2).0),
    },
    Kind {
        name: "an entry is changed, and every link after it too",
        code: "RECEIPT_INVALID",
        forge: |goods| {
            let (mut file, _) = restated(goods, |stored| stored.header.actor = 2);
            file.relink(&goods.keys, |_, _| false);
            case(goods, &file)
        },
    },
    Kind {
        name: "an entry is changed, and every link and signature after it too",
        code: "ROOT_DIFFERS",
        forge: |goods| {
            let (mut file, _) = restated(goods, |stored| stored.header.actor = 2);
            file.relink(&goods.keys, |stored, hashes| repositioned(goods, stored, hashes));
            case(goods, &file)
        },
    },
    Kind {
        name: "the last entry is changed, which no link shows",
        code: "ROOT_DIFFERS",
        forge: |goods| {
            lines(goods, &goods.whole, |file| {
                let last = *file.seqs().last().unwrap();
                let mut stored = file.stored(last, &none());
                stored.header.actor = 300;
                file.restate(last, &stored.bytes());
            })
        },
    },
    Kind {
        name: "a link is rewired to an earlier entry",
        code: "CHAIN_BROKEN",
        forge: |goods| {
            let earlier = EntryHash::of(&goods.whole.entry(2));
            case(goods, &restated(goods, |stored| stored.header.previous_hash = earlier).0)
        },
    },
    Kind {
        name: "the first entry follows from another",
        code: "CHAIN_BROKEN",
        forge: |goods| {
            lines(goods, &goods.whole, |file| {
                let mut stored = file.stored(1, &none());
                stored.header.previous_hash = EntryHash::from_bytes([7; 32]);
                file.restate(1, &stored.bytes());
            })
        },
    },
    Kind {
        name: "the root over entries that are left out is another",
        code: "ROOT_DIFFERS",
        forge: |goods| {
            lines(goods, &goods.bundle, |file| {
                let place = several(file);
                let mut root = from_base64(file.lines[place]["root"].as_str().unwrap());
                root[31] ^= 1;
                file.lines[place]["root"] = to_base64(root).into();
            })
        },
    },
    Kind {
        name: "two runs of entries that are left out are swapped",
        code: "ROOT_DIFFERS",
        forge: |goods| {
            lines(goods, &goods.contact, |file| {
                let (a, b) = twins(file);
                file.lines.swap(a, b);
            })
        },
    },
    Kind {
        name: "more is left out than there is",
        code: "OUT_OF_ORDER",
        forge: |goods| {
            lines(goods, &goods.account, |file| {
                let place = several(file);
                file.lines[place]["left_out"] = 64.into();
            })
        },
    },
    Kind {
        name: "entries are left out whose number is no power of two",
        code: "OUT_OF_ORDER",
        forge: |goods| {
            lines(goods, &goods.account, |file| {
                let place = several(file);
                file.lines[place]["left_out"] = 3.into();
            })
        },
    },
    Kind {
        name: "entries are left out from a place on that no subtree of theirs begins at",
        code: "OUT_OF_ORDER",
        forge: |goods| {
            lines(goods, &goods.account, |file| {
                let mut line = file.lines[1].clone();
                line["left_out"] = 1.into();
                file.lines.insert(1, line);
            })
        },
    },
    Kind { name: "a box reaches past the end of its entry", code: "ENTRY_MALFORMED", forge: |goods| boxes(goods, |sealed| sealed[3] += 1) },
    Kind {
        name: "a box holds a nonce and a tag and nothing between them",
        code: "ENTRY_MALFORMED",
        forge: |goods| boxes(goods, |sealed| *sealed = [28_u32.to_be_bytes().to_vec(), vec![7; 28]].concat()),
    },
    Kind {
        name: "an entry of one trail has two boxes",
        code: "ENTRY_MALFORMED",
        forge: |goods| boxes(goods, |sealed| sealed.extend_from_within(..)),
    },
    Kind { name: "three bytes stand behind a box", code: "ENTRY_MALFORMED", forge: |goods| boxes(goods, |sealed| sealed.extend([0; 3])) },
    Kind {
        name: "no entry is left out, and a line says so",
        code: "OUT_OF_ORDER",
        forge: |goods| {
            lines(goods, &goods.bundle, |file| {
                let mut line = file.lines[several(file)].clone();
                line["left_out"] = 0.into();
                file.lines.insert(2, line);
            })
        },
    },
    Kind {
        name: "the line for what is left out is dropped",
        code: "OUT_OF_ORDER",
        forge: |goods| lines(goods, &goods.bundle, |file| drop(file.lines.remove(several(file)))),
    },
];
