//! Makes a backup. The order is what makes it consistent while the server goes on:
//!
//! ```text
//! 1  the journal, as far as it is now                      long
//! 2  checkpoints, secrets, dead letters                    nothing in them is later than the log in 4
//! 3  the keyring                                           an erasure that it knows is in the log before: it is in 4
//! 4  the journal's tail, whole commits, synced             again with the slots that are missing, until none is
//! 5  everything is read back, the chain is held against the last checkpoint
//! 6  the manifest; then what is no longer wanted goes
//! ```

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

use super::copying::{Copier, read};
use super::image::Image;
use super::keyring::{ERASED, Keyring};
use super::manifest::Manifest;
use super::restore::{Checked, check};
use super::{BackupError, dead_letters, generations};
use crate::consent::time::Time;
use crate::consent::words::Seq;
use crate::ledger::Position;
use crate::ledger::bytes::entry::Entry;
use crate::ledger::bytes::frame::FRAME_HEADER_BYTES;
use crate::ledger::keys::secrets::{LedgerId, NEXT};
use crate::ledger::proving::verify::ledger_id;
use crate::ledger::storage::disk::{Disk, RealDisk};
use crate::ledger::storage::journal::{self, Frame, Piece, SEGMENT_HEADER_BYTES, Segment};
use crate::ledger::storage::lock::Lock;
use crate::proto::clear_part::Fact;

/// How often log and keyring are brought to one moment.
const ROUNDS: u32 = 100;

/// The file of the master key.
pub(super) const MASTER_KEY: &str = "secrets/master.key";

/// The file that is sealed under it.
pub(super) const SECRETS: &str = "secrets/ledger.secrets";

/// What to back up, and where to.
#[derive(Clone, Copy, Debug)]
pub struct Backup<'a> {
    /// The data directory.
    pub data_dir: &'a Path,
    /// The directory of the backups.
    pub to: &'a Path,
    /// Whether the master key is put in.
    pub with_keys: bool,
    /// How many backups are kept, this one among them.
    pub generations: usize,
    /// The time.
    pub now: Time,
}

/// A backup that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its number.
    pub number: u64,
    /// What it holds.
    pub manifest: Manifest,
    /// How many bytes were written for it.
    pub copied: u64,
    /// Whether the master key is in it.
    pub with_keys: bool,
    /// What whoever made it should know.
    pub notes: Vec<String>,
}

/// Where the journal was read up to.
struct Tail {
    /// The segment that is written to.
    active: Seq,
    /// The highest trail in what was read.
    highest: u64,
    /// Trails that an erasure in it made void.
    void: HashSet<u64>,
}

/// Makes a backup, on this disk. `progress` is told, while it is read back, how many bytes are done and of how many.
///
/// # Errors
/// Where a file does not do what is asked, or the log or a copy does not hold. No backup was made then, and those before it are
/// whole.
pub fn back_up(backup: &Backup<'_>, disk: &dyn Disk, mut progress: impl FnMut(u64, u64)) -> Result<Made, BackupError> {
    let Backup { data_dir, to, .. } = *backup;
    let journal_dir = data_dir.join("journal");
    let id = ledger_id(&RealDisk, &journal_dir).ok_or_else(|| BackupError::NoLedger { path: data_dir.to_owned() })?;
    keys_are_steady(data_dir)?;
    prepare(backup, disk)?;
    let _lock = Lock::take(to)?;
    let there = generations::whole(to)?;
    if let Some((_, theirs)) = there.iter().find(|(_, manifest)| manifest.ledger_id != id) {
        return Err(BackupError::OtherLedger { path: to.to_owned(), theirs: theirs.ledger_id.to_string(), ours: id.to_string() });
    }
    // What a killed backup added to files that grow stays: this one goes on there.
    generations::remove_others(disk, to, &there)?;
    let number = generations::begun(to)?.last().copied().unwrap_or(0) + 1;
    let mut copier = Copier::new(disk, data_dir, to, number, &there);
    let mut notes = Vec::new();

    let bulk = copy_journal(&mut copier, data_dir, id, Seq::NONE)?;
    copy_others(&mut copier, backup)?;
    let mut keyring = Keyring::copy(&copier, data_dir)?;
    let tail = copy_tail(&mut copier, &mut keyring, data_dir, id, bulk.active)?;
    keyring.erase(tail.void.iter().copied()).map_err(BackupError::io(&data_dir.join("keyring")))?;
    keyring.finish(&mut copier)?;
    let mut manifest = Manifest {
        ledger_id: id,
        origin: String::new(),
        made_at: backup.now,
        head: Position { seq: Seq::NONE, hash: [0; 32] },
        checkpoint: None,
        files: copier.files(),
    };
    let checked = read_back(&mut copier, &mut manifest, to, &mut progress)?;
    let live = hold_keyring(&keyring, &checked)?;
    if live > 0 {
        notes.push(format!(
            "the keys of {live} erased trails are not erased yet, as where the server was killed while it did so: its next start erases \
             them; back up again after it"
        ));
    }
    keys_are_steady(data_dir)?;
    if read(data_dir, SECRETS)? != read(to, &format!("{number:06}/{SECRETS}"))? {
        return Err(BackupError::Restless { what: "the ledger's secrets were replaced".into() });
    }
    (manifest.head, manifest.checkpoint, manifest.origin) = (checked.head, checked.checkpoint, checked.origin);
    let path = write_manifest(&copier, disk, &manifest, number, to)?;
    let mut kept = there;
    kept.push((number, manifest.clone()));
    let older = kept.len().saturating_sub(backup.generations.max(1));
    let kept = kept.get(older..).unwrap_or_default();
    let removed = generations::remove_others(disk, to, kept).and_then(|()| generations::remove_unnamed(disk, to, kept));
    if let Err(error) = removed {
        notes.push(format!("{} is whole, but what is no longer wanted was not removed: {error}; the next backup does it", path.display()));
    }
    Ok(Made { number, manifest, copied: copier.copied(), with_keys: backup.with_keys, notes })
}

