//! A changed byte in each field of an entry's bytes, and nothing else changed.

use super::{Kind, lines};
use crate::support::forger::goods::{Goods, Keys};
use crate::support::forger::judges::Case;

/// The whole log with `bits` of the byte `at` of its second opt-in changed.
fn flipped(goods: &Goods, at: usize, bits: u8) -> Case {
    let seq = goods.whole.of_kind("opted_in")[1];
    of(goods, seq, |_| at, bits)
}

/// The whole log with its second opt-in recorded a day later.
fn later(goods: &Goods) -> Case {
    lines(goods, &goods.whole, |file| {
        let seq = file.of_kind("opted_in")[1];
        let mut stored = file.stored(seq, &Keys::new());
        stored.header.recorded_at = stored.header.recorded_at.plus_days(1);
        file.put(seq, &stored.bytes());
    })
}

/// The same in the join of two trails.
fn flipped_join(goods: &Goods, at: usize) -> Case {
    let seq = goods.whole.of_kind("identifiers_linked")[0];
    of(goods, seq, |_| at, 4)
}

fn of(goods: &Goods, seq: u64, at: impl FnOnce(&[u8]) -> usize, bits: u8) -> Case {
    lines(goods, &goods.whole, |file| {
        let mut bytes = file.entry(seq);
        let at = at(&bytes);
        bytes[at] ^= bits;
        file.put(seq, &bytes);
    })
}

/// Where the sealed part begins.
fn sealed_at(bytes: &[u8]) -> usize {
    144 + u32::from_be_bytes(bytes[136..140].try_into().unwrap()) as usize
}

pub const KINDS: &[Kind] = &[
    Kind { name: "a changed byte in an entry's magic", code: "ENTRY_MALFORMED", forge: |goods| flipped(goods, 1, 1) },
    Kind { name: "a changed version of an entry", code: "ENTRY_MALFORMED", forge: |goods| flipped(goods, 3, 2) },
    Kind { name: "a changed kind, of another fact", code: "NOT_CANONICAL", forge: |goods| flipped(goods, 5, 1) },
    Kind { name: "a changed kind, of no fact that is known", code: "STATED_DIFFERS", forge: |goods| flipped(goods, 4, 0x40) },
    Kind { name: "a changed flag", code: "STATED_DIFFERS", forge: |goods| flipped(goods, 7, 4) },
    Kind { name: "a flag that there is not", code: "ENTRY_MALFORMED", forge: |goods| flipped(goods, 7, 8) },
    Kind { name: "a flag for a second trail that there is not", code: "ENTRY_MALFORMED", forge: |goods| flipped(goods, 7, 2) },
    Kind { name: "a changed byte in the seq", code: "OUT_OF_ORDER", forge: |goods| flipped(goods, 15, 1) },
    Kind { name: "a changed byte in the previous hash", code: "CHAIN_BROKEN", forge: |goods| flipped(goods, 30, 1) },
    Kind { name: "another recorded time", code: "STATED_DIFFERS", forge: later },
    Kind { name: "a recorded time before that of the entry before it", code: "CHAIN_BROKEN", forge: |goods| flipped(goods, 48, 0x80) },
    Kind { name: "a changed byte in the account", code: "STATED_DIFFERS", forge: |goods| flipped(goods, 63, 4) },
    Kind { name: "a changed byte in the actor", code: "STATED_DIFFERS", forge: |goods| flipped(goods, 66, 1) },
    Kind { name: "a changed byte in the version of the secret", code: "STATED_DIFFERS", forge: |goods| flipped(goods, 71, 2) },
    Kind { name: "a changed byte in the trail", code: "STATED_DIFFERS", forge: |goods| flipped(goods, 79, 8) },
    Kind { name: "a changed byte in the place in the trail", code: "STATED_DIFFERS", forge: |goods| flipped(goods, 87, 8) },
    Kind { name: "no place in the trail", code: "ENTRY_MALFORMED", forge: |goods| flipped(goods, 87, 1) },
    Kind { name: "a changed byte in the seq of the trail's entry before it", code: "STATED_DIFFERS", forge: |goods| flipped(goods, 95, 8) },
    Kind { name: "a second trail of an entry that has none", code: "ENTRY_MALFORMED", forge: |goods| flipped(goods, 103, 1) },
    Kind { name: "a place in a second trail that there is not", code: "ENTRY_MALFORMED", forge: |goods| flipped(goods, 111, 1) },
    Kind { name: "an entry before it in a second trail that there is not", code: "ENTRY_MALFORMED", forge: |goods| flipped(goods, 119, 1) },
    Kind { name: "a changed byte in the second trail", code: "STATED_DIFFERS", forge: |goods| flipped_join(goods, 102) },
    Kind { name: "a changed byte in the place in the second trail", code: "STATED_DIFFERS", forge: |goods| flipped_join(goods, 111) },
    Kind {
        name: "a changed byte in the seq of the second trail's entry before it",
        code: "STATED_DIFFERS",
        forge: |goods| flipped_join(goods, 119),
    },
    Kind { name: "a changed byte in the digest of the event id", code: "STATED_DIFFERS", forge: |goods| flipped(goods, 125, 1) },
    Kind { name: "a changed length of the clear part", code: "ENTRY_MALFORMED", forge: |goods| flipped(goods, 139, 1) },
    Kind { name: "a changed length of the sealed part", code: "ENTRY_MALFORMED", forge: |goods| flipped(goods, 143, 1) },
    Kind { name: "a clear part that claims four gigabytes", code: "ENTRY_MALFORMED", forge: |goods| flipped(goods, 136, 0xff) },
    Kind { name: "a changed byte in the key commitment", code: "STATED_DIFFERS", forge: |goods| flipped(goods, 160, 1) },
    Kind { name: "a changed byte in the clear part's first tag", code: "NOT_CANONICAL", forge: |goods| flipped(goods, 144, 0x40) },
    Kind {
        name: "a changed length of a box",
        code: "ENTRY_MALFORMED",
        forge: |goods| of(goods, goods.whole.of_kind("opted_in")[1], |bytes| sealed_at(bytes) + 3, 1),
    },
    Kind {
        name: "a changed byte in a nonce",
        code: "STATED_DIFFERS",
        forge: |goods| of(goods, goods.whole.of_kind("opted_in")[1], |bytes| sealed_at(bytes) + 5, 1),
    },
    Kind {
        name: "a changed byte in a ciphertext",
        code: "STATED_DIFFERS",
        forge: |goods| of(goods, goods.whole.of_kind("opted_in")[1], |bytes| sealed_at(bytes) + 20, 1),
    },
    Kind {
        name: "a changed byte in a tag",
        code: "STATED_DIFFERS",
        forge: |goods| of(goods, goods.whole.of_kind("opted_in")[1], |bytes| bytes.len() - 1, 1),
    },
];
