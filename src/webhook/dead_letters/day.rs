//! A day of dead letters: two files, and the key that both are worth nothing without.
//!
//! ```text
//! dead-letters/2026-11-20.key   "CLDLKEY1" ‖ box of the day's key under the master key     68 bytes, mode 0600
//! dead-letters/2026-11-20.log   the letters of that day
//! ```

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::DeadLetterError;
use super::frame::{self, FILE_MAGIC, Kind, Scan};
use crate::consent::time::Time;
use crate::ledger::bytes::seal::{self, Key};

const KEY_MAGIC: &[u8; 8] = b"CLDLKEY1";
/// Bytes of a key's file.
const KEY_BYTES: usize = 68;
const DAY_MICROS: i64 = 24 * 3_600_000_000;

/// A UTC day, counted from 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Day(i64);

impl Day {
    /// The day that `time` lies in.
    pub(super) const fn of(time: Time) -> Self {
        Self(time.micros().div_euclid(DAY_MICROS))
    }

    /// Whether `days` whole days lie between its end and `now`.
    pub(super) const fn is_over_for(self, days: i64, now: Time) -> bool {
        Self::of(now).0 - self.0 > days
    }

    /// Its files' name, `2026-11-20`.
    pub(super) fn name(self) -> String {
        let text = Time::from_micros(self.0.saturating_mul(DAY_MICROS)).to_string();
        text.split('T').next().unwrap_or_default().to_owned()
    }

    /// The day of a file's name, without its ending.
    pub(super) fn named(name: &str) -> Option<Self> {
        let day = Self::of(format!("{name}T00:00:00Z").parse().ok()?);
        (day.name() == name).then_some(day)
    }
}

/// A day whose files are open.
#[derive(Debug)]
pub(super) struct OpenDay {
    name: String,
    key: Key,
    log: File,
    end: u64,
}

impl OpenDay {
    /// Makes a new day's files: the key first, so that no letter is ever without one. Where it fails it can be tried again: until
    /// it is whole the log has another name, and holds no letter.
    pub(super) fn create(dir: &Path, day: Day, master: &Key) -> Result<Self, DeadLetterError> {
        let name = day.name();
        let key = match read_key(dir, &name, master)? {
            Some(key) => key,
            None => create_key(dir, &name, master)?,
        };
        let unfinished = dir.join(format!("{name}.log.new"));
        present(std::fs::remove_file(&unfinished))?;
        let log = options().create_new(true).open(&unfinished)?;
        (&log).write_all(FILE_MAGIC)?;
        log.sync_all()?;
        std::fs::rename(&unfinished, log_path(dir, &name))?;
        sync_dir(dir)?;
        Ok(Self { name, key, log, end: FILE_MAGIC.len() as u64 })
    }

    /// Opens a day's files, cuts a torn tail off, and returns what is there.
    pub(super) fn open(dir: &Path, day: Day, master: &Key) -> Result<(Self, Scan), DeadLetterError> {
        let name = day.name();
        let key = read_key(dir, &name, master)?.ok_or_else(|| DeadLetterError::KeyDoesNotOpen { day: name.clone() })?;
        let mut log = options().open(log_path(dir, &name))?;
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes)?;
        let scan = match frame::scan(&bytes) {
            Some(scan) => scan,
            // Torn within its first bytes: nothing was ever acknowledged from it.
            None if FILE_MAGIC.starts_with(&bytes) => {
                log.set_len(0)?;
                log.write_all_at(FILE_MAGIC, 0)?;
                Scan { end: FILE_MAGIC.len() as u64, ..Scan::default() }
            }
            None => return Err(DeadLetterError::NotALog { day: name }),
        };
        // What the page cache shows may not be on disk: synced before it is relied on.
        log.set_len(scan.end)?;
        log.sync_all()?;
        sync_dir(dir)?;
        Ok((Self { name, key, log, end: scan.end }, scan))
    }

    /// A frame with `plaintext` sealed in it, and where its box will lie counted from the frame's begin.
    pub(super) fn frame(&self, kind: Kind, id: [u8; 16], at: Time, plaintext: &[u8]) -> Result<Vec<u8>, DeadLetterError> {
        let sealed = seal::seal(&self.key, &frame::bound_to(&self.name, kind, id, at), plaintext)?;
        frame::encode(kind, id, at, &sealed).ok_or(DeadLetterError::TooLong)
    }

    /// Appends frames and syncs them; returns where they begin.
    pub(super) fn append(&mut self, frames: &[u8]) -> Result<u64, DeadLetterError> {
        let begin = self.end;
        self.log.write_all_at(frames, begin)?;
        self.log.sync_data()?;
        self.end = begin + frames.len() as u64;
        Ok(begin)
    }

    /// From now on every write to it fails.
    #[cfg(test)]
    pub(super) fn make_read_only(&mut self, dir: &Path) {
        self.log = File::open(log_path(dir, &self.name)).unwrap();
    }

    /// Opens a letter's box.
    pub(super) fn read(&self, frame: &frame::Frame) -> Result<zeroize::Zeroizing<Vec<u8>>, DeadLetterError> {
        let mut sealed = vec![0; frame.length];
        self.log.read_exact_at(&mut sealed, frame.offset)?;
        Ok(seal::open(&self.key, &frame::bound_to(&self.name, frame.kind, frame.id, frame.at), &sealed)?)
    }
}