/// While the master key is rotated, slots are under two keys.
fn keys_are_steady(data_dir: &Path) -> Result<(), BackupError> {
    let path = data_dir.join(format!("{SECRETS}{NEXT}"));
    if path.exists() { Err(BackupError::Rotating { path }) } else { Ok(()) }
}

fn prepare(backup: &Backup<'_>, disk: &dyn Disk) -> Result<(), BackupError> {
    let Backup { data_dir, to, .. } = *backup;
    if !to.exists() {
        disk.create_dir(to).map_err(BackupError::io(to))?;
        let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        disk.sync_dir(parent).map_err(BackupError::io(parent))?;
    } else if !to.join("lock").exists() && !disk.list(to).map_err(BackupError::io(to))?.is_empty() {
        return Err(BackupError::NoBackups { path: to.to_owned() });
    }
    let real = |path: &Path| path.canonicalize().map_err(BackupError::io(path));
    let (real_data, real_to) = (real(data_dir)?, real(to)?);
    if real_data.starts_with(&real_to) || real_to.starts_with(&real_data) {
        return Err(BackupError::Within { data_dir: data_dir.to_owned(), to: to.to_owned() });
    }
    Ok(())
}

/// Copies the journal: every segment up to the last whole commit, which is synced. Segments from `from` on are looked into; what
/// comes before is only copied.
fn copy_journal(copier: &mut Copier<'_>, data_dir: &Path, id: LedgerId, from: Seq) -> Result<Tail, BackupError> {
    let dir = data_dir.join("journal");
    let segments = journal::begun_segments(&RealDisk, &dir)?;
    let Some((last, closed)) = segments.split_last() else { return Err(BackupError::NoLedger { path: data_dir.to_owned() }) };
    let mut tail = Tail { active: last.first, highest: 0, void: HashSet::new() };
    for segment in closed.iter().filter(|segment| segment.first >= from) {
        if from != Seq::NONE {
            let (pieces, _) = journal::read_segment(&RealDisk, segment, id)?;
            frames(&pieces).for_each(|frame| tail.note(frame));
        }
        let bytes = std::fs::metadata(&segment.path).map_err(BackupError::io(&segment.path))?.len();
        copier.growing(&path_of(segment), bytes, true)?;
    }
    let (pieces, _) = journal::read_segment(&RealDisk, last, id)?;
    let mut bytes = SEGMENT_HEADER_BYTES as u64;
    for frame in frames(&pieces) {
        tail.note(frame);
        if frame.block.last() >= frame.commit_last() {
            bytes = frame.offset + (FRAME_HEADER_BYTES + frame.block.bytes().len()) as u64;
        }
    }
    // What was read may not be on disk yet; from here on it is, and no recovery takes it back.
    File::open(&last.path).and_then(|file| file.sync_data()).map_err(BackupError::io(&last.path))?;
    copier.growing(&path_of(last), bytes, false)?;
    for repair in journal::segments(&RealDisk, &dir, ".repair")? {
        let bytes = std::fs::metadata(&repair.path).map_err(BackupError::io(&repair.path))?.len();
        copier.growing(&path_of(&repair), bytes, false)?;
    }
    Ok(tail)
}

fn frames(pieces: &[Piece]) -> impl Iterator<Item = &Frame> {
    pieces.iter().filter_map(|piece| match piece {
        Piece::Frame(frame) => Some(frame),
        Piece::Unreadable { .. } => None,
    })
}

fn path_of(segment: &Segment) -> String {
    format!("journal/{}", segment.path.file_name().unwrap_or_default().to_string_lossy())
}

impl Tail {
    fn note(&mut self, frame: &Frame) {
        for entry in frame.block.entries() {
            self.highest = self.highest.max(entry.header.link.trail).max(entry.header.second.trail);
            self.void.extend(voided(&entry));
        }
    }
}

