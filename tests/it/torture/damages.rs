//! What may happen to files while nobody looks.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::bench::copy;
use crate::support::dice::Dice;

/// Every file under a directory, in order.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    BitsFlipped,
    PageZeroed,
    SectorZeroed,
    Overwritten,
    Cut,
    Grown,
    Swapped,
    Deleted,
    FromYesterday,
    FolderDeleted,
    FolderFromYesterday,
}

pub const DAMAGES: [Damage; 11] = [
    Damage::BitsFlipped,
    Damage::PageZeroed,
    Damage::SectorZeroed,
    Damage::Overwritten,
    Damage::Cut,
    Damage::Grown,
    Damage::Swapped,
    Damage::Deleted,
    Damage::FromYesterday,
    Damage::FolderDeleted,
    Damage::FolderFromYesterday,
];

/// Parts of a data directory that are folders.
const FOLDERS: [&str; 4] = ["journal", "sled", "keyring", "secrets"];

/// Does one of these to `dir`, which held `yesterday` a day before; says what was done.
pub fn hurt(dice: &mut Dice, dir: &Path, yesterday: &Path) -> (Damage, String) {
    let damage = dice.pick(&DAMAGES);
    let there = files(dir);
    let Some(path) = (!there.is_empty()).then(|| dice.pick(&there)) else { return (damage, "nothing is there".to_owned()) };
    let name = path.strip_prefix(dir).unwrap().display().to_string();
    let mut bytes = fs::read(&path).unwrap();
    let len = bytes.len();
    let mut done = format!("{damage:?} {name}");
    match damage {
        Damage::BitsFlipped if len > 0 => {
            for _ in 0..=dice.below(4) {
                let place = dice.below(len);
                bytes[place] ^= 1 << dice.below(8);
                write!(done, " at {place}").unwrap();
            }
        }
        Damage::PageZeroed | Damage::SectorZeroed if len > 0 => {
            let size = if damage == Damage::PageZeroed { 4_096 } else { 512 };
            let place = dice.below(len) / size * size;
            bytes[place..len.min(place + size)].fill(0);
            write!(done, " at {place}").unwrap();
        }
        Damage::Overwritten if len > 0 => {
            let place = dice.below(len);
            let end = len.min(place + 1 + dice.below(4_096));
            bytes[place..end].iter_mut().for_each(|byte| *byte = u8::try_from(dice.below(256)).unwrap());
            write!(done, " from {place} to {end}").unwrap();
        }
        Damage::Cut if len > 0 => {
            bytes.truncate(dice.below(len));
            write!(done, " to {}", bytes.len()).unwrap();
        }
        Damage::Grown => bytes.extend((0..=dice.below(5_000)).map(|_| u8::try_from(dice.below(256)).unwrap())),
        Damage::Swapped => {
            let other = dice.pick(&there);
            let others = fs::read(&other).unwrap();
            fs::write(&other, &bytes).unwrap();
            bytes = others;
            write!(done, " with {}", other.strip_prefix(dir).unwrap().display()).unwrap();
        }
        Damage::Deleted => {
            fs::remove_file(&path).unwrap();
            return (damage, done);
        }
        Damage::FromYesterday => bytes = fs::read(yesterday.join(&name)).unwrap_or(bytes),
        Damage::FolderDeleted | Damage::FolderFromYesterday => {
            let folder = dice.pick(&FOLDERS);
            let _ = fs::remove_dir_all(dir.join(folder));
            if damage == Damage::FolderFromYesterday {
                copy(&yesterday.join(folder), &dir.join(folder));
            }
            return (damage, format!("{damage:?} {folder}"));
        }
        _ => {}
    }
    fs::write(&path, bytes).unwrap();
    (damage, done)
}
