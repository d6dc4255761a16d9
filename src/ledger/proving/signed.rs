//! The file `checkpoints`: every signature the ledger ever gave, one record each.
//!
//! ```text
//! checkpoints:  43 4C 50 01 | ledger_id 16 | records
//! record:       size 8 | root 32 | seconds 8 | signature 64 | cosignature 64 | CRC-32C of the record so far 4
//! ```
//!
//! Sizes and seconds never descend. A record that fails its checksum at the end of the file was never published and is cut off.

use std::io;
use std::path::Path;

use ed25519_dalek::SigningKey;

use crate::consent::words::Seq;
use crate::ledger::keys::secrets::LedgerId;
use crate::ledger::storage::disk::{Disk, DiskFile, read_all};
use crate::proof::checkpoint::{self, Checkpoint};
use crate::proof::merkle::Hash;
use crate::proof::note::{COSIGNATURE, ED25519, Note, NoteSignature, VerifierKey, key_id};

/// "CLP", version 1.
const MAGIC: [u8; 4] = *b"CLP\x01";

/// Bytes before the records.
const HEADER_BYTES: usize = 20;

/// Bytes of a record.
const RECORD_BYTES: usize = 180;

/// A signed checkpoint as it is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signed {
    /// How many entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// When it was signed, in seconds since 1970.
    pub seconds: u64,
    signature: [u8; 64],
    cosignature: [u8; 64],
}

impl Signed {
    /// Signs a checkpoint at a time, in seconds since 1970.
    #[must_use]
    pub fn new(key: &SigningKey, checkpoint: &Checkpoint, seconds: u64) -> Option<Self> {
        let note = checkpoint.sign(key, seconds);
        let [signature, cosignature] = note.signatures.as_slice() else { return None };
        let (_, cosignature) = cosignature.signature.split_first_chunk::<8>()?;
        Some(Self {
            size: checkpoint.size,
            root: checkpoint.root,
            seconds,
            signature: signature.signature.as_slice().try_into().ok()?,
            cosignature: cosignature.try_into().ok()?,
        })
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(RECORD_BYTES);
        bytes.extend_from_slice(&self.size.to_be_bytes());
        bytes.extend_from_slice(&self.root);
        bytes.extend_from_slice(&self.seconds.to_be_bytes());
        bytes.extend_from_slice(&self.signature);
        bytes.extend_from_slice(&self.cosignature);
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_be_bytes());
        bytes
    }

    fn decode(record: &[u8]) -> Option<Self> {
        let (fields, crc) = record.split_last_chunk::<4>()?;
        if crc32c::crc32c(fields) != u32::from_be_bytes(*crc) {
            return None;
        }
        let (size, rest) = fields.split_first_chunk::<8>()?;
        let (root, rest) = rest.split_first_chunk::<32>()?;
        let (seconds, rest) = rest.split_first_chunk::<8>()?;
        let (signature, rest) = rest.split_first_chunk::<64>()?;
        Some(Self {
            size: u64::from_be_bytes(*size),
            root: *root,
            seconds: u64::from_be_bytes(*seconds),
            signature: *signature,
            cosignature: rest.try_into().ok()?,
        })
    }

    /// As the note that others read.
    #[must_use]
    pub fn note(&self, key: &VerifierKey) -> Note {
        let name = key.name().to_owned();
        let checkpoint = Checkpoint { origin: name.clone(), size: self.size, root: self.root };
        let timed = [self.seconds.to_be_bytes().as_slice(), &self.cosignature].concat();
        let line =
            |algorithm, signature| NoteSignature { name: name.clone(), key_id: key_id(&name, algorithm, key.public_key()), signature };
        Note { text: checkpoint.to_string(), signatures: vec![line(ED25519, self.signature.to_vec()), line(COSIGNATURE, timed)] }
    }
}

impl Signed {
    /// Whether it was made with this key.
    #[must_use]
    pub fn is_of(&self, key: &VerifierKey) -> bool {
        checkpoint::verify(&self.note(key).to_string(), key).is_ok()
    }
}

/// The file, open, and what was signed last.
pub struct SignedFile {
    file: Box<dyn DiskFile>,
    count: u64,
    latest: Option<Signed>,
    closed: bool,
}

/// How many entries the last signature in the file at `path` covers; none where there is no such file of this ledger.
#[must_use]
pub fn peek(disk: &dyn Disk, path: &Path, ledger_id: LedgerId) -> Seq {
    let bytes = disk.open(path, false).and_then(|file| read_all(file.as_ref())).unwrap_or_default();
    let records = bytes.strip_prefix([MAGIC.as_slice(), &ledger_id.0].concat().as_slice()).unwrap_or_default();
    let last = records.chunks_exact(RECORD_BYTES).rev().find_map(Signed::decode);
    Seq::new(last.map_or(0, |last| last.size))
}

