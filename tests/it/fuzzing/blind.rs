//! A fuzzer that sees nothing: files of the corpus, changed at random from a seed. It finds less than one that watches what its changes
//! lead to, and needs no tools.

use std::path::PathBuf;

use crate::support::dice::Dice;

/// A few changes of one file, sometimes with a piece of another.
pub fn changed(dice: &mut Dice, files: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = dice.pick(files);
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        let end = (at + 1 + dice.below(8)).min(bytes.len());
        match dice.below(7) {
            0 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << dice.below(8)),
            1 => drop(bytes.splice(at..end, [dice.pick(&TELLING)])),
            2 => drop(bytes.splice(at..at, (0..=dice.below(8)).map(|_| u8::try_from(dice.below(256)).unwrap()))),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let piece = bytes[at..(at + dice.below(64)).min(bytes.len())].to_vec();
                drop(bytes.splice(end..end, piece));
            }
            5 => {
                let other = dice.pick(files);
                let from = dice.below(other.len() + 1);
                let until = (from + dice.below(64)).min(other.len());
                drop(bytes.splice(at..end, other[from..until].iter().copied()));
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

/// Bytes that mean something in more than one format.
const TELLING: [u8; 12] = [0, 1, 0x7F, 0x80, 0xFF, b'\n', b' ', b'"', b'{', b'0', b'+', 0xC3];

/// Where what was found is kept, as the fuzzer keeps it.
pub fn kept(target: &str, campaign: (u64, usize), bytes: &[u8]) -> PathBuf {
    let dir = super::folder("artifacts").join(target);
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join(format!("blind-{}-{}", campaign.0, campaign.1));
    std::fs::write(&file, bytes).unwrap();
    file
}