/// The trails that an entry makes void.
fn voided(entry: &Entry<'_>) -> Vec<u64> {
    match entry.clear().ok().and_then(|clear| clear.fact) {
        Some(Fact::ContactErased(erased)) => erased.trails,
        _ => Vec::new(),
    }
}

/// What is neither log nor keyring, and cannot be made again.
fn copy_others(copier: &mut Copier<'_>, backup: &Backup<'_>) -> Result<(), BackupError> {
    let data_dir = backup.data_dir;
    if let Ok(metadata) = std::fs::metadata(data_dir.join("checkpoints")) {
        copier.growing("checkpoints", metadata.len(), false)?;
    }
    let missing = |path: &str| BackupError::Io { path: data_dir.join(path), source: std::io::ErrorKind::NotFound.into() };
    copier.keep(SECRETS, &read(data_dir, SECRETS)?.ok_or_else(|| missing(SECRETS))?)?;
    if backup.with_keys {
        let key = read(data_dir, MASTER_KEY)?.map(zeroize::Zeroizing::new);
        copier.keep(MASTER_KEY, &key.ok_or_else(|| BackupError::NoMasterKey { path: data_dir.join(MASTER_KEY) })?)?;
    }
    dead_letters::copy(copier, data_dir)
}

/// Copies the tail of the journal and the slots of the trails in it.
fn copy_tail(copier: &mut Copier<'_>, keyring: &mut Keyring, data_dir: &Path, id: LedgerId, active: Seq) -> Result<Tail, BackupError> {
    for _ in 0..ROUNDS {
        let tail = copy_journal(copier, data_dir, id, active)?;
        if tail.highest <= keyring.highest() {
            return Ok(tail);
        }
        // A trail has its slot before it is in the log.
        let erased = keyring.grow().map_err(BackupError::io(&data_dir.join("keyring")))?;
        if tail.highest > keyring.highest() {
            let reason = format!("it holds no key for trail {}, it is older than the log", tail.highest);
            return Err(BackupError::KeyringDiffers { reason });
        }
        if !erased {
            return Ok(tail);
        }
        // One that was begun and erased meanwhile: the log up to its erasure is needed.
    }
    Err(BackupError::Restless { what: "contacts were added and erased all the time".into() })
}

/// Reads everything back. A copy that is damaged (an older backup made it) is copied anew, once a file.
fn read_back(
    copier: &mut Copier<'_>,
    manifest: &mut Manifest,
    to: &Path,
    progress: &mut impl FnMut(u64, u64),
) -> Result<Checked, BackupError> {
    let mut renewed = HashSet::new();
    loop {
        let image = Image::new(to, manifest);
        let error = match check(&image, manifest, Vec::new(), progress) {
            Ok(checked) => return Ok(checked),
            Err(error) => error,
        };
        let Some(path) = image.damaged_path().filter(|path| renewed.insert(path.clone())) else { return Err(error) };
        let Some(bytes) = manifest.file(&path).filter(|file| file.stored.starts_with(super::copying::GROWING)).map(|file| file.bytes)
        else {
            return Err(error);
        };
        copier.anew(&path, bytes)?;
        manifest.files = copier.files();
    }
}

/// Holds the keyring against the log that was read back. Gives how many trails are void and their keys are not erased.
fn hold_keyring(keyring: &Keyring, checked: &Checked) -> Result<u64, BackupError> {
    let differs = |reason: String| BackupError::KeyringDiffers { reason };
    let mut live = 0;
    for trail in 1..=checked.highest {
        let states = keyring.states(trail).map_err(BackupError::io(Path::new("keyring")))?;
        if states == [0; 2] {
            return Err(differs(format!("it holds no key for trail {trail}")));
        }
        let is_void = checked.void.contains(&trail);
        if states.contains(&ERASED) && !is_void {
            return Err(differs(format!("the key of trail {trail} is erased, and no entry says so")));
        }
        live += u64::from(is_void && states != [ERASED; 2]);
    }
    Ok(live)
}

/// From here on it is a backup.
fn write_manifest(
    copier: &Copier<'_>,
    disk: &dyn Disk,
    manifest: &Manifest,
    number: u64,
    to: &Path,
) -> Result<std::path::PathBuf, BackupError> {
    copier.sync_names()?;
    let path = generations::manifest_path(to, number);
    let new = path.with_extension("new");
    let (file, io) = (copier.open(&new)?, BackupError::io(&new));
    file.set_len(0).map_err(&io)?;
    file.write_at(manifest.encode().as_bytes(), 0).map_err(&io)?;
    file.sync().map_err(&io)?;
    disk.rename(&new, &path).map_err(&io)?;
    let dir = path.parent().unwrap_or(to);
    disk.sync_dir(dir).map_err(BackupError::io(dir))?;
    Ok(path)
}