/// Removes a day: its key is overwritten and synced before either file goes.
pub(super) fn remove(dir: &Path, day: Day) -> Result<(), DeadLetterError> {
    let name = day.name();
    if let Some(key) = present(options().open(key_path(dir, &name)))? {
        let bytes = key.metadata()?.len();
        key.write_all_at(&vec![0; usize::try_from(bytes).unwrap_or(0)], 0)?;
        key.sync_all()?;
        std::fs::remove_file(key_path(dir, &name))?;
    }
    present(std::fs::remove_file(log_path(dir, &name)))?;
    sync_dir(dir)
}

/// The days that have files in `dir`, ascending; `true` where letters are among them.
pub(super) fn days(dir: &Path) -> Result<Vec<(Day, bool)>, DeadLetterError> {
    let mut days = std::collections::BTreeMap::new();
    for file in std::fs::read_dir(dir)? {
        let name = file?.file_name();
        let Some((stem, ending)) = name.to_str().and_then(|name| name.rsplit_once('.')) else { continue };
        let Some(day) = Day::named(stem).filter(|_| matches!(ending, "log" | "key")) else { continue };
        *days.entry(day).or_insert(false) |= ending == "log";
    }
    Ok(days.into_iter().collect())
}

/// Makes a file's name durable.
pub(super) fn sync_dir(dir: &Path) -> Result<(), DeadLetterError> {
    Ok(File::open(dir)?.sync_all()?)
}

/// Wraps a day's key under another master key; one that is under it already stays. A day without a key has none to wrap.
pub(super) fn rewrap_key(dir: &Path, day: Day, old: Option<&Key>, new: &Key) -> Result<(), DeadLetterError> {
    let name = day.name();
    if read_key(dir, &name, new).is_ok() {
        return Ok(());
    }
    let does_not_open = || DeadLetterError::KeyDoesNotOpen { day: name.clone() };
    let key = read_key(dir, &name, old.ok_or_else(does_not_open)?)?.ok_or_else(does_not_open)?;
    // The file before loses its name to the new one, and is overwritten then.
    let before = options().open(key_path(dir, &name))?;
    write_key(dir, &name, &key, new)?;
    before.write_all_at(&[0; KEY_BYTES], 0)?;
    Ok(before.sync_all()?)
}

fn create_key(dir: &Path, name: &str, master: &Key) -> Result<Key, DeadLetterError> {
    let key = Key::random()?;
    write_key(dir, name, &key, master)?;
    Ok(key)
}

fn write_key(dir: &Path, name: &str, key: &Key, master: &Key) -> Result<(), DeadLetterError> {
    let mut bytes = KEY_MAGIC.to_vec();
    bytes.extend(seal::seal(master, &key_bound_to(name), key.bytes())?);
    // Under another name until it is whole: a key file is there or not, never half.
    let unfinished = dir.join(format!("{name}.key.new"));
    let mut file = options().create(true).truncate(true).open(&unfinished)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, key_path(dir, name))?;
    sync_dir(dir)
}

fn read_key(dir: &Path, name: &str, master: &Key) -> Result<Option<Key>, DeadLetterError> {
    let Some(bytes) = present(std::fs::read(key_path(dir, name)))? else { return Ok(None) };
    let opened = bytes.strip_prefix(KEY_MAGIC).and_then(|sealed| seal::open(master, &key_bound_to(name), sealed).ok());
    let key = opened.and_then(|key| <[u8; 32]>::try_from(key.as_slice()).ok());
    key.map(|key| Some(Key::from_bytes(key))).ok_or_else(|| DeadLetterError::KeyDoesNotOpen { day: name.to_owned() })
}

fn key_bound_to(name: &str) -> Vec<u8> {
    format!("consent-ledger v1 dead letters key {name}").into_bytes()
}

fn key_path(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.key"))
}

fn log_path(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.log"))
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(there) => Ok(Some(there)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
