//! Reads a backup, holds it against its manifest, its chain and checkpoints, and puts it back: into a directory beside the one
//! asked for, which takes its place once everything is there.

use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::image::{CHUNK_BYTES, Image};
use super::make::MASTER_KEY;
use super::manifest::{Manifest, Stored};
use super::{BackupError, generations};
use crate::consent::words::Seq;
use crate::ledger::Position;
use crate::ledger::bytes::entry::Entry;
use crate::ledger::keys::keyring::Keyring;
use crate::ledger::keys::secrets::Secrets;
use crate::ledger::proving::chain::Chain;
use crate::ledger::proving::looked::Looker;
use crate::ledger::proving::publication::Publication;
use crate::ledger::proving::signed::{self, Signed};
use crate::ledger::storage::disk::{Disk, DiskFile, RealDisk};
use crate::ledger::storage::lock::Lock;
use crate::ledger::storage::walk::{Walked, walk};
use crate::proof::checkpoint::{self, Checkpoint};
use crate::proof::note::{Note, VerifierKey};
use crate::proto::SigningKeyUse;
use crate::proto::clear_part::Fact;

/// What a backup turned out to hold.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    /// Its last entry.
    pub head: Position,
    /// The text of the last checkpoint in it.
    pub checkpoint: Option<String>,
    /// The ledger's name.
    pub origin: String,
    /// The keys of checkpoints that its log names.
    pub keys: Vec<VerifierKey>,
    /// The highest trail in its log.
    pub highest: u64,
    /// The trails that its log says are void.
    pub void: HashSet<u64>,
}

/// What entries say of trails and keys.
#[derive(Default)]
struct Seen {
    origin: String,
    keys: Vec<VerifierKey>,
    highest: u64,
    void: HashSet<u64>,
}

impl Seen {
    fn note(&mut self, entry: &Entry<'_>) {
        self.highest = self.highest.max(entry.header.link.trail).max(entry.header.second.trail);
        match entry.clear().ok().and_then(|clear| clear.fact) {
            Some(Fact::LedgerCreated(created)) => {
                self.origin = created.origin;
                self.key(&created.checkpoint_public_key);
            }
            Some(Fact::SigningKeyChanged(changed)) if changed.r#use() == SigningKeyUse::Checkpoint => self.key(&changed.public_key),
            Some(Fact::ContactErased(erased)) => self.void.extend(erased.trails),
            _ => {}
        }
    }

    fn key(&mut self, public_key: &[u8]) {
        self.keys.extend(public_key.try_into().ok().and_then(|key| VerifierKey::new(&self.origin, &key).ok()));
    }
}

/// Checkpoints that were published, to hold a backup against.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// Checkpoints kept elsewhere, whose signatures were verified.
    pub kept: Vec<Checkpoint>,
    /// The directory that the server published to.
    pub dir: Option<PathBuf>,
    /// Whether a backup that holds less than was published will do.
    pub accept_loss: bool,
}

/// What to put back, and where to.
#[derive(Clone, Debug)]
pub struct Restore<'a> {
    /// The directory of the backups.
    pub from: &'a Path,
    /// Which of them; none: the latest.
    pub number: Option<u64>,
    /// The data directory that is made.
    pub data_dir: &'a Path,
    /// What it is held against.
    pub published: Published,
    /// The file of the master key, which is put in; none: the one in the backup, where there is one.
    pub master_key: Option<&'a Path>,
}

/// A backup that was verified, or put back.
#[derive(Clone, Debug)]
pub struct Restored {
    /// Its number.
    pub number: u64,
    /// What it holds.
    pub manifest: Manifest,
    /// Whether the master key is there.
    pub has_master_key: bool,
    /// The most entries that were signed for elsewhere, where the backup holds fewer.
    pub published: Option<u64>,
}

/// Verifies a backup: every file, the whole chain, checkpoints. `progress` is told how many bytes are done, and of how many.
///
/// # Errors
/// Where there is none, or something does not hold.
pub fn verify_backup(
    from: &Path,
    number: Option<u64>,
    published: &Published,
    mut progress: impl FnMut(u64, u64),
) -> Result<Restored, BackupError> {
    let (number, manifest) = find(from, number)?;
    let image = Image::new(from, &manifest);
    let mut checkpoints = published.kept.clone();
    if let Some(dir) = &published.dir {
        checkpoints.extend(claimed(dir, &manifest.origin)?);
    }
    let head = manifest.head.seq.number();
    let checked = check(&image, &manifest, checkpoints.into_iter().filter(|claimed| claimed.size <= head).collect(), &mut progress)?;
    let mut verified = published.kept.clone();
    if let Some(dir) = &published.dir {
        verified.extend(read_published(dir, &checked.keys)?);
    }
    let signed = verified.iter().map(|checkpoint| checkpoint.size).filter(|size| *size > head).max();
    if (checked.head, &checked.checkpoint, &checked.origin) != (manifest.head, &manifest.checkpoint, &manifest.origin) {
        let path = generations::manifest_path(from, number);
        return Err(BackupError::Damaged { path, reason: "its head, checkpoint or origin is not that of the log".into() });
    }
    if let Some(signed) = signed.filter(|_| !published.accept_loss) {
        return Err(BackupError::Behind { head: manifest.head.seq.number(), signed });
    }
    let has_master_key = manifest.file(MASTER_KEY).is_some();
    Ok(Restored { number, manifest, has_master_key, published: signed })
}