/// How many entries each signature in the file covers, ascending; none where there is no such file of this ledger.
#[must_use]
pub fn sizes(disk: &dyn Disk, path: &Path, ledger_id: LedgerId) -> Vec<u64> {
    let bytes = disk.open(path, false).and_then(|file| read_all(file.as_ref())).unwrap_or_default();
    let records = bytes.strip_prefix([MAGIC.as_slice(), &ledger_id.0].concat().as_slice()).unwrap_or_default();
    records.chunks_exact(RECORD_BYTES).filter_map(Signed::decode).map(|signed| signed.size).collect()
}

/// What is wrong with the file.
pub enum Fault {
    /// The disk failed.
    Io(io::Error),
    /// This record does not read, counting from 1; 0: the header.
    Record(u64),
}

impl SignedFile {
    /// Opens the file, or makes it; a record torn at its end is cut off.
    ///
    /// # Errors
    /// Where the disk fails, the file is another ledger's, or it is damaged before its end.
    pub fn open(disk: &dyn Disk, path: &Path, ledger_id: LedgerId) -> Result<Self, Fault> {
        let file = disk.open(path, true).map_err(Fault::Io)?;
        let header = [MAGIC.as_slice(), &ledger_id.0].concat();
        let bytes = read_all(file.as_ref()).map_err(Fault::Io)?;
        let Some(records) = bytes.strip_prefix(header.as_slice()) else {
            // Shorter, or without its magic, it was torn while it was made: nothing was ever signed.
            if bytes.len() > HEADER_BYTES || (bytes.len() == HEADER_BYTES && bytes.starts_with(&MAGIC)) {
                return Err(Fault::Record(0));
            }
            file.write_at(&header, 0).and_then(|()| file.sync()).map_err(Fault::Io)?;
            return Ok(Self { file, count: 0, latest: None, closed: false });
        };
        let (mut count, mut latest) = (0, None);
        let mut rest = records;
        while let Some((record, behind)) = rest.split_at_checked(RECORD_BYTES) {
            match Signed::decode(record) {
                Some(signed) => latest = Some(signed),
                // Only what was written last can be torn.
                None if behind.is_empty() => break,
                None => return Err(Fault::Record(count + 1)),
            }
            count += 1;
            rest = behind;
        }
        let whole = place(count);
        if whole < bytes.len() as u64 {
            file.set_len(whole).and_then(|()| file.sync()).map_err(Fault::Io)?;
        }
        Ok(Self { file, count, latest, closed: false })
    }

    /// Nothing may be added from here on: the directory is let go.
    pub const fn close(&mut self) {
        self.closed = true;
    }

    /// Whether it was closed.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// What was signed last.
    #[must_use]
    pub const fn latest(&self) -> Option<Signed> {
        self.latest
    }

    /// What was signed last over `size` entries; none: nothing was.
    ///
    /// # Errors
    /// Where the disk fails, or a record does not read any more.
    pub fn at(&self, size: u64) -> io::Result<Option<Signed>> {
        // Sizes never descend: the record sought stands just before the first that is larger.
        let (mut from, mut to) = (0, self.count);
        while from < to {
            let middle = from + (to - from) / 2;
            if self.record(middle)?.size <= size {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        let found = from.checked_sub(1).map(|before| self.record(before)).transpose()?;
        Ok(found.filter(|signed| signed.size == size))
    }

    fn record(&self, number: u64) -> io::Result<Signed> {
        let mut bytes = [0; RECORD_BYTES];
        let read = self.file.read_at(&mut bytes, place(number))?;
        let whole = (read == RECORD_BYTES).then_some(bytes.as_slice());
        whole.and_then(Signed::decode).ok_or_else(|| io::Error::other(format!("record {} does not read", number + 1)))
    }

    /// Adds one, durably.
    ///
    /// # Errors
    /// Where the disk fails. Nothing may be added after that.
    pub fn append(&mut self, signed: &Signed) -> io::Result<()> {
        self.file.write_at(&signed.encode(), place(self.count))?;
        self.file.sync()?;
        self.count += 1;
        self.latest = Some(*signed);
        Ok(())
    }
}

/// Where the record after `records` others begins.
const fn place(records: u64) -> u64 {
    HEADER_BYTES as u64 + records * RECORD_BYTES as u64
}