/// Puts a backup back, on this disk: all of it, or nothing.
///
/// # Errors
/// Where something of it does not hold, the directory is not empty, or a file does not do what is asked.
pub fn restore(restore: &Restore<'_>, disk: &dyn Disk, progress: impl FnMut(u64, u64)) -> Result<Restored, BackupError> {
    let data_dir = restore.data_dir;
    let (parent, staging) = places(data_dir)?;
    let mut restored = verify_backup(restore.from, restore.number, &restore.published, progress)?;
    if staging.exists() {
        // What a restore that was killed left.
        std::fs::remove_dir_all(&staging).map_err(BackupError::io(&staging))?;
    }
    disk.create_dir(&parent).map_err(BackupError::io(&parent))?;
    let lock = Lock::take(&staging)?;
    let mut dirs = vec![staging.clone()];
    for file in &restored.manifest.files {
        let target = staging.join(&file.path);
        let dir = target.parent().unwrap_or(&staging).to_owned();
        disk.create_dir(&dir).map_err(BackupError::io(&dir))?;
        put_back(disk, restore.from, file, &target)?;
        dirs.push(dir);
    }
    // The directory of a ledger whose log was begun: should the log be lost, none is begun over its keys.
    let lock_path = staging.join("lock");
    put(disk, &lock_path, format!("{}\n", restored.manifest.ledger_id).as_bytes())?;
    if let Some(master_key) = restore.master_key {
        let key = zeroize::Zeroizing::new(std::fs::read(master_key).map_err(BackupError::io(master_key))?);
        put(disk, &staging.join(MASTER_KEY), &key)?;
        restored.has_master_key = true;
    }
    if restored.has_master_key {
        open_keys(&staging, &restored.manifest)?;
    }
    dirs.sort();
    dirs.dedup();
    dirs.iter().rev().try_for_each(|dir| disk.sync_dir(dir).map_err(BackupError::io(dir)))?;
    disk.rename(&staging, data_dir).map_err(BackupError::io(data_dir))?;
    disk.sync_dir(&parent).map_err(BackupError::io(&parent))?;
    drop(lock);
    Ok(restored)
}

/// The directory above the one that is made, and the one that is made first.
fn places(data_dir: &Path) -> Result<(PathBuf, PathBuf), BackupError> {
    let parent = data_dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if data_dir.exists() {
        if !RealDisk.list(data_dir).map_err(BackupError::io(data_dir))?.is_empty() {
            return Err(BackupError::NotEmpty { path: data_dir.to_owned() });
        }
        let device = |path: &Path| std::fs::metadata(path).map(|metadata| metadata.dev()).map_err(BackupError::io(path));
        if device(data_dir)? != device(parent)? {
            return Err(BackupError::MountPoint { path: data_dir.to_owned() });
        }
    }
    let name = data_dir.file_name().ok_or_else(|| BackupError::NotEmpty { path: data_dir.to_owned() })?;
    let mut staging = name.to_owned();
    staging.push(".restoring");
    Ok((parent.to_owned(), parent.join(staging)))
}

/// The backup of this number, or the latest that was ever whole: one whose manifest is damaged is named, not passed over.
fn find(from: &Path, number: Option<u64>) -> Result<(u64, Manifest), BackupError> {
    let none = || BackupError::NoBackup { path: from.to_owned(), number };
    if !from.is_dir() {
        return Err(none());
    }
    let begun = generations::begun(from)?;
    for candidate in begun.into_iter().rev().filter(|candidate| number.is_none_or(|number| *candidate == number)) {
        if let Some(manifest) = generations::manifest(from, candidate)? {
            return Ok((candidate, manifest));
        }
    }
    Err(none())
}

/// Reads every file of a backup, and its whole chain.
pub(super) fn check(
    image: &Image<'_>,
    manifest: &Manifest,
    mut checkpoints: Vec<Checkpoint>,
    progress: &mut impl FnMut(u64, u64),
) -> Result<Checked, BackupError> {
    let (mut done, total) = (0, manifest.bytes());
    // The journal's are read with the chain.
    for file in manifest.files.iter().filter(|file| !file.path.starts_with("journal/")) {
        image.check(file)?;
        done += file.bytes;
        progress(done, total);
    }
    let last = signed::last(image, Path::new("checkpoints"), manifest.ledger_id);
    checkpoints.extend(last.map(|last| Checkpoint { origin: String::new(), size: last.size, root: last.root }));
    let mut chain = Chain::new(manifest.ledger_id, checkpoints);
    let mut seen = Seen::default();
    let walked = walk::<BackupError>(image, Path::new("journal"), manifest.ledger_id, |walked| {
        match walked {
            Walked::Block(block) => {
                block.entries().for_each(|entry| seen.note(&entry));
                done += block.bytes().len() as u64;
                chain.block(Looker::default().look(block));
                progress(done.min(total), total);
            }
            Walked::Missing { from, to } => chain.missing(from, to),
            Walked::Tail { torn, synced } => chain.tail(torn, synced),
        }
        Ok(())
    });
    walked.map_err(|error| image.damage().unwrap_or(error))?;
    let report = chain.finish();
    if !report.ok() || !report.problems.is_empty() {
        return Err(BackupError::DoesNotHold { problems: report.problems });
    }
    let Seen { origin, keys, highest, void } = seen;
    let note = last.map(|last| signed_by_one(&last, &keys)).transpose()?;
    Ok(Checked { head: report.head, checkpoint: note, origin, keys, highest, void })
}

/// The text of a checkpoint that is kept, which one of the ledger's keys signed.
fn signed_by_one(signed: &Signed, keys: &[VerifierKey]) -> Result<String, BackupError> {
    let signed = keys.iter().map(|key| (key, signed.note(key).to_string())).find(|(key, note)| checkpoint::verify(note, key).is_ok());
    let problem = || BackupError::DoesNotHold { problems: vec!["its last checkpoint was not signed by this ledger".into()] };
    signed.map(|(_, note)| note).ok_or_else(problem)
}

/// What published checkpoints of this name say; whether they were signed by the ledger is told by the keys in its log.
fn claimed(dir: &Path, origin: &str) -> Result<Vec<Checkpoint>, BackupError> {
    let mut claimed: Vec<Checkpoint> = Vec::new();
    for name in RealDisk.list(dir).map_err(BackupError::io(dir))? {
        let path = dir.join(name);
        if path.is_file() {
            let text = std::fs::read(&path).map_err(BackupError::io(&path))?;
            let note = String::from_utf8_lossy(&text).parse::<Note>().ok();
            claimed.extend(note.and_then(|note| note.text.parse::<Checkpoint>().ok()).filter(|claimed| claimed.origin == origin));
        }
    }
    Ok(claimed)
}

fn read_published(dir: &Path, keys: &[VerifierKey]) -> Result<Vec<Checkpoint>, BackupError> {
    let publication = Publication::open(std::sync::Arc::new(RealDisk), dir.to_owned())?;
    Ok(publication.read(keys)?.into_iter().map(|(_, verified)| verified.checkpoint).collect())
}

fn put_back(disk: &dyn Disk, from: &Path, file: &Stored, target: &Path) -> Result<(), BackupError> {
    let source_path = from.join(&file.stored);
    let source = File::open(&source_path).map_err(BackupError::io(&source_path))?;
    let (io, copy) = (BackupError::io(target), disk.open(target, true).map_err(BackupError::io(target))?);
    let (mut at, mut buffer) = (0, vec![0; CHUNK_BYTES]);
    while at < file.bytes {
        let wanted = usize::try_from(file.bytes - at).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        let read = DiskFile::read_at(&source, buffer.get_mut(..wanted).unwrap_or_default(), at).map_err(BackupError::io(&source_path))?;
        if read == 0 {
            return Err(BackupError::Damaged { path: source_path, reason: "it became shorter".into() });
        }
        copy.write_at(buffer.get(..read).unwrap_or_default(), at).map_err(&io)?;
        at += read as u64;
    }
    copy.sync().map_err(&io)?;
    let written = super::image::sha256(copy.as_ref(), file.bytes).map_err(&io)?;
    if written == file.sha256 {
        Ok(())
    } else {
        Err(BackupError::Damaged { path: target.to_owned(), reason: "it was not written as it was read".into() })
    }
}

fn put(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let (io, file) = (BackupError::io(path), disk.open(path, true).map_err(BackupError::io(path))?);
    file.set_len(0).and_then(|()| file.write_at(bytes, 0)).and_then(|()| file.sync()).map_err(io)
}

/// Tries the master key on the ledger's secrets, and on the key of every trail.
fn open_keys(staging: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let secrets = Secrets::open(&RealDisk, &staging.join("secrets"), false)?;
    let keyring = Keyring::open_to_read(&RealDisk, &staging.join("keyring"), manifest.ledger_id, secrets.master())?;
    let mut highest = 0;
    walk::<BackupError>(&RealDisk, &staging.join("journal"), manifest.ledger_id, |walked| {
        if let Walked::Block(block) = walked {
            highest = block.entries().map(|entry| entry.header.link.trail.max(entry.header.second.trail)).fold(highest, u64::max);
        }
        Ok(())
    })?;
    (1..=highest).try_for_each(|trail| keyring.slot(trail).map(drop))?;
    Ok(())
}

/// Where a backup ends.
impl Restored {
    /// The last entry in it.
    #[must_use]
    pub const fn head(&self) -> Seq {
        self.manifest.head.seq
    }
}
